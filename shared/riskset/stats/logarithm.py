"""The natural logarithm, the same bits on every machine: C libraries round theirs differently in the last place."""

from __future__ import annotations

from math import frexp
from typing import Final

_LN_2: Final = 0.6931471805599453
_ROOT_HALF: Final = 0.7071067811865476
_TERMS: Final = 12
"""z is below 0.172 in size, so the first term left out is below 2e-20 of the sum."""


def log(x: float) -> float:
    """ln x, within a few units of the last place, from + - * / alone. ValueError unless 0 < x < inf.

    x = m 2^k with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(z), z = (m - 1)/(m + 1) (Abramowitz and Stegun 4.1.27).
    """
    if not 0.0 < x < float("inf"):
        raise ValueError("a logarithm is of a positive finite number")
    m, k = frexp(x)
    if m < _ROOT_HALF:
        m, k = 2.0 * m, k - 1
    z = (m - 1.0) / (m + 1.0)
    square, series = z * z, 0.0
    for i in reversed(range(_TERMS)):
        series = series * square + 1.0 / (2 * i + 1)
    return k * _LN_2 + 2.0 * z * series
