"""How many of a site's patients have another value, outcome or event than in an earlier run (rule R14)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.altered import EVENT, OUTCOME, VALUE, Item
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.protocol import journal
from riskset.protocol.journal import Begun, RowMarks
from riskset.protocol.recognised import are_altered, marked_patients
from riskset.protocol.same_content import Pair, are_aligned, pairs
from riskset.protocol.sets_of_patients import in_no_set


def altered_since(before: Begun, now: RowMarks, cohort: Cohort) -> dict[Item, int]:
    """Returns the patients of both states by what is altered, where anything is. Whoever is in a set in one of them
    only is judged by the set. Nothing where patients have no keys, or other ones: nobody can say what was altered.
    """
    if not (before.sets and are_aligned(before.rows, now)):
        return {}
    common = {pair.now: pair for pair in pairs(before.rows, now) if not pair.is_alike}
    both = sorted((before.rows.marks.keys() & now.marks.keys()) - (in_no_set(before.rows) ^ in_no_set(now)))
    found = {
        Item(VALUE, name): _altered(before.rows, now, [common[at] for at in positions if at in common], both)
        for name, positions in now.behind.items()
    }
    outcomes = [at for at, field in enumerate(now.fields) if field.what == journal.OUTCOME]
    for name, at in zip(sorted(cohort.analysis_sets), outcomes, strict=True):
        if at in common and isinstance(cohort.analysis_sets[name], AnalysisSet):
            found[Item(OUTCOME, name)] = _altered(before.rows, now, [common[at]], both)
            found[Item(EVENT, name)] = _other_event(before, now, cohort, common[at], name)
    return {item: n for item, n in found.items() if n}


def _altered(before: RowMarks, now: RowMarks, common: Sequence[Pair], patients: Collection[str]) -> int:
    was, is_ = before.at([pair.before for pair in common]), now.at([pair.now for pair in common])
    return sum(are_altered(was[patient], is_[patient]) for patient in patients)


def _other_event(before: Begun, now: RowMarks, cohort: Cohort, common: Pair, name: str) -> int:
    place = sum(field.what == journal.OUTCOME for field in before.rows.fields[: common.before])
    kept = next((one for one in before.outcomes if one.rows == before.sets[place]), None)
    if kept is None:
        return 0
    was = _events(kept.of, before.rows, kept.of.patients)
    rows = cohort.outcomes(name)
    is_ = _events(rows, now, np.searchsorted(marked_patients(now, cohort), rows.patients))
    return sum(was[patient] != is_[patient] for patient in was.keys() & is_.keys())


def _events(rows: AnalysisSet, state: RowMarks, places: NDArray[np.int64]) -> Mapping[str, int]:
    """Returns the event of each patient, or its kind, by the patient's mark."""
    marks = list(state.marks)
    events = rows.event if rows.cause is None else rows.cause
    return {marks[place]: int(event) for place, event in zip(places.tolist(), events.tolist(), strict=True)}
