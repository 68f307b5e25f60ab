"""Ed25519 identities: who signs. A private key is made where it is used and never travels."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from riskset.errors import DataError

_LOCKED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def new_identity() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Returns the 64 hex digits by which a roster names a key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def public_from_hex(text: str) -> Ed25519PublicKey:
    """Raises DataError where the text is not the one hex form of an Ed25519 public key: keys are compared as texts, and
    capitals or spaces would make a second key of one."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        key = None
    if key is None or public_hex(key) != text:
        raise DataError("an identity key is not 64 hexadecimal digits", "ask its owner for the file again")
    return key


def save_identity(path: Path, key: Ed25519PrivateKey, passphrase: bytes = b"") -> None:
    """Writes a new PEM file that only its owner can read, locked where there is a passphrase; never over an existing
    key."""
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_with(passphrase)))


def load_identity(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Raises DataError where the file is missing, stays locked, or holds anything but an Ed25519 private key."""
    key = read_private(path, "identity key", passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError(f"{path} holds another kind of key; an Ed25519 key was expected")
    return key


def locked_with(passphrase: bytes) -> KeySerializationEncryption:
    return BestAvailableEncryption(passphrase) if passphrase else NoEncryption()


def is_locked(path: Path) -> bool:
    """True where the file is a key that opens with a passphrase only."""
    return path.is_file() and _LOCKED in path.read_bytes()


def read_private(path: Path, what: str, passphrase: bytes = b"") -> PrivateKeyTypes:
    """Returns the key of any kind in a PEM file; DataError where there is none, no key in it, or it stays locked. A
    passphrase given for a key that is not locked is not used."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no {what} at {path}", "make it first: riskset site join INVITE") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", "restore it, or mend its rights") from None
    locked = _LOCKED in content
    if locked and not passphrase:
        raise DataError(f"{path} is locked with a passphrase", "set RISKSET_PASSPHRASE, or type it when asked")
    try:
        return load_pem_private_key(content, password=passphrase if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise DataError(f"the passphrase does not open {path}", "try again, or restore your backup") from None
        raise DataError(f"{path} is not a private key in PEM form", "restore it from your backup") from None


def write_private(path: Path, content: bytes) -> None:
    """Creates a file that only its owner can read and that did not exist before; DataError where it did."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "xb", opener=_owner_only) as file:
            file.write(content)
    except OSError as error:
        refuse_to_replace(path)
        raise DataError(f"cannot write {path}: {error.strerror}", "choose another folder, or mend its rights") from None


def replace_private(path: Path, content: bytes) -> None:
    """Puts a file that only its owner can read in the place of the one there; a reader finds the old or the new one."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)  # of an attempt that was killed
    except OSError as error:
        raise DataError(f"cannot write {beside}: {error.strerror}", "mend the rights of its folder") from None
    write_private(beside, content)
    os.replace(beside, path)


def refuse_to_replace(*paths: Path) -> None:
    """Raises DataError where one of the files is there already."""
    for path in filter(os.path.lexists, paths):
        raise DataError(f"{path} exists already and is not overwritten", "move it away if you mean to replace it")


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
