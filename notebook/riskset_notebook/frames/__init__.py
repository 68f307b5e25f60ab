"""The frames of each kind of result, by the name of the part; the first is what `to_frame()` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from riskset_notebook.columns import NUMBER, TEXT, Json
from riskset_notebook.frames import curves, models, patients, sites
from riskset_notebook.frames.part import Part, Row, Setting
from riskset_report.cells import cells_of_entry

NUMBERS: Final = "numbers"
"""The part that every kind has: each number of results.json, as numbers.csv has it."""


def _numbers(result: Json, setting: Setting) -> Iterator[Row]:
    for cell in cells_of_entry(result):
        place = cell.place
        named = {"variable": place.variable or None, "level": place.level or None}
        day = float(place.day) if place.day else None
        number = {"value": cell.value, "reason": cell.reason or None}
        yield {"id": cell.id, "quantity": place.quantity, **named, "day": day, **number}


_NUMBERS = Part(
    {"id": TEXT, "quantity": TEXT, "variable": TEXT, "level": TEXT, "day": NUMBER, "value": NUMBER}, _numbers
)
_KINDS: Final[Mapping[str, Mapping[str, Part]]] = {
    "flow": patients.FLOW,
    "table1": patients.TABLE1,
    "propensity": models.PROPENSITY,
    "balance": patients.BALANCE,
    "km": curves.KM,
    "cox": models.COX,
    "rmst": curves.RMST,
    "follow-up": curves.FOLLOW_UP,
    "cumulative-incidence": curves.CUMULATIVE_INCIDENCE,
    "response": patients.RESPONSE,
    "adverse-events": patients.ADVERSE_EVENTS,
    "subgroup": models.SUBGROUP,
    "site-heterogeneity": sites.SITE_HETEROGENEITY,
}
_OF_THEIR_OWN: Final[Mapping[tuple[str, str], Mapping[str, Part]]] = {
    ("cumulative-incidence", "fine-gray"): models.FINE_GRAY,
    ("response", "by-site"): patients.BY_SITE,
}
"""Results of a kind that have other frames, by the end of their ids."""


def parts_of(result: Json) -> Mapping[str, Part]:
    """Returns the frames of a result by name; of a kind that another package provides, its numbers only."""
    kind = result["kind"]
    own = _OF_THEIR_OWN.get((kind, result["id"].rsplit("/", 1)[-1]), _KINDS.get(kind, {}))
    return {**own, NUMBERS: _NUMBERS}
