"""Firth's penalised likelihood of a Cox model: the log likelihood plus half the logarithm of the information's
determinant. It has a maximum where the likelihood itself has none, and the bias of the estimate is of a lower order.

Firth, Biometrika 80 (1993) 27; Heinze and Schemper, Biometrics 57 (2001) 114. The score is U + a / 2 with

    a_j = tr(I^-1 T_j),   T_j = dI / d beta_j: the third central moments of the columns within the risk sets, summed.

Every hospital is a stratum, so T_j adds over hospitals, and so does its product with a matrix that all know. A point
takes two totals: log likelihood, score and information, as in `newton`; then, with I^-1 known, the p numbers a.

A state machine as `newton`, in plain floats, identical at every party. Newton's method needs the second derivatives of
the penalty too, which nobody sends: they are learnt from the steps, as the symmetric matrix nearest to the one before
that explains how a has changed (Powell's symmetric form of Broyden's update, in the metric of the information).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats import newton
from riskset.stats.arrays import Floats
from riskset.stats.at_events import AtEvents
from riskset.stats.cox import RiskSets, Ties
from riskset.stats.elementary import scalar_log
from riskset.stats.linear import Matrix, dot, factor, from_upper_triangle, inverse, solve, submatrix
from riskset.stats.newton import CONVERGED, ROUNDING_FLOOR, WORSE, Newton
from riskset.stats.rescaled_strata import cut_in_time


def third_moments(rows: RiskSets, beta: ArrayLike, weights: Matrix, ties: Ties = "efron") -> Floats:
    """Returns tr(A T_j) of one hospital at `beta` (p,), for a symmetric A, `weights` (p, p): (p,).

    Reveals, if it leaves: p sums over all patients; as much as the information at p points near by, of which it is the
    slope. ArithmeticError for weighted rows.
    """
    if rows.n == 0 or len(rows.event_bins) == 0:
        return np.zeros(rows.p)
    at = _at_events(rows, np.asarray(beta, np.float64), ties)
    x, m, r, A = at.rows.X, at.mean, at.hazard, np.asarray(weights, np.float64)
    # E(x - m)_j (x - m)'A(x - m) = E x_j x'Ax - m_j E x'Ax - 2 E x_j x'Am + 2 m_j m'Am over a risk set
    of_square = (x * (A @ x)).sum(axis=0)
    share, mean = r * at.while_at_risk(1.0 / at.u), r * at.while_at_risk(m / at.u)
    of_patients = x @ (of_square * share - 2.0 * (x * (A @ mean)).sum(axis=0)) - mean @ of_square
    return np.asarray(of_patients + 2.0 * m @ (m * (A @ m)).sum(axis=0))


def _at_events(rows: RiskSets, beta: Floats, ties: Ties) -> AtEvents:
    try:
        with np.errstate(all="ignore"):
            return AtEvents.of(rows, beta, ties)
    except ArithmeticError:
        cut = None if rows.weights is not None else cut_in_time(rows, beta @ rows.X)
        if cut is None:
            raise
        return AtEvents.of(cut, beta, ties)


@dataclass(frozen=True)
class Here:
    """The totals at an accepted point, while those of its penalty are asked; of the estimable columns, (k,)."""

    penalised: float
    score: tuple[float, ...]
    information: tuple[tuple[float, ...], ...]
    """Of all columns, (p, p)."""
    L: Matrix
    """Cholesky factor of the estimable ones."""


@dataclass(frozen=True)
class Firth:
    """The state of a fit. `newton` holds point, step and end; its log likelihoods and its score test are penalised."""

    newton: Newton
    here: Here | None = None
    """None while log likelihood, score and information at `newton.beta` are asked."""
    slope: tuple[float, ...] = ()
    """Of the penalty, a/2 at the last accepted point, (k,)."""
    curvature: tuple[tuple[float, ...], ...] = ()
    """What is known of the penalty's second derivatives, (k, k)."""

    @property
    def weights(self) -> list[list[float]]:
        """Returns A of the second total at a point: the inverse of the information, (p, p), 0 for columns that are not
        estimable. ValueError where no second total is asked."""
        if self.here is None:
            raise ValueError("no penalty is asked at this point")
        at, V = self.newton.estimable, inverse(self.here.L)
        out = [[0.0] * len(self.newton.beta) for _ in self.newton.beta]
        for i, row in zip(at, V, strict=True):
            for j, x in zip(at, row, strict=True):
                out[i][j] = x
        return out


def start(p: int, negligible: float = 0.0) -> Firth:
    """Returns the state before the first evaluation; as `newton.start`."""
    return Firth(newton.start(p, negligible))


def advance(state: Firth, log_likelihood: float, score: Sequence[float], information_upper: Sequence[float]) -> Firth:
    """Returns the next state from the first total at a point; as `newton.advance`."""
    now, p = state.newton, len(state.newton.beta)
    if now.status != "going" or state.here is not None:
        raise ValueError("no likelihood is asked at this point")
    if len(score) != p or len(information_upper) != p * (p + 1) // 2:
        raise ValueError(f"expected {p} scores and {p * (p + 1) // 2} elements of the information")
    is_first, information = not now.information, from_upper_triangle(information_upper, p)
    now = replace(now, evaluations=now.evaluations + 1)
    if not isfinite(log_likelihood):
        return _halved(state, now)
    if is_first:
        now = newton.look_at_columns(now, log_likelihood, information)
        if not now.estimable:
            return replace(state, newton=replace(now, status="nothing estimable"))
    factored = factor(submatrix(information, now.estimable))
    if factored.dependent:  # the determinant vanishes
        return _halved(state, now)
    penalised = float(log_likelihood) + _half_log_determinant(factored.L)
    if not is_first and penalised < now.log_likelihood - WORSE * max(1.0, abs(now.log_likelihood)):
        return _halved(state, now)
    here = Here(penalised, tuple(float(score[j]) for j in now.estimable), information, factored.L)
    return replace(state, newton=now, here=here)


def penalised(state: Firth, third: Sequence[float]) -> Firth:
    """Returns the next state from the second total at a point: a (p,), of `third_moments`."""
    now, here = state.newton, state.here
    if now.status != "going" or here is None:
        raise ValueError("no penalty is asked at this point")
    if len(third) != len(now.beta):
        raise ValueError(f"expected {len(now.beta)} numbers of the penalty")
    slope = tuple(float(third[j]) / 2.0 for j in now.estimable)
    U = [u + a for u, a in zip(here.score, slope, strict=True)]
    curvature = _learnt(state, here, slope)
    move = _newton_step(here, now.estimable, curvature, U)
    decrement = dot(move, U)
    step = [0.0] * len(now.beta)
    for j, s in zip(now.estimable, move, strict=True):
        step[j] = s
    is_first = not now.information
    accepted = replace(
        now,
        beta=newton.plus(now.beta, step),
        base=now.beta,
        step=tuple(step),
        decrement=decrement,
        log_likelihood=here.penalised,
        null_log_likelihood=here.penalised if is_first else now.null_log_likelihood,
        score_test=decrement if is_first else now.score_test,
        information=here.information,
        is_halved=False,
    )
    if decrement < CONVERGED or (decrement < ROUNDING_FLOOR and now.decrement < ROUNDING_FLOOR):
        accepted = replace(accepted, status="ok")  # the last step is added, not evaluated again
    return Firth(newton.give_up_when_late(accepted), None, slope, curvature)


def _halved(state: Firth, now: Newton) -> Firth:
    return replace(state, newton=newton.give_up_when_late(newton.halve(now)))


def _half_log_determinant(L: Matrix) -> float:
    total = 0.0
    for i, row in enumerate(L):
        total += scalar_log(row[i])
    return total


def _learnt(state: Firth, here: Here, slope: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """Returns the second derivatives of the penalty as the last step shows them; 0 before the first."""
    now, k = state.newton, len(slope)
    if not state.slope:
        return tuple((0.0,) * k for _ in range(k))
    s = [now.beta[j] - now.base[j] for j in now.estimable]
    w = [dot(row, s) for row in submatrix(here.information, now.estimable)]
    length = dot(w, s)
    if not length > 0.0:
        return state.curvature
    changed = [y - before for y, before in zip(slope, state.slope, strict=True)]
    rest = [y - dot(row, s) for y, row in zip(changed, state.curvature, strict=True)]
    again = dot(rest, s) / (length * length)
    return tuple(
        tuple(
            state.curvature[i][j] + (rest[i] * w[j] + w[i] * rest[j]) / length - again * w[i] * w[j] for j in range(k)
        )
        for i in range(k)
    )


def _newton_step(here: Here, estimable: Sequence[int], curvature: Matrix, U: Sequence[float]) -> list[float]:
    """Returns the step to the maximum by both second derivatives; by those of the likelihood where both together have
    no maximum."""
    information = submatrix(here.information, estimable)
    both = [[x - c for x, c in zip(*rows, strict=True)] for rows in zip(information, curvature, strict=True)]
    factored = factor(both)
    return solve(here.L if factored.dependent else factored.L, U)
