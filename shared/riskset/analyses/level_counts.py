"""How many patients of a model have each level of its variables, and how many of them the event: from what admission
counted, and from other results of the same patients. No hospital is asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from riskset.catalogue import say
from riskset.disclosure.exposure import Column

Level = tuple[str, str]
"""A variable and one of its levels."""
EventsOf = Mapping[Level, tuple[int, int]]
"""By level: patients, and those of them with the event."""


@dataclass(frozen=True)
class LevelCount:
    """The patients of a model who have a level."""

    variable: str
    level: str
    n: int
    events: int | None
    """None where no result of the study says how many of them have the event."""

    def to_json(self) -> dict[str, Any]:
        """Returns the counts as written to results.json."""
        counts = {"variable": self.variable, "level": self.level, "n": self.n, "events": self.events}
        if self.events is not None:
            return counts
        return counts | {"events_reason": {"code": "not counted", "message": say("analyses.events_not_counted")}}


def all_events(events: EventsOf, n_events: int | None) -> dict[Level, tuple[int, int]]:
    """Returns those events of curves, which end with the grid, that are all of a model of the same patients: of the
    variables whose levels together have its `n_events`. None of them where that is not known."""
    of_variables: dict[str, dict[Level, tuple[int, int]]] = {}
    for level, counts in events.items():
        of_variables.setdefault(level[0], {})[level] = counts
    whole = (of for of in of_variables.values() if sum(found for _, found in of.values()) == n_events)
    return {level: counts for of in whole for level, counts in of.items()}


def level_counts(
    design: Sequence[Column], n: int, having: Mapping[Column, int], events: EventsOf
) -> Iterator[LevelCount]:
    """Yields the counts of each level of the categories and booleans of a design, the reference first; nothing of a
    variable of which a level was not counted.

    `n` are the patients of the model, and `having` those of them with each 0/1 column. `events` are of the same
    patients: a level of which another number is counted there is not of the same.
    """
    leveled = [column for column in design if not column.is_number and not column.factors]
    for variable, group in groupby(leveled, key=lambda column: column.variable):
        columns = list(group)
        if not all(column in having for column in columns):
            continue
        counts = {str(column.level): having[column] for column in columns}
        reference = columns[0].reference
        if reference is not None:
            counts = {reference: n - sum(counts.values())} | counts
        for level, patients in counts.items():
            counted, of_them = events.get((variable, level), (None, None))
            is_same = counted == patients
            yield LevelCount(variable, level, patients, of_them if is_same else None if patients else 0)
