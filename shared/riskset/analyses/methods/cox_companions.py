"""What follows from a fitted Cox model with one more round of sums: each an analysis of its own, so that the rules
judge it by itself; its result is shown in the model's object of results.json.

A hospital is a stratum, or several, so what a patient adds to the score, its derivatives and their products follows
from the rows of the hospital and the pooled coefficients. No total of risk sets is needed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, Result
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.moments import Moments, moments_id
from riskset.disclosure.exposure import Exposure


@dataclass(frozen=True)
class At:
    """The state: the fitted model, at whose coefficients the sums are taken."""

    fit: CoxFit


@dataclass(frozen=True, kw_only=True)
class Companion(AskedOnce):
    """What all companions of a model share."""

    kind: ClassVar[str] = "cox"

    model: CoxModel

    @classmethod
    def beside(cls, model: CoxModel, id_: str, **own: Any) -> Self:  # noqa: ANN401 - the fields of its class
        """Returns the companion of a model, under the model's id and its own."""
        return cls(id=f"{model.id}/{id_}", name=model.name, set_id=model.set_id, part_of=model.id, model=model, **own)

    @cached_property
    def exposure(self) -> Exposure:
        return replace(self.model.exposure, is_iterative=False, slopes=False, squares="patient")

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set), self.model.id)

    @property
    def judged_last(self) -> bool:
        return True

    def following(self, renamed: Mapping[str, str]) -> Self:
        return replace(super().following(renamed), model=self.model.renamed(renamed.get(self.model.id, self.model.id)))

    def start(self, inputs: Inputs) -> At | NotEstimable:
        return At(inputs[self.model.id])

    def question_json(self) -> dict[str, Any]:
        """Returns nothing: the model's object says what is asked."""
        return {}

    def result_json(self, result: Result) -> dict[str, Any]:
        """Returns nothing: the model's object says what came of it."""
        return {}

    @abstractmethod
    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        """Returns the fit with how this companion ended."""


def scaled_beta(model: CoxModel, fit: CoxFit, moments: Moments) -> NDArray[np.float64]:
    """Returns the coefficients of the model's usable columns in units of the prepared rows; 0 for those without."""
    found = {term.column: term.coef for term in fit.terms}
    return np.array([found.get(column, 0.0) * moments.columns[column].sd for column in model.usable(moments)])


def scaled_covariance(model: CoxModel, fit: CoxFit, moments: Moments) -> NDArray[np.float64]:
    """Returns the covariance of the same coefficients, (p, p); 0 for those without."""
    sd = {column: moments.columns[column].sd for column in model.usable(moments)}
    at = [list(sd).index(term.column) for term in fit.terms]
    out = np.zeros((len(sd), len(sd)))
    scale = np.array([sd[term.column] for term in fit.terms])
    out[np.ix_(at, at)] = np.array(fit.covariance) * np.outer(scale, scale)
    return out
