"""Which of a patient's events in an OMOP CDM counts, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.faults import Fault, rows_and_values
from riskset_site.data.omop_columns import OmopColumn
from riskset_site.data.sources.cells import cell_text, marked_text

OPERATORS = {4171756: "<", 4171754: "<=", 4172704: ">", 4171755: ">=", 4172703: "", 0: "", None: ""}
"""What stands before a number, by its concept; a number without one is what it is."""

_OTHER_UNIT = Fault("other_unit", say("data.omop.check_unit"))
_OTHER_OPERATOR = Fault("other_operator", say("data.omop.check_operator"))
_SAME_DAY = Fault("day_of_several", say("data.omop.day_of_several"))

_ORDER: dict[str, Callable[[int], Any]] = {
    "first": lambda days: days,
    "last": lambda days: -days,
    "nearest": lambda days: (abs(days), days),
}
"""By `take`: the place of an event so many days after the start."""


@dataclass(frozen=True)
class Event:
    """A record of a table of events."""

    day: date
    concept: int
    number: Any = None
    unit: int | None = None
    operator: int | None = None


@dataclass
class EventTexts:
    """What becomes of the events of one column, and the rows in which that is in doubt."""

    name: str
    column: OmopColumn
    meaning: Mapping[int, str]
    """The text of each concept."""
    _rows: dict[Fault, list[int]] = field(default_factory=dict)

    def text(self, row: int, events: Iterable[Event], start: date) -> str:
        """Returns the text of the row, from the events of its patient."""
        chosen = self._chosen(events, start)
        if self.column.gives == "any":
            return cell_text(bool(chosen))
        if not chosen:
            return ""
        texts = sorted({self._of_event(event) for event in chosen})
        if len(texts) > 1:
            self._rows.setdefault(_SAME_DAY, []).append(row)
        if self.column.gives == "value":
            self._judge(row, chosen)
        return texts[0]

    def _judge(self, row: int, events: Sequence[Event]) -> None:
        if any(event.unit != self.column.unit for event in events):
            self._rows.setdefault(_OTHER_UNIT, []).append(row)
        if any(event.operator not in OPERATORS for event in events):
            self._rows.setdefault(_OTHER_OPERATOR, []).append(row)

    def _of_event(self, event: Event) -> str:
        if self.column.gives == "text":
            return self.meaning[event.concept]
        if self.column.gives == "date":
            return cell_text(event.day)
        sign = OPERATORS.get(event.operator, "")
        return f"{sign}{cell_text(event.number)}" if sign else marked_text(event.number)

    def _chosen(self, events: Iterable[Event], start: date) -> list[Event]:
        """Returns the event that counts; several where they are at the same place of the order."""
        low, high = self.column.days or (None, None)
        place = _ORDER[self.column.take]
        counting = (event for event in events if self.column.gives != "value" or event.number is not None)
        after = [((event.day - start).days, event) for event in counting]
        within = [
            (place(days), event)
            for days, event in after
            if (low is None or days >= low) and (high is None or days <= high)
        ]
        first = min((at for at, _ in within), default=None)
        return [event for at, event in within if at == first]

    def problems(self) -> list[Problem]:
        """Returns those of all rows so far."""
        where = say("data.where.column", column=self.name)
        return [
            Problem(where, fault.message(len(rows)), fault.hint, detail=rows_and_values(rows, ()))
            for fault, rows in self._rows.items()
        ]
