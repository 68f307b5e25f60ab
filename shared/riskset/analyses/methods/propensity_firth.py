"""A propensity score by Firth's penalised likelihood, which has a maximum where covariates tell the arms apart.

As of a Cox model, hospitals are asked twice at each point: for the sums of the score, then for the slope of the penalty
(`stats.logistic_firth`). An intercept of a hospital's own is penalised too, as in R's `logistf(arm ~ x + site)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite, log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.methods.cox import UNREACHABLE
from riskset.analyses.methods.cox_firth import Penalised
from riskset.analyses.methods.cox_fit import Fitting
from riskset.analyses.methods.propensity import PropensityScore, State, unfitted
from riskset.analyses.methods.propensity_fit import INTERCEPT, PropensityFit, Scored
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats import logistic, logistic_firth
from riskset.stats.linear import SINGULAR


@dataclass(frozen=True, kw_only=True)
class PenalisedScore(PropensityScore):
    """The analysis. Summary: as of a `PropensityScore`, then the slope of the penalty (p), at each point; the sums
    over the scores have that of the scores besides."""

    is_penalised: ClassVar[bool] = True

    @cached_property
    def exposure(self) -> Exposure:
        return replace(super().exposure, slopes=True)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.penalised_score")

    def start(self, inputs: Inputs) -> Penalised | NotEstimable:
        first = super().start(inputs)
        if not isinstance(first, Fitting):
            return first
        return Penalised.of(first, SINGULAR * first.moments.columns[self.arm].within)

    def labels(self, state: State) -> tuple[Label, ...]:
        if isinstance(state, Scored) or _of(state).firth.here is None:
            return super().labels(state)
        # the intercept has no column; what is told of it is of the arm
        return tuple(
            total(f"slope of the penalty in {c.name}", self.arm if c == INTERCEPT else c) for c in state.usable
        )

    def local(self, prepared: logistic.Rows, state: State) -> NDArray[np.float64]:
        if isinstance(state, Scored):
            return super().local(prepared, state)
        penalty = _of(state).firth
        last = logistic_firth.known(penalty)
        if penalty.here is not None:
            return logistic_firth.third_moments(prepared, state.beta, last, penalty.weights)
        value = logistic_firth.evaluate(prepared, state.beta, last)
        log_likelihood = value.log_likelihood if isfinite(value.log_likelihood) else UNREACHABLE
        return np.concatenate([[log_likelihood], value.score, value.upper_triangle])

    def combine(self, total: Sequence[float], state: State) -> State | Result:
        if isinstance(state, Scored):
            return super().combine(total, state)
        fit = _of(state).after(total)
        if fit.newton.status == "going":
            return fit
        if fit.newton.status != "ok":
            return unfitted(fit)
        last = tuple(map(tuple, logistic_firth.known(fit.firth).tolist()))
        return Scored(fit, replace(self._model(fit.usable, fit.moments), last=last))

    def question_json(self) -> dict[str, Any]:
        return super().question_json() | {"firth": True}

    def result_json(self, result: PropensityFit) -> dict[str, Any]:
        """Returns the keys of a score; the log likelihood is penalised, and that of intercepts alone is not known."""
        units = sum(log(scale) for scale in result.model.scale)
        penalised = {"null": None, "fitted": result.terms.log_likelihood + units}
        return super().result_json(result) | {"log_likelihood": penalised}


def _of(state: Fitting) -> Penalised:
    if not isinstance(state, Penalised):
        raise TypeError("a penalised score has a penalised fit")
    return state
