"""The Cox partial likelihood of one hospital: log likelihood, score and information at a given beta.

Every hospital is a stratum (or several) with its own baseline hazard, so these three simply add over hospitals, and
the sums are those of `coxph(... + strata(site))` on the pooled rows. `newton` is Newton's method on the totals.

Notation as in Therneau and Grambsch, Modeling Survival Data (2000), chapter 3: r = w exp(x'beta); at an event time,
S0 and S1 are the sums of r and r x over those at risk, T0 and T1 over the m events there. With f = l/m, l = 0..m-1
(Efron) or f = 0 (Breslow), and wbar the mean weight of the events:

    log likelihood = sum over events of w x'beta - sum over times of wbar sum_l log(S0 - f T0)
    score          = sum over events of w x      - sum over times of wbar sum_l (S1 - f T1) / (S0 - f T0)
    information    = sum over times of wbar sum_l [(S2 - f T2)/(S0 - f T0) - (S1 - f T1)(S1 - f T1)'/(S0 - f T0)^2]

S2 and T2 are never formed. Summed over the event times at which a row is at risk, its weight in S2 is one number
c >= 0, so this part of the information is X' diag(c) X: one symmetric product. The rest is M'M with at most two rows
per event time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats import newton
from riskset.stats.arrays import Bools, Floats, sum_by
from riskset.stats.at_risk import at_risk, cumulate, nearer_start
from riskset.stats.rescaled_strata import cut_in_time
from riskset.stats.risk_sets import RiskSets, risk_sets
from riskset.stats.ties import Ties, TieSums, tie_sums

__all__ = ["Derivatives", "RiskSetSums", "RiskSets", "Ties", "evaluate", "fit", "hazards", "risk_sets"]


@dataclass(frozen=True)
class Derivatives:
    """Log partial likelihood, its gradient (p,) and its negative Hessian (p, p) at one beta, for one hospital's rows.

    Reveals, if it leaves: 1 + p + p(p+1)/2 sums over all patients; with one event, nearly that patient's row.
    """

    log_likelihood: float
    score: Floats
    information: Floats

    def __add__(self, other: Derivatives) -> Derivatives:
        """Returns the derivatives for both hospitals' rows, each with its own baseline hazards."""
        return Derivatives(
            self.log_likelihood + other.log_likelihood,
            self.score + other.score,
            self.information + other.information,
        )

    @property
    def upper_triangle(self) -> Floats:
        """Upper triangle of the information by rows, (p(p+1)/2,), as `newton.advance` takes it."""
        return self.information[np.triu_indices(len(self.score))]


def evaluate(rows: RiskSets, beta: ArrayLike, ties: Ties = "efron") -> Derivatives:
    """Returns the derivatives at `beta` (p,), in units of the rows' scale.

    Where a risk set's hazard vanishes beside the largest of its stratum, strata are cut in time (`rescaled_strata`);
    where even that does not help, the log likelihood is -inf and the rest 0: the step that led there was too long. No
    rows or no events give zeros. ValueError for a beta of another shape, or unknown ties.
    """
    b = np.asarray(beta, dtype=np.float64)
    if b.shape != (rows.p,) or not np.isfinite(b).all():
        raise ValueError(f"beta must hold {rows.p} finite numbers")
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties are 'efron' or 'breslow', not {ties!r}")
    if len(rows.event_bins) == 0:
        return _nothing(rows.p, 0.0)
    with np.errstate(all="ignore"):  # what is not finite is handled below
        value = _evaluate(rows, b, ties)
        if value.log_likelihood == -np.inf and (cut := cut_in_time(rows, b @ rows.X)) is not None:
            value = _evaluate(cut, b, ties)
    return value


def fit(hospitals: Sequence[RiskSets], ties: Ties = "efron") -> newton.Newton:
    """Returns the fit over hospitals whose rows are all available: what a study does over the network, without one."""
    state = newton.start(hospitals[0].p)
    while state.status == "going":
        total = reduce(add, (evaluate(rows, state.beta, ties) for rows in hospitals))
        state = newton.advance(state, total.log_likelihood, total.score.tolist(), total.upper_triangle.tolist())
    return state


def _nothing(p: int, log_likelihood: float) -> Derivatives:
    return Derivatives(log_likelihood, np.zeros(p), np.zeros((p, p)))


def _evaluate(rows: RiskSets, beta: Floats, ties: Ties) -> Derivatives:
    hazard, linear_term = hazards(rows, beta)
    risk = RiskSetSums.of(rows, hazard)
    sums = tie_sums(risk.S0, risk.T0, rows.deaths[rows.event_bins], ties)
    if sums is None:
        return _nothing(rows.p, -np.inf)
    wbar = rows.mean_weight[rows.event_bins]
    a, b = wbar * sums.a, wbar * sums.b
    c = _shares(rows, hazard, a, b)
    parts, XcX = _column_sums(rows, hazard, c)
    S1, T1 = risk.columns(rows, hazard, parts)
    M = _second_term_rows(S1, T1, wbar, sums)
    return _finite(
        Derivatives(
            log_likelihood=float(linear_term - wbar @ sums.log_u),
            score=rows.event_sum - S1 @ a + T1 @ b,
            information=XcX - M @ M.T,
        )
    )


def _finite(value: Derivatives) -> Derivatives:
    finite = np.isfinite(value.score).all() and np.isfinite(value.information).all()
    return value if finite and np.isfinite(value.log_likelihood) else _nothing(len(value.score), -np.inf)


def hazards(rows: RiskSets, beta: Floats) -> tuple[Floats, float]:
    """Returns r (n,), scaled so that the largest exp(x'beta) of each stratum is 1, and the events' sum of w x'beta on
    that scale."""
    eta = beta @ rows.X
    highest = np.maximum.reduceat(eta, rows.stratum_start)
    eta -= np.repeat(highest, rows.stratum_length)
    r = np.exp(eta, out=eta)
    if rows.weights is not None:
        r *= rows.weights
    return r, float(rows.event_sum @ beta - rows.event_weight @ highest)


@dataclass(frozen=True)
class RiskSetSums:
    """S0 and T0 at the event times, and from which end those at risk were counted (`at_risk.nearer_start`)."""

    S0: Floats
    T0: Floats
    from_start: Bools | None

    @classmethod
    def of(cls, rows: RiskSets, hazard: Floats) -> RiskSetSums:
        parts = np.add.reduceat(hazard, rows.part_start)
        exiting, entering, from_start = _by_bin(rows, parts), None, None
        if rows.entry_bin is not None:
            entering = sum_by(rows.entry_bin, hazard, rows.K)
            from_start = nearer_start(exiting, entering, rows.bins_before, rows.bins_after)
        S0 = at_risk(exiting, entering, from_start, rows.bins_before, rows.bins_after)
        return cls(S0[rows.event_bins], parts[rows.event_parts], from_start)

    def columns(self, rows: RiskSets, hazard: Floats, parts: Floats) -> tuple[Floats, Floats]:
        """Returns S1 and T1 (p, event times) from the sums of r x by part (p, parts)."""
        entering = None
        if rows.entry_bin is not None:
            entering = np.stack([sum_by(rows.entry_bin, hazard * x, rows.K) for x in rows.X])
        S1 = at_risk(_by_bin(rows, parts), entering, self.from_start, rows.bins_before, rows.bins_after)
        return S1[:, rows.event_bins], parts[:, rows.event_parts]


def _by_bin(rows: RiskSets, parts: Floats) -> Floats:
    """Returns (..., K) from (..., parts): the events and the censorings of a bin together."""
    out = np.zeros((*parts.shape[:-1], rows.K))
    for kind in (rows.event_parts, rows.censored_parts):
        out[..., rows.part_bin[kind]] += parts[..., kind]
    return out


def _shares(rows: RiskSets, hazard: Floats, a: Floats, b: Floats) -> Floats:
    """Returns c (n,): r times the sum of a over the event times at which a row was at risk, minus r b at its own event
    time."""
    A, B = np.zeros(rows.K), np.zeros(rows.K)
    A[rows.event_bins], B[rows.event_bins] = a, b
    A = cumulate(A, rows.bins_before)
    of_part = A[rows.part_bin] - np.where(rows.part_is_event, B[rows.part_bin], 0.0)
    total = np.repeat(of_part, rows.part_length)
    if rows.entry_bin is not None:
        total = np.maximum(total - A[rows.entry_bin], 0.0)  # below 0 only by rounding
    return hazard * total


def _column_sums(rows: RiskSets, hazard: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Returns the sums of r x by part (p, parts), and X' diag(c) X (p, p), in one pass over blocks that fit the cache.

    `B @ B.T` is a symmetric rank update in numpy (half the work of a product) because both sides are one array.
    """
    parts, XcX = np.zeros((rows.p, len(rows.part_start))), np.zeros((rows.p, rows.p))
    root_c, scaled = np.sqrt(c), np.empty((rows.p, rows.blocks[0].stop))
    for block in rows.blocks:
        x, B = rows.X[:, block], scaled[:, : block.stop - block.start]
        first, last = np.searchsorted(rows.part_start, [block.start, block.stop - 1], side="right")
        at = np.maximum(rows.part_start[first - 1 : last] - block.start, 0)  # a part may begin in an earlier block
        np.multiply(x, hazard[block], out=B)
        parts[:, first - 1 : last] += np.add.reduceat(B, at, axis=1)
        np.multiply(x, root_c[block], out=B)
        XcX += B @ B.T
    return parts, XcX


def _second_term_rows(S1: Floats, T1: Floats, wbar: Floats, sums: TieSums) -> Floats:
    """Returns M' (p, rows) with MM' = sum wbar sum_l (S1 - f T1)(S1 - f T1)'/u^2, by completing the square in S1.

    sum_l (S1 - f T1)^2/u^2 = alpha (S1 - (g/alpha) T1)^2 + (h - g^2/alpha) T1^2; the last term is 0 without ties.
    """
    ratio = sums.g / sums.alpha
    rest = np.maximum(sums.h - sums.g * ratio, 0.0)
    several = rest > 0
    first = (S1 - ratio * T1) * np.sqrt(wbar * sums.alpha)
    return np.hstack([first, T1[:, several] * np.sqrt(wbar * rest)[several]])
