"""Populations that are matched by a propensity score, within hospitals; who is matched with whom never leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.propensity_fit import ID, PropensityFit, set_of_score
from riskset.analyses.populations import Members
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.matching import NOBODY, nearest
from riskset.stats.matching import Matched as Sets
from riskset.study.spec import Matching, Study

SETS: Final = f"{ID}/sets"
_KEY: Final = b"riskset: order of patients with equal scores"


@dataclass(frozen=True)
class Matched:
    """Patients of the arm, each with those of the reference at the hospital whose scores are nearest.

    With several of the reference, the patients have the weights of `MatchIt`: each of the arm 1, each of the m others
    of its set 1/m, times what all of the reference are to all of the arm.
    """

    name: str
    of_score: str
    """The set of patients who have a score."""
    endpoints: tuple[str, ...]
    """Of the study, whose outcomes tell patients with equal scores apart."""
    asked: Matching

    @property
    def needs(self) -> tuple[str, ...]:
        return (ID, SETS) if self.asked.ratio > 1 else (ID,)

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        found = self.sets(cohort, inputs[ID])
        if found is None:
            nobody = np.zeros(0, np.int64)
            return Members(nobody, None if self.asked.ratio == 1 else np.zeros(0), nobody)
        patients, sets = cohort.analysis_sets[self.of_score].patients, found.set_of
        order = np.argsort(patients)
        kept = order[sets[order] != NOBODY]
        weights = None
        if self.asked.ratio > 1:
            of_sets: SetsFound = inputs[SETS]
            weights = found.weights(of_sets.others_per_treated[self.name])[kept]
        return Members(patients[kept], weights, sets[kept])

    def sets(self, cohort: Cohort, fit: PropensityFit) -> Sets | None:
        """Returns the matched sets of a hospital, by row of the score's set; None where nobody has a score."""
        rows = cohort.analysis_sets[self.of_score]
        scores = fit.scores(rows)
        if scores is None:
            return None
        is_on_logit = self.asked.caliper_on == "logit"
        sd = fit.sd_logit if is_on_logit else fit.sd_probability
        return nearest(
            scores.logit if is_on_logit else scores.probability,
            fit.model.arm.values(rows) == 1.0,
            _hashed(cohort, (self.of_score, *self.endpoints), rows.patients),
            ratio=self.asked.ratio,
            caliper=None if self.asked.caliper_sd is None else self.asked.caliper_sd * sd,
        )


@dataclass(frozen=True)
class SetsFound(Result):
    others_per_treated: Mapping[str, float]
    """By population: matched patients of the reference for each of the arm, over all hospitals."""


@dataclass(frozen=True, kw_only=True)
class MatchedSets(AskedOnce):
    """How many patients of each arm are matched, where a set has several of the reference. Summary: two counts for each
    of these populations."""

    kind: ClassVar[str] = "propensity"

    of: tuple[Matched, ...]
    exposure_of_score: Exposure

    @cached_property
    def exposure(self) -> Exposure:
        return replace(self.exposure_of_score, is_iterative=False, squares=None)

    @property
    def needs(self) -> tuple[str, ...]:
        return (ID,)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.matched_sets")

    def start(self, inputs: Inputs) -> Column:
        """Returns the column of the arm."""
        fit: PropensityFit = inputs[ID]
        return fit.model.arm

    def labels(self, state: Column) -> tuple[Label, ...]:
        return tuple(
            total(f"matched patients of {one.name} {who} the arm", state) for one in self.of for who in ("of", "beside")
        )

    def most_numbers(self, sites: int) -> int:
        return 2 * len(self.of)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        found = [one.sets(cohort, inputs[ID]) for one in self.of]
        counts = [(0, 0) if sets is None else (len(sets.treated), sets.controls_found) for sets in found]
        return np.array(counts, np.float64).reshape(-1)

    def combine(self, total: Sequence[float], state: Column) -> SetsFound:
        pairs = zip(self.of, total[::2], total[1::2], strict=True)
        return SetsFound({one.name: others / treated if treated else 1.0 for one, treated, others in pairs})

    def question_json(self) -> dict[str, Any]:
        """Returns nothing: the object of the score says what is asked."""
        return {}

    def result_json(self, result: SetsFound) -> dict[str, Any]:
        """Returns nothing: the populations have these numbers."""
        return {}


def matched(study: Study) -> dict[str, Matched]:
    """Returns the matched populations of a study, in the order of their names."""
    if study.propensity is None:
        return {}
    of_score, endpoints = set_of_score(study).name, tuple(study.endpoints)
    asked = sorted(study.propensity.adjustments.items())
    return {name: Matched(name, of_score, endpoints, one) for name, one in asked if isinstance(one, Matching)}


def with_several(study: Study) -> tuple[Matched, ...]:
    """Returns those of them whose sets may have several patients of the reference."""
    return tuple(one for one in matched(study).values() if one.asked.ratio > 1)


def _hashed(cohort: Cohort, sets: Sequence[str], patients: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns a keyed hash of the values of each patient in these sets, (n,), by which ties are broken: whatever the
    order of the rows. Patients with the same one are the same in all of them."""
    own = {int(patient): hashlib.blake2b(key=_KEY, digest_size=8) for patient in patients}
    for name in sorted(set(sets) & cohort.analysis_sets.keys()):
        rows = cohort.analysis_sets[name]
        arrays = [rows.variables[variable] for variable in sorted(rows.variables)]
        arrays += [getattr(rows, field) for field in ("days", "event") if hasattr(rows, field)]
        values = np.column_stack([np.asarray(of, np.float64) for of in arrays]) if arrays else np.empty((rows.n, 0))
        for patient, row in zip(rows.patients.tolist(), values, strict=True):
            if patient in own:
                own[patient].update(name.encode() + row.tobytes())
    return np.array([int.from_bytes(own[int(patient)].digest()) for patient in patients], np.uint64)
