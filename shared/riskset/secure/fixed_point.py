"""Numbers as integers modulo 2^128, so that sums do not depend on their order and replay to the bit.

A real x is the integer trunc(x * 2^64), held as two uint64 limbs: row 0 the low one (the fraction), row 1 the high one
(the whole part, two's complement). Range +-9.2e18, resolution 5.4e-20, one constant for all studies. Pairwise masks are
added in the same group, which is why no sum here is ever taken in floating point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskset.catalogue import say
from riskset.errors import ProtocolError

FRACTION_BITS = 64
BYTES_PER_NUMBER = 16

Vector = NDArray[np.uint64]
"""Shape (2, n): low limbs, high limbs."""


def zeros(n: int) -> Vector:
    return np.zeros((2, n), np.uint64)


def encode(values: ArrayLike, parties: int) -> Vector:
    """Returns the (2, n) integers of n reals.

    Raises ValueError where a value is not finite or where a sum over `parties` such values could pass the range: a
    total that wraps would be silently wrong.
    """
    x = np.atleast_1d(np.asarray(values, np.float64))
    if not np.isfinite(x).all() or (np.abs(x) >= 2.0**63 / parties).any():
        raise ValueError("a number is not finite or too large for the fixed-point sum")
    magnitude = np.abs(x)
    whole = np.floor(magnitude)
    fraction = np.ldexp(magnitude - whole, FRACTION_BITS)  # exact: a float64 below 1 times a power of two
    limbs = np.stack([fraction.astype(np.uint64), whole.astype(np.uint64)])
    return np.where(x < 0, negate(limbs), limbs)


def add(a: Vector, b: Vector) -> Vector:
    """Returns a + b modulo 2^128."""
    low = a[0] + b[0]
    carry = (low < a[0]).astype(np.uint64)
    return np.stack([low, a[1] + b[1] + carry])


def negate(a: Vector) -> Vector:
    """Returns -a modulo 2^128."""
    low = ~a[0] + np.uint64(1)
    return np.stack([low, ~a[1] + (low == 0).astype(np.uint64)])


def total(vectors: Iterable[Vector]) -> Vector:
    """Returns the sum modulo 2^128 of one or more vectors of one length."""
    first, *others = vectors
    for other in others:
        first = add(first, other)
    return first


def decode(vector: Vector) -> tuple[float, ...]:
    """Returns n Python floats, each the correctly rounded value of its integer: the same bits on every machine."""
    return tuple(_to_float(high << 64 | low) for low, high in zip(vector[0].tolist(), vector[1].tolist(), strict=True))


def _to_float(unsigned: int) -> float:
    signed = unsigned - (1 << 128) if unsigned >> 127 else unsigned
    return signed / (1 << FRACTION_BITS)  # integer true division rounds correctly


def to_bytes(vector: Vector) -> bytes:
    """Returns 16 bytes per number: all low limbs, then all high limbs, little-endian."""
    return vector.astype("<u8").tobytes()


def from_bytes(data: bytes, n: int) -> Vector:
    """Reads a vector of exactly n numbers. Raises ProtocolError where the data have a different length."""
    if len(data) != n * BYTES_PER_NUMBER:
        raise ProtocolError(say("secure.vector.length", numbers=n, expected=n * BYTES_PER_NUMBER, found=len(data)))
    return np.frombuffer(data, "<u8").reshape(2, n).astype(np.uint64)


def concatenate(vectors: Sequence[Vector]) -> Vector:
    return np.concatenate([zeros(0), *vectors], axis=1)
