"""Every number of a run's results, one cell each; tables, figures and numbers.csv take all their numbers from here.

A release gate that holds a number back replaces its cell's value by a mark; no code that prints needs to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from riskset.disclosure.rules import RULES
from riskset.results import ResultEntry, Results, entry_json
from riskset.results.document import rounded
from riskset.study.spec import Study
from riskset_report.missing_numbers import listed, why_missing
from riskset_report.units import unit_of

_NAMES = ("variable", "level", "reference", "reason", "limit", "analysed", "excluded", "after", "scale")
"""Keys of which null is an absent object, not a missing number."""

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
    """Which number of a result: the first columns of numbers.csv."""

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
    place: Place
    """Its margins: result, quantity, variable, level, day."""
    value: Number | Mark
    unit: str = ""
    """`day`, `month`, `%`, or a variable's own; `1` of a number without a unit; empty where it is not known."""
    code: str = ""
    """The rule or the code of the reason why there is no number; empty where there is one, or none is known."""
    message: str = ""
    """That reason as a message, which any language has."""

    @property
    def reason(self) -> str:
        """Why there is no number, as lists have it; empty where there is one."""
        return listed(self.code, self.message)

    @property
    def rule(self) -> str:
        """The rule that refused it, if one did."""
        return self.code if self.code in RULES else ""


class Cells:
    """Cells by id, in the order of results.json. Immutable."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = {cell.id: cell for cell in cells}

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    def __getitem__(self, id_: str) -> Cell:
        return self._cells[id_]

    def get(self, id_: str) -> Cell | None:
        """Returns a cell; None where the run has no such number."""
        return self._cells.get(id_)

    def of(self, result: str, quantity: str = "") -> list[Cell]:
        """Returns the cells of a result; with `quantity`, those at and below it."""
        below = f"{quantity}." if quantity else ""
        return [cell for cell in self._by_result.get(result, ()) if f"{cell.place.quantity}.".startswith(below)]

    @cached_property
    def _by_result(self) -> Mapping[str, Sequence[Cell]]:
        results: dict[str, list[Cell]] = {}
        for cell in self:
            results.setdefault(cell.place.result, []).append(cell)
        return results

    def why(self, cell: Cell) -> str:
        """Returns why a cell has no number to print; empty where it has one. A sentence that gives away a number that
        is held back, as of a separated model, is replaced by the mark's own reason."""
        if isinstance(cell.value, Mark):
            return cell.value.reason
        mark = self._marked_reasons.get(cell.place.result) if cell.reason else None
        return mark.reason if mark else cell.reason

    @cached_property
    def _marked_reasons(self) -> dict[str, Mark]:
        marks = ((cell.place, cell.value) for cell in self if isinstance(cell.value, Mark))
        return {place.result: mark for place, mark in marks if "reason" in place.quantity}

    def with_values(self, values: Mapping[str, Number | Mark]) -> Cells:
        """Returns the cells with some values replaced, by id. Raises KeyError for an unknown id."""
        changed = {id_: replace(self._cells[id_], value=value) for id_, value in values.items()}
        return Cells((self._cells | changed).values())


def cells_of(results: Results) -> Cells:
    """Returns one cell for every number of results.json, rounded as there."""
    return Cells(
        cell for entry in results.entries for cell in _unique(numbers_of(entry), partial(_cell, results.study))
    )


def cells_of_entry(document: Mapping[str, Any]) -> Iterator[Cell]:
    """Yields one cell for every number of one result, an object of `results` in results.json; without a study, whose
    variables have units, no unit is known."""
    return _unique(_below(document, Found(Place(document["id"]), None)), partial(_cell, None))


def _cell(study: Study | None, found: Found, again: str) -> Cell:
    place, (document, _) = found.place, found.inside[0]
    unit = unit_of(document["kind"], place.quantity, place.variable, found.inside, study) if study else ""
    code, message = why_missing(found.inside) if found.value is None else ("", "")
    return Cell(place.id + again, place, found.value, unit, code, message)


def day_text(day: float) -> str:
    """Returns a day as numbers.csv writes it."""
    return number_text(rounded(day))


def number_text(number: float) -> str:
    """Returns Python's shortest text that reads back to the same number, also for numpy's floats."""
    return repr(float(number)) if isinstance(number, float) else repr(int(number))


@dataclass(frozen=True)
class Found:
    """A number of results.json and where it is."""

    place: Place
    value: Number
    inside: tuple[tuple[Mapping[str, Any], str], ...] = ()
    """The objects around it, the innermost last, each with the key that leads to the number."""
    holder: tuple[Any, Any] | None = None
    """The object or list that has it, and its key or index there."""


def numbers_of(entry: ResultEntry, document: Mapping[str, Any] | None = None) -> Iterator[Found]:
    """Yields every number of a result, rounded as in results.json, in its order; with `document`, the result's object
    of results.json, those of that object."""
    return _below(document or rounded(entry_json(entry)), Found(Place(entry.id), None))


def _unique(numbers: Iterable[Found], cell: Callable[[Found, str], Cell]) -> Iterator[Cell]:
    """Numbers with the same name, which another package's kind may have, are distinguished by their order."""
    seen: dict[str, int] = {}
    for found in numbers:
        id_ = found.place.id
        seen[id_] = seen.get(id_, 0) + 1
        yield cell(found, f"#{seen[id_]}" if seen[id_] > 1 else "")


def _below(value: object, at: Found) -> Iterator[Found]:
    """Every number in `value`; text, truth values and reasons are not numbers."""
    if isinstance(value, Mapping):
        yield from _in_object(value, at)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            is_named = isinstance(item, Mapping) and bool(item.keys() & {"variable", "level", "day", "probability"})
            inside = at if is_named else _at(at, f"{at.place.quantity}[{index}]")
            yield from _below(item, replace(inside, holder=(value, index)))
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield replace(at, value=value)


def _at(found: Found, quantity: str) -> Found:
    return replace(found, place=replace(found.place, quantity=quantity))


def _in_object(value: Mapping[str, Any], at: Found) -> Iterator[Found]:
    here = _named(value, at.place)
    for key, item in value.items():
        quantity = f"{here.quantity}.{key}" if here.quantity else key
        inside = Found(replace(here, quantity=quantity), None, (*at.inside, (value, key)), (value, key))
        if isinstance(value.get("day"), Sequence):
            yield from _along(item, value["day"], inside)
        elif key not in _NAMES or item is not None:
            yield from _below(item, inside)


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


def _along(column: Sequence[float | None], days: Sequence[float], at: Found) -> Iterator[Found]:
    for index, (day, item) in enumerate(zip(days, column, strict=True)):
        place = replace(at.place, day=number_text(day))
        yield from _below(item, replace(at, place=place, holder=(column, index)))
