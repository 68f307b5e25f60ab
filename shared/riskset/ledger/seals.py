"""What only the party itself can read: AES-256-GCM under keys derived from its identity key (HKDF-SHA256, RFC 5869).

Each purpose has a key of its own, so that what was sealed for one run or entry opens for no other.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskset.errors import VerificationError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Seals:
    """One party's means to seal and to open. Reveals the length of what is sealed, and nothing else."""

    def __init__(self, identity: Ed25519PrivateKey, former: Sequence[bytes] = ()) -> None:
        """`former` are the secrets of keys that the party had before: they open what they sealed, and seal no more."""
        self.secret = _derived(identity.private_bytes_raw(), "secret")
        """What opens all of the party's seals, and signs nothing. It never leaves, but sealed under a newer key."""
        self.former = tuple(former)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Returns a fresh nonce and the ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)  # random: a key seals far fewer than 2^32 texts
        return nonce + _cipher(self.secret, purpose).encrypt(nonce, plain, None)

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Returns the text; VerificationError where it was changed, or sealed by another key or for another purpose."""
        for secret in (self.secret, *self.former):
            try:
                return _cipher(secret, purpose).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            except (InvalidTag, ValueError):
                continue
        message = f"what was sealed for {purpose!r} was changed, or sealed by another key"
        raise VerificationError(message, "restore the file and the key from one backup")


def _cipher(secret: bytes, purpose: str) -> AESGCM:
    return AESGCM(_derived(secret, f"purpose {purpose}"))


def _derived(secret: bytes, info: str) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=f"riskset ledger {info}".encode()).derive(secret)
