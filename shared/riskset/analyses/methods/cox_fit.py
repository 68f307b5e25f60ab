"""What a Cox model ends with: a fit, or why there is none, and the one finite limit of a separated likelihood.

From Newton's state to coefficients on the columns' own scales. Nothing here is sent or summed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import exp, inf, isinf, log, sqrt
from sys import float_info
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskset.analyses.analysis import LEVEL, NotEstimable, Result
from riskset.analyses.design import Column
from riskset.analyses.moments import Moments
from riskset.analyses.weights import Weights
from riskset.catalogue import Message, say
from riskset.stats import newton
from riskset.stats.arrays import finite
from riskset.stats.log_rank import Test
from riskset.stats.newton import Newton
from riskset.stats.profile_limit import At, ProfileLimit, rest_at_limit
from riskset.stats.tails import chi2_sf, two_sided_p, two_sided_z


@dataclass(frozen=True)
class NotUsed:
    """Why a column has no coefficient."""

    code: Literal["constant", "aliased", "no information", "collinear"]
    message: Message


@dataclass(frozen=True)
class Term:
    """One estimated coefficient, on the column's own scale."""

    column: Column
    coef: float
    se: float
    hr: float
    """inf beyond the floats, as are its limits."""
    lower: float
    """Limits of the hazard ratio, 95%, Wald's unless the term says otherwise."""
    upper: float
    z: float
    p: float
    robust_se: float | None = None
    """The limits, z and p are from it where it is known."""
    has_profile_limits: bool = False
    """Whether the limits are of the profile likelihood; z and p are Wald's."""


@dataclass(frozen=True)
class CoxFit(Result):
    """A fitted model."""

    n: int
    events: int | None
    """None where patients count by their own weights."""
    iterations: int
    null_log_likelihood: float
    log_likelihood: float
    terms: tuple[Term, ...]
    """The estimable columns, in the model's order."""
    not_used: dict[Column, NotUsed]
    covariance: tuple[tuple[float, ...], ...]
    """Of `terms`, (k, k)."""
    likelihood_ratio: Test
    wald: Test
    score: Test
    categories: Mapping[str, Test] = field(default_factory=dict)
    """By variable with several coefficients: Wald's test that all of them are 0."""
    not_robust: Mapping[Column, Result] = field(default_factory=dict)
    """Why a column has no robust error, where the study asks for it."""
    not_profiled: Mapping[Column, Message] = field(default_factory=dict)
    """Why a column has Wald limits, where the study asks for those of the profile likelihood."""
    linearity: Mapping[str, Result] = field(default_factory=dict)
    """By number with a spline: the likelihood-ratio test that the study asks for, or why there is none."""
    ph_tests: Mapping[str, Result] = field(default_factory=dict)
    """By function of time, the test of proportional hazards that the study asks for, or why there is none."""
    concordance: Result | None = None
    """A `Concordance`, or why there is none; None where the study does not ask for it."""
    weights: Weights | None = None
    """Of all patients, where they count by their own weights."""
    weights_of_events: Weights | None = None
    """Of those with an event."""
    null_information: float | None = None
    """Of a model of one column: the information in its coefficient at 0."""
    weighted_log_rank: Result | None = None
    """A `WeightedLogRank`, or why there is none; None where the model has no such test."""

    @property
    def share_of_events(self) -> float:
        """Returns which share of the patients has an event, by their weights where they have any."""
        if self.weights is not None and self.weights_of_events is not None:
            return self.weights_of_events.total / self.weights.total
        return (self.events or 0) / self.n

    def why_not_used(self, column: Column) -> NotUsed:
        """Returns why a column of the model has no coefficient."""
        return self.not_used.get(column) or _no_information(column)


@dataclass(frozen=True)
class Linearity(Result):
    """The likelihood-ratio test that the effect of a number with a spline is linear."""

    test: Test


@dataclass(frozen=True)
class PhTest(Result):
    """The tests that effects do not change with a function of time."""

    terms: tuple[tuple[Column, Test], ...]
    variables: tuple[tuple[str, Test], ...]
    """All coefficients of a variable together."""
    all_terms: Test


@dataclass(frozen=True)
class Concordance(Result):
    """The share of pairs of patients of one stratum in which the one with the higher hazard has the event first."""

    estimate: float
    se: float
    pairs: int


@dataclass(frozen=True)
class WeightedLogRank(Result):
    """The robust score test of a weighted model of the arm alone."""

    test: Test


@dataclass(frozen=True)
class SeparationLimit:
    """The finite end of a separated column's profile-likelihood interval, 95%, on the column's own scale."""

    column: Column
    side: Literal["lower", "upper"]
    """`lower` where the coefficient diverges to +inf, `upper` where to -inf."""
    coef: float
    hr: float

    def to_json(self) -> dict[str, Any]:
        """Returns the limit as written to results.json."""
        at = {"variable": self.column.variable, "level": self.column.level}
        return at | {"coef": self.coef, "hr": finite(self.hr), "side": self.side}


@dataclass(frozen=True)
class Separated(NotEstimable):
    """No estimate: the likelihood has no maximum in `columns`."""

    columns: tuple[Column, ...]
    limit: SeparationLimit | None
    """None with several columns, or where the supremum of the likelihood cannot be computed."""
    events: int | None
    """None where patients count by their own weights."""
    rest: tuple[Term, ...] | None = None
    """The other columns with the separated one at its limit, without those that have no information there; None where
    that is not known."""
    others: tuple[Column, ...] = ()
    """All other columns of the model."""

    def counts_json(self) -> dict[str, Any]:
        if self.rest is None:
            return {"events": self.events, "under_separation": None}
        known = {term.column: term for term in self.rest}
        terms = [named(column) | numbers_json(known.get(column), _no_information(column)) for column in self.others]
        return {"events": self.events, "under_separation": {"method": "limit", "terms": terms}}

    def reason_json(self) -> dict[str, Any]:
        columns = [named(column) for column in self.columns]
        return super().reason_json() | {"columns": columns, "limit": self.limit and self.limit.to_json()}

    def in_units(self, units_of: Callable[[str], float | None]) -> Separated:
        """Returns the same with its limit for so many units in the sentence: one limit is not told as two numbers."""
        units = units_of(self.limit.column.variable) if self.limit else None
        if self.limit is None or units in (None, 1) or isinf(hr := _exp(units * self.limit.coef)):
            return self
        code = "separated_above_in_units" if self.limit.side == "lower" else "separated_below_in_units"
        column = self.limit.column.name
        return replace(self, message=say(f"analyses.cox.{code}", column=column, hr=hr, units=units))


@dataclass(frozen=True)
class Fitting:
    """A fit in progress: the pooled moments it started from, and Newton's state."""

    moments: Moments
    usable: tuple[Column, ...]
    not_used: dict[Column, NotUsed]
    newton: Newton
    known: tuple[At, ...] = ()
    """The totals so far, from which the search for a separated column's limit starts."""

    @property
    def beta(self) -> tuple[float, ...]:
        return self.newton.beta

    @property
    def scale(self) -> list[float]:
        """One unit of each coefficient, in the column's own unit."""
        return [self.moments.columns[column].sd for column in self.usable]


@dataclass(frozen=True)
class Limiting:
    """A fit that ended separated, and the search for the finite limit of its likelihood."""

    fit: Fitting
    search: ProfileLimit

    @property
    def usable(self) -> tuple[Column, ...]:
        return self.fit.usable

    @property
    def beta(self) -> tuple[float, ...]:
        return self.search.beta


def fitted(state: Fitting) -> CoxFit:
    """Returns the converged fit, on the columns' own scales."""
    found = state.newton
    scale = state.scale
    scaled = newton.covariance(found)
    kept = found.estimable
    covariance = tuple(tuple(_known(scaled[i][j]) / (scale[i] * scale[j]) for j in kept) for i in kept)
    terms = tuple(
        term_of(state.usable[j], found.beta[j] / scale[j], sqrt(covariance[i][i])) for i, j in enumerate(kept)
    )
    df = len(kept)
    return CoxFit(
        n=state.moments.n,
        events=state.moments.counted_events,
        weights=state.moments.weights,
        weights_of_events=state.moments.weights_of_events,
        iterations=found.evaluations,
        null_log_likelihood=found.null_log_likelihood,
        log_likelihood=found.log_likelihood,
        terms=terms,
        not_used=_dropped(state),
        covariance=covariance,
        likelihood_ratio=_test(found.likelihood_ratio, df),
        wald=_test(found.wald, df),
        score=_test(found.score_test, df),
        categories=dict(_categories(terms, covariance)),
        null_information=_null_information(state),
    )


def _null_information(state: Fitting) -> float | None:
    if len(state.usable) > 1 or not state.known:
        return None
    return state.known[0].information[0][0] * state.scale[0] ** 2


def _categories(terms: Sequence[Term], covariance: Sequence[Sequence[float]]) -> Iterator[tuple[str, Test]]:
    for variable, of_variable in groupby(range(len(terms)), key=lambda i: terms[i].column.variable):
        rows = list(of_variable)
        if len(rows) > 1:
            yield variable, wald_test([terms[i].coef for i in rows], np.array(covariance)[np.ix_(rows, rows)])


def wald_test(coef: ArrayLike, covariance: NDArray[np.float64]) -> Test:
    """Returns Wald's test that these coefficients (k,) are 0, from their covariance (k, k)."""
    values = np.asarray(coef, np.float64)
    return _test(float(values @ np.linalg.solve(covariance, values)), len(values))


def unfitted(state: Fitting) -> NotEstimable:
    """Returns why a fit that neither converged nor separated has no estimate."""
    if state.newton.status == "nothing estimable":
        return NotEstimable("no covariate", reasons(_dropped(state)))
    after = say("analyses.cox.evaluations", n=state.newton.evaluations)
    return NotEstimable("not converged", say("analyses.cox.not_converged", after=after))


def separated_together(state: Fitting) -> Separated:
    """Returns the end of a fit with several separated columns, none of which has a finite limit."""
    columns = tuple(state.usable[j] for j in state.newton.separated)
    message = say("analyses.cox.separated_together", columns=names_of(columns))
    return Separated("separated", message, columns, None, state.moments.counted_events)


def separated_alone(state: Limiting) -> Separated:
    """Returns the end of a fit with one separated column, and its limit if the search found it."""
    column = state.usable[state.search.column]
    if state.search.status != "found":
        message = say("analyses.cox.separated_far_out", column=column.name)
        return Separated("separated", message, (column,), None, state.fit.moments.counted_events)
    coef = state.beta[state.search.column] / state.fit.scale[state.search.column]
    hr = _exp(coef)
    rest, others = _rest(state), tuple(c for c in state.usable if c != column)
    limit = SeparationLimit(column, "lower" if state.search.direction > 0 else "upper", coef, hr)
    if limit.side == "lower":
        message = say("analyses.cox.separated_above", column=column.name, hr=hr)
    else:
        message = say("analyses.cox.separated_below", column=column.name, hr=hr)
    return Separated("separated", message, (column,), limit, state.fit.moments.counted_events, rest, others)


def _rest(state: Limiting) -> tuple[Term, ...] | None:
    """Returns the other terms with the separated column at its limit, on the columns' own scales."""
    found = rest_at_limit(state.search)
    if found is None:
        return None
    scale = state.fit.scale
    return tuple(
        term_of(state.usable[j], found.beta[i] / scale[j], sqrt(found.covariance[i][i]) / scale[j])
        for i, j in enumerate(found.columns)
    )


def numbers_json(term: Term | None, why: NotUsed) -> dict[str, Any]:
    """Returns the numbers of a term as in results.json; null, with the reason, where it has no coefficient."""
    if term is None:
        empty = dict.fromkeys(("coef", "se", "hr", "lower", "upper", "z", "p"))
        return empty | {"reason": {"code": why.code, "message": why.message}}
    ratio = {"hr": finite(term.hr), "lower": finite(term.lower), "upper": finite(term.upper)}
    return {"coef": term.coef, "se": term.se} | ratio | {"z": term.z, "p": term.p}


def _no_information(column: Column) -> NotUsed:
    return NotUsed("no information", say("analyses.not_used.no_information", column=column.name))


def seems_separated(state: Fitting | Limiting) -> bool:
    """Whether the likelihood was still rising at the pace of one without a maximum."""
    return isinstance(state, Limiting) or state.newton.slow_steps >= newton.STEADY


def cut_short(state: Fitting | Limiting, after: Message) -> NotEstimable:
    """Returns the end of a fit that may not continue; `after` gives the number of evaluations."""
    fit, column = (state.fit, state.search.column) if isinstance(state, Limiting) else (state, None)
    if not seems_separated(state):
        return NotEstimable("not converged", say("analyses.cox.not_converged", after=after))
    if column is not None:
        alone = fit.usable[column]
        message = say("analyses.cox.separated_no_limit", column=alone.name, after=after)
        return Separated("separated", message, (alone,), None, fit.moments.counted_events)
    columns = tuple(fit.usable[j] for j in newton.fastest(fit.newton))
    message = say("analyses.cox.nearly_separated", columns=names_of(columns), after=after)
    return Separated("separated", message, columns, None, fit.moments.counted_events)


def named(column: Column) -> dict[str, Any]:
    """Returns how results.json names a column."""
    return {"variable": column.variable, "level": column.level, "reference": column.reference}


def names_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """Returns the names of columns, for a message."""
    return tuple(column.name for column in columns)


def reasons(not_used: dict[Column, NotUsed]) -> Message:
    """Returns why no column could be used."""
    return say("analyses.no_covariate", reasons=tuple(reason.message for reason in not_used.values()))


def _dropped(state: Fitting) -> dict[Column, NotUsed]:
    """Returns why each column was left out, including the findings of Newton's method."""
    reasons = dict(state.not_used)
    for unusable in state.newton.unusable:
        column = state.usable[unusable.column]
        if unusable.reason == "constant":
            reasons[column] = _no_information(column)
        else:
            others = names_of([state.usable[j] for j in unusable.others])
            message = say("analyses.not_used.collinear", column=column.name, others=others)
            reasons[column] = NotUsed("collinear", message)
    return reasons


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("a covariance of a column that is not estimable")
    return value


def _test(chi2: float, df: int) -> Test:
    return Test(chi2, df, chi2_sf(chi2, df))


def term_of(column: Column, coef: float, se: float, robust_se: float | None = None) -> Term:
    """Returns a term with Wald's limits and test, from the robust error where there is one."""
    of = se if robust_se is None else robust_se
    return Term(column, coef, se, *ratio_of(coef, of), coef / of, two_sided_p(coef / of), robust_se)


def ratio_of(coef: float, se: float) -> tuple[float, float, float]:
    """Returns a hazard ratio with its limits, inf beyond the floats."""
    margin = two_sided_z(LEVEL) * se
    return _exp(coef), _exp(coef - margin), _exp(coef + margin)


def profiled(term: Term, lower: float, upper: float) -> Term:
    """Returns a term with these limits of its coefficient, by the profile likelihood."""
    return replace(term, lower=_exp(lower), upper=_exp(upper), has_profile_limits=True)


def _exp(x: float) -> float:
    """Returns e^x, inf beyond the floats; a column in too large a unit can reach that, which is not an error."""
    return exp(x) if x < log(float_info.max) else inf
