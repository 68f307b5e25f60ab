"""Ed25519 identities: who signs. A private key is made where it is used and never travels."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from riskset.errors import DataError


def new_identity() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Returns the 64 hex digits by which a roster names a key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def public_from_hex(text: str) -> Ed25519PublicKey:
    """Raises DataError where the text is not the hex form of an Ed25519 public key."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise DataError("an identity key is not 64 hexadecimal digits", "ask its owner for the file again") from None


def save_identity(path: Path, key: Ed25519PrivateKey) -> None:
    """Writes a new PEM file that only its owner can read; never over an existing key."""
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def load_identity(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise DataError(f"there is no identity key at {path}", "make one first") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise DataError(f"{path} is not a private key in PEM form", "restore it from your backup") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError(f"{path} holds another kind of key; an Ed25519 key was expected")
    return key


def write_private(path: Path, content: bytes) -> None:
    """Creates a file of mode 0600 that did not exist before; DataError where it does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise DataError(
            f"{path} exists already and is not overwritten", "move it away if you mean to replace it"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
