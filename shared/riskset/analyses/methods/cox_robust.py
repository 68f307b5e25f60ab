"""The robust error of a coefficient of a Cox model (Lin and Wei, JASA 84 (1989) 1074): the root of the sum of squared
dfbetas, of patients or, where the errors are clustered, of the sums over the patients of each matched set or site. A
matched set is within a hospital.

Each coefficient is an analysis of its own and is refused alone. Sent is the square in units of the model's own
variance, so that 1 is what the model expects of the sum, and the share of a patient in it is known before it is opened.
A patient has one row, so that a sum over patients is one over rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_companions import At, Companion, scaled_beta, scaled_covariance
from riskset.analyses.methods.cox_fit import CoxFit, term_of
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Cluster, Exposure, Label, total
from riskset.stats.arrays import sum_by
from riskset.stats.at_events import AtEvents
from riskset.stats.cox import RiskSets


@dataclass(frozen=True)
class RobustErrorFound(Result):
    se: float


@dataclass(frozen=True, kw_only=True)
class SquaresOfOne(Companion):
    """A companion that sends one sum of squares over patients, matched sets or sites: `prepare` returns what each adds
    to a sum, in units in which the model expects the squares to add up to 1."""

    column: Column
    over: Cluster

    @cached_property
    def exposure(self) -> Exposure:
        return replace(super().exposure, squares=self.over)

    def local(self, prepared: NDArray[np.float64], state: At) -> NDArray[np.float64]:
        return np.asarray((prepared**2).sum(keepdims=True))

    def largest_share(self, prepared: NDArray[np.float64], state: At, *, of_own: bool) -> float:
        squares = prepared**2
        total = float(squares.sum()) if of_own else 1.0
        return float(squares.max(initial=0.0)) / total if total else 0.0

    def clustered(self, values: NDArray[np.float64], cohort: Cohort, rows: RiskSets) -> NDArray[np.float64]:
        """Returns what each patient, each matched set or the hospital as one adds, from what each row adds."""
        if self.over == "patient":
            return values
        if self.over == "site":
            return np.asarray(values.sum(keepdims=True))
        groups = cohort.analysis_sets[self.analysis_set].groups
        if groups is None:
            raise TypeError(f"nobody of the set {self.analysis_set} is matched")
        sets, codes = np.unique(groups[rows.order], return_inverse=True)
        return sum_by(codes.reshape(-1), values, len(sets))


@dataclass(frozen=True, kw_only=True)
class RobustError(SquaresOfOne):
    """The analysis. Summary: one sum of squares."""

    @property
    def reveals(self) -> Message:
        return say(f"analyses.reveals.robust_{self.over}")

    def start(self, inputs: Inputs) -> At | NotEstimable:
        fit: CoxFit = inputs[self.model.id]
        if self.column not in {term.column for term in fit.terms}:
            why = fit.why_not_used(self.column)
            return NotEstimable(why.code, why.message)
        return At(fit)

    def labels(self, state: At) -> tuple[Label, ...]:
        return (total(f"squared dfbetas ({self.over}) of {self.column.name} in {self.model.id}", self.column),)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        """Returns the dfbeta of each row in standard errors of the coefficient, (n,); of each matched set, or of the
        hospital, (1,), where they are clustered."""
        moments: Moments = inputs[moments_id(self.analysis_set)]
        fit: CoxFit = inputs[self.model.id]
        beta, covariance = scaled_beta(self.model, fit, moments), scaled_covariance(self.model, fit, moments)
        at = self.model.usable(moments).index(self.column)
        rows = self.model.prepare(cohort, inputs)
        events = AtEvents.of(rows, beta, self.model.ties)
        residuals = events.score_residuals(np.ones(len(events.u)))
        return self.clustered(covariance[at] @ residuals / sqrt(covariance[at, at]), cohort, rows)

    def combine(self, total: Sequence[float], state: At) -> RobustErrorFound | NotEstimable:
        if not total[0] > 0.0:
            return NotEstimable("no influence", say("analyses.cox.no_influence", column=self.column.name))
        (term,) = (term for term in state.fit.terms if term.column == self.column)
        return RobustErrorFound(term.se * sqrt(total[0]))

    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        if not isinstance(end, RobustErrorFound):
            return replace(fit, not_robust={**fit.not_robust, self.column: end})
        robust = [
            term_of(term.column, term.coef, term.se, end.se) if term.column == self.column else term
            for term in fit.terms
        ]
        return replace(fit, terms=tuple(robust))


def robust_errors(model: CoxModel) -> Iterator[RobustError]:
    """Yields one for each column, where the study asks for them."""
    if (over := model.robust) != "none":
        for column in model.design:
            yield RobustError.beside(model, f"robust/{column.name}", column=column, over=over)
