"""In how many patients the sets of a run differ from those of earlier runs, where one of the two is of a derived
population (rule R14).

Two versions of a study that match with another caliper, or trim elsewhere, may have sets that differ in one pair, or
one patient. What they told, subtracted, is those rows. Where patients have weights, whoever has another one counts too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import ToldSet
from riskset.analyses.cohort import Cohort
from riskset.analyses.weights import Weights
from riskset.protocol.derived_sets import set_to_keep
from riskset.protocol.earlier_runs import apart_since
from riskset.protocol.journal import Begun, RowMarks
from riskset.protocol.kept import KeptSet
from riskset.protocol.recognised import recognised
from riskset.protocol.same_content import are_aligned
from riskset.protocol.sets_of_patients import sets_of

_ARITHMETIC = 1e-9
"""Weights that differ by a smaller share are the same, computed in another order."""


def members_of(begun: Begun, place: int) -> KeptSet | None:
    """Returns who is in a set of a run, by its place; None for a derived one whose members were never fixed."""
    if place >= len(begun.sets):
        return begun.members.get(begun.derived[place - len(begun.sets)])
    chosen = sets_of(begun.rows)[place]
    patients = np.flatnonzero([patient in chosen for patient in begun.rows.marks])
    return KeptSet(patients, np.ones(len(patients)))


@dataclass(frozen=True)
class Otherwise:
    """How patients count in one set and in another."""

    by: NDArray[np.float64]
    """By how much each who is recognised counts otherwise."""
    others: int
    """Members who are not recognised: for want of keys, the smallest possible number."""

    @property
    def patients(self) -> int:
        """How many are in only one of the two, or have another weight in it."""
        return int((self.by > 0.0).sum()) + self.others

    @property
    def weights(self) -> Weights:
        """By how much they count otherwise; whoever is not recognised is left out."""
        return Weights(float(self.by.sum()), float(self.by @ self.by))


def otherwise(before: RowMarks, was: KeptSet, now: RowMarks, is_: KeptSet) -> Otherwise:
    """Returns how the patients of two states count in a set of each."""
    if are_aligned(before, now):
        every = list(dict.fromkeys((*before.marks, *now.marks)))
        one, other = (_weights(state, of, every) for state, of in ((before, was), (now, is_)))
        return Otherwise(_apart(one, other), 0)
    known = recognised(before, now)
    first, second = (_weights(state, of, list(state.marks)) for state, of in ((before, was), (now, is_)))
    one, other = first[known.before], second[known.now]
    left, entered = (np.count_nonzero(of) - np.count_nonzero(some) for of, some in ((first, one), (second, other)))
    return Otherwise(_apart(one, other), abs(int(left) - int(entered)))


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = np.abs(one - other)
    return np.where(apart > _ARITHMETIC * np.maximum(one, other), apart, 0.0)


def _weights(state: RowMarks, of: KeptSet, patients: Sequence[str]) -> NDArray[np.float64]:
    """Returns what each of these patients counts, (n,); 0 outside the set."""
    marked = list(state.marks)
    counts = {marked[place]: weight for place, weight in zip(of.patient.tolist(), of.weights.tolist(), strict=True)}
    return np.array([counts.get(patient, 0.0) for patient in patients])


def differing_in(begun: Begun, now: RowMarks, cohort: Cohort, names: Collection[str]) -> frozenset[str]:
    """Returns those of these sets of the cohort of which another run, of the same study, has other members."""
    known = [name for name in names if name in begun.members]
    found = {name: otherwise(begun.rows, begun.members[name], now, set_to_keep(now, cohort, name)) for name in known}
    return frozenset(name for name, of in found.items() if of.patients)


@dataclass(frozen=True)
class SetsSince:
    """The sets of a run beside those of earlier ones, where one of the two is of a derived population."""

    earlier: Sequence[ToldSet]
    """Sets of which these told, or may still tell."""
    runs: Mapping[str, Begun]
    """The earlier runs, with what was kept of their derived populations."""
    rows: RowMarks
    names: Sequence[str]
    """The analysis sets of all patients, in the order of the outcomes in `rows`."""

    def otherwise(self, cohort: Cohort) -> dict[ToldSet, dict[str, Otherwise]]:
        """Returns, by set of an earlier run, and by analysis set of the cohort, how patients count in the two. Nothing
        where the members of the earlier set were never fixed: no number about them left."""
        derived = [name for name in cohort.analysis_sets if name not in self.names]
        kept = {name: set_to_keep(self.rows, cohort, name) for name in cohort.analysis_sets}
        found: dict[ToldSet, dict[str, Otherwise]] = {}
        for run, place in self.earlier:
            begun = self.runs[run]
            is_derived = place >= len(begun.sets)
            names = [*self.names, *derived] if is_derived else derived
            was = members_of(begun, place) if names else None
            if was is not None:
                found[run, place] = {name: otherwise(begun.rows, was, self.rows, kept[name]) for name in names}
        return found

    def apart(self, cohort: Cohort) -> dict[ToldSet, dict[str, int]]:
        """Returns, by set of an earlier run, and by any analysis set of the cohort, the patients who are in only one of
        the two, or have another weight in it."""
        of_all = [(run, place) for run, place in self.earlier if place < len(self.runs[run].sets)]
        states = {run: begun.rows for run, begun in self.runs.items()}
        found = {one: dict(of) for one, of in apart_since(of_all, states, self.rows, self.names).items()}
        for one, of in self.otherwise(cohort).items():
            found.setdefault(one, {}).update({name: between.patients for name, between in of.items()})
        return found

    def weighed(self, cohort: Cohort) -> dict[ToldSet, dict[str, Weights]]:
        """Returns by how much patients count otherwise in each set of the cohort than in those of earlier runs in which
        patients of this hospital have weights."""
        weighted = [one for one in self.earlier if self._has_weights(one)]
        found = replace(self, earlier=weighted).otherwise(cohort)
        return {one: {name: between.weights for name, between in of.items()} for one, of in found.items()}

    def _has_weights(self, one: ToldSet) -> bool:
        run, place = one
        of = members_of(self.runs[run], place) if place >= len(self.runs[run].sets) else None
        return of is not None and bool((of.weights != 1.0).any())
