"""exp and log with the same bits on every machine.

The versions of numpy and of the C libraries depend on the processor and differ in the last place. These use only
+ - * / and exact scalings, which IEEE 754 rounds correctly, in a fixed order.
"""

from __future__ import annotations

from math import factorial, frexp
from typing import Final

import numpy as np

from riskset.stats.arrays import Floats

_LN_2: Final = 0.6931471805599453
_LN_2_HIGH: Final = 0.693147180369123816490  # 33 bits, so that a whole number up to 2^20 times it is exact
_LN_2_LOW: Final = 1.90821492927058770002e-10
_ROOT_HALF: Final = 0.7071067811865476
_LOG_TERMS: Final = 12
"""|z| < 0.172, so the first omitted term is below 2e-20 of the sum."""
_EXP_TERMS: Final = 14
"""|r| < 0.35, so the first omitted term is below 1e-18."""


def exp(x: Floats) -> Floats:
    """Returns e^x within 2 units in the last place; inf and 0 beyond the floats, nan for nan.

    x = k ln 2 + r with |r| <= ln 2 / 2; e^x = 2^k e^r (Taylor's series).
    """
    inside = np.clip(x, -746.0, 710.0)  # beyond these, the result is 0 or inf anyway; nan stays
    k = np.rint(np.where(np.isnan(inside), 0.0, inside) / _LN_2)
    r = (inside - k * _LN_2_HIGH) - k * _LN_2_LOW
    series = np.zeros_like(r)
    for i in reversed(range(2, _EXP_TERMS)):
        series = (series + 1.0 / factorial(i)) * r
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.ldexp(1.0 + (r + series * r), k.astype(np.int64)))


def log(x: Floats) -> Floats:
    """Returns ln x within 3 units in the last place; -inf at 0, nan for negative x and for nan.

    x = m 2^k with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(z), z = (m - 1)/(m + 1) (Abramowitz and Stegun 4.1.27).
    """
    usable = (x > 0) & np.isfinite(x)
    m, k = np.frexp(np.where(usable, x, 1.0))
    low = m < _ROOT_HALF
    m, k = np.where(low, 2.0 * m, m), np.where(low, k - 1, k).astype(np.float64)
    z = (m - 1.0) / (m + 1.0)
    square, series = z * z, np.zeros_like(z)
    for i in reversed(range(_LOG_TERMS)):
        series = series * square + 1.0 / (2 * i + 1)
    value = k * _LN_2 + 2.0 * z * series
    return np.where(usable, value, np.where(x == 0, -np.inf, np.where(x == np.inf, np.inf, np.nan)))


def scalar_log(x: float) -> float:
    """Returns ln x of one float within a few units in the last place; ValueError unless 0 < x < inf.

    x = m 2^k with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(z), z = (m - 1)/(m + 1) (Abramowitz and Stegun 4.1.27).
    """
    if not 0.0 < x < float("inf"):
        raise ValueError("the logarithm needs a positive finite number")
    m, k = frexp(x)
    if m < _ROOT_HALF:
        m, k = 2.0 * m, k - 1
    z = (m - 1.0) / (m + 1.0)
    square, series = z * z, 0.0
    for i in reversed(range(_LOG_TERMS)):
        series = series * square + 1.0 / (2 * i + 1)
    return k * _LN_2 + 2.0 * z * series
