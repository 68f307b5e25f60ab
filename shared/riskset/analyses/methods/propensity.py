"""The propensity score: a logistic regression of the arm on covariates, by Newton's method on all hospitals' sums.

By default each hospital has an intercept of its own, which it computes and keeps: the fit is that of
`glm(arm ~ x + site)`. A hospital with one arm only has none: it adds nothing, and its patients have no score. Once the
fit has converged, one more round asks for sums over the scores: their spread, and how many pairs of patients of a
hospital they order rightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations_with_replacement
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Analysis, Inputs, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import UNREACHABLE, flat
from riskset.analyses.methods.cox_fit import Fitting, NotUsed, Term, fitted, named, names_of, numbers_json, reasons
from riskset.analyses.methods.preference import PreferenceScore
from riskset.analyses.methods.propensity_fit import (
    INTERCEPT,
    Model,
    PropensityFit,
    Scored,
    no_score,
    scaled_for,
)
from riskset.analyses.methods.propensity_sums import ScoreSums
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.disclosure.models import numbers_sent
from riskset.stats import logistic, newton
from riskset.stats.linear import SINGULAR
from riskset.study.spec import Weighting

State = Fitting | Scored


@dataclass(frozen=True, kw_only=True)
class PropensityScore(Analysis):
    """The analysis. Summary: log likelihood, score (p), information (upper triangle by rows) of p usable columns, the
    first a common intercept if there is one; at the end, sums over the scores."""

    kind: ClassVar[str] = "propensity"
    is_penalised: ClassVar[bool] = False

    covariates: tuple[Column, ...]
    arm: Column
    has_own_intercepts: bool
    combinations: int
    """How many combinations of values the covariates can have, as the study declares them."""
    limited: tuple[tuple[str, Weighting], ...] = ()
    """The weighted populations with a limit that is a multiple of the mean weight."""

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(*self.covariates, self.arm),
            tables=(),
            in_time=None,
            weights=False,
            is_iterative=True,
            per_site=False,
            outcome=self.arm,
            predictors=len(self.covariates) + (not self.has_own_intercepts),
            combinations=self.combinations,
            own_intercepts=self.has_own_intercepts,
            squares="patient" if self.limited else None,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.propensity")

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set),)

    def start(self, inputs: Inputs) -> Fitting | NotEstimable:
        moments = self._moments(inputs)
        if moments.n == 0 or (self.has_own_intercepts and moments.columns[self.arm].within == 0.0):
            return NotEstimable("no patients", say("analyses.propensity.no_patients"))
        if lost := tuple(column for column in self.covariates if moments.columns[column].is_lost):
            return NotEstimable("range", say("analyses.range", columns=names_of(lost)))
        usable = self._usable(moments)
        not_used = {column: why for column in self.covariates if (why := self._not_used(moments, column))}
        if len(not_used) == len(self.covariates):
            return NotEstimable("no covariate", reasons(not_used))
        # the information at 0 of a column in standard deviations: what the arm varies within hospitals
        return Fitting(
            moments, usable, not_used, newton.start(len(usable), SINGULAR * moments.columns[self.arm].within)
        )

    def labels(self, state: State) -> tuple[Label, ...]:
        if isinstance(state, Scored):
            return self._sums.labels()
        pairs = combinations_with_replacement(state.usable, 2)
        return (
            total("log likelihood of the arm", self.arm),
            *(total(f"slope in {column.name}", *_told([column]), self.arm) for column in state.usable),
            *(total(f"curvature in {a.name} and {b.name}", *_told([a, b])) for a, b in pairs),
        )

    def most_numbers(self, sites: int) -> int:
        return max(numbers_sent(self.exposure.predictors), len(self._sums.labels()))

    def prepare(self, cohort: Cohort, inputs: Inputs) -> logistic.Rows:
        moments = self._moments(inputs)
        return self._model(self._usable(moments), moments).rows(cohort.analysis_sets[self.analysis_set])

    def local(self, prepared: logistic.Rows, state: State) -> NDArray[np.float64]:
        if isinstance(state, Scored):
            return self._sums.local(prepared, state.model.scores(prepared, state.beta))
        value = logistic.evaluate(prepared, state.beta)
        log_likelihood = value.log_likelihood if isfinite(value.log_likelihood) else UNREACHABLE
        return np.concatenate([[log_likelihood], value.score, value.upper_triangle])

    def combine(self, total: Sequence[float], state: State) -> State | Result:
        if isinstance(state, Scored):
            return self._ended(total, state)
        p = len(state.beta)
        after = replace(state, newton=newton.advance(state.newton, total[0], total[1 : 1 + p], total[1 + p :]))
        now = after.newton
        if now.status == "going":
            return after
        if now.status == "ok":
            return Scored(after, self._model(after.usable, after.moments))
        return no_score([after.usable[j] for j in now.separated]) if now.status == "separated" else unfitted(after)

    def linear_predictor(self, prepared: logistic.Rows, state: State) -> NDArray[np.float64]:
        eta = np.asarray(state.beta) @ prepared.X
        return np.asarray(eta - eta.mean() if len(eta) else eta, np.float64)

    def refused(self, state: State, refusal: RefusedByRule) -> Result:
        return refusal

    def out_of_evaluations(self, state: State) -> Result:
        fit = state.fit if isinstance(state, Scored) else state
        if fit.newton.slow_steps >= newton.STEADY:
            return no_score([fit.usable[j] for j in newton.fastest(fit.newton)])
        return unfitted(fit)

    def question_json(self) -> dict[str, Any]:
        return {
            "arm": named(self.arm),
            "covariates": list(dict.fromkeys(column.variable for column in self.covariates)),
            "site": "profiled" if self.has_own_intercepts else "none",
            "firth": False,
        }

    def result_json(self, result: PropensityFit) -> dict[str, Any]:
        estimated = {term.column: term for term in result.terms.terms}
        columns = self.covariates if self.has_own_intercepts else (INTERCEPT, *self.covariates)
        return {
            "n": result.n,
            "treated": result.treated,
            "iterations": result.terms.iterations,
            "level": LEVEL,
            "log_likelihood": {"null": result.null_log_likelihood, "fitted": result.terms.log_likelihood},
            "terms": [_term(column, estimated.get(column), result) for column in columns],
            "sd_logit": result.sd_logit,
            "auc": result.pairs.auc,
            "pairs": result.pairs.compared,
            "weights": [
                {"population": name, "mean": result.mean_weight[name], "limit": result.most(name, asked)}
                for name, asked in self.limited
            ],
        }

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> dict[str, Any]:
        for part, of in parts:
            if isinstance(part, PreferenceScore) and has_result(result):
                return {"preference": part.as_part_json(of)}
        return {}

    def _ended(self, total: Sequence[float], state: Scored) -> PropensityFit | NotEstimable:
        fit, sums = state.fit, self._sums.read(total)
        if sums is None:
            return NotEstimable("contradictory", say("analyses.propensity.contradictory"))
        terms = fitted(fit)
        kept = fit.newton.estimable
        model = state.model.only(kept)
        null = terms.null_log_likelihood
        if not self.has_own_intercepts:
            null = logistic.log_likelihood_of_shares(sums["treated"], sums["n"] - sums["treated"])
        return PropensityFit(
            model=model,
            beta=tuple(fit.beta[j] for j in kept),
            terms=terms,
            null_log_likelihood=null,
            **sums,
        )

    def largest_share(self, prepared: logistic.Rows, state: State, *, of_own: bool) -> float:
        if not isinstance(state, Scored):
            return 0.0
        scores = state.model.scores(prepared, state.beta)
        return self._sums.largest_share(prepared, scores, None if of_own else state.fit.moments.n)

    @property
    def _sums(self) -> ScoreSums:
        return ScoreSums(self.arm, self.limited, self.is_penalised)

    def _moments(self, inputs: Inputs) -> Moments:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        return moments if self.has_own_intercepts else scaled_for(moments)

    def _not_used(self, moments: Moments, column: Column) -> NotUsed | None:
        is_known = not self.has_own_intercepts and not moments.columns[column].is_constant
        return None if is_known else flat(moments, column)

    def _usable(self, moments: Moments) -> tuple[Column, ...]:
        found = tuple(column for column in self.covariates if not self._not_used(moments, column))
        return found if self.has_own_intercepts else (INTERCEPT, *found)

    def _model(self, usable: tuple[Column, ...], moments: Moments) -> Model:
        return Model(usable, tuple(moments.columns[c].sd for c in usable), self.arm, self.has_own_intercepts)


def _told(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column != INTERCEPT]


def _term(column: Column, term: Term | None, result: PropensityFit) -> dict[str, Any]:
    numbers = numbers_json(term, result.terms.why_not_used(column))
    return named(column) | {"odds_ratio" if key == "hr" else key: value for key, value in numbers.items()}


def unfitted(fit: Fitting) -> NotEstimable:
    """Returns the end of a fit that did not converge."""
    return NotEstimable("not converged", say("analyses.propensity.not_converged", n=fit.newton.evaluations))
