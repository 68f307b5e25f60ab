"""The propensity score: a logistic regression of the arm on covariates, by Newton's method on all hospitals' sums.

By default each hospital has an intercept of its own, which it computes and keeps: the fit is that of
`glm(arm ~ x + site)`. A hospital with one arm only has none: it adds nothing, and its patients have no score. Once the
fit has converged, one more round asks for sums over the scores: their spread, and how many pairs of patients of a
hospital they order rightly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations_with_replacement
from math import isfinite
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Analysis, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import ALL, Cohort, SetId
from riskset.analyses.design import Column, columns_of
from riskset.analyses.methods.cox import UNREACHABLE, flat
from riskset.analyses.methods.cox_fit import Fitting, NotUsed, Term, fitted, named, names_of, numbers_json, reasons
from riskset.analyses.methods.propensity_fit import (
    INTERCEPT,
    Model,
    PropensityFit,
    Scored,
    is_kept,
    no_score,
    scaled_for,
    spread,
)
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats import auc, logistic, newton
from riskset.stats.balancing_weights import weights
from riskset.stats.linear import SINGULAR
from riskset.study.asked.propensity import PropensityEntry
from riskset.study.spec import Study, Weighting

State = Fitting | Scored
ID: Final = "propensity"
_SUMS: Final = 8
"""Sums over the scores, before those of weights."""


@dataclass(frozen=True, kw_only=True)
class PropensityScore(Analysis):
    """The analysis. Summary: log likelihood, score (p), information (upper triangle by rows) of p usable columns, the
    first a common intercept if there is one; at the end, sums over the scores."""

    kind: ClassVar[str] = "propensity"

    covariates: tuple[Column, ...]
    arm: Column
    has_own_intercepts: bool
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
            return (
                total("patients with a score"),
                total("patients of the arm with a score", self.arm),
                total("sum of the logits of the scores"),
                total("sum of squares of the logits of the scores"),
                total("sum of squares of the scores"),
                total("pairs of a patient of each arm at a site", self.arm),
                total("pairs that the score orders rightly", self.arm),
                total("pairs with equal scores", self.arm),
                *(
                    total(f"{what} of {name} in {column.name}", self.arm)
                    for name, _ in self.limited
                    for column in _both(self.arm)
                    for what in ("patients", "weights, before they are limited,")
                ),
            )
        pairs = combinations_with_replacement(state.usable, 2)
        return (
            total("log likelihood of the arm", self.arm),
            *(total(f"slope in {column.name}", *_told([column]), self.arm) for column in state.usable),
            *(total(f"curvature in {a.name} and {b.name}", *_told([a, b])) for a, b in pairs),
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> logistic.Rows:
        moments = self._moments(inputs)
        return self._model(self._usable(moments), moments).rows(cohort.analysis_sets[self.analysis_set])

    def local(self, prepared: logistic.Rows, state: State) -> NDArray[np.float64]:
        if isinstance(state, Scored):
            return np.concatenate([_of_scores(prepared, state), self._of_weights(prepared, state)])
        value = logistic.evaluate(prepared, state.beta)
        log_likelihood = value.log_likelihood if isfinite(value.log_likelihood) else UNREACHABLE
        return np.concatenate([[log_likelihood], value.score, value.upper_triangle])

    def combine(self, total: Sequence[float], state: State) -> State | Result:
        if isinstance(state, Scored):
            return self._ended(total, state.fit)
        p = len(state.beta)
        after = replace(state, newton=newton.advance(state.newton, total[0], total[1 : 1 + p], total[1 + p :]))
        now = after.newton
        if now.status == "going":
            return after
        if now.status == "ok":
            return Scored(after)
        return no_score([after.usable[j] for j in now.separated]) if now.status == "separated" else _unfitted(after)

    def linear_predictor(self, prepared: logistic.Rows, state: State) -> NDArray[np.float64]:
        eta = np.asarray(state.beta) @ prepared.X
        return np.asarray(eta - eta.mean() if len(eta) else eta, np.float64)

    def refused(self, state: State, refusal: RefusedByRule) -> Result:
        return refusal

    def out_of_evaluations(self, state: State) -> Result:
        fit = state.fit if isinstance(state, Scored) else state
        if fit.newton.slow_steps >= newton.STEADY:
            return no_score([fit.usable[j] for j in newton.fastest(fit.newton)])
        return _unfitted(fit)

    def question_json(self) -> dict[str, Any]:
        return {
            "arm": named(self.arm),
            "covariates": list(dict.fromkeys(column.variable for column in self.covariates)),
            "site": "profiled" if self.has_own_intercepts else "none",
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
        }

    def _ended(self, total: Sequence[float], fit: Fitting) -> PropensityFit:
        n, treated, first, second, squares, *pairs = total[:_SUMS]
        terms = fitted(fit)
        kept = fit.newton.estimable
        model = self._model(tuple(fit.usable[j] for j in kept), fit.moments)
        null = terms.null_log_likelihood
        if not self.has_own_intercepts:
            null = logistic.log_likelihood_of_shares(round(treated), round(n) - round(treated))
        return PropensityFit(
            model=model,
            beta=tuple(fit.beta[j] for j in kept),
            terms=terms,
            n=round(n),
            treated=round(treated),
            null_log_likelihood=null,
            sd_logit=spread(n, first, second),
            # the scores of a hospital, or of all, add up to the number of its patients in the arm
            sd_probability=spread(n, treated, squares),
            pairs=auc.Pairs(*map(round, pairs)),
            mean_weight=self._means(total[_SUMS:], treated / n),
        )

    def _of_weights(self, rows: logistic.Rows, state: Scored) -> NDArray[np.float64]:
        """Returns, of each of `limited`, patients and sum of weights in the reference and in the arm; stabilised ones
        before they are multiplied by the share of the arm, which is not known yet."""
        found = [_in_arms(rows, state, asked) for _, asked in self.limited]
        return np.concatenate([np.zeros(0), *(np.ravel([(len(w), w.sum()) for w in arms]) for arms in found)])

    def largest_share(self, prepared: logistic.Rows, state: State, *, of_own: bool) -> float:
        """Returns the largest share of a patient in a sum of weights. In each arm the weights of all patients of all
        hospitals are expected to add up to the number of patients, or to those of the arm."""
        if not isinstance(state, Scored):
            return 0.0
        shares = [0.0]
        for _, asked in self.limited:
            for w in _in_arms(prepared, state, asked):
                expected = w.sum() if of_own else state.fit.moments.n / (1 if asked.method == "ate" else 4)
                shares.append(float(w.max(initial=0.0)) / expected if expected else 0.0)
        return max(shares)

    def _means(self, sums: Sequence[float], treated_share: float) -> dict[str, float]:
        """Returns the mean weight of each of `limited`."""
        found = {}
        for at, (name, asked) in enumerate(self.limited):
            others, of_others, treated, of_treated = sums[4 * at : 4 * at + 4]
            if asked.estimand == "ate_stab":
                of_others, of_treated = of_others * (1 - treated_share), of_treated * treated_share
            patients = others + treated
            found[name] = (of_others + of_treated) / patients if patients else 0.0
        return found

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


def planned(study: Study, name: str, entry: PropensityEntry) -> Iterator[PropensityScore]:
    """Yields the score of a study."""
    propensity, comparison = study.propensity, study.comparison
    assert propensity is not None
    assert comparison is not None
    (arm,) = columns_of(study, [comparison.arm])
    yield PropensityScore(
        id=ID,
        name=name,
        set_id=set_of_score(study),
        covariates=columns_of(study, propensity.covariates),
        arm=arm,
        has_own_intercepts=propensity.site == "profiled",
        limited=tuple((name, one) for name, one in propensity.weightings.items() if one.truncate is not None),
    )


def set_of_score(study: Study) -> SetId:
    """Returns the patients of the score: those with a value of all its covariates. Those of a hospital with one arm
    have none where each hospital has an intercept of its own."""
    assert study.propensity is not None
    assert study.comparison is not None
    return SetId(None, ALL, (study.comparison.arm, *study.propensity.covariates))


def _told(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column != INTERCEPT]


def _of_scores(rows: logistic.Rows, state: Scored) -> NDArray[np.float64]:
    scores = logistic.scores(rows, state.beta)
    if scores is None or not rows.n:
        return np.zeros(_SUMS)
    logit, p, pairs = scores.logit, scores.probability, auc.pairs(scores.logit, rows.arm)
    of_pairs = (pairs.compared, pairs.concordant, pairs.tied)
    return np.array([rows.n, rows.arm.sum(), logit.sum(), logit @ logit, p @ p, *of_pairs], np.float64)


def _in_arms(rows: logistic.Rows, state: Scored, asked: Weighting) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the weights of the patients of the reference, and of the arm, who are not trimmed, without any limit."""
    scores = logistic.scores(rows, state.beta)
    if scores is None or not rows.n:
        return np.zeros(0), np.zeros(0)
    estimand = "ate" if asked.estimand == "ate_stab" else asked.estimand
    found, stays = weights(estimand, rows.arm, scores.logit), is_kept(asked, scores)
    return found[stays & ~rows.arm], found[stays & rows.arm]


def _both(arm: Column) -> tuple[Column, Column]:
    """Returns the columns of the reference and of the arm."""
    return replace(arm, level=arm.reference, code=1 - (arm.code or 0)), arm


def _term(column: Column, term: Term | None, result: PropensityFit) -> dict[str, Any]:
    numbers = numbers_json(term, result.terms.why_not_used(column))
    return named(column) | {"odds_ratio" if key == "hr" else key: value for key, value in numbers.items()}


def _unfitted(fit: Fitting) -> NotEstimable:
    return NotEstimable("not converged", say("analyses.propensity.not_converged", n=fit.newton.evaluations))
