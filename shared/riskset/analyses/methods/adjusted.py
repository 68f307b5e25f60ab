"""The populations of a propensity score: who belongs at a hospital, and with what weight. None of it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.matched import matched
from riskset.analyses.methods.preference import preferences
from riskset.analyses.methods.propensity_fit import ID, PropensityFit, set_of_score
from riskset.analyses.methods.score_strata import stratified
from riskset.analyses.populations import Members, Population
from riskset.study.spec import Study, Weighting


@dataclass(frozen=True)
class Weighted:
    """All patients with a score, or those whose score is not trimmed, with weights that follow from it."""

    of_score: str
    """The set of patients who have a score."""
    name: str
    asked: Weighting
    needs: tuple[str, ...] = (ID,)

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        fit: PropensityFit = inputs[ID]
        rows = cohort.analysis_sets[self.of_score]
        found = fit.weighted(self.name, self.asked, rows)
        if found is None:
            return Members(np.zeros(0, np.int64), np.zeros(0))
        order = np.argsort(rows.patients)
        kept = order[found[order] > 0.0]
        return Members(rows.patients[kept], found[kept])


def populations(study: Study) -> Mapping[str, Population]:
    """Returns the adjusted populations of a study, in the order of their names: that of the file is not in its hash."""
    if study.propensity is None:
        return {}
    of_score = set_of_score(study).name
    weighted = {name: Weighted(of_score, name, one) for name, one in study.propensity.weightings.items()}
    found: dict[str, Population] = {**matched(study), **weighted, **stratified(study), **preferences(study)}
    return dict(sorted(found.items()))
