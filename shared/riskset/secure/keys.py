"""Ed25519 identity keys, which sign. A private key is generated where it is used and never leaves that machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

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

from riskset.catalogue import Message, say
from riskset.curve25519 import KEY_BYTES, is_ed25519_key
from riskset.errors import DataError
from riskset.file_errors import reason_of
from riskset.private_files import create_file, replace_file

_LOCKED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class WeakKey(DataError):
    """A public key under which anybody can sign, or that has a second spelling: no program generates one."""


def new_identity() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Returns the 64 hex digits by which a roster names a key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def public_from_hex(text: str) -> Ed25519PublicKey:
    """Returns the key of 64 lower-case hex digits. Raises DataError for any other spelling: keys are compared as texts,
    so capitals or spaces would make one key look like two. WeakKey for a point that is not a key (`curve25519`)."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES or raw.hex() != text:
        raise DataError(say("secure.key.identity_text"), say("secure.key.ask_owner"))
    if not is_ed25519_key(raw):
        raise WeakKey(say("secure.key.weak"), say("secure.key.weak_hint"))
    return Ed25519PublicKey.from_public_bytes(raw)


def save_identity(path: Path, key: Ed25519PrivateKey, passphrase: bytes = b"") -> None:
    """Writes a new PEM file that only its owner can read, locked where a passphrase is given; never replaces a key."""
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_with(passphrase)))


def load_identity(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Raises DataError where the file is missing, stays locked, or holds anything but an Ed25519 private key."""
    key = read_private(path, "identity", passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError(say("secure.key.another_kind", path=path, expected="Ed25519"))
    return key


def lock_private(path: Path, key: PrivateKeyTypes, passphrase: bytes) -> None:
    """Replaces the PEM file of a private key by one that only the passphrase opens."""
    replace_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_with(passphrase)))


def locked_with(passphrase: bytes) -> KeySerializationEncryption:
    return BestAvailableEncryption(passphrase) if passphrase else NoEncryption()


def is_locked(path: Path) -> bool:
    """Returns whether the file is a key that only a passphrase opens."""
    return path.is_file() and _LOCKED in path.read_bytes()


def read_private(path: Path, kind: Literal["identity", "node"], passphrase: bytes = b"") -> PrivateKeyTypes:
    """Returns the key in a PEM file, whatever its type. A passphrase is ignored where the key is not locked.

    Raises DataError where there is no such file, no key in it, or the passphrase does not open it. `kind` is for the
    message.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(say(f"secure.key.missing.{kind}", path=path), say("secure.key.missing_hint")) from None
    except OSError as error:
        unreadable = say("secure.key.unreadable", path=path, reason=reason_of(error))
        raise DataError(unreadable, say("secure.key.unreadable_hint")) from None
    locked = _LOCKED in content
    if locked and not passphrase:
        raise DataError(say("secure.key.locked", path=path), say("secure.key.locked_hint"))
    try:
        return load_pem_private_key(content, password=passphrase if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise DataError(say("secure.key.passphrase", path=path), say("secure.key.passphrase_hint")) from None
        raise DataError(say("secure.key.not_pem", path=path), say("secure.key.not_pem_hint")) from None


def write_private(path: Path, content: bytes) -> None:
    """Creates a file that only its owner can read. Raises DataError where it exists already."""
    try:
        create_file(path, content, is_secret=True)
    except OSError as error:
        refuse_to_replace(path)
        raise DataError(_not_written(path, error), say("secure.key.not_written_hint")) from None


def replace_private(path: Path, content: bytes) -> None:
    """Replaces a file by one that only its owner can read, atomically: a reader finds the old or the new one."""
    try:
        replace_file(path, content, is_secret=True)
    except OSError as error:
        raise DataError(_not_written(path, error), say("secure.key.not_replaced_hint")) from None


def refuse_to_replace(*paths: Path) -> None:
    """Raises DataError where one of the files exists."""
    for path in filter(os.path.lexists, paths):
        raise DataError(say("secure.key.exists", path=path), say("secure.key.exists_hint"))


def _not_written(path: Path, error: OSError) -> Message:
    return say("secure.key.not_written", path=path, reason=reason_of(error))
