"""A variable that an export spreads over checkboxes: several columns of 1 and 0, one of which is checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.column_reading import MetText, Outcome, VariableColumn, codes_of, known, rows_holding
from riskset_site.data.export_rows import ExportRows, where_of
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.site_mapping import AnyOf
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.value_kinds import ValueKind

_NOT_A_BOX = Fault("not_a_box", say("data.hint.not_a_box"))
_SEVERAL_BOXES = Fault("several_boxes", say("data.hint.several_boxes"))
_SEVERAL: dict[str, Outcome] = {"error": "invalid", "first": "first_box", "missing": "missing"}


@dataclass(frozen=True)
class _Box:
    """One column of checkboxes; masks are (n,)."""

    checked: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    """A text that means a missing value: neither checked nor not."""
    unread: NDArray[np.bool_]
    """A text that is neither of a checked nor of an unchecked box."""


def from_boxes(name: str, mapped: AnyOf, kind: ValueKind, rows: ExportRows) -> VariableColumn:
    """Returns the variable, whose values `kind` reads.

    A row is missing where all its boxes are empty, where none is checked and one is unknown, or where none is checked
    and the site file names no level for that; elsewhere an empty box is not checked. Boxes of two levels that are both
    checked are what `several` says.
    """
    boxes = [_box(rows.table.columns[header], mapped, rows) for header in mapped.any_of]
    codes = np.array([kind.read(level) for level in mapped.any_of.values()])
    checked = np.stack([box.checked for box in boxes])
    several = _several(checked, codes)
    none = "false" if mapped.none is None and kind.is_boolean else mapped.none
    otherwise = kind.blank if none is None else kind.read(none)
    values = np.where(checked.any(axis=0), codes[checked.argmax(axis=0)], otherwise)
    unread = np.logical_or.reduce([box.unread for box in boxes])
    in_doubt = unread | (several & (mapped.several == "error"))
    unknown = np.logical_or.reduce([box.unknown for box in boxes]) & ~checked.any(axis=0)
    empty = np.logical_and.reduce([box.empty for box in boxes])
    blank = empty | unknown | in_doubt | (several & (mapped.several == "missing"))
    values = np.where(blank, kind.blank, values).astype(kind.dtype)
    return VariableColumn(
        values,
        ~known(values) & ~in_doubt,
        np.zeros(rows.table.n, bool),
        tuple(_problems(name, mapped, boxes, several, rows)),
        met=tuple(_met(mapped, kind, values, checked, several)),
    )


def _box(column: TextColumn, mapped: AnyOf, rows: ExportRows) -> _Box:
    checked, unchecked = _holding(column, mapped.checked), _holding(column, mapped.unchecked)
    empty = _holding(column, [""]) & ~checked & ~unchecked
    unknown = _holding(column, [text for text in rows.site.source.missing if text]) & ~checked & ~unchecked
    return _Box(checked, empty, unknown, ~(checked | unchecked | empty | unknown))


def _holding(column: TextColumn, said: Collection[str]) -> NDArray[np.bool_]:
    return rows_holding(column, codes_of(column, said))


def _several(checked: NDArray[np.bool_], codes: NDArray[Any]) -> NDArray[np.bool_]:
    """True where boxes of two levels are checked."""
    levels = np.stack([checked[codes == code].any(axis=0) for code in np.unique(codes)])
    several: NDArray[np.bool_] = levels.sum(axis=0) > 1
    return several


def _problems(
    name: str, mapped: AnyOf, boxes: Sequence[_Box], several: NDArray[np.bool_], rows: ExportRows
) -> Iterator[Problem]:
    numbers = rows.table.row_numbers
    for header, box in zip(mapped.any_of, boxes, strict=True):
        if box.unread.any():
            quoted = rows.table.columns[header].quoted
            yield problem_in_rows(where_of(name, header), _NOT_A_BOX, numbers, box.unread, quoted)
    if mapped.several == "error" and several.any():
        where = say("data.where.several_columns", columns=mapped.columns, name=name)
        yield problem_in_rows(where, _SEVERAL_BOXES, numbers, several, None)


def _met(
    mapped: AnyOf, kind: ValueKind, values: NDArray[Any], checked: NDArray[np.bool_], several: NDArray[np.bool_]
) -> Iterator[MetText]:
    """Yields how many rows have each box checked, and how many none or several."""
    for (header, level), rows in zip(mapped.any_of.items(), checked & ~several, strict=True):
        yield MetText(header, "read", kind.word(level), int(rows.sum()))
    none = ~checked.any(axis=0)
    outcomes: tuple[tuple[Outcome, NDArray[np.bool_]], ...] = (("read", known(values)), ("missing", ~known(values)))
    for outcome, rows in outcomes:
        if (none & rows).any():
            meaning = kind.word(mapped.none or "false") if outcome == "read" else ""
            yield MetText(say("data.page.no_box"), outcome, meaning, int((none & rows).sum()))
    if several.any():
        yield MetText(say("data.page.several_boxes"), _SEVERAL[mapped.several], "", int(several.sum()))
