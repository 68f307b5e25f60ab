"""Hashes as words, to be read aloud over the telephone.

The list is the English one of BIP-39 (2,048 words, MIT licence beside it): no two words share their first four letters,
so that a word heard badly can still be told from the others.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BITS_PER_WORD = 11
FINGERPRINT_WORDS = 6
"""66 bits: to find a second key with the same six words, one must try 7e19 keys."""


def words_of(digest: bytes, count: int) -> tuple[str, ...]:
    """Returns the digest's first 11 * count bits as words. ValueError where it has fewer."""
    unused = len(digest) * 8 - count * BITS_PER_WORD
    if unused < 0:
        raise ValueError(f"{len(digest)} bytes do not make {count} words")
    number, listed = int.from_bytes(digest, "big") >> unused, _list()
    return tuple(listed[number >> BITS_PER_WORD * place & 2**BITS_PER_WORD - 1] for place in reversed(range(count)))


def fingerprint_words(key: Ed25519PublicKey) -> str:
    """Returns the six words by which people compare an identity key."""
    return " ".join(words_of(sha256(key.public_bytes_raw()).digest(), FINGERPRINT_WORDS))


@cache
def _list() -> tuple[str, ...]:
    return tuple((files("riskset.secure") / "bip39-english.txt").read_text(encoding="ascii").split())
