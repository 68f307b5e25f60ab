"""One variable from its columns, in each of the forms that an entry of [map] has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import NumberVariable, Study, Variable
from riskset_site.data.checkboxes import from_boxes
from riskset_site.data.column_reading import VariableColumn, known, read_column, rows_holding
from riskset_site.data.export_rows import ExportRows, where_of
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.number_forms import NumberForm
from riskset_site.data.rows_where import rows_where
from riskset_site.data.several_rows import spread_over_rows
from riskset_site.data.site_mapping import AnyMapped, AnyOf, DateWhere, FirstOf, MappedColumn, YearsBetween
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.text_meanings import Reading
from riskset_site.data.time_units import is_whole_days, unit_days
from riskset_site.data.time_words import time_unit
from riskset_site.data.value_kinds import ValueKind, Writing, date_kind, value_kind

_NO_DATE_WHERE = Fault("no_date_where", say("data.hint.no_date_where"))
_NO_OUTCOME = Fault("no_outcome", say("data.hint.no_outcome"))
_COLUMNS_DIFFER = Fault("columns_differ", say("data.hint.columns_differ"))


def read_mapped(name: str, mapped: AnyMapped, rows: ExportRows) -> VariableColumn:
    """Returns the values of a variable, whose columns the export has, in all rows."""
    match mapped:
        case YearsBetween():
            return _years_between(name, mapped, rows)
        case DateWhere():
            return _date_where(name, mapped, rows)
        case FirstOf():
            return _first_of(name, mapped, rows)
        case AnyOf():
            return from_boxes(name, mapped, kind_of(name, mapped, rows), rows)
        case MappedColumn():
            if not mapped.where:
                return _in_one_column(name, mapped.column, mapped, rows)
            counting = rows_where(mapped.where, rows)
            return counting.added_to(_in_one_column(name, mapped.column, mapped, rows, counting.counts))


def writing_of(mapped: AnyMapped, variable: Variable, rows: ExportRows) -> Writing:
    """Returns how the export writes numbers and dates in the columns of a variable."""
    source = rows.site.source
    writing = replace(source.writing, dates=getattr(mapped, "dates", None) or source.date_formats)
    if isinstance(mapped, MappedColumn | FirstOf) and isinstance(variable, NumberVariable):
        numbers = NumberForm(
            mapped.decimal or source.decimal,
            source.thousands if mapped.thousands is None else mapped.thousands,
            mapped.unit or "",
            mapped.below_limit or variable.below_limit,
            mapped.above_limit or variable.above_limit,
        )
        return replace(writing, numbers=numbers)
    return writing


def kind_of(name: str, mapped: AnyMapped, rows: ExportRows) -> ValueKind:
    """Returns how the values of a variable are read."""
    variable = rows.study.variables[name]
    return value_kind(variable, writing_of(mapped, variable, rows))


def completed_years(first: NDArray[np.datetime64], last: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Returns birthdays passed from `first` to `last` (n,): NaN where either is missing, negative where `last` is
    earlier. A person born on 29 February has the birthday on 1 March in common years."""
    both = known(first) & known(last)
    start, end = np.where(both, first, np.datetime64("1970-01-01")), np.where(both, last, np.datetime64("1970-01-01"))
    years = end.astype("datetime64[Y]").astype(int) - start.astype("datetime64[Y]").astype(int)
    return np.where(both, years - (_month_and_day(end) < _month_and_day(start)), np.nan)


def _month_and_day(day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    month = day.astype("datetime64[M]")
    day_of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    month_and_day: NDArray[np.int64] = month.astype(np.int64) % 12 * 100 + day_of_month
    return month_and_day


def _in_one_column(
    name: str, header: str, mapped: MappedColumn | FirstOf, rows: ExportRows, counts: NDArray[np.bool_] | None = None
) -> VariableColumn:
    """Returns the values of a column, in the rows that count where it is said which."""
    excludes = mapped.other == "exclude"
    reading = Reading(rows.site.source.missing, mapped.recode, excludes_other=excludes, pattern=mapped.pattern)
    texts, kind = _texts(header, rows, counts), kind_of(name, mapped, rows)
    column = read_column(texts, kind, reading, where_of(name, header), rows.table.row_numbers)
    return _in_unit(name, mapped, rows.study, column)


def _texts(header: str, rows: ExportRows, counts: NDArray[np.bool_] | None) -> TextColumn:
    column = rows.table.columns[header]
    return column if counts is None else column.blank_but(counts)


def _in_unit(name: str, mapped: MappedColumn | FirstOf, study: Study, column: VariableColumn) -> VariableColumn:
    """Returns numbers in the study's unit; what an endpoint takes as days is rounded to whole ones."""
    factor = factor_of(name, mapped, study)
    if factor is None:
        return column
    values = column.values * factor
    return replace(column, values=np.rint(values) if is_whole_days(name, study) else values)


def factor_of(name: str, mapped: MappedColumn | FirstOf, study: Study) -> float | None:
    """Returns the study's units in one of the export's; None where both are the same."""
    to_days, unit = unit_days(name, study), time_unit(mapped.unit or "")
    if mapped.factor is not None or to_days is None or unit is None:
        return mapped.factor
    return DAYS_PER_UNIT[unit] / to_days


def _years_between(name: str, mapped: YearsBetween, rows: ExportRows) -> VariableColumn:
    """Returns the years in all rows; of several rows of a patient, one may have the first date and another the last."""
    columns = (_dates(name, header, mapped, rows) for header in mapped.years_between)
    first, last = (spread_over_rows(name, column, rows) for column in columns)
    return VariableColumn(
        completed_years(first.values, last.values),
        first.missing | last.missing,
        first.excluded,
        (*first.problems, *last.problems),
        met=(*first.met, *last.met),
    )


def _dates(
    name: str,
    header: str,
    mapped: YearsBetween | DateWhere,
    rows: ExportRows,
    counts: NDArray[np.bool_] | None = None,
) -> VariableColumn:
    where, variable = where_of(name, header), rows.study.variables[name]
    kind, reading = date_kind(writing_of(mapped, variable, rows)), Reading(rows.site.source.missing, {})
    column = read_column(_texts(header, rows, counts), kind, reading, where, rows.table.row_numbers)
    return rows.not_too_late(where, column)


def _date_where(name: str, mapped: DateWhere, rows: ExportRows) -> VariableColumn:
    """Returns the dates of the rows that count; one of them without a date is a problem, since an event without its
    day would be taken for none."""
    counting = rows_where(mapped.where, rows)
    dates = _dates(name, mapped.date, mapped, rows, counting.counts)
    undated, place = counting.counts & dates.missing, where_of(name, mapped.date)
    column = rows.in_rows(counting.added_to(dates), place, _NO_DATE_WHERE, undated, has_value=False)
    unsaid = ~_outcome_said(mapped.where, rows) & _said({mapped.date: ()}, rows)
    if unsaid.any():
        warning = problem_in_rows(place, _NO_OUTCOME, rows.table.row_numbers, unsaid, None)
        column = replace(column, warnings=(*column.warnings, warning))
    return column


def _outcome_said(columns: Collection[str], rows: ExportRows) -> NDArray[np.bool_]:
    """True where the outcome is said: of several rows of a patient, in any of them."""
    said = _said(columns, rows)
    return said if rows.patients is None else rows.patients.in_any(said)[rows.patients.of_row]


def _said(columns: Collection[str], rows: ExportRows) -> NDArray[np.bool_]:
    """True where each of the columns has a text that is not missing."""
    said = np.ones(rows.table.n, bool)
    for header in columns:
        column = rows.table.columns[header]
        empty = [code for code, text in enumerate(column.texts) if text in ("", *rows.site.source.missing)]
        said &= ~rows_holding(column, empty)
    return said


def _first_of(name: str, mapped: FirstOf, rows: ExportRows) -> VariableColumn:
    """Returns the first value, or the first text that excludes its row; a warning where a later column says something
    else."""
    columns = [_in_one_column(name, header, mapped, rows) for header in mapped.first_of]
    says = np.stack([known(one.values) | one.excluded for one in columns])
    at, row = says.argmax(axis=0), np.arange(rows.table.n)
    values, excluded = np.stack([one.values for one in columns])[at, row], np.stack([one.excluded for one in columns])
    chosen = excluded[at, row]
    other = np.stack([(one.values != values) & ~one.excluded | (one.excluded != chosen) for one in columns])
    differ = (says & other).any(axis=0)
    warnings: tuple[Problem, ...] = ()
    if differ.any():
        warnings = (problem_in_rows(_all_of(name, mapped), _COLUMNS_DIFFER, rows.table.row_numbers, differ, None),)
    return VariableColumn(
        values,
        np.logical_and.reduce([one.missing for one in columns]),
        chosen,
        tuple(problem for one in columns for problem in one.problems),
        warnings,
        met=tuple(met for one in columns for met in one.met),
    )


def _all_of(name: str, mapped: FirstOf) -> Message:
    return say("data.where.several_columns", columns=mapped.first_of, name=name)
