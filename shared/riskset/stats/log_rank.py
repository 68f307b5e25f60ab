"""The log-rank test and its G-rho family: observed minus expected events by arm, which add over hospitals.

At a time with d events among n at risk, n_j of them in arm j, arm j is expected to have d n_j/n of them, with
hypergeometric variance d (n-d)/(n-1) (n_j/n)(1 - n_j/n). Weights S(t-)^rho, with the Kaplan-Meier curve of the stratum,
give the family of Harrington and Fleming (1982): rho = 0 is log-rank, rho = 1 Peto and Peto. As R's `survdiff`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, nan

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Bools, Floats, Ints, sum_by
from riskset.stats.at_risk import cumulate, cumulate_back
from riskset.stats.linear import dot, factor, solve, submatrix
from riskset.stats.risk_sets import later_in_run
from riskset.stats.tails import chi2_sf


@dataclass(frozen=True)
class Test:
    """A chi-square test; p is nan where there is nothing to compare (df = 0)."""

    __test__ = False  # not a test of pytest

    chi2: float
    df: int
    p: float


@dataclass(frozen=True)
class LogRank:
    """Observed and expected events of each arm (arms,), and the variance of their difference (arms, arms).

    `+` adds strata or hospitals; the sum gives the test stratified by them. Reveals, if it leaves: the events of each
    arm, and weighted totals of the numbers at risk.
    """

    observed: Floats
    expected: Floats
    variance: Floats

    def __add__(self, other: LogRank) -> LogRank:
        return LogRank(self.observed + other.observed, self.expected + other.expected, self.variance + other.variance)

    def test(self) -> Test:
        """Returns the test of equal survival in all arms with any expected events."""
        arms = np.flatnonzero(self.expected > 0).tolist()[1:]  # the differences sum to 0, so one is redundant
        found = factor(submatrix(self.variance.tolist(), arms))
        kept = [arms[i] for i in found.kept]
        if not kept:
            return Test(0.0, 0, nan)
        difference = (self.observed - self.expected)[kept].tolist()
        chi2 = dot(difference, solve(found.L, difference))
        return Test(chi2, len(kept), chi2_sf(chi2, len(kept)))


def from_counts(at_risk: ArrayLike, events: ArrayLike, rho: float = 0.0) -> LogRank:
    """Returns the statistic of one stratum from the numbers at risk just before, and the events, at each time, (arms,
    times) with times increasing.

    The sums over times are correctly rounded (`math.fsum`), so every machine gets the same bits.
    """
    n, d = np.asarray(at_risk, dtype=np.float64), np.asarray(events, dtype=np.float64)
    terms = _terms(n, d, np.zeros(n.shape[1], dtype=np.int64), rho)
    spread = terms.share * terms.spread
    between = np.array([[fsum(one * other) for other in terms.share] for one in spread])
    return LogRank(
        observed=np.array([fsum(row) for row in d * terms.weight]),
        expected=np.array([fsum(row) for row in terms.share * terms.expected]),
        variance=np.diag([fsum(row) for row in spread]) - between,
    )


def log_rank(
    days: Ints,
    event: Bools,
    arm: Ints,
    n_arms: int,
    *,
    entry_days: Ints | None = None,
    strata: Ints | None = None,
    rho: float = 0.0,
) -> LogRank:
    """Returns the statistic from rows in any order, (n,) each: whole days, event, code of the arm (below `n_arms`),
    entry day, code of the stratum."""
    t, d, s = np.asarray(days), np.asarray(event), np.zeros_like(days) if strata is None else np.asarray(strata)
    s = np.unique(s, return_inverse=True)[1]
    span = int(t.max(initial=0)) + 2
    before_first = np.unique(s) * span
    bins = np.unique(np.concatenate([before_first, s[d] * span + t[d] + 1]))

    def counts(rows: Bools | slice, at: Ints) -> Floats:
        k = np.searchsorted(bins, s[rows] * span + np.clip(at[rows], -1, span - 2) + 1, side="right") - 1
        return sum_by(arm[rows] * len(bins) + k, np.ones(len(k)), n_arms * len(bins)).reshape(n_arms, len(bins))

    exiting = counts(slice(None), t)
    if entry_days is not None:
        exiting = exiting - counts(slice(None), entry_days)
    stratum = bins // span
    events = counts(d, t)
    terms = _terms(cumulate_back(exiting, later_in_run(stratum)), events, stratum, rho)
    return LogRank(  # one hospital's rows: fast matrix products, whose rounding depends on the machine
        observed=events @ terms.weight,
        expected=terms.share @ terms.expected,
        variance=np.diag(terms.share @ terms.spread) - (terms.share * terms.spread) @ terms.share.T,
    )


@dataclass(frozen=True)
class _Terms:
    """The terms that are summed over times: `share` (arms, times), the others (times,)."""

    share: Floats
    """Share of those at risk, by arm."""
    weight: Floats
    expected: Floats
    """Weighted events; times `share`, the expected events of an arm."""
    spread: Floats
    """Times `share` (1 - `share`), the hypergeometric variance."""


def _terms(at_risk: Floats, events: Floats, stratum: Ints, rho: float) -> _Terms:
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = np.divide(at_risk, n, out=np.zeros_like(at_risk), where=n > 0)
    w = _survival_before(n, d, stratum) ** rho if rho else np.ones_like(n)
    # in floats: a product of counts in 64-bit integers overflows at a million patients
    spread = w * w * d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    return _Terms(share, w, w * d, spread)


def _survival_before(n: Floats, d: Floats, stratum: Ints) -> Floats:
    """Returns S(t-) of the stratum at each time, (times,)."""
    with np.errstate(divide="ignore"):
        log_factor = np.log1p(-np.divide(d, n, out=np.zeros_like(d), where=n > 0))
    previous = np.zeros_like(log_factor)
    previous[1:] = np.where(stratum[1:] == stratum[:-1], log_factor[:-1], 0.0)
    return np.asarray(np.exp(cumulate(previous, later_in_run(stratum[::-1])[::-1])))
