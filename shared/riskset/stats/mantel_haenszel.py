"""Two proportions compared within sites: each site's 2 x 2 table gives terms of its own, of which sums are needed.

Cochran (1954), Mantel and Haenszel (1959); variance of the odds ratio by Robins, Breslow and Greenland (1986), of the
risk difference by Sato (1989); homogeneity by Breslow and Day (1980) with Tarone's correction (1985). As R's
`mantelhaen.test` and metafor's `rma.mh`.

Notation of one site: a of n1 patients of an arm respond, b of n0 of the reference; c = n1 - a, d = n0 - b, N = n1 + n0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from riskset.stats.proportions import Estimate
from riskset.stats.tails import chi2_sf, two_sided_z

TERMS: Final = (
    "excess",
    "variance",
    "odds numerator",
    "weight",
    "P x R",
    "P x S + Q x R",
    "Sato's P",
    "is informative",
    "weight if informative",
    "Sato's P if informative",
)
"""What a site's table adds: U = a - n1 (a + b) / N; its hypergeometric variance; R = a d / N; n1 n0 / N; with P = (a +
d) / N, Q = 1 - P and S = R - U = b c / N two products; the P of Sato; 1 if both arms and both answers occur, and the
weight and Sato's P of such a table."""
GIVEN_RATIO: Final = ("squared deviation", "deviation", "variance")
"""What it adds given a common odds ratio: (a - A)^2 / v, a - A and v, where A is the expected count, v its variance."""


@dataclass(frozen=True)
class Stratified:
    """The comparison over all sites."""

    sites: int
    """With both arms and both answers: the others add nothing."""
    chi2: float
    corrected: float
    """With a correction for continuity of at most 1/2."""
    odds_ratio: Estimate | None
    """None where it is 0 or infinite."""
    risk_difference: Estimate
    """Over every site of both arms: one where nobody or everybody responds has a difference of 0."""
    risk_difference_informative: Estimate
    """Over those with both answers."""

    @property
    def p(self) -> float:
        return chi2_sf(self.chi2, 1)

    @property
    def p_corrected(self) -> float:
        return chi2_sf(self.corrected, 1)


@dataclass(frozen=True)
class Homogeneity:
    """Whether sites have one odds ratio. Chi-squares of `df` degrees of freedom."""

    chi2: float
    tarone: float
    df: int

    @property
    def p(self) -> float:
        return chi2_sf(self.chi2, self.df)

    @property
    def p_tarone(self) -> float:
        return chi2_sf(self.tarone, self.df)


def terms(a: float, n1: float, b: float, n0: float) -> list[float]:
    """Returns a site's `TERMS`; zeros where it has no patients."""
    n, m = n1 + n0, a + b
    if n == 0.0:
        return [0.0] * len(TERMS)
    c, d = n1 - a, n0 - b
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    informative = n1 > 0 and n0 > 0 and 0 < m < n
    weight, sato = n1 * n0 / n, (n1 * n1 * b - n0 * n0 * a + n1 * n0 * (n0 - n1) / 2) / (n * n)
    return [
        (a * n0 - b * n1) / n,
        n1 * n0 * m * (n - m) / (n * n * (n - 1)) if informative else 0.0,
        r,
        weight,
        p * r,
        p * s + q * r,
        sato,
        float(informative),
        weight if informative else 0.0,
        sato if informative else 0.0,
    ]


def common_ratio(total: Sequence[float]) -> float | None:
    """Returns the Mantel-Haenszel odds ratio from the sum of `TERMS`, by one division so that all parties derive the
    same bits; None where it is 0 or infinite."""
    numerator, denominator = total[2], total[2] - total[0]
    # sums of sites' fractions with 64 binary places: what is 0 at every site is 0
    return numerator / denominator if numerator > _ROUNDING and denominator > _ROUNDING else None


_ROUNDING: Final = 1e-9
"""R and S of a site are at least 1 / N where they are not 0; less is rounding."""


def stratified(total: Sequence[float], level: float = 0.95) -> Stratified | None:
    """Returns the comparison from the sum of `TERMS`; None where no site is informative."""
    excess, variance, r, weight, _, _, sato, sites, weight_of_these, sato_of_these = total
    if round(sites) == 0:
        return None
    beyond = max(abs(excess) - 0.5, 0.0) if abs(excess) >= 0.5 else abs(excess)
    z = two_sided_z(level)
    q = (2 * r - excess) / 2
    return Stratified(
        round(sites),
        excess * excess / variance,
        beyond * beyond / variance,
        _odds_ratio(total, z),
        _risk_difference(excess, weight, sato, q, z),
        _risk_difference(excess, weight_of_these, sato_of_these, q, z),
    )


def _risk_difference(excess: float, weight: float, p: float, q: float, z: float) -> Estimate:
    """Returns the difference with Sato's limits. Its variance is 0, but for rounding, where all of one arm respond and
    none of the other."""
    difference = excess / weight
    error = sqrt(max(difference * p + q, 0.0)) / weight
    return Estimate(difference, difference - z * error, difference + z * error)


def _odds_ratio(total: Sequence[float], z: float) -> Estimate | None:
    ratio = common_ratio(total)
    if ratio is None:
        return None
    r, s, pr, mixed = total[2], total[2] - total[0], total[4], total[5]
    qs = (r + s) - pr - mixed  # P + Q = 1 at every site
    error = sqrt(pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s))
    return Estimate(ratio, exp(log(ratio) - z * error), exp(log(ratio) + z * error))


def terms_given(ratio: float, a: float, n1: float, b: float, n0: float) -> list[float]:
    """Returns a site's terms `GIVEN_RATIO`; zeros where it is not informative."""
    m = a + b
    if not (n1 > 0 and n0 > 0 and 0 < m < n1 + n0):
        return [0.0] * len(GIVEN_RATIO)
    expected = _expected(ratio, n1, n0, m)
    cells = (expected, n1 - expected, m - expected, n0 - m + expected)
    variance = 1 / sum(1 / cell for cell in cells)
    off = a - expected
    return [off * off / variance, off, variance]


def _expected(ratio: float, n1: float, n0: float, m: float) -> float:
    """Returns the count A with A (n0 - m + A) = ratio (n1 - A) (m - A): the root between the bounds, without
    cancellation."""
    if ratio == 1.0:
        return n1 * m / (n1 + n0)
    x, y, z = 1 - ratio, (n0 - m) + ratio * (n1 + m), -ratio * n1 * m
    root = sqrt(y * y - 4 * x * z)
    return -2 * z / (y + root) if y >= 0 else (root - y) / (2 * x)


def homogeneity(total: Sequence[float], sites: int) -> Homogeneity | None:
    """Returns the test from the sums given the common odds ratio; None where fewer than two sites are informative."""
    squared, off, variance = total
    if sites < 2:
        return None
    return Homogeneity(squared, max(squared - off * off / variance, 0.0), sites - 1)
