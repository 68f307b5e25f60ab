"""Strata of the propensity score at fixed probabilities: a population of all patients of the score, whose Cox models
are stratified by hospital and stratum.

The strata are levels that decide how a patient counts, as those of a Cox entry's `strata`, and are judged as these are.
No patients are left out, so that no set is told that was not told before: those of a hospital with one arm have no
score, and are a stratum of their own. To the effect of the arm alone they add nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.propensity_fit import ID, set_of_score
from riskset.analyses.methods.score_levels import from_score, members_with
from riskset.analyses.populations import Members
from riskset.disclosure.exposure import Column, FromFit
from riskset.stats.logistic import Scores
from riskset.study.spec import Stratification, Study

_SAME: Final = 2.0**-30
"""How far a score may be above a cut and count as it: equal scores may differ in their last bits."""


@dataclass(frozen=True)
class Stratified:
    """All patients of the score, each with the stratum of the own score."""

    of_score: str
    """The set of patients with a value of all covariates."""
    name: str
    asked: Stratification
    needs: tuple[str, ...] = (ID,)

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        rows = cohort.analysis_sets[self.of_score]
        return members_with(variable_of(self.name), rows, inputs[ID], self._stratum)

    def _stratum(self, scores: Scores) -> NDArray[np.int64]:
        return np.searchsorted(np.array(self.asked.cuts) + _SAME, scores.probability, side="left").astype(np.int64)


def stratified(study: Study) -> dict[str, Stratified]:
    """Returns the populations of a study that are stratified by the score."""
    if study.propensity is None:
        return {}
    of_score = set_of_score(study).name
    return {name: Stratified(of_score, name, asked) for name, asked in study.propensity.stratifications.items()}


def variable_of(population: str) -> str:
    """Returns the name of the category: one that nothing in a study file can have."""
    return f"stratum of the score ({population})"


def levels_of(study: Study, population: str) -> tuple[Column, ...]:
    """Returns the levels by which models of a population are stratified, from the lowest; none of other populations.
    None is a reference: who has no score has none of them."""
    asked = study.propensity.stratifications.get(population) if study.propensity else None
    if asked is None:
        return ()
    edges = [f"{edge:g}" for edge in (0.0, *asked.cuts, 1.0)]
    names = [f"{low} to {high}" for low, high in pairwise(edges)]
    return tuple(Column(variable_of(population), name, code=i, is_derived=True) for i, name in enumerate(names))


def fit_behind(study: Study, population: str) -> FromFit | None:
    """Returns what the exposure of a model declares of these levels; None for other populations."""
    levels = levels_of(study, population)
    return from_score(study, variable_of(population), len(levels)) if levels else None
