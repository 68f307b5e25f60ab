"""A Cox model by Firth's penalised likelihood, which has a maximum where a covariate separates the events.

At each point hospitals are asked twice: first for the sums of a Cox model; then, with their total known, for the slope
of the penalty, one number for each column (`stats.firth`). Limits and tests of coefficients are Wald's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable
from riskset.analyses.methods.cox import CoxModel, State
from riskset.analyses.methods.cox_fit import CoxFit, Fitting, fitted, unfitted
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats import firth
from riskset.stats.cox import RiskSets
from riskset.stats.firth import Firth
from riskset.stats.linear import SINGULAR


@dataclass(frozen=True, kw_only=True)
class Penalised(Fitting):
    """A fit in progress; `newton` is that of `firth`."""

    firth: Firth

    @classmethod
    def of(cls, first: Fitting, singular: float) -> Penalised:
        """Returns a fit at its first point; `singular` as in `firth.start`."""
        state = firth.start(len(first.usable), singular)
        return cls(first.moments, first.usable, first.not_used, state.newton, firth=state)

    def after(self, total: Sequence[float]) -> Penalised:
        """Returns the fit after a round: of the sums of a point, or of the slope of its penalty."""
        if self.firth.here is None:
            p = len(self.usable)
            state = firth.advance(self.firth, total[0], total[1 : 1 + p], total[1 + p :])
        else:
            state = firth.penalised(self.firth, total)
        return replace(self, firth=state, newton=state.newton)


@dataclass(frozen=True, kw_only=True)
class FirthModel(CoxModel):
    """The analysis. Summary: as of a `CoxModel`, then the slope of the penalty (p), at each point."""

    @cached_property
    def exposure(self) -> Exposure:
        return replace(super().exposure, slopes=True)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.firth")

    def start(self, inputs: Inputs) -> Penalised | NotEstimable:
        first = super().start(inputs)
        if not isinstance(first, Fitting):
            return first
        return Penalised.of(first, SINGULAR * first.moments.events)

    def labels(self, state: State) -> tuple[Label, ...]:
        if _of(state).firth.here is None:
            return super().labels(state)
        return tuple(total(f"slope of the penalty in {column.name}", column) for column in state.usable)

    def local(self, prepared: RiskSets, state: State) -> NDArray[np.float64]:
        penalty = _of(state).firth
        if penalty.here is None:
            return super().local(prepared, state)
        return firth.third_moments(prepared, state.beta, penalty.weights, self.ties)

    def combine(self, total: Sequence[float], state: State) -> Penalised | CoxFit | NotEstimable:
        fit = _of(state).after(total)
        if fit.newton.status == "going":
            return fit
        return _on_own_scales(fit) if fit.newton.status == "ok" else unfitted(fit)

    def question_json(self) -> dict[str, Any]:
        return super().question_json() | {"firth": True}


def _on_own_scales(fit: Penalised) -> CoxFit:
    """Returns the fit; of the penalised log likelihoods the part that the columns' units have in the determinant."""
    found, scale = fitted(fit), fit.scale
    units = sum(log(scale[j]) for j in fit.newton.estimable)
    at_0, at_end = found.null_log_likelihood + units, found.log_likelihood + units
    return replace(found, null_log_likelihood=at_0, log_likelihood=at_end)


def _of(state: State) -> Penalised:
    if not isinstance(state, Penalised):
        raise TypeError("a penalised model has a penalised fit")
    return state


def penalised(model: CoxModel) -> FirthModel:
    """Returns the same model by the penalised likelihood."""
    return model.become(FirthModel)
