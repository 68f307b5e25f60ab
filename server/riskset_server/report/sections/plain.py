"""The section of a kind without one: all its numbers in a table, so that no result is absent from the report."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.results import ResultEntry
from riskset_server.report.blocks import Block, Row, Shown, Table
from riskset_server.report.cells import Place
from riskset_server.report.not_given import not_given
from riskset_server.report.sections.section import Context, Section


def plain_section(kind: str) -> Section:
    """Returns the section of a kind, under its own name."""
    return Section(kind, _blocks)


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    tables = [_table(entry, context) for entry in entries if entry.status == "ok"]
    return [*tables, *(not_given(e, e.id, context.cells) for e in entries if e.status != "ok")]


def _table(entry: ResultEntry, context: Context) -> Table:
    rows = tuple(Row(_label(cell.place), ((Shown("digits", (cell.id,)),),)) for cell in context.cells.of(entry.id))
    return Table(id=f"table {entry.id}", title=entry.id, columns=("Value",), rows=rows, notes=())


def _label(place: Place) -> str:
    """`arms.n, arm: new, day 14`."""
    named = [": ".join(filter(None, (place.variable, place.level)))]
    return ", ".join(filter(None, (place.quantity, *named, f"day {place.day}" if place.day else "")))
