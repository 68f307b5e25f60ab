"""How many of a site's patients have another value, outcome or event than in an earlier run (rule R14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.altered import EVENT, OUTCOME, VALUE, Item
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.protocol import journal
from riskset.protocol.journal import Begun, RowMarks
from riskset.protocol.recognised import is_altered, marked_patients
from riskset.protocol.same_content import Pair, are_aligned, pairs
from riskset.protocol.sets_of_patients import in_no_set


def altered_since(before: Begun, now: RowMarks, cohort: Cohort) -> dict[Item, int]:
    """Returns the patients of both states by what is altered, where anything is. Whoever is in a set in one of them
    only is judged by the set. Nothing where patients have no keys, or other ones: nobody can say what was altered.
    """
    if not (before.sets and are_aligned(before.rows, now)):
        return {}
    common = [pair for pair in pairs(before.rows, now) if not pair.is_alike]
    altered = _altered(before.rows, now, common)
    found = {
        Item(VALUE, name): len(set().union(*(altered[at] for at in positions)))
        for name, positions in now.behind.items()
    }
    outcomes = [at for at, field in enumerate(now.fields) if field.what == journal.OUTCOME]
    for name, at in zip(sorted(cohort.analysis_sets), outcomes, strict=True):
        pair = next((pair for pair in common if pair.now == at), None)
        if pair is not None and isinstance(cohort.analysis_sets[name], AnalysisSet):
            found[Item(OUTCOME, name)] = len(altered[at])
            found[Item(EVENT, name)] = _other_event(before, now, cohort, pair, name)
    return {item: n for item, n in found.items() if n}


def _altered(before: RowMarks, now: RowMarks, common: Sequence[Pair]) -> dict[int, set[str]]:
    """Returns, by the position of each field of the present state, the patients in whom it is altered."""
    was, is_ = before.at([pair.before for pair in common]), now.at([pair.now for pair in common])
    found: dict[int, set[str]] = {at: set() for at in range(len(now.fields))}
    for patient in (was.keys() & is_.keys()) - (in_no_set(before) ^ in_no_set(now)):
        if was[patient] != is_[patient]:
            for pair, one, other in zip(common, was[patient], is_[patient], strict=True):
                if is_altered(one, other):
                    found[pair.now].add(patient)
    return found


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
