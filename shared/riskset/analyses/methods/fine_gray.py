"""A Fine-Gray model with one baseline per hospital: a Cox model of rows that each hospital weights by its own censoring
curve (`stats.subdistribution`).

Its sums are log likelihood, score and information, as of a Cox model. The weights follow from the days and causes of
the hospital's own patients; none is above 1. It differs from the cause-specific Cox model in the patients with a
competing event alone, so the rules judge these as a level: a few of them could be solved for their covariates from the
difference. It needs the cumulative incidence of its endpoint: where rule R9 refuses the counts by cause, the model is
not made either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel, State
from riskset.disclosure.exposure import Exposure, HasVariables
from riskset.stats.cox import RiskSets
from riskset.stats.subdistribution import weighted_rows


@dataclass(frozen=True)
class HasCompeting(Column):
    """Whether a competing event ended a patient's follow-up; `variable` is the endpoint."""

    __hash__ = Column.__hash__

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        return (causes_of(rows) > 1).astype(np.float64)


@dataclass(frozen=True)
class Prepared:
    """Never leaves."""

    weighted: RiskSets
    """A patient with a competing event has several rows."""
    own: RiskSets
    """The hospital's patients, a row each, of which R7 judges the linear predictors."""


@dataclass(frozen=True, kw_only=True)
class FineGray(CoxModel):
    """The analysis. Summary: as of a `CoxModel`."""

    kind: ClassVar[str] = "cumulative-incidence"

    cause: str
    """The kind of event."""
    curves: str
    """Id of the cumulative incidence of these causes."""

    @cached_property
    def exposure(self) -> Exposure:
        competing = HasCompeting(self.endpoint or "", "a competing event", "no competing event", 1)
        of_model = super().exposure
        return replace(of_model, conditions=(*of_model.conditions, competing))

    @property
    def needs(self) -> tuple[str, ...]:
        return (*super().needs, self.curves)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:  # noqa: ANN401 - as of every analysis
        weighted = {**cohort.analysis_sets, self.analysis_set: _weighted(cohort.outcomes(self.analysis_set))}
        rows = super().prepare(replace(cohort, analysis_sets=weighted), inputs)
        return Prepared(rows, super().prepare(cohort, inputs))

    def local(self, prepared: Any, state: State) -> NDArray[np.float64]:  # noqa: ANN401
        return super().local(prepared.weighted, state)

    def linear_predictor(self, prepared: Any, state: State) -> NDArray[np.float64]:  # noqa: ANN401
        return super().linear_predictor(prepared.own, state)

    def question_json(self) -> dict[str, Any]:
        return super().question_json() | {"model": "fine-gray", "cause": self.cause, "censoring": "site"}


def _weighted(rows: AnalysisSet) -> AnalysisSet:
    if rows.entry_days is not None:
        raise TypeError("a Fine-Gray model is of rows that enter on day 0")
    found = weighted_rows(rows.days, causes_of(rows))
    variables = {name: values[found.row] for name, values in rows.variables.items()}
    return AnalysisSet(
        found.days, found.event, found.entry_days, variables, rows.patients[found.row], weights=found.weights
    )


def causes_of(rows: object) -> NDArray[np.int64]:
    """Returns the kind of event of each row; TypeError for rows that do not have it."""
    if not isinstance(rows, AnalysisSet) or rows.cause is None:
        raise TypeError("the rows do not say which kind of event occurred")
    return rows.cause
