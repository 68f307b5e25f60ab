"""Every number of a run's results, one cell each; tables, figures and numbers.csv take all their numbers from here.

A release gate that holds a number back replaces its cell's value by a mark; no code that prints needs to change.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from riskset.results import Results, entry_json
from riskset.results.document import rounded

_NAMES = ("variable", "level", "reference", "reason", "limit", "analysed", "excluded", "after", "scale")
"""Keys of which null is an absent object, not a missing number."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With what a spreadsheet takes a cell for a formula, which may call another program."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")

Number = float | int | None
"""None is "not reached", or a number that could not be estimated."""


@dataclass(frozen=True)
class Mark:
    """Printed in place of a number that is held back."""

    text: str
    """One word, such as `suppressed`, that fits where the number would be."""
    reason: str
    """Why, as a sentence without a full stop; printed below the table or figure."""


@dataclass(frozen=True)
class Place:
    """Which number of a result: the columns of numbers.csv except the last."""

    result: str
    quantity: str = ""
    """Its path in results.json, indices from 0; columns of a curve and terms have no index."""
    variable: str = ""
    level: str = ""
    day: str = ""
    """As written by `day_text`."""

    @property
    def id(self) -> str:
        """The same in every run of a study; the level is last because it is free text."""
        return f"{self.result}:{self.quantity}@{self.day}:{self.variable}={self.level}"

    def of(self, quantity: str, *, level: str | None = None, day: float | None = None) -> Place:
        """Returns the place of another quantity of the same result and variable, at a level or a day."""
        return replace(self, quantity=quantity, level=level or "", day="" if day is None else day_text(day))


@dataclass(frozen=True)
class Cell:
    """A number and its place."""

    id: str
    table: str
    """The table or figure that prints it; the result's id if only numbers.csv does."""
    place: Place
    """Its margins: result, quantity, variable, level, day."""
    value: Number | Mark


class Cells:
    """Cells by id, in the order of results.json. Immutable."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = {cell.id: cell for cell in cells}

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    def __getitem__(self, id_: str) -> Cell:
        return self._cells[id_]

    def of(self, result: str, quantity: str = "") -> list[Cell]:
        """Returns the cells of a result; with `quantity`, those at and below it."""
        below = f"{quantity}." if quantity else ""
        return [cell for cell in self if cell.place.result == result and f"{cell.place.quantity}.".startswith(below)]

    def with_values(self, values: Mapping[str, Number | Mark]) -> Cells:
        """Returns the cells with some values replaced, by id. Raises KeyError for an unknown id."""
        changed = {id_: replace(self._cells[id_], value=value) for id_, value in values.items()}
        return Cells((self._cells | changed).values())

    def in_tables(self, table_of: Mapping[str, str]) -> Cells:
        """Returns the cells, each with the table or figure that `table_of` has for its id."""
        return Cells(replace(cell, table=table_of.get(cell.id, cell.table)) for cell in self)


def cells_of(results: Results) -> Cells:
    """Returns one cell for every number of results.json, rounded as there."""
    return Cells(cell for entry in results.entries for cell in cells_of_entry(rounded(entry_json(entry))))


def cells_of_entry(entry: Mapping[str, Any]) -> Iterator[Cell]:
    """Yields one cell for every number of one result, an object of `results` in results.json."""
    return _unique(_below(entry, Place(entry["id"])))


def numbers_csv(cells: Cells) -> bytes:
    """Returns one row per cell, in the order of results.json, as CSV in UTF-8 with the byte order mark that Excel
    needs.

    `value` reads back to the same double; it is empty if there is no number, and the mark's word if it is held back.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [field.name for field in fields(Place)]
    writer.writerow([*names, "value"])
    for cell in cells:
        margins = (_text_of_cell(getattr(cell.place, name)) for name in names)
        writer.writerow([*margins, _value_text(cell.value)])
    return text.getvalue().encode("utf-8-sig")


def _text_of_cell(text: str) -> str:
    """Returns a text that no spreadsheet takes for a formula: with an apostrophe before `=`, `+`, `-`, `@` and a tab.

    A number stays as it is. So does a text that begins otherwise, and `level` is what the study calls the level.
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _value_text(value: Number | Mark) -> str:
    if isinstance(value, Mark):
        return _text_of_cell(value.text)
    return "" if value is None else number_text(value)


def day_text(day: float) -> str:
    """Returns a day as numbers.csv writes it."""
    return number_text(rounded(day))


def number_text(number: float) -> str:
    """Returns Python's shortest text that reads back to the same number, also for numpy's floats."""
    return repr(float(number)) if isinstance(number, float) else repr(int(number))


def _unique(cells: Iterable[tuple[Place, Number]]) -> Iterator[Cell]:
    """Numbers with the same name, which another package's kind may have, are distinguished by their order."""
    seen: dict[str, int] = {}
    for place, value in cells:
        seen[place.id] = seen.get(place.id, 0) + 1
        again = f"#{seen[place.id]}" if seen[place.id] > 1 else ""
        yield Cell(place.id + again, place.result, place, value)


def _below(value: object, at: Place) -> Iterator[tuple[Place, Number]]:
    """Every number in `value`; text, truth values and reasons are not numbers."""
    if isinstance(value, Mapping):
        yield from _in_object(value, at)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            is_named = isinstance(item, Mapping) and bool(item.keys() & {"variable", "level", "day", "probability"})
            yield from _below(item, at if is_named else replace(at, quantity=f"{at.quantity}[{index}]"))
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield at, value


def _in_object(value: Mapping[str, Any], at: Place) -> Iterator[tuple[Place, Number]]:
    here = _named(value, at)
    for key, item in value.items():
        quantity = f"{here.quantity}.{key}" if here.quantity else key
        if isinstance(value.get("day"), Sequence):
            yield from _along(item, value["day"], replace(here, quantity=quantity))
        elif key not in _NAMES or item is not None:
            yield from _below(item, replace(here, quantity=quantity))


def _named(value: Mapping[str, Any], at: Place) -> Place:
    """`at` with the object's variable, level, day, or probability (of a quartile). A level inside one of an arm has the
    arm before it: `new / yes`."""
    texts = {key: value[key] for key in ("variable", "level") if isinstance(value.get(key), str)}
    if "level" in texts and at.level:
        texts["level"] = f"{at.level} / {texts['level']}"
    if isinstance(value.get("day"), int | float):
        texts["day"] = number_text(value["day"])
    if "probability" in value:
        texts["quantity"] = f"{at.quantity}[{value['probability']!r}]"
    return replace(at, **texts)


def _along(column: Sequence[float | None], days: Sequence[float], at: Place) -> Iterator[tuple[Place, Number]]:
    for day, item in zip(days, column, strict=True):
        yield from _below(item, replace(at, day=number_text(day)))
