"""What only the party itself can read: AES-256-GCM under keys derived from its identity key (HKDF-SHA256, RFC 5869).

Each purpose has its own key, so that what was sealed for one run or entry cannot be opened for another.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskset.catalogue import say
from riskset.errors import VerificationError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Seals:
    """Encrypts and decrypts for one party. Reveals the length of the plaintext, and nothing else."""

    def __init__(self, identity: Ed25519PrivateKey, former: Sequence[bytes] = ()) -> None:
        """`former` are the secrets of the party's earlier keys: they open what they sealed, and seal nothing new."""
        self.secret = _derived(identity.private_bytes_raw(), "secret")
        """Opens everything that the party sealed, and signs nothing. It is only stored sealed under a newer key."""
        self.former = tuple(former)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Returns a fresh nonce and the ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)  # random: a key seals far fewer than 2^32 texts
        return nonce + AESGCM(_key(self.secret, purpose)).encrypt(nonce, plain, None)

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Returns the plaintext. Raises VerificationError where it was changed, or the key or purpose differs."""
        return self._opened(sealed, purpose)[1]

    def key_of(self, sealed: bytes, purpose: str) -> bytes:
        """Returns the key, 32 bytes, with which anybody can open what was sealed for this purpose, and nothing else.
        Raises VerificationError as `unseal`."""
        return self._opened(sealed, purpose)[0]

    def _opened(self, sealed: bytes, purpose: str) -> tuple[bytes, bytes]:
        for secret in (self.secret, *self.former):
            key = _key(secret, purpose)
            with suppress(InvalidTag, ValueError):
                return key, opened_with(key, sealed)
        raise VerificationError(say("ledger.file.sealed", purpose=purpose), say("ledger.file.sealed_hint"))


def opened_with(key: bytes, sealed: bytes) -> bytes:
    """Returns the plaintext of what was sealed, opened with its own key (`Seals.key_of`). Raises InvalidTag or
    ValueError where the key does not open it."""
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)


def _key(secret: bytes, purpose: str) -> bytes:
    return _derived(secret, f"purpose {purpose}")


def _derived(secret: bytes, info: str) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=f"riskset ledger {info}".encode()).derive(secret)
