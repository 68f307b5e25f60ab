"""The populations of a propensity score: who belongs at a hospital, and with what weight. None of it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.propensity import ID, set_of_score
from riskset.analyses.methods.propensity_fit import PropensityFit
from riskset.analyses.populations import Members, Population
from riskset.stats.matching import NOBODY, nearest
from riskset.study.spec import Matching, Study, Weighting

_KEY: Final = b"riskset: order of patients with equal scores"


@dataclass(frozen=True)
class Matched:
    """Patients of the arm, each with those of the reference at the hospital whose scores are nearest."""

    of_score: str
    """The set of patients who have a score."""
    endpoints: tuple[str, ...]
    """Of the study, whose outcomes tell patients with equal scores apart."""
    asked: Matching
    needs: tuple[str, ...] = (ID,)

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        fit: PropensityFit = inputs[ID]
        rows = cohort.analysis_sets[self.of_score]
        scores = fit.scores(rows)
        if scores is None:
            return Members(np.zeros(0, np.int64), groups=np.zeros(0, np.int64))
        is_on_logit = self.asked.caliper_on == "logit"
        found = nearest(
            scores.logit if is_on_logit else scores.probability,
            fit.model.arm.values(rows) == 1.0,
            hashed(cohort, (self.of_score, *self.endpoints), rows.patients),
            ratio=self.asked.ratio,
            caliper=self._caliper(fit.sd_logit if is_on_logit else fit.sd_probability),
        )
        sets = found.set_of
        order = np.argsort(rows.patients)
        kept = order[sets[order] != NOBODY]
        return Members(rows.patients[kept], groups=sets[kept])

    def _caliper(self, sd: float) -> float | None:
        return None if self.asked.caliper_sd is None else self.asked.caliper_sd * sd


@dataclass(frozen=True)
class Weighted:
    """All patients with a score, or those whose score is not trimmed, with weights that follow from it."""

    of_score: str
    """As of `Matched`."""
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


def hashed(cohort: Cohort, sets: Sequence[str], patients: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns a keyed hash of the values of each patient in these sets, (n,), by which ties are broken: whatever the
    order of the rows. Patients with the same one are the same in all of them. Never leaves."""
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


def populations(study: Study) -> Mapping[str, Population]:
    """Returns the adjusted populations of a study, in the order of their names: that of the file is not in its hash."""
    if study.propensity is None:
        return {}
    of_score, endpoints = set_of_score(study).name, tuple(study.endpoints)
    return {
        name: Weighted(of_score, name, one) if isinstance(one, Weighting) else Matched(of_score, endpoints, one)
        for name, one in sorted(study.propensity.adjustments.items())
    }
