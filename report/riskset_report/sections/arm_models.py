"""The Cox models that compare the arms, for figures of their survival."""

from __future__ import annotations

from typing import cast

from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_firth import FirthModel
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.cox_matched_sets import MatchedSetModel
from riskset.results import ResultEntry, Results


def models_of_arm(of: ResultEntry, arm: str | None, results: Results) -> list[ResultEntry]:
    """Returns the fitted models of the endpoint and population of a result in which the arm is a covariate, in the
    study's order. None that is penalised or by matched set, of patients who reach a landmark, or with weights of an
    analysis' own: a figure of all patients has none of these."""
    return [
        entry
        for entry in results.entries
        if entry.kind == "cox"
        and isinstance(entry.result, CoxFit)
        and not isinstance(entry.analysis, FirthModel | MatchedSetModel)
        and (entry.analysis.endpoint, entry.analysis.population) == (of.analysis.endpoint, of.analysis.population)
        and entry.analysis.set_id.landmark_days is None
        and entry.analysis.set_id.weighted_by is None
        and arm in variables_of(entry)
    ]


def variables_of(model: ResultEntry) -> set[str]:
    """Returns the variables of a Cox model."""
    return {column.variable for column in cast(CoxModel, model.analysis).design}
