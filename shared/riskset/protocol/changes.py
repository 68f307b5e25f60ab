"""Which of a hospital's patients differ from those of an earlier run. Two runs that differ in one patient give it away
(rule R14), so this is asked before anything else is counted. Nothing here leaves but the number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskset.protocol.journal import Begun, Rows


def changed(before: Rows, now: Rows) -> int:
    """Returns how many patients entered, left or were altered between two states of the data.

    A hospital without patient keys marks rows by their content, where an altered row is one that left and one that
    entered; then the larger of the two is told, the fewest patients that it can have been.
    """
    entered, left = now.marks.keys() - before.marks.keys(), before.marks.keys() - now.marks.keys()
    altered = sum(now.marks[patient] != mark for patient, mark in before.marks.items() if patient in now.marks)
    if now.has_keys and before.has_keys:
        return len(entered) + len(left) + altered
    return max(len(entered), len(left)) + altered


def changes_since(earlier: Sequence[str], contributed: Mapping[str, Begun], now: Rows) -> dict[str, int]:
    """Returns the number of changed patients by earlier run; 0 for a run in which this hospital did not contribute."""
    return {run: changed(contributed[run].rows, now) if run in contributed else 0 for run in earlier}
