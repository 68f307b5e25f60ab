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
from riskset.study.spec import NumberVariable
from riskset_server.report.blocks import Row, Shown, Table, Text, worded
from riskset_server.report.cells import Place
from riskset_server.report.sections.analysed import analysed_notes
from riskset_server.report.sections.section import Context, Section, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    return f"Balance, {context.labels.population(entry.analysis.population)}"


def _table(entry: ResultEntry, context: Context) -> Table:
    """A row for each number, and for each level but the reference."""
    analysis = cast(CovariateBalance, entry.analysis)
    columns = _columns(analysis)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(columns),
        rows=tuple(_rows(entry, context, tuple(columns.values()))),
        notes=(*_notes(entry, context), *analysed_notes(entry, context.labels, context.cells)),
    )


def _columns(analysis: CovariateBalance) -> dict[str, str]:
    """Returns the headings, and what is below them in results.json."""
    if analysis.population == ALL:
        return {"SMD": "before.smd", "Variance ratio": "before.variance_ratio"}
    smd = {"SMD before": "before.smd", "SMD after": "after.smd"}
    if analysis.is_weighted:
        return smd
    return smd | {"Variance ratio before": "before.variance_ratio", "Variance ratio after": "after.variance_ratio"}


def _rows(entry: ResultEntry, context: Context, keys: Sequence[str]) -> Iterator[Row]:
    labels, covariates = context.labels, cast(CovariateBalance, entry.analysis).covariates
    for variable, of in groupby(covariates, key=lambda column: column.variable):
        columns = list(of)
        if columns[0].is_number:
            yield Row(_number(variable, context), _cells(entry, columns[0], keys))
        elif len(columns) == 1:
            level = labels.level(variable, columns[0].level or "")
            yield Row(f"{labels.plain_variable(variable)}: {level}", _cells(entry, columns[0], keys))
        else:
            yield Row(labels.plain_variable(variable))
            for column in columns:
                yield Row(labels.level(variable, column.level or ""), _cells(entry, column, keys), is_inner=True)


def _number(name: str, context: Context) -> str:
    """A number, on the scale on which it is compared: `AFP, log10(x + 1)`."""
    label, variable = context.labels.plain_variable(name), context.results.study.variables[name]
    if isinstance(variable, NumberVariable) and variable.transform is not None:
        return f"{label}, {context.labels.scale(variable.transform)}"
    return label


def _cells(entry: ResultEntry, column: Column, keys: Sequence[str]) -> tuple[Text, ...]:
    place = Place(entry.id, variable=column.variable)
    return tuple((Shown("standardised", (place.of(f"variables.{key}", level=column.level).id,)),) for key in keys)


def _notes(entry: ResultEntry, context: Context) -> Iterator[Text]:
    analysis, place = cast(CovariateBalance, entry.analysis), Place(entry.id)
    level, reference = (context.labels.arm(arm.variable, arm.level) for arm in analysis.arms)
    yield (str(say("report.balance.note")),)
    if not analysis.is_weighted:
        yield (str(say("report.balance.ratio", level=level, reference=reference)),)
    if analysis.population == ALL:
        return
    yield worded(say("report.balance.largest", smd=Shown("standardised", (place.of("largest_smd").id,))))
    if not analysis.is_weighted:
        keys = ("treated", "control", "unmatched")
        counts = {key: Shown("count", (place.of(f"matched.{key}").id,)) for key in keys}
        yield worded(say("report.balance.matched", level=level, reference=reference, **counts))


SECTION = Section("Balance of covariates", tabulated(_table, _title))
