"""The frames of each kind of result, by the name of the part; the first is what `to_frame()` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from riskset_notebook.columns import NUMBER, TEXT, Json
from riskset_notebook.frames import curves, models
from riskset_notebook.frames.part import Part, Row, Setting
from riskset_report.cells import cells_of_entry

NUMBERS: Final = "numbers"
"""The part that every kind has: each number of results.json, as numbers.csv has it."""


def _numbers(result: Json, setting: Setting) -> Iterator[Row]:
    for cell in cells_of_entry(result):
        place = cell.place
        named = {"variable": place.variable or None, "level": place.level or None}
        day = float(place.day) if place.day else None
        yield {"id": cell.id, "quantity": place.quantity, **named, "day": day, "value": cell.value}


_NUMBERS = Part(
    {"id": TEXT, "quantity": TEXT, "variable": TEXT, "level": TEXT, "day": NUMBER, "value": NUMBER}, _numbers
)
_KINDS: Final[Mapping[str, Mapping[str, Part]]] = {
    "km": curves.KM,
    "follow-up": curves.FOLLOW_UP,
    "cox": models.COX,
}


def parts_of(result: Json) -> Mapping[str, Part]:
    """Returns the frames of a result by name; of a kind that another package provides, its numbers only."""
    return {**_KINDS.get(result["kind"], {}), NUMBERS: _NUMBERS}
