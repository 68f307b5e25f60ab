"""Pairwise masks that cancel in the sum: a party that adds all contributions learns the total and no site's part.

Each pair of participants derives a stream of 128-bit integers from the secret the two share in this run; the lower name
adds it, the higher subtracts it (Bonawitz et al., CCS 2017, without their recovery: the run waits for a site that is
away). Keys: X25519 (RFC 7748) between keys generated for the run, HKDF-SHA256 (RFC 5869), AES-256 in counter mode.

    salt = SHA-256 of the sorted participants and their public keys
    info = protocol, study, roster, run, round, history taken in, lower name, higher name

So no key ever makes two streams: a different round, history or list of participants gives different masks, and sites
that were shown different histories produce noise, not a mixture.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskset.catalogue import say
from riskset.curve25519 import is_x25519_key
from riskset.errors import ProtocolError
from riskset.secure.fixed_point import BYTES_PER_NUMBER, Vector, add, negate

PROTOCOL: Final = "riskset pairwise masks 1"
KEY_BYTES: Final = 32


class Masks(Protocol):
    """What masks a site's numbers before they are sent."""

    def mask(self, vector: Vector, round_: int, history: str) -> Vector:
        """Returns the vector as it is sent."""


class NoMasks:
    """For a study with `secure_sum = "off"`: what is sent reveals the site's own sums."""

    def mask(self, vector: Vector, round_: int, history: str) -> Vector:
        return vector


class PairwiseMasks:
    """The masks of one site in one run. What is sent looks uniform to anyone without a pair's secret."""

    def __init__(self, secret: bytes, me: str, keys: Mapping[str, bytes], context: Mapping[str, str]) -> None:
        """`keys` holds every participant's public key of this run; `context` names study, roster and run.

        Raises ProtocolError where a participant's key is invalid: without a shared secret there is no mask.
        """
        self._me = me
        self._context = dict(context)
        self._salt = hashlib.sha256(rfc8785.dumps([[name, keys[name].hex()] for name in sorted(keys)])).digest()
        own = X25519PrivateKey.from_private_bytes(secret)
        self._shared = {name: _exchange(own, key, name) for name, key in keys.items() if name != me}

    def mask(self, vector: Vector, round_: int, history: str) -> Vector:
        for other, secret in self._shared.items():
            lower, higher = sorted((self._me, other))
            info = rfc8785.dumps([PROTOCOL, self._context, round_, history, lower, higher])
            key = HKDF(hashes.SHA256(), KEY_BYTES, self._salt, info).derive(secret)
            pair = _stream(key, vector.shape[1])
            vector = add(vector, pair if self._me == lower else negate(pair))
        return vector


def new_secret() -> bytes:
    """Returns a fresh private key for one run, 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_of(secret: bytes) -> bytes:
    """Returns the public half, which the site sends when a run opens."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def noise(n: int) -> Vector:
    """Returns n random integers, for slots whose numbers a site holds back."""
    return np.frombuffer(secrets.token_bytes(n * BYTES_PER_NUMBER), "<u8").reshape(2, n).astype(np.uint64)


def _exchange(own: X25519PrivateKey, key: bytes, name: str) -> bytes:
    if not is_x25519_key(key):  # with a point of small order the secret would be one that everyone knows
        raise ProtocolError(say("secure.masks.key", site=name))
    return own.exchange(X25519PublicKey.from_public_bytes(key))


def _stream(key: bytes, n: int) -> Vector:
    # each key is used for this one stream, so that the counter may begin at 0
    keystream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(n * BYTES_PER_NUMBER))
    return np.frombuffer(keystream, "<u8").reshape(2, n).astype(np.uint64, copy=False)
