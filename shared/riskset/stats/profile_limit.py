"""The finite end of the profile-likelihood interval of a coefficient that diverges.

The estimate of a separated column is infinite, but its interval is not unbounded on both sides. Let l(b) be the largest
log likelihood with the coefficient of column j fixed at b, and l_sup its supremum, which l(b) approaches as b diverges.
Every b with 2 (l_sup - l(b)) <= 3.84 is compatible with the data at 95%, and this set has one finite end: the limit.

A state machine like `newton`, on the same totals, in plain floats, and identical at every party. First it climbs along
the separated column until nothing remains to gain, which gives l_sup. Then, from the best of the points with known
totals (Newton passed close by), it solves log((l_sup - l(b)) / 1.92) = 0 by Newton's method in b: the gap decays as
exp(-b), so its logarithm is nearly linear. The other coefficients move to their conditional optimum in the same step,
by the information there (Venzon and Moolgavkar, Applied Statistics 37 (1988) 87).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Final, Literal

from riskset.stats.elementary import scalar_log
from riskset.stats.linear import dot, factor, from_upper_triangle, inverse, solve, submatrix
from riskset.stats.newton import WORSE

Status = Literal["climbing", "searching", "found", "not found"]

CHI2: Final = 3.841458820694124
"""0.95 quantile of chi-square with one degree of freedom: a two-sided 95% interval, as for Wald limits."""
GAP: Final = CHI2 / 2.0
"""Distance of the profile below its supremum at the limit."""
MAX_EVALUATIONS: Final = 30
"""Evaluations by this state machine: 3 to 8 for the indicator of a level, up to 23 for a number (400 simulations)."""
AIM, ENOUGH = 1e-10, 1e-8
"""Remaining gain of the log likelihood that a climbing step aims at, and that is accepted: 3e-9 of 3.84."""
ENDURED: Final = 1e-6
"""Remaining gain that is accepted where hazards farther out exceed the range of floats."""
MOST_HALVINGS: Final = 5
CONVERGED: Final = 1e-9
"""|2 (l_sup - l) - 3.84| at the limit; with a large n, a few roundings of l itself."""
ROUNDING: Final = 4e-15
AT_OPTIMUM: Final = 1e-14
"""U'I^-1 U of the other columns below which they count as being at their conditional optimum."""
NO_INFORMATION: Final = 1e-12
"""Information about a column in standard deviations that counts as rounding."""
TAIL: Final = 30.0
"""Information about another column up to this multiple of the remaining gain counts as none."""
NEAR: Final = 0.5
"""The derivatives along the others' optimum are used where moving the others gains less than this share of the gap."""
E_FOLDS: Final = 3.0
"""The gap may change by a factor of at most e^3 per step."""
ASTRAY: Final = 1e3
"""A trial with a gap above this is not near the limit, and is halved."""


@dataclass(frozen=True)
class At:
    """The totals at one beta (p,): score (p,), information (p, p)."""

    beta: tuple[float, ...]
    log_likelihood: float
    score: tuple[float, ...]
    information: tuple[tuple[float, ...], ...]


def at(beta: tuple[float, ...], log_likelihood: float, score: Sequence[float], upper: Sequence[float]) -> At:
    """Returns the totals at `beta`; `upper` is the upper triangle of the information, by rows."""
    p = len(beta)
    if len(score) != p or len(upper) != p * (p + 1) // 2:
        raise ValueError(f"expected {p} scores and {p * (p + 1) // 2} elements of the information")
    return At(beta, float(log_likelihood), tuple(map(float, score)), from_upper_triangle(upper, p))


@dataclass(frozen=True)
class ProfileLimit:
    """The state of the search. `beta` (p,) is where to evaluate next; once found, `beta[column]` is the limit."""

    beta: tuple[float, ...]
    column: int
    """The separated column."""
    others: tuple[int, ...]
    """The other estimable columns, increasing."""
    direction: float
    """1 where the coefficient diverges to +inf and the limit is a lower one; -1 where to -inf."""
    known: tuple[At, ...]
    """The points with known totals, in order."""
    base: At
    """The last accepted point."""
    status: Status = "climbing"
    evaluations: int = 0
    supremum: float = inf
    """l_sup, once the climb has ended."""
    left: float = inf
    """Remaining gain of the log likelihood from `base`, by its derivatives there."""
    halvings: int = 0
    """Consecutive halvings."""
    beyond: tuple[float, float] = (-inf, inf)
    """The limit is between these, in units of direction * b."""

    @property
    def is_going(self) -> bool:
        return self.status in ("climbing", "searching")


def start(column: int, estimable: Sequence[int], known: Sequence[At]) -> ProfileLimit:
    """Returns the search that begins where Newton ended with one separated `column`; `known` are all totals of Newton,
    the last of them accepted."""
    last = known[-1]
    others = tuple(j for j in estimable if j != column)
    before = ProfileLimit(last.beta, column, others, 0.0, tuple(known), last)
    profile = _profile(before, last)
    return _climb(replace(before, direction=1.0 if profile.slope > 0.0 else -1.0), last)


def advance(state: ProfileLimit, found: At) -> ProfileLimit:
    """Returns the next state from the totals at `state.beta`; ValueError where the search has ended."""
    if not state.is_going:
        raise ValueError(f"the search has ended: {state.status}")
    state = replace(state, evaluations=state.evaluations + 1, known=(*state.known, found))
    after = _climb(state, found) if state.status == "climbing" else _search(state, found)
    is_late = after.is_going and after.evaluations >= MAX_EVALUATIONS
    return replace(after, status="not found") if is_late else after


@dataclass(frozen=True)
class Rest:
    """The other columns where the separated one is at its limit; only those that still have information there."""

    columns: tuple[int, ...]
    beta: tuple[float, ...]
    """Of `columns`, as is `covariance`."""
    covariance: tuple[tuple[float, ...], ...]


def rest_at_limit(state: ProfileLimit) -> Rest | None:
    """Returns the maximum of the likelihood in the other columns as the separated coefficient diverges; None where no
    point with known totals is far enough out.

    There, whom the column orders no longer matters: it decides these events. One step of Newton's method from the
    farthest point of the climb, which left less than `ENOUGH` to gain, is exact to rounding.
    """
    far = [here for here in state.known if here.log_likelihood >= state.supremum - ENOUGH]
    if not isfinite(state.supremum) or not far:
        return None
    here = max(far, key=lambda one: state.direction * one.beta[state.column])
    profile = _profile(replace(state, status="climbing"), here)
    covariance = inverse(factor(submatrix(here.information, profile.others)).L)
    beta = tuple(here.beta[k] + move for k, move in zip(profile.others, profile.move, strict=True))
    return Rest(profile.others, beta, tuple(map(tuple, covariance)))


@dataclass(frozen=True)
class _Profile:
    """The log likelihood near a beta as a function of b alone, the other columns at their optimum given b."""

    slope: float
    curvature: float
    """Negative second derivative."""
    distance: float
    """U'I^-1 U of the others: twice what moving them alone gains."""
    others: tuple[int, ...]
    """The other columns with information here; far out, the separated column may determine nearly everything."""
    move: tuple[float, ...]
    """Step of `others` to their optimum at the same b ..."""
    follow: tuple[float, ...]
    """... and per unit of b."""


def _profile(state: ProfileLimit, here: At) -> _Profile:
    j, information = state.column, here.information
    floor = NO_INFORMATION
    if state.status == "climbing" and information[j][j] > 0.0:
        floor += TAIL * here.score[j] * here.score[j] / information[j][j]
    informed = [k for k in state.others if information[k][k] > floor]
    factored = factor(submatrix(information, informed))
    others = tuple(informed[i] for i in factored.kept)
    U, cross = [here.score[k] for k in others], [information[k][j] for k in others]
    move, follow = solve(factored.L, U), solve(factored.L, cross)
    return _Profile(
        slope=here.score[j] - dot(cross, move),
        curvature=information[j][j] - dot(cross, follow),
        distance=dot(move, U),
        others=others,
        move=tuple(move),
        follow=tuple(-x for x in follow),
    )


def _moved(state: ProfileLimit, here: At, profile: _Profile, by: float) -> tuple[float, ...]:
    """Returns beta with b moved by `by`, and the others moved to their optimum there."""
    beta = list(here.beta)
    beta[state.column] += by
    for k, move, follow in zip(profile.others, profile.move, profile.follow, strict=True):
        beta[k] += move + follow * by
    return tuple(beta)


def _halved(state: ProfileLimit) -> ProfileLimit:
    beta = tuple((x + y) / 2.0 for x, y in zip(state.base.beta, state.beta, strict=True))
    return replace(state, beta=beta, halvings=state.halvings + 1)


def _climb(state: ProfileLimit, here: At) -> ProfileLimit:
    """Takes one step up along the column, longer than Newton's, which would leave 1/e of the remaining gain."""
    least = state.base.log_likelihood - WORSE * abs(state.base.log_likelihood)
    if not here.log_likelihood >= least:
        return _halved(state) if state.halvings < MOST_HALVINGS else _settle(state, ENDURED)
    profile = _profile(state, here)
    if not (profile.curvature > 0.0 and profile.slope * state.direction > 0.0):
        return _at_the_top(state, here)
    rest = profile.slope * profile.slope / profile.curvature
    state = replace(state, base=here, left=rest + profile.distance / 2.0, halvings=0)
    if state.left < ENOUGH:
        return _settle(state, ENOUGH)
    step = profile.slope / profile.curvature
    further = max(0.0, scalar_log(rest / AIM) - 1.0) * step  # by then the others are at their optimum
    beta = _moved(state, here, profile, step)
    return replace(state, beta=tuple(x + further if j == state.column else x for j, x in enumerate(beta)))


def _at_the_top(state: ProfileLimit, here: At) -> ProfileLimit:
    """No slope is left. If the whole remaining gain was gained, that is rounding; otherwise the step was too long."""
    if abs(state.left - (here.log_likelihood - state.base.log_likelihood)) < ENDURED:
        return _settle(replace(state, base=here, left=0.0), ENDURED)
    return _halved(state) if state.halvings < MOST_HALVINGS else replace(state, status="not found")


def _settle(state: ProfileLimit, allowed: float) -> ProfileLimit:
    """Takes the supremum from the end of the climb and starts the search at the known point nearest the limit."""
    if not state.left <= allowed:
        return replace(state, status="not found")
    supremum = state.base.log_likelihood + state.left
    below = [here for here in state.known if here.log_likelihood < supremum]
    nearest = min(below, key=lambda here: abs(scalar_log((supremum - here.log_likelihood) / GAP)))
    inside = [here for here in below if supremum - here.log_likelihood < GAP]  # their profile's gap is smaller still
    upper = min((state.direction * here.beta[state.column] for here in inside), default=inf)
    searching = replace(state, status="searching", supremum=supremum, base=nearest, beyond=(-inf, upper), halvings=0)
    return _search(searching, nearest)


def _search(state: ProfileLimit, here: At) -> ProfileLimit:
    """Takes one step of Newton's method towards log(gap / GAP) = 0."""
    gap = state.supremum - here.log_likelihood
    if not isfinite(gap) or gap > max(ASTRAY, state.supremum - state.base.log_likelihood):
        return _halved(state)
    profile = _profile(state, here)
    state = replace(state, base=here)
    if profile.distance / 2.0 > NEAR * gap:
        return replace(state, beta=_moved(state, here, profile, 0.0))
    gap -= profile.distance / 2.0
    slope = profile.slope * state.direction
    if not (gap > 0.0 and slope > 0.0):
        return replace(state, status="not found")
    if abs(gap - GAP) * 2.0 < max(CONVERGED, ROUNDING * abs(state.supremum)) and profile.distance < AT_OPTIMUM:
        return replace(state, beta=here.beta, status="found")
    place = state.direction * here.beta[state.column]
    state = _narrowed(state, place, gap, profile.distance)
    e_folds = max(-E_FOLDS, min(E_FOLDS, scalar_log(gap / GAP)))
    target = _inside(state.beyond, place + gap * e_folds / slope)
    return replace(state, beta=_moved(state, here, profile, state.direction * (target - place)))


def _narrowed(state: ProfileLimit, place: float, gap: float, distance: float) -> ProfileLimit:
    """Moves one end of the bracket to `place`, if the others are near enough to their optimum to show which end."""
    lower, upper = state.beyond
    if distance > AT_OPTIMUM:
        return state
    beyond = (lower, min(upper, place)) if gap < GAP else (max(lower, place), upper)
    return replace(state, beyond=beyond)


def _inside(bracket: tuple[float, float], target: float) -> float:
    lower, upper = bracket
    if lower < target < upper or not (isfinite(lower) and isfinite(upper)):
        return target
    return (lower + upper) / 2.0
