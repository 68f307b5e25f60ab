"""The key by which the engine knows a site: P-384, because Flower's node authentication asks for a NIST curve.

It only opens the connection. What a site says is signed by its identity key (`keys`), and believed for that alone.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP384R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)

from riskset.errors import DataError
from riskset.secure.keys import locked_with, read_private, write_private


def new_node_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP384R1())


def save_node_key(path: Path, key: EllipticCurvePrivateKey, passphrase: bytes = b"") -> None:
    """Writes a new PEM file that only its owner can read, locked where there is a passphrase; never over an existing
    key."""
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_with(passphrase)))


def load_node_key(path: Path, passphrase: bytes = b"") -> EllipticCurvePrivateKey:
    """Raises DataError where the file is missing, stays locked, or holds anything but a P-384 private key."""
    key = read_private(path, "node key", passphrase)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP384R1):
        raise DataError(f"{path} holds another kind of key; a P-384 key was expected")
    return key


def public_node_text(key: EllipticCurvePrivateKey | EllipticCurvePublicKey) -> str:
    """Returns the public half as one line (OpenSSH form), as a roster holds it."""
    public = key.public_key() if isinstance(key, EllipticCurvePrivateKey) else key
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def public_node_from_text(text: str) -> EllipticCurvePublicKey:
    """Raises DataError where the line is not a P-384 public key in OpenSSH form."""
    try:
        key = load_ssh_public_key(text.encode("ascii"))
    except (ValueError, UnicodeError, UnsupportedAlgorithm, NotImplementedError):  # the last: a compressed point
        raise DataError("a node key is not a public key in OpenSSH form", "ask its owner for the file again") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP384R1):
        raise DataError("a node key is of another kind than P-384", "ask its owner for the file again")
    if public_node_text(key) != text:  # keys are compared as texts; a comment would make a second one of it
        raise DataError("a node key has more on its line than the key", "ask its owner for the file again")
    return key
