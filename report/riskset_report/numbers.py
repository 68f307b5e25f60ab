"""numbers.csv: every number of a run once, with its unit, where it is printed, and why it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Final

from riskset_report.cells import Cell, Cells, Place
from riskset_report.csv_file import csv_file, value_text

_MARGINS: Final = tuple(field.name for field in fields(Place))
COLUMNS: Final = (*_MARGINS, "value", "unit", "reason", "printed", "id")


def numbers_csv(cells: Cells, printed: Mapping[str, Sequence[str]] = MappingProxyType({})) -> bytes:
    """Returns one row per cell, in the order of results.json.

    `value` reads back to the same double. It is empty if there is no number, and the mark's word if the number is held
    back; `reason` says why. `printed` has, by the cell's id, the names of the tables and figures that show it.
    """
    return csv_file(COLUMNS, ([*_row(cell, cells, printed.get(cell.id, ()))] for cell in cells))


def _row(cell: Cell, cells: Cells, printed: Sequence[str]) -> Iterator[str]:
    yield from (getattr(cell.place, name) for name in _MARGINS)
    yield value_text(cell.value)
    yield cell.unit
    yield cells.why(cell)
    yield "; ".join(printed)
    yield cell.id
