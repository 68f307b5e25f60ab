"""A proportion with exact and with score limits, and two independent proportions compared.

Clopper and Pearson (1934); Wilson (1927); Newcombe (1998), method 10; Woolf's odds ratio; the risk ratio of Katz et al.
(1978). As R's `binom.test`, and `prop.test` without correction for one proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from riskset.stats.beta import beta_quantile
from riskset.stats.tails import two_sided_z


@dataclass(frozen=True)
class Limits:
    lower: float
    upper: float


@dataclass(frozen=True)
class Estimate:
    """With the limits of one method."""

    estimate: float
    lower: float
    upper: float


def clopper_pearson(x: int, n: int, level: float = 0.95) -> Limits:
    """Returns the exact limits of x of n, 0 <= x <= n, n > 0: each leaves (1 - level) / 2 in its tail."""
    tail = (1 - level) / 2
    lower = 0.0 if x == 0 else beta_quantile(tail, x, n - x + 1)
    upper = 1.0 if x == n else 1.0 - beta_quantile(tail, n - x, x + 1)
    return Limits(lower, upper)


def wilson(x: int, n: int, level: float = 0.95) -> Limits:
    """Returns the score limits of x of n, n > 0, without a correction for continuity."""
    z, p = two_sided_z(level), x / n
    centre, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Limits(0.0 if x == 0 else (centre - spread) / scale, 1.0 if x == n else (centre + spread) / scale)


def newcombe(x: int, n: int, against_x: int, against_n: int, level: float = 0.95) -> Estimate:
    """Returns x/n - against_x/against_n with limits by Newcombe's method 10, from the score limits of each."""
    p, q = x / n, against_x / against_n
    of, other = wilson(x, n, level), wilson(against_x, against_n, level)
    below = sqrt((p - of.lower) ** 2 + (other.upper - q) ** 2)
    above = sqrt((of.upper - p) ** 2 + (q - other.lower) ** 2)
    return Estimate(p - q, p - q - below, p - q + above)


def odds_ratio(x: int, n: int, against_x: int, against_n: int, level: float = 0.95) -> Estimate | None:
    """Returns the odds ratio with normal limits of its logarithm; None where a cell of the table is 0."""
    cells = (x, n - x, against_x, against_n - against_x)
    if 0 in cells:
        return None
    found = log(cells[0]) + log(cells[3]) - log(cells[1]) - log(cells[2])
    return _of_log(found, sqrt(sum(1 / cell for cell in cells)), level)


def risk_ratio(x: int, n: int, against_x: int, against_n: int, level: float = 0.95) -> Estimate | None:
    """Returns the ratio of the proportions with normal limits of its logarithm; None where one of them is 0, or both
    are 1."""
    if x == 0 or against_x == 0 or (x == n and against_x == against_n):
        return None
    error = sqrt((n - x) / (n * x) + (against_n - against_x) / (against_n * against_x))
    return _of_log(log(x / n) - log(against_x / against_n), error, level)


def _of_log(found: float, error: float, level: float) -> Estimate:
    margin = two_sided_z(level) * error
    return Estimate(exp(found), exp(found - margin), exp(found + margin))
