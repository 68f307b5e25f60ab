"""Cumulative incidence of competing events from counts by arm, cause and step, and Gray's test.

Only the counts leave a hospital: how many patients of each arm had each kind of event, and how many were censored, at
each step of the study's grid. Aalen and Johansen (1978), as R's multi-state `survfit`; Gray (1988), as `cmprsk::cuminc`
with rho = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Floats, Ints
from riskset.stats.kaplan_meier import at_risk_before
from riskset.stats.linear import SINGULAR, dot, factor, solve
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence of each kind of event at the days with an exit, increasing."""

    day: Ints
    """(exits,)"""
    at_risk: Floats
    """(exits,), just before the day."""
    events: Floats
    """(causes, exits)"""
    estimate: Floats
    """(causes, exits), from the day on."""
    std_error: Floats
    """(causes, exits), of the estimate."""


def count_causes(cause: Ints, arm: Ints, n_arms: int, n_causes: int, steps: Ints, n_steps: int) -> Ints:
    """Returns counts of exits, (n_arms, n_causes + 1, n_steps): each cause, then censorings.

    `cause` (n,) is 0 where censored; `steps` (n,) of the grid in which each row exits. Reveals, if it leaves: how many
    patients of each arm exited, how, and in which step; for a step with one patient, that patient's cause.
    """
    kind = np.where(cause == 0, n_causes, cause - 1)
    at = (arm * (n_causes + 1) + kind) * n_steps + steps
    counts = np.bincount(at, minlength=n_arms * (n_causes + 1) * n_steps)
    return counts.reshape(n_arms, n_causes + 1, n_steps).astype(np.int64)


def aalen_johansen(events: ArrayLike, censored: ArrayLike, days: Ints, entries: ArrayLike | None = None) -> Incidence:
    """Returns the cumulative incidence from counts by step, (causes, n_steps) and (n_steps,), at `days` (n_steps,);
    `entries` (n_steps,) is None where all enter at day 0."""
    d, c = np.asarray(events, dtype=np.float64), np.asarray(censored, dtype=np.float64)
    any_cause = d.sum(axis=0)
    n = at_risk_before(any_cause, c, None if entries is None else np.asarray(entries, dtype=np.float64))
    has_exit = any_cause + c > 0
    d, n, day = d[:, has_exit], n[has_exit], days[has_exit]
    hazard = d / n
    survival = np.multiply.accumulate(1.0 - hazard.sum(axis=0))
    before = np.concatenate([[1.0], survival[:-1]]) if len(day) else survival
    estimate = np.add.accumulate(before * hazard, axis=1)
    return Incidence(day, n, d, estimate, np.sqrt(_variance(hazard, n, before, estimate)))


def _variance(hazard: Floats, n: Floats, before: Floats, estimate: Floats) -> Floats:
    """Returns Greenwood's variance for several kinds of event, (causes, exits) (Andersen, Borgan, Gill and Keiding,
    Statistical Models Based on Counting Processes (1993), 4.4.1).

    The events of a day are multinomial: cov(h_j, h_k) = ([j = k] h_j - h_j h_k)/n. F_j at a later day changes by
    S(t-) with h_j, and by -g = -(F_j later - F_j)/(1 - h) with each kind, h of any. Where all enter at day 0 this is
    the infinitesimal jackknife, as `survfit` has it: the residuals of two days are not correlated.
    """
    variance, of_any = np.zeros_like(estimate), hazard.sum(axis=0)
    own, both = before**2 * hazard * (1.0 - hazard) / n, 2.0 * before * hazard * (1.0 - of_any) / n
    rest = of_any * (1.0 - of_any) / n
    stays = np.where(of_any < 1.0, 1.0 - of_any, np.inf)  # nobody is left: nothing follows
    for t in range(estimate.shape[1]):
        g = (estimate[:, t, None] - estimate[:, : t + 1]) / stays[: t + 1]
        variance[:, t] = (own[:, : t + 1] - both[:, : t + 1] * g + rest[: t + 1] * g * g).sum(axis=1)
    return np.maximum(variance, 0.0)  # it is 0 where all have had one event, but for rounding


def gray(events: ArrayLike, other: ArrayLike, censored: ArrayLike) -> Test:
    """Returns Gray's test of equal cumulative incidence in all arms, from counts by arm and step, (arms, n_steps) each:
    events of the cause, of all other causes, and censorings. df is 0 where there is nothing to compare."""
    d1, d2, left = (np.asarray(counts, dtype=np.float64) for counts in (events, other, censored))
    statistic = _GraySums.of(d1, d2, left)
    score, variance = statistic.score[1:], statistic.variance[1:, 1:]  # the scores sum to 0, so one is redundant
    found = factor(variance.tolist(), SINGULAR * float(d1.sum()))  # a variance of rounding is nothing to compare
    if not found.kept:
        return Test(0.0, 0, nan)
    kept = [float(score[i]) for i in found.kept]
    chi2 = dot(kept, solve(found.L, kept))
    return Test(chi2, len(kept), chi2_sf(chi2, len(kept)))


@dataclass(frozen=True)
class _GraySums:
    """The scores of all arms (arms,), and their covariance (arms, arms)."""

    score: Floats
    variance: Floats

    @classmethod
    def of(cls, d1: Floats, d2: Floats, censored: Floats) -> _GraySums:
        """Walks through the steps with an event, as Gray's `crst` with rho = 0.

        R = n (1 - F(t-))/S(t-) is the number at risk of the subdistribution, and h = n/S(t-). The score of an arm is
        the sum of d1 - R sum d1/sum R. It is linear in martingales of both kinds of event: in each arm k, one of the
        cause moves score i by a(i, k) + t4 (c(i, k) at the end - c(i, k) here), with t4 = 1 - (1 - F)/S_k, and one of
        another cause by (F - 1)/S_k of the same difference. `cross` and `end` collect what is multiplied by the end.
        """
        arms = len(d1)
        n_of = at_risk_before(d1 + d2, censored)
        S, F_of, F = np.ones(arms), np.zeros(arms), 0.0
        score, here, c = np.zeros(arms), np.zeros((arms, arms)), np.zeros((arms, arms))
        cross, end = np.zeros((arms, arms)), np.zeros(arms)
        for t in np.flatnonzero((d1 + d2).sum(axis=0) > 0):
            n, e1, e2 = n_of[:, t], d1[:, t], d2[:, t]
            there = n > 0
            n_or_1, S_or_1 = np.where(there, n, 1.0), np.where(there, S, 1.0)
            h = np.where(there, n / S_or_1, 0.0)
            R = h * (1.0 - F_of)
            total, sum_1 = h.sum(), e1.sum()
            S_after = np.where(there, S * (n - e1 - e2) / n_or_1, S)
            F_of = np.where(there, F_of + S * e1 / n_or_1, F_of)
            F_after = F + sum_1 / total
            score += np.where(there, e1 - sum_1 * R / R.sum(), 0.0) if R.sum() > 0 else 0.0
            a = np.diag(h) - np.outer(h, h) / total
            if sum_1 > 0 and 1.0 - F > SINGULAR:  # all have had the event: only one arm can be left, and a is 0
                c = c + a * sum_1 / (total * (1.0 - F))
            left = S_after > 0
            share = np.divide(1.0 - F_after, S_after, out=np.zeros(arms), where=left)
            if sum_1 > 0:
                t4 = np.where(left, 1.0 - share, 1.0)
                ties = 1.0 - (sum_1 - 1.0) / (total * S_or_1 - 1.0) if sum_1 > 1 else np.ones(arms)
                weight = np.where(there, ties * S * sum_1 / (total * n_or_1), 0.0)
                here, cross, end = _added(here, cross, end, a - t4 * c, t4, weight)
            has_other = left & (e2 > 0)
            if has_other.any():
                ties = np.where(e2 > 1, 1.0 - (e2 - 1.0) / np.where(n_or_1 > 1, n_or_1 - 1.0, 1.0), 1.0)
                weight = np.where(has_other, ties * S**2 * e2 / n_or_1**2, 0.0)
                here, cross, end = _added(here, cross, end, share * c, -share, weight)
            S, F = S_after, F_after
        between = c @ cross.T
        return cls(score, here + (c * end) @ c.T + between + between.T)


def _added(
    here: Floats, cross: Floats, end: Floats, own: Floats, of_end: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """Returns the three sums with the variance `weight` (arms,) of a step added: of `own` (arms, arms), which a jump in
    arm k adds to each score, and of `of_end` (arms,), by which the matrix c at the end is multiplied."""
    return here + (own * weight) @ own.T, cross + own * (of_end * weight), end + of_end**2 * weight
