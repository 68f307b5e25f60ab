"""Balance in the report: a table for each adjusted population, standardised differences before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from riskset.analyses.cohort import ALL
from riskset.analyses.design import Column
from riskset.analyses.methods.balance import CovariateBalance
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_server.report.blocks import Row, Shown, Table, Text, worded
from riskset_server.report.cells import Place
from riskset_server.report.sections.analysed import analysed_notes
from riskset_server.report.sections.section import Context, Section, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    return f"Balance, {context.labels.population(entry.analysis.population)}"


def _table(entry: ResultEntry, context: Context) -> Table:
    """A row for each number and level; of a boolean and of a category a heading with the levels but the reference."""
    analysis = cast(CovariateBalance, entry.analysis)
    is_adjusted = analysis.population != ALL
    columns = ("SMD before", "SMD after", "Ratio before", "Ratio after") if is_adjusted else ("SMD", "Ratio")
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=columns,
        rows=tuple(_rows(entry, context, ("before", "after") if is_adjusted else ("before",))),
        notes=(*_notes(entry, context), *analysed_notes(entry, context.labels, context.cells)),
    )


def _rows(entry: ResultEntry, context: Context, times: Sequence[str]) -> Iterator[Row]:
    labels, covariates = context.labels, cast(CovariateBalance, entry.analysis).covariates
    for variable, of in groupby(covariates, key=lambda column: column.variable):
        columns = list(of)
        if columns[0].is_number:
            yield Row(labels.plain_variable(variable), _cells(entry, columns[0], times))
            continue
        yield Row(labels.variable(variable))
        for column in columns:
            yield Row(labels.level(variable, column.level or ""), _cells(entry, column, times), is_inner=True)


def _cells(entry: ResultEntry, column: Column, times: Sequence[str]) -> tuple[Text, ...]:
    place = Place(entry.id, variable=column.variable)
    return tuple(
        (Shown("standardised", (place.of(f"variables.{time}.{key}", level=column.level).id,)),)
        for key in ("smd", "variance_ratio")
        for time in times
    )


def _notes(entry: ResultEntry, context: Context) -> Iterator[Text]:
    analysis, place = cast(CovariateBalance, entry.analysis), Place(entry.id)
    level, reference = (context.labels.arm(arm.variable, arm.level) for arm in analysis.arms)
    yield (str(say("report.balance.note", level=level, reference=reference)),)
    if analysis.population == ALL:
        return
    yield worded(say("report.balance.largest", smd=Shown("standardised", (place.of("largest_smd").id,))))
    if not analysis.is_weighted:
        keys = ("treated", "control", "unmatched")
        counts = {key: Shown("count", (place.of(f"matched.{key}").id,)) for key in keys}
        yield worded(say("report.balance.matched", level=level, reference=reference, **counts))


SECTION = Section("Balance of covariates", tabulated(_table, _title))
