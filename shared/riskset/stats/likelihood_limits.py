"""Limits of one coefficient of a Cox model by its profile likelihood, 95%.

With b fixed, let l(b) be the largest log likelihood over the other coefficients. The limits are the two b at which
2 (l_max - l(b)) = 3.84. Beside the estimate the root of the left side is nearly linear in b, so Newton's method on it
begins at Wald's limit and takes two or three points; the others move to their optimum in the same step (Venzon and
Moolgavkar, Applied Statistics 37 (1988) 87). A coefficient without an estimate has one limit: `profile_limit`.

A state machine as `newton`, on the same totals, in plain floats, and identical at every party.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Final, Literal

from riskset.stats.linear import dot, factor, solve, submatrix
from riskset.stats.profile_limit import CHI2, At

Status = Literal["searching", "found", "not found"]

MAX_EVALUATIONS: Final = 10
LAST: Final = 1e-4
"""A step in units of the root that is added and not evaluated again: what it leaves is of the order of its square."""
NEAR_OPTIMUM: Final = 1e-6
"""U'I^-1 U of the others below which their remaining gain is known to rounding."""
LONGEST: Final = 1.0
"""The longest step, in standard errors of the coefficient."""


@dataclass(frozen=True)
class LikelihoodLimit:
    """The search for one limit. `beta` (p,) is where to evaluate next; once found, `beta[column]` is the limit."""

    beta: tuple[float, ...]
    column: int
    others: tuple[int, ...]
    """The other estimable columns, increasing."""
    direction: float
    """1 for the upper limit, -1 for the lower one."""
    maximum: float
    """l_max."""
    base: tuple[float, ...]
    """The last point that could be used; at first the estimate."""
    longest: float
    """The longest step of the coefficient."""
    evaluations: int = 0
    status: Status = "searching"


def start(estimate: At, column: int, estimable: Sequence[int], direction: float) -> LikelihoodLimit:
    """Returns the search for one limit of the estimable `column`, from the totals at the maximum; `not found` where the
    information about it beside the others is lost in rounding."""
    others, at = tuple(j for j in estimable if j != column), estimate.beta
    state = LikelihoodLimit(at, column, others, direction, estimate.log_likelihood, base=at, longest=0.0)
    profile = _profile(estimate, column, others)
    if profile is None or not profile.curvature > 0.0:
        return replace(state, status="not found")
    se = 1.0 / sqrt(profile.curvature)
    return replace(state, beta=_moved(at, column, others, profile, direction * sqrt(CHI2) * se), longest=LONGEST * se)


def advance(state: LikelihoodLimit, here: At) -> LikelihoodLimit:
    """Returns the next state from the totals at `state.beta`; ValueError where the search has ended."""
    if state.status != "searching":
        raise ValueError(f"the search has ended: {state.status}")
    state = replace(state, evaluations=state.evaluations + 1)
    after = _advanced(state, here)
    is_late = after.status == "searching" and after.evaluations >= MAX_EVALUATIONS
    return replace(after, status="not found") if is_late else after


@dataclass(frozen=True)
class _Profile:
    slope: float
    """Of l(b)."""
    curvature: float
    """Its negative second derivative."""
    distance: float
    """U'I^-1 U of the others: twice what moving them alone gains."""
    move: tuple[float, ...]
    """Step of the others to their optimum at the same b ..."""
    follow: tuple[float, ...]
    """... and per unit of b."""


def _profile(here: At, column: int, others: Sequence[int]) -> _Profile | None:
    factored = factor(submatrix(here.information, others))
    if factored.dependent:
        return None
    U, cross = [here.score[k] for k in others], [here.information[k][column] for k in others]
    move, follow = solve(factored.L, U), solve(factored.L, cross)
    curvature = here.information[column][column] - dot(cross, follow)
    slope = here.score[column] - dot(cross, move)
    return _Profile(slope, curvature, dot(move, U), tuple(move), tuple(-x for x in follow))


def _advanced(state: LikelihoodLimit, here: At) -> LikelihoodLimit:
    profile = _profile(here, state.column, state.others) if isfinite(here.log_likelihood) else None
    slope = 0.0 if profile is None else -state.direction * profile.slope
    gap = 0.0 if profile is None else state.maximum - here.log_likelihood - profile.distance / 2.0
    if profile is None or not (gap > 0.0 and slope > 0.0):
        return replace(state, beta=tuple((x + y) / 2.0 for x, y in zip(state.base, here.beta, strict=True)))
    root = sqrt(2.0 * gap)
    left = sqrt(CHI2) - root
    step = max(-state.longest, min(state.longest, left * root / slope))
    beta = _moved(here.beta, state.column, state.others, profile, state.direction * step)
    is_last = -LAST < left < LAST and profile.distance < NEAR_OPTIMUM
    return replace(state, beta=beta, base=here.beta, status="found" if is_last else "searching")


def _moved(
    beta: Sequence[float], column: int, others: Sequence[int], profile: _Profile, by: float
) -> tuple[float, ...]:
    """Returns beta with b moved by `by`, and the others moved to their optimum there."""
    moved = list(beta)
    moved[column] += by
    for k, move, follow in zip(others, profile.move, profile.follow, strict=True):
        moved[k] += move + follow * by
    return tuple(moved)
