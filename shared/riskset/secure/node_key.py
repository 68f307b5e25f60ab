"""The key by which the engine knows a site: P-384, because Flower's node authentication requires a NIST curve.

It only opens the connection. A site's messages are signed by its identity key (`keys`), and trusted for that alone.
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

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.secure.keys import locked_with, read_private, write_private


def new_node_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP384R1())


def save_node_key(path: Path, key: EllipticCurvePrivateKey, passphrase: bytes = b"") -> None:
    """Writes a new PEM file that only its owner can read, locked where a passphrase is given; never replaces a key."""
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_with(passphrase)))


def load_node_key(path: Path, passphrase: bytes = b"") -> EllipticCurvePrivateKey:
    """Raises DataError where the file is missing, stays locked, or holds anything but a P-384 private key."""
    key = read_private(path, "node", passphrase)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP384R1):
        raise DataError(say("secure.key.another_kind", path=path, expected="P-384"))
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
        raise DataError(say("secure.key.node_text"), say("secure.key.ask_owner")) from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP384R1):
        raise DataError(say("secure.key.node_curve"), say("secure.key.ask_owner"))
    if public_node_text(key) != text:  # keys are compared as texts; a comment would make one key look like two
        raise DataError(say("secure.key.node_comment"), say("secure.key.ask_owner"))
    return key
