"""Rank tests within strata: van Elteren's, and Kruskal and Wallis's, from rank sums that add over hospitals.

A hospital ranks its own patients; which of two patients has more of something counts only where both are at one
hospital. Ranks over all hospitals would be the values themselves. Under the hypothesis every order of a hospital's
patients is as likely, which gives each rank sum its mean and variance, with ties (Lehmann, Nonparametrics, 1975,
chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset.stats.arrays import Floats, Ints
from riskset.stats.contingency import ChiSquare
from riskset.stats.linear import dot, factor, solve, submatrix
from riskset.stats.tails import chi2_sf


@dataclass(frozen=True)
class RankSums:
    """Rank sum minus its mean for each arm, (arms,), and their covariance, (arms, arms). `+` adds strata or hospitals.

    Reveals, if it leaves: of a hospital in which an arm has one patient, that patient's rank.
    """

    excess: Floats
    variance: Floats

    def __add__(self, other: RankSums) -> RankSums:
        return RankSums(self.excess + other.excess, self.variance + other.variance)

    def test(self) -> ChiSquare | None:
        """Returns the test that no arm has larger values than another; None where no stratum compares two arms, or all
        values of each are the same."""
        arms = range(1, len(self.excess))  # the sums of all arms add to 0, so one is redundant
        found = factor(submatrix(self.variance.tolist(), arms))
        kept = [arms[i] for i in found.kept]
        if not kept:
            return None
        excess = self.excess[kept].tolist()
        chi2 = dot(excess, solve(found.L, excess))
        return ChiSquare(chi2, len(kept), chi2_sf(chi2, len(kept)))


def rank_sums(values: Floats, arm: Ints, n_arms: int, *, is_weighted: bool) -> RankSums:
    """Returns the statistic of one stratum from its rows in any order, (n,) each; equal values have their mean rank.

    `is_weighted` divides by n + 1, as van Elteren does (Bulletin of the International Statistical Institute 37 (1960)
    351), so that no stratum counts for more only because its ranks are larger numbers; Kruskal and Wallis do not.
    """
    n = len(values)
    sizes = np.bincount(arm, minlength=n_arms).astype(np.float64)
    if n < 2:
        return RankSums(np.zeros(n_arms), np.zeros((n_arms, n_arms)))
    weight = 1.0 / (n + 1) if is_weighted else 1.0
    centred = _mid_ranks(values) - (n + 1) / 2
    spread = weight * weight * float(centred @ centred) / (n * (n - 1))
    excess = np.asarray(weight * np.bincount(arm, centred, n_arms), np.float64)
    return RankSums(excess, spread * (n * np.diag(sizes) - np.outer(sizes, sizes)))


def _mid_ranks(values: Floats) -> Floats:
    """Returns ranks from 1 on, the mean for equal values."""
    _, into, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[into], np.float64)
