"""Which public keys of Curve25519 are keys, and the one check of a signature: what OpenSSL leaves to its caller.

Under a point of small order anybody can sign, and with one anybody knows the shared secret; a point with a second
spelling is one key that looks like two. OpenSSL takes them all. Here a key is a point of prime order in its one
spelling (RFC 8032, section 5.1.3; RFC 7748, section 5), and every other is refused wherever a key is read. Of public
values only, so that it does not matter how long it takes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES: Final = 32
P: Final = 2**255 - 19
"""The prime of the field."""
L: Final = 2**252 + 27742317777372353535851937790883648493
"""The order of the base point; the curve has 8 L points."""
_D: Final = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_1: Final = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""X, Y, Z and T with x = X/Z, y = Y/Z and xy = T/Z, on -x^2 + y^2 = 1 + d x^2 y^2."""


def check_signature(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> None:
    """Raises InvalidSignature where the signature is not this key's, or the key is one under which anybody can sign."""
    raw = key.public_bytes_raw()
    if not is_ed25519_key(raw) or not _is_signed(raw, signature, signed):
        raise InvalidSignature


@lru_cache(maxsize=1024)
def _is_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Kept, since the parties of a rehearsal are in one process and all check the same signatures."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=4096)
def is_ed25519_key(key: bytes) -> bool:
    """Returns whether the bytes are the one spelling of a point of prime order. Takes 2 ms for a new key."""
    number = int.from_bytes(key, "little")
    y, sign = number % 2**255, number >> 255
    return len(key) == KEY_BYTES and y < P and _is_of_prime_order(y, sign)


@lru_cache(maxsize=4096)
def is_x25519_key(key: bytes) -> bool:
    """The same of a key that is exchanged: u = (1 + y)/(1 - y). A point of the twist is not one either."""
    u = int.from_bytes(key, "little")
    if len(key) != KEY_BYTES or u >= P or u == P - 1:
        return False
    return _is_of_prime_order((u - 1) * pow(u + 1, -1, P) % P, 0)


def _is_of_prime_order(y: int, sign: int) -> bool:
    x = _x(y, sign)
    if x is None or x == 0:  # x is 0 at the points of order 1 and 2
        return False
    return _is_neutral(_times(L, (x, y, 1, x * y % P)))


def _x(y: int, sign: int) -> int | None:
    """Returns the x of a point by its y and the last bit of x; None where there is no such point."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * _ROOT_OF_MINUS_1 % P
    if x * x % P != square:
        return None
    return x if x % 2 == sign else -x % P


def _times(n: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    for bit in f"{n:b}":
        found = _added(found, found)
        if bit == "1":
            found = _added(found, point)
    return found


def _added(one: Point, other: Point) -> Point:
    """Complete formulas of Hisil et al. (2008), as in RFC 8032, section 5.1.4."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * _D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _is_neutral(point: Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z
