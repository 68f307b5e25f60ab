"""Means of two groups compared: Student's and Welch's t, and standardised differences, from each group's sums.

As R's `t.test` with and without `var.equal`. A standardised difference is a difference of means divided by a standard
deviation, of which papers use three (Austin, Statistics in Medicine 28 (2009) 3083): each value says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Final

from riskset.stats.linear import dot, factor, solve
from riskset.stats.student import two_sided_p

POOLED: Final = "pooled sd"
TREATED: Final = "sd of the arm"
CONTROL: Final = "sd of the reference"


@dataclass(frozen=True)
class Group:
    """The number of values, their mean, and their variance with divisor n - 1."""

    n: int
    mean: float
    variance: float
    """nan where n < 2."""


def of_share(having: int, n: int) -> Group:
    """Returns the group of n values of which `having` are 1 and the others 0."""
    p = having / n if n else nan
    return Group(n, p, n * p * (1.0 - p) / (n - 1) if n > 1 else nan)


@dataclass(frozen=True)
class TTest:
    t: float
    df: float
    p: float
    """Two-sided."""


def student(a: Group, b: Group) -> TTest | None:
    """Returns the test of equal means in groups of one variance; None where a group has fewer than two values, or all
    values of each are the same."""
    if min(a.n, b.n) < 2:
        return None
    df = a.n + b.n - 2
    variance = ((a.n - 1) * a.variance + (b.n - 1) * b.variance) / df
    return _t_test(a, b, variance / a.n + variance / b.n, df)


def welch(a: Group, b: Group) -> TTest | None:
    """Returns the test of equal means in groups of different variances, with Satterthwaite's degrees of freedom; None
    as for `student`."""
    if min(a.n, b.n) < 2:
        return None
    of_a, of_b = a.variance / a.n, b.variance / b.n
    if of_a + of_b <= 0.0:
        return None
    return _t_test(a, b, of_a + of_b, (of_a + of_b) ** 2 / (of_a**2 / (a.n - 1) + of_b**2 / (b.n - 1)))


def _t_test(a: Group, b: Group, squared_error: float, df: float) -> TTest | None:
    if squared_error <= 0.0:
        return None
    t = (a.mean - b.mean) / sqrt(squared_error)
    return TTest(t, df, two_sided_p(t, df))


def standardised(a: Group, b: Group) -> dict[str, float | None]:
    """Returns (mean of a - mean of b) divided by each standard deviation, by its name: `POOLED`, the root of the mean
    of the two variances; `TREATED`, that of a; `CONTROL`, that of b. None where it is 0 or unknown."""
    variances = {POOLED: (a.variance + b.variance) / 2, TREATED: a.variance, CONTROL: b.variance}
    apart = a.mean - b.mean  # nan where a group has nobody
    return {name: apart / sqrt(v) if v > 0.0 and isfinite(apart) else None for name, v in variances.items()}


def yang_dalton(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Returns the standardised difference of two distributions over the same levels, from counts or weights: the
    root of T' S^-1 T with T the differences of the proportions and S the mean of their two multinomial covariances
    (Yang and Dalton, SAS Global Forum 2012, 335). Levels that nobody has are left out. None where S has no inverse: a
    group of nobody, or groups of which one level tells all.
    """
    seen = [i for i in range(len(a)) if a[i] or b[i]]
    if not sum(a) or not sum(b):
        return None
    if len(seen) < 2:
        return 0.0
    p, q = ([counts[i] / sum(counts) for i in seen[1:]] for counts in (a, b))
    apart = [x - y for x, y in zip(p, q, strict=True)]
    spread = [[(_covariance(p, i, j) + _covariance(q, i, j)) / 2 for j in range(len(p))] for i in range(len(p))]
    found = factor(spread)
    if len(found.kept) < len(p):
        return None
    return sqrt(dot(apart, solve(found.L, apart)))


def _covariance(p: Sequence[float], i: int, j: int) -> float:
    return p[i] * ((i == j) - p[j])
