"""Which patients of a site's earlier run are those of the present one. None of it leaves the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort
from riskset.protocol.journal import ABSENT, RowMarks
from riskset.protocol.same_content import STATES, are_aligned, pairs


class Recognised(NamedTuple):
    """The patients of both states, each array (patients,)."""

    before: NDArray[np.int64]
    """Where they stand among the earlier marks."""
    now: NDArray[np.int64]
    """Where they stand among the present ones."""
    altered: NDArray[np.bool_]
    """Who has another value in a field that both states have. Not whoever left a set: sets are compared themselves."""


def marked_patients(rows: RowMarks, cohort: Cohort) -> NDArray[np.int64]:
    """Returns the numbers of the patients with marks, in the order of these: all whom a run counts."""
    if rows.marks and len(cohort.counted) != len(rows.marks):
        raise ValueError("every patient of the cohort has marks, and nobody else")
    return cohort.counted


@lru_cache(maxsize=STATES)
def recognised(before: RowMarks, now: RowMarks) -> Recognised:
    """Returns who is in both states. Without the same patient keys, patients are recognised by the fields of both; of
    several who are alike, any is as good."""
    have_keys = are_aligned(before, now)
    # a new column is no correction of an old one
    common = [pair for pair in pairs(before, now) if not (have_keys and pair.is_alike)]
    was, is_ = before.at([pair.before for pair in common]), now.at([pair.now for pair in common])
    if not have_keys:
        was, is_ = _numbered(was), _numbered(is_)
    at = {patient: number for number, patient in enumerate(was)}
    found = [(at[patient], number) for number, patient in enumerate(is_) if patient in at]
    both = np.array(found, np.int64).reshape(-1, 2)
    altered = [any(map(is_altered, was[patient], is_[patient])) for patient in is_ if patient in at]
    return Recognised(both[:, 0], both[:, 1], np.array(altered, bool))


def is_altered(was: str, is_: str) -> bool:
    """Whether a patient has another mark of a field; who is in a set in one state only, has no outcome in the other."""
    return was != is_ and ABSENT not in (was, is_)


def _numbered(marks: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Returns marks of content with what is the same in two states as key: the mark, and its number among equals."""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[str, tuple[str, ...]] = {}
    for mark in marks.values():
        seen[mark] += 1
        found[f"{''.join(mark)}/{seen[mark]}"] = mark
    return found
