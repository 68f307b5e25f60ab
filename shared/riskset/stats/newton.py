"""Newton's method on totals: from the sums of all hospitals at one beta to the next beta, or to the result.

A state machine with one pure function. Every party runs it on the same totals and must reach the same beta, so it uses
plain floats only (see `linear`). It never sees a row. The totals show what it needs to know about the data: at
beta = 0, which columns are estimable at all; later, whether the likelihood has a maximum.

Separation. Where a combination of columns orders the events perfectly, the likelihood increases monotonically along
that direction (complete or quasi-complete separation), as C - D exp(-step). Each Newton step then advances by about one
unit, and the remaining gain shrinks by a factor of e. Near a maximum, the possible gain (the Newton decrement,
U'I^-1 U) is squared at each step instead. This difference in pace, not the size of a coefficient, distinguishes a
missing maximum from a large effect: coefficients of nearly collinear columns are also far out, but are found fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Literal

from riskset.stats.linear import (
    Factor,
    dot,
    factor,
    from_upper_triangle,
    inverse,
    quadratic_form,
    solve,
    submatrix,
)

Status = Literal["going", "ok", "separated", "not converged", "nothing estimable"]

MAX_EVALUATIONS = 50
"""A separated indicator takes about ln(its expected events) + 12 evaluations, a separated number about 25."""
CONVERGED = 1e-18
"""Newton decrement at convergence: (1e-9 standard errors) squared."""
ROUNDING_FLOOR = 1e-13
"""A decrement that stays below this is rounding in the totals."""
WORSE = 1e-9
"""Relative decrease of the log likelihood at which a trial is rejected; smaller ones may be rounding."""
SLOW = 0.05
"""A decrement above this share of the previous one is not converging to a maximum (1/e under separation)."""
NO_GAIN = 1e-4
"""The remaining gain of the log likelihood below which slow steps count as separation."""
STEADY = 2
"""Slow steps in a row that count as separation."""


@dataclass(frozen=True)
class Unusable:
    """A column that is not estimable; its coefficient is None, never 0."""

    column: int
    reason: Literal["constant", "collinear"]
    """`constant`: no spread among those at risk together, in any stratum; `collinear`: a combination of `others`."""
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class Newton:
    """The state of a fit. p columns; vectors are tuples (p,), matrices tuples of rows."""

    beta: tuple[float, ...]
    """Where to evaluate next; the solution once the status is `ok`."""
    negligible: float = 0.0
    """Information of a column at beta = 0 that counts as rounding."""
    status: Status = "going"
    evaluations: int = 0
    log_likelihood: float = -inf
    """At the last accepted beta; once converged, within 1e-18 of the maximum."""
    null_log_likelihood: float = -inf
    """At beta = 0."""
    score_test: float = 0.0
    """U'I^-1 U at beta = 0 over the estimable columns: chi-square."""
    information: tuple[tuple[float, ...], ...] = ()
    """(p, p) at the last accepted beta."""
    unusable: tuple[Unusable, ...] = ()
    separated: tuple[int, ...] = ()
    """With the status `separated`: the columns whose coefficients diverge."""
    base: tuple[float, ...] = ()
    """The last accepted beta."""
    step: tuple[float, ...] = ()
    """The step tried from `base`."""
    decrement: float = inf
    """U'I^-1 U at `base`."""
    slow_steps: int = 0
    """Slow steps in a row."""
    is_halved: bool = False

    @property
    def estimable(self) -> tuple[int, ...]:
        """The estimable columns, increasing; known after the first evaluation."""
        left_out = {u.column for u in self.unusable}
        return tuple(j for j in range(len(self.beta)) if j not in left_out)

    @property
    def likelihood_ratio(self) -> float:
        """Chi-square of the likelihood ratio test of beta = 0, with len(estimable) degrees of freedom."""
        return 2.0 * (self.log_likelihood - self.null_log_likelihood)

    @property
    def wald(self) -> float:
        """Chi-square of the Wald test of beta = 0."""
        return quadratic_form(self.information, self.beta)


def start(p: int, negligible: float = 0.0) -> Newton:
    """Returns the state before the first evaluation, at beta = 0 (p,); ValueError for p < 1.

    A column whose information there is at most `negligible` is not estimable: with columns in standard deviations, the
    share `SINGULAR` of the events.
    """
    if p < 1:
        raise ValueError("a model has at least one column")
    return Newton((0.0,) * p, negligible)


def advance(state: Newton, log_likelihood: float, score: Sequence[float], information_upper: Sequence[float]) -> Newton:
    """Returns the next state from the totals at `state.beta`: score (p,), upper triangle of the information by rows.

    ValueError where the fit has ended or a length is wrong.
    """
    p = len(state.beta)
    if state.status != "going":
        raise ValueError(f"the fit has ended: {state.status}")
    if len(score) != p or len(information_upper) != p * (p + 1) // 2:
        raise ValueError(f"expected {p} scores and {p * (p + 1) // 2} elements of the information")
    state = replace(state, evaluations=state.evaluations + 1)
    if not _is_acceptable(state, log_likelihood):
        return give_up_when_late(halve(state))
    information = from_upper_triangle(information_upper, p)
    if not state.information:
        state = look_at_columns(state, log_likelihood, information)
    factored = factor(submatrix(information, state.estimable))
    if not state.estimable:
        return replace(state, status="nothing estimable")
    if factored.dependent:  # independent at 0 but not here: a direction has lost its information
        return replace(state, status="separated", separated=tuple(state.estimable[j] for j in factored.dependent))
    return give_up_when_late(_take_step(state, log_likelihood, score, information, factored))


def covariance(state: Newton) -> tuple[tuple[float | None, ...], ...]:
    """Returns the inverse of the information at the solution, (p, p); None for columns that are not estimable."""
    at = {j: i for i, j in enumerate(state.estimable)}
    V = inverse(factor(submatrix(state.information, state.estimable)).L)
    columns = range(len(state.beta))
    return tuple(tuple(V[at[i]][at[j]] if i in at and j in at else None for j in columns) for i in columns)


def _is_acceptable(state: Newton, log_likelihood: float) -> bool:
    if not isfinite(log_likelihood):
        return False
    return log_likelihood >= state.log_likelihood - WORSE * abs(state.log_likelihood) or not state.information


def halve(state: Newton) -> Newton:
    """Returns the state that tries half of the step that was rejected."""
    if not state.information:
        return replace(state, status="not converged")
    step = tuple(s / 2 for s in state.step)
    return replace(state, step=step, beta=plus(state.base, step), is_halved=True)


def give_up_when_late(state: Newton) -> Newton:
    """Returns the state, ended where it has used all evaluations."""
    is_late = state.status == "going" and state.evaluations >= MAX_EVALUATIONS
    return replace(state, status="not converged") if is_late else state


def look_at_columns(state: Newton, log_likelihood: float, information: tuple[tuple[float, ...], ...]) -> Newton:
    """Returns the state with the columns that are estimable. Decided once, at beta = 0, on pooled figures, so that all
    parties agree."""
    found = factor(information, state.negligible)
    unusable = tuple(_unusable(j, information, found) for j in found.dependent)
    return replace(state, null_log_likelihood=log_likelihood, unusable=unusable)


def _unusable(j: int, information: tuple[tuple[float, ...], ...], found: Factor) -> Unusable:
    if not found.dependent[j]:
        return Unusable(j, "constant")
    parts = zip(found.kept, found.dependent[j], strict=False)  # only the kept columns before j are in the combination
    others = tuple(k for k, x in parts if x * x * information[k][k] > 1e-8 * information[j][j])
    return Unusable(j, "collinear", others)


def _take_step(
    state: Newton,
    log_likelihood: float,
    score: Sequence[float],
    information: tuple[tuple[float, ...], ...],
    factored: Factor,
) -> Newton:
    estimable = state.estimable
    U = [float(score[j]) for j in estimable]
    move = solve(factored.L, U)
    decrement = dot(move, U)
    step = [0.0] * len(state.beta)
    for j, s in zip(estimable, move, strict=True):
        step[j] = s
    is_first = not state.information
    accepted = replace(
        state,
        beta=plus(state.beta, step),
        base=state.beta,
        step=tuple(step),
        decrement=decrement,
        log_likelihood=float(log_likelihood),
        score_test=decrement if is_first else state.score_test,
        information=information,
        slow_steps=_slow_steps(state, decrement),
        is_halved=False,
    )
    if decrement < CONVERGED or (decrement < ROUNDING_FLOOR and state.decrement < ROUNDING_FLOOR):
        return replace(accepted, status="ok")  # the last step is added, not evaluated again
    diverging = _diverging(state, accepted)
    return replace(accepted, status="separated", separated=diverging, beta=accepted.base) if diverging else accepted


def _slow_steps(before: Newton, decrement: float) -> int:
    if decrement <= SLOW * before.decrement:
        return 0
    return before.slow_steps + (0 if before.is_halved else 1)  # a halved step does not show Newton's pace


def _diverging(before: Newton, now: Newton) -> tuple[int, ...]:
    """Returns the columns whose coefficients diverge; none while there is no sign of separation."""
    return fastest(now) if now.slow_steps >= STEADY and before.decrement < NO_GAIN else ()


def fastest(now: Newton) -> tuple[int, ...]:
    """Returns the columns with nearly all of the gain of the last step."""
    part = [s * s * now.information[j][j] for j, s in enumerate(now.step)]
    return tuple(j for j, x in enumerate(part) if x > 0.01 * max(part))


def plus(x: Sequence[float], y: Sequence[float]) -> tuple[float, ...]:
    """Returns the sum of two vectors."""
    return tuple(a + b for a, b in zip(x, y, strict=True))
