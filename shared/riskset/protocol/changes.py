"""Which of a hospital's patients differ from those of an earlier run. Two runs that differ in one patient give it away
(rule R14), so this is asked before anything else is counted. Nothing here leaves but the number.

Another version of the study may use other fields of the same patients. Then every patient has other values in it, among
whom one who was altered could not be found; so patients are compared in the fields that both versions use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from riskset.errors import Refused
from riskset.protocol.journal import MARK_DIGITS, Begun, Rows


def changed(before: Rows, now: Rows) -> int:
    """Returns how many patients entered, left or were altered between two states of the data.

    A hospital without patient keys marks rows by their content, where an altered row is one that left and one that
    entered; then the larger of the two is told, the fewest patients that it can have been. Refused("earlier") where the
    two have patients and no field in common: nobody could tell.
    """
    common = [name for name in before.fields if name in now.fields]
    if before.marks and now.marks and not common:
        raise Refused("earlier", "this version of the study has no field in common with that of an earlier run")
    was, is_ = _marked(before, common), _marked(now, common)
    if now.has_keys and before.has_keys:
        return len(was.keys() ^ is_.keys()) + sum(was[patient] != is_[patient] for patient in was.keys() & is_.keys())
    entered, left = Counter(is_.values()) - Counter(was.values()), Counter(was.values()) - Counter(is_.values())
    return max(entered.total(), left.total())


def _marked(rows: Rows, fields: Sequence[str]) -> dict[str, str]:
    """Returns each patient's marks of these fields."""
    starts = [MARK_DIGITS * rows.fields.index(name) for name in fields]
    return {
        patient: "".join([mark[start : start + MARK_DIGITS] for start in starts])
        for patient, mark in rows.marks.items()
    }


def changes_since(earlier: Sequence[str], contributed: Mapping[str, Begun], now: Rows) -> dict[str, int]:
    """Returns the number of changed patients by earlier run; 0 for a run in which this hospital did not contribute."""
    return {run: changed(contributed[run].rows, now) if run in contributed else 0 for run in earlier}


def check_asked(asked: Mapping[str, int], run: str, study_id: str, now: Rows, contributed: Mapping[str, Begun]) -> None:
    """Raises Refused("earlier") where the changes that this run asks about, as counted at its opening, are not those
    since every other run of the study: one was answered in between, on other data."""
    others = {id_: begun.rows for id_, begun in contributed.items() if id_ != run and begun.study_id == study_id}
    if any(changed(rows, now) != asked.get(id_, 0) for id_, rows in others.items()):
        raise Refused("earlier", "an earlier run was answered since this one was opened, on other data")
