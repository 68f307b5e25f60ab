"""A Cox model with one baseline hazard per hospital: each sends log likelihood, score and information of its own
strata.

The sums are those of `coxph(... + strata(site))` on the pooled rows (docs/methods.md), so the fit is that fit. No time
of any patient leaves. Columns enter in units of the pooled within-hospital standard deviation (a shift within a
hospital changes nothing, so there is nothing to centre); results are told on the original scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column, matrix
from riskset.analyses.moments import Moments, moments_id
from riskset.stats import newton
from riskset.stats.cox import RiskSets, Ties, evaluate, risk_sets
from riskset.stats.log_rank import Test
from riskset.stats.newton import Newton
from riskset.stats.tails import chi2_sf, normal_quantile, two_sided_p

LEVEL: Final = 0.95
UNREACHABLE: Final = -1e12
"""Sent as the log likelihood where a hospital's is not finite: worse than any, so that every party halves the step."""


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


@dataclass(frozen=True)
class Fitting:
    """A fit on its way: the pooled facts it was begun from, and where Newton stands."""

    moments: Moments
    usable: tuple[Column, ...]
    not_used: dict[Column, NotUsed]
    newton: Newton


@dataclass(frozen=True)
class CoxModel:
    """The analysis. Summary: log likelihood, score (p), information (upper triangle by rows), p usable columns."""

    id: str
    name: str
    endpoint: str
    population: str
    columns: tuple[Column, ...]
    ties: Ties
    model: Literal["univariable", "multivariable"]
    reveals: str = "the slope and curvature of the likelihood over all patients at the coefficients tried so far"

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.endpoint),)

    def start(self, inputs: Inputs) -> Fitting | NotEstimable:
        moments: Moments = inputs[moments_id(self.endpoint)]
        if moments.n == 0:
            return NotEstimable("no patients", "no patient of any site is in the analysis set")
        if moments.events == 0:
            return NotEstimable("no events", "nobody in the analysis set had the event")
        not_used = {column: reason for column in self.columns if (reason := _flat(moments, column))}
        usable = tuple(column for column in self.columns if column not in not_used)
        if not usable:
            return NotEstimable("no covariate", _reasons(not_used))
        return Fitting(moments, usable, not_used, newton.start(len(usable)))

    def size(self, state: Fitting) -> int:
        p = len(state.usable)
        return 1 + p + p * (p + 1) // 2

    def prepare(self, cohort: Cohort, inputs: Inputs) -> RiskSets:
        moments: Moments = inputs[moments_id(self.endpoint)]
        rows = cohort.analysis_sets[self.endpoint]
        usable = [column for column in self.columns if not _flat(moments, column)]
        return risk_sets(
            matrix(usable, rows),
            rows.days,
            rows.event,
            entry_days=rows.entry_days,
            scale=np.array([moments.columns[c].sd for c in usable]),
        )

    def local(self, prepared: RiskSets, state: Fitting) -> NDArray[np.float64]:
        at = evaluate(prepared, state.newton.beta, self.ties)
        log_likelihood = at.log_likelihood if isfinite(at.log_likelihood) else UNREACHABLE
        return np.concatenate([[log_likelihood], at.score, at.information[np.triu_indices(prepared.p)]])

    def combine(self, total: Sequence[float], state: Fitting) -> Fitting | CoxFit | NotEstimable:
        p = len(state.usable)
        now = newton.advance(state.newton, total[0], total[1 : 1 + p], total[1 + p :])
        advanced = Fitting(state.moments, state.usable, state.not_used, now)
        if now.status == "going":
            return advanced
        return _fit(advanced) if now.status == "ok" else _no_fit(advanced)


def _flat(moments: Moments, column: Column) -> NotUsed | None:
    """Returns why a column can tell nothing within hospitals, judged on pooled figures so that all sites judge
    alike."""
    seen = moments.columns[column]
    if seen.is_constant:
        return NotUsed("constant", f"{column.name} is the same for every patient")
    if seen.sd == 0.0:
        return NotUsed("aliased", f"{column.name} is aliased with site: it is constant within every one")
    return None


def _reasons(not_used: dict[Column, NotUsed]) -> str:
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


def _no_fit(state: Fitting) -> NotEstimable:
    status = state.newton.status
    if status == "separated":
        names = ", ".join(state.usable[j].name for j in state.newton.separated)
        return NotEstimable("separated", f"separated: the likelihood has no maximum in {names}")
    if status == "nothing estimable":
        return NotEstimable("no covariate", _reasons(_dropped(state)))
    return NotEstimable("not converged", f"not converged after {state.newton.evaluations} evaluations")


def _fit(state: Fitting) -> CoxFit:
    found = state.newton
    scale = [state.moments.columns[column].sd for column in state.usable]
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


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("a covariance of a column that is not estimable")
    return value


def _test(chi2: float, df: int) -> Test:
    return Test(chi2, df, chi2_sf(chi2, df))


def _term(column: Column, coef: float, se: float) -> Term:
    z = coef / se
    margin = normal_quantile(0.5 + LEVEL / 2) * se
    return Term(column, coef, se, exp(coef), exp(coef - margin), exp(coef + margin), z, two_sided_p(z))
