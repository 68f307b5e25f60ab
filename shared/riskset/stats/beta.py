"""The regularised incomplete beta function and its inverse: tails of Student's t, and exact limits of proportions."""

from __future__ import annotations

from math import exp, inf, lgamma, log
from typing import Final

_TINY: Final = 1e-300
_MOST_TERMS: Final = 10_000


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Returns x with I_x(a, b) = probability, by bisection to the last bits."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if incomplete_beta(middle, a, b) < probability else (low, middle)
    return high


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Returns I_x(a, b) for 0 <= x <= 1 and a, b > 0; small values with small relative error.

    The continued fraction of Abramowitz and Stegun 26.5.8, by Lentz's method, on the side of the mean where it
    converges in some sqrt(a + b) steps.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x > 0.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x)) / a
    return front * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _not_0(1.0 - (a + b) * x / (a + 1))
    fraction, before = d, inf
    for m in range(1, _MOST_TERMS):
        if fraction == before:
            break
        before = fraction
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1.0 / _not_0(1.0 + step * d), _not_0(1.0 + step / c)
            fraction *= d * c
    return fraction


def _not_0(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
