"""What a Cox model ends with: a fit, or why there is none, and the limit that a separated likelihood still gives.

From where Newton stands to coefficients on the columns' own scales. Nothing here is sent or summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt
from sys import float_info
from typing import Any, Final, Literal

from riskset.analyses.analysis import NotEstimable, Result
from riskset.analyses.design import Column
from riskset.analyses.moments import Moments
from riskset.stats import newton
from riskset.stats.arrays import finite
from riskset.stats.log_rank import Test
from riskset.stats.newton import Newton
from riskset.stats.profile_limit import At, ProfileLimit
from riskset.stats.tails import chi2_sf, normal_quantile, two_sided_p

LEVEL: Final = 0.95


@dataclass(frozen=True)
class NotUsed:
    """Why a column has no coefficient."""

    code: Literal["constant", "aliased", "no information", "collinear"]
    message: str


@dataclass(frozen=True)
class Term:
    """One estimated coefficient, on the column's own scale."""

    column: Column
    coef: float
    se: float
    hr: float
    """inf beyond the floats, as its limits."""
    lower: float
    """Limits of the hazard ratio, Wald, 95%."""
    upper: float
    z: float
    p: float


@dataclass(frozen=True)
class CoxFit(Result):
    """A fitted model."""

    n: int
    events: int
    iterations: int
    null_log_likelihood: float
    log_likelihood: float
    terms: tuple[Term, ...]
    """Of the columns that could be estimated, in the model's order."""
    not_used: dict[Column, NotUsed]
    covariance: tuple[tuple[float, ...], ...]
    """Of `terms`, (k, k)."""
    likelihood_ratio: Test
    wald: Test
    score: Test

    def why_not_used(self, column: Column) -> NotUsed:
        """Returns why a column of the model has no coefficient."""
        return self.not_used.get(column) or NotUsed("no information", column.name)


@dataclass(frozen=True)
class SeparationLimit:
    """The finite end of a separated column's profile-likelihood interval, 95%, on the column's own scale."""

    column: Column
    side: Literal["lower", "upper"]
    """`lower` where the coefficient runs to +inf, `upper` where to -inf."""
    coef: float
    hr: float

    def to_json(self) -> dict[str, Any]:
        """Returns it as results.json has it."""
        at = {"variable": self.column.variable, "level": self.column.level}
        return at | {"coef": self.coef, "hr": finite(self.hr), "side": self.side}


@dataclass(frozen=True)
class Separated(NotEstimable):
    """No estimate: the likelihood has no maximum in `columns`."""

    columns: tuple[Column, ...]
    limit: SeparationLimit | None
    """None with several columns, or where the supremum of the likelihood is out of reach."""

    def reason_json(self) -> dict[str, Any]:
        columns = [named(column) for column in self.columns]
        return super().reason_json() | {"columns": columns, "limit": self.limit and self.limit.to_json()}


@dataclass(frozen=True)
class Fitting:
    """A fit on its way: the pooled facts it was begun from, and where Newton stands."""

    moments: Moments
    usable: tuple[Column, ...]
    not_used: dict[Column, NotUsed]
    newton: Newton
    known: tuple[At, ...] = ()
    """The totals so far, from which a separated column's limit is looked for."""

    @property
    def beta(self) -> tuple[float, ...]:
        return self.newton.beta

    @property
    def scale(self) -> list[float]:
        """What one unit of each coefficient stands for, in the column's own unit."""
        return [self.moments.columns[column].sd for column in self.usable]


@dataclass(frozen=True)
class Limiting:
    """A fit that ended separated, and the search for the one limit its likelihood has."""

    fit: Fitting
    search: ProfileLimit

    @property
    def usable(self) -> tuple[Column, ...]:
        return self.fit.usable

    @property
    def beta(self) -> tuple[float, ...]:
        return self.search.beta


def fitted(state: Fitting) -> CoxFit:
    """Returns the fit that Newton solved, on the columns' own scales."""
    found = state.newton
    scale = state.scale
    scaled = newton.covariance(found)
    kept = found.estimable
    covariance = tuple(tuple(_known(scaled[i][j]) / (scale[i] * scale[j]) for j in kept) for i in kept)
    terms = tuple(_term(state.usable[j], found.beta[j] / scale[j], sqrt(covariance[i][i])) for i, j in enumerate(kept))
    df = len(kept)
    return CoxFit(
        n=state.moments.n,
        events=state.moments.events,
        iterations=found.evaluations,
        null_log_likelihood=found.null_log_likelihood,
        log_likelihood=found.log_likelihood,
        terms=terms,
        not_used=_dropped(state),
        covariance=covariance,
        likelihood_ratio=_test(found.likelihood_ratio, df),
        wald=_test(found.wald, df),
        score=_test(found.score_test, df),
    )


def unfitted(state: Fitting) -> NotEstimable:
    """Returns why a fit that ended neither well nor separated gave nothing."""
    if state.newton.status == "nothing estimable":
        return NotEstimable("no covariate", reasons(_dropped(state)))
    return NotEstimable("not converged", f"not converged after {state.newton.evaluations} evaluations")


def separated_together(state: Fitting) -> Separated:
    """Returns the end of a fit with several separated columns, none of which has a limit of its own."""
    columns = tuple(state.usable[j] for j in state.newton.separated)
    names = ", ".join(column.name for column in columns)
    message = f"separated: the likelihood has no maximum in {names}; where several columns run away, none has a limit"
    return Separated("separated", message, columns, limit=None)


def separated_alone(state: Limiting) -> Separated:
    """Returns the end of a fit with one separated column, and its limit if the search has found it."""
    column = state.usable[state.search.column]
    message = f"separated: the likelihood has no maximum in {column.name}"
    if state.search.status != "found":
        return Separated("separated", f"{message}, and its limit is too far out to be computed", (column,), limit=None)
    coef = state.beta[state.search.column] / state.fit.scale[state.search.column]
    hr = _exp(coef)
    limit = SeparationLimit(column, "lower" if state.search.direction > 0 else "upper", coef, hr)
    sign = ">" if limit.side == "lower" else "<"
    told = f"{message}; hazard ratio {sign} {hr:.3g} (95% profile likelihood)"
    return Separated("separated", told, (column,), limit)


def seems_separated(state: Fitting | Limiting) -> bool:
    """Returns whether the likelihood was still rising at the pace of one without a maximum."""
    return isinstance(state, Limiting) or state.newton.slow_steps >= newton.STEADY


def cut_short(state: Fitting | Limiting, after: str) -> NotEstimable:
    """Returns the end of a fit that may not go on; `after` says how many evaluations there were."""
    fit, column = (state.fit, state.search.column) if isinstance(state, Limiting) else (state, None)
    if not seems_separated(state):
        return NotEstimable("not converged", f"not converged after {after}")
    running = newton.fastest(fit.newton) if column is None else (column,)
    columns = tuple(fit.usable[j] for j in running)
    names = ", ".join(c.name for c in columns)
    if column is None:
        message = f"separated, or nearly: after {after}, the likelihood still rises along {names}"
    else:
        message = f"separated: the likelihood has no maximum in {names}; its limit was not found in {after}"
    return Separated("separated", message, columns, limit=None)


def named(column: Column) -> dict[str, Any]:
    """Returns how results.json names a column."""
    return {"variable": column.variable, "level": column.level, "reference": column.reference}


def reasons(not_used: dict[Column, NotUsed]) -> str:
    """Returns one sentence of why columns were left out."""
    return "; ".join(reason.message for reason in not_used.values())


def _dropped(state: Fitting) -> dict[Column, NotUsed]:
    """Returns the reasons of all columns left out, Newton's findings included."""
    reasons = dict(state.not_used)
    for unusable in state.newton.unusable:
        column = state.usable[unusable.column]
        if unusable.reason == "constant":
            message = f"{column.name} does not differ between patients at risk together"
            reasons[column] = NotUsed("no information", message)
        else:
            others = ", ".join(state.usable[j].name for j in unusable.others)
            reasons[column] = NotUsed("collinear", f"{column.name} is collinear with {others}")
    return reasons


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("a covariance of a column that is not estimable")
    return value


def _test(chi2: float, df: int) -> Test:
    return Test(chi2, df, chi2_sf(chi2, df))


def _term(column: Column, coef: float, se: float) -> Term:
    z = coef / se
    margin = normal_quantile(0.5 + LEVEL / 2) * se
    return Term(column, coef, se, _exp(coef), _exp(coef - margin), _exp(coef + margin), z, two_sided_p(z))


def _exp(x: float) -> float:
    """Infinite beyond the floats: a column in too large a unit can come to that, and is no error."""
    return exp(x) if x < log(float_info.max) else inf
