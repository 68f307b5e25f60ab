"""Balance in the report: standardised differences and variance ratios, before and after matching."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from riskset.catalogue import say
from riskset.results import ResultEntry, entry_json
from riskset_report import notation
from riskset_report.blocks import Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.sections import balance_love
from riskset_report.sections.forests import with_figures
from riskset_report.sections.section import Context, Section, tabulated

Json = dict[str, Any]
_COLUMNS = ("smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after")
_MATCHED = ("treated", "control", "unmatched")


def _title(entry: ResultEntry, context: Context) -> str:
    return context.say("report.balance.title", population=context.labels.population(entry.analysis.population))


def _table(entry: ResultEntry, context: Context) -> Table:
    found = entry_json(entry)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(context.say(f"report.balance.column.{name}") for name in _COLUMNS),
        rows=tuple(_rows(entry, found["variables"], context)),
        notes=tuple(_notes(entry, found, context)),
    )


def _rows(entry: ResultEntry, variables: list[Json], context: Context) -> Iterator[Row]:
    """One row for a number or a yes-no variable; for a category a heading, and its levels."""
    labels = context.labels
    for variable, of in groupby(variables, key=lambda one: one["variable"]):
        rows = list(of)
        if rows[0]["level"] in (None, "true"):
            yield Row(labels.plain_variable(variable), _cells(entry, rows[0], context))
            continue
        yield Row(labels.plain_variable(variable))
        for row in rows:
            yield Row(labels.level(variable, row["level"]), _cells(entry, row, context), is_inner=True)


def _cells(entry: ResultEntry, row: Json, context: Context) -> tuple[Text, ...]:
    place = Place(entry.id, variable=row["variable"])

    def cell(when: str, key: str) -> Text:
        if row[when] is None:
            return (notation.NO_VALUE, *context.because(row.get("reason")))
        return (Shown("standardised", (place.of(f"variables.{when}.{key}", level=row["level"] or "").id,)),)

    return tuple(cell(when, key) for key in ("smd", "variance_ratio") for when in ("before", "after"))


def _notes(entry: ResultEntry, found: Json, context: Context) -> Iterator[Text]:
    sizes, keys = ("effective", ("treated", "control")) if "effective" in found else ("matched", _MATCHED)
    counts = {key: Shown("count", (Place(entry.id, f"{sizes}.{key}").id,)) for key in keys}
    arm, reference = (context.labels.arm(found["arm"]["variable"], found["arm"][key]) for key in ("level", "reference"))
    yield context.worded(f"report.balance.{sizes}", arm=arm, reference=reference, **counts)
    yield context.worded("report.balance.smd", reference=reference)
    if found["largest_smd"] is not None:
        yield context.worded("report.balance.largest", smd=Shown("standardised", (Place(entry.id, "largest_smd").id,)))
    for at, gate in enumerate(found["gates"]):
        most = Shown("standardised", (Place(entry.id, f"gates[{at}].limit").id,))
        yield context.worded(f"report.balance.gate_{'passed' if gate['passed'] else 'failed'}", most=most)


SECTION = Section(say("report.heading.balance"), with_figures(balance_love.figures, tabulated(_table, _title)))
