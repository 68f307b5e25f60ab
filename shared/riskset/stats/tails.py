"""Tail areas of the normal and chi-square distributions, with small relative error even far out (p = 1e-300)."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from statistics import NormalDist


def normal_sf(z: float) -> float:
    """Returns P(Z > z), standard normal."""
    return 0.5 * erfc(z / sqrt(2.0))


def two_sided_p(z: float) -> float:
    """Returns P(|Z| > |z|), standard normal."""
    return erfc(abs(z) / sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Returns z with P(Z <= z) = probability, which is between 0 and 1."""
    return NormalDist().inv_cdf(probability)


def two_sided_z(level: float) -> float:
    """Returns z with P(|Z| <= z) = level, standard normal: the half-width of confidence limits in standard errors."""
    return normal_quantile(0.5 + level / 2)


def chi2_sf(x: float, df: int) -> float:
    """Returns P(X > x), chi-square with `df` >= 1 whole degrees of freedom; ValueError for another `df`, or x < 0.

    Sums of positive terms (Abramowitz and Stegun 26.4.4 and 26.4.5), so nothing cancels.
    """
    if df < 1 or df != int(df) or not x >= 0:
        raise ValueError("a chi-square is not negative, and its degrees of freedom are a whole number, at least 1")
    if x == 0:
        return 1.0
    half = x / 2.0
    is_odd = df % 2
    total = erfc(sqrt(half)) if is_odd else 0.0
    for k in range(df // 2):
        a = k + 0.5 * is_odd
        total += exp(a * log(half) - half - lgamma(a + 1.0))
    return total
