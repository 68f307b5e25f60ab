"""One variable of the study from the texts of the export, read as the site file maps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import DateVariable, NumberVariable, Study
from riskset_site.data.column_reading import VariableColumn, absent, known, read_column, rows_holding
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.latest_day import LatestDay
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import MappedColumn, YearsBetween
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.text_meanings import Reading
from riskset_site.data.time_units import is_event, is_whole_days, unit_days
from riskset_site.data.value_kinds import ValueKind, date_kind, value_kind

_ROUNDING = 1e-12
"""Of a value and a step in decimals, as a part of their ratio: 3.3 / 0.1 is not quite 33."""
_ONE_MEANING = Fault("one_meaning", say("data.hint.one_meaning"))


@dataclass(frozen=True)
class ExportRows:
    """What the variables of a study are read from."""

    site: SiteFile
    study: Study
    table: SourceTable
    latest: LatestDay

    def in_rows(
        self, column: VariableColumn, where: Message, fault: Fault, wrong: NDArray[np.bool_], has_value: bool = True
    ) -> VariableColumn:
        """Returns the column with the problem of the `wrong` rows, whose values are then blank."""
        if not wrong.any():
            return column
        value_at = printed(column.values) if has_value else None
        problem = problem_in_rows(where, fault, self.table.row_numbers, wrong, value_at)
        blank = np.datetime64("NaT") if column.values.dtype.kind == "M" else np.nan
        return replace(column, values=np.where(wrong, blank, column.values), problems=(*column.problems, problem))


def read_variable(name: str, rows: ExportRows) -> VariableColumn:
    """Returns the variable's values in all rows; all missing where the table lacks its column."""
    variable, mapped, source = rows.study.variables[name], rows.site.mapped(name), rows.site.source
    if not set(mapped.columns) <= set(rows.table.columns):
        return absent(value_kind(variable, source.dates, source.no_date), rows.table.n)
    if isinstance(mapped, YearsBetween):
        column = _years_between(name, mapped, rows)
    else:
        column = _in_unit(name, mapped, rows.study, _in_one_column(name, mapped, rows))
    where = _where(name, *mapped.columns)
    if isinstance(variable, DateVariable):
        return _not_too_late(where, column, rows)
    if isinstance(mapped, MappedColumn) and is_event(name, rows.study):
        return _event_in_full(where, mapped, column, rows)
    return allowed_numbers(where, name, variable, column, rows) if isinstance(variable, NumberVariable) else column


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


def _in_one_column(name: str, mapped: MappedColumn, rows: ExportRows) -> VariableColumn:
    source = rows.site.source
    kind = value_kind(rows.study.variables[name], source.dates, source.no_date)
    reading = Reading(source.missing, mapped.recode, excludes_other=mapped.other == "exclude")
    texts = rows.table.columns[mapped.column]
    return read_column(texts, kind, reading, _where(name, mapped.column), rows.table.row_numbers)


def _in_unit(name: str, mapped: MappedColumn, study: Study, column: VariableColumn) -> VariableColumn:
    """Returns times in the study's unit; what an endpoint takes as days is rounded to whole ones."""
    to_days = unit_days(name, study)
    if mapped.unit is None or to_days is None:
        return column
    values = column.values * (DAYS_PER_UNIT[mapped.unit] / to_days)
    return replace(column, values=np.rint(values) if is_whole_days(name, study) else values)


def _years_between(name: str, mapped: YearsBetween, rows: ExportRows) -> VariableColumn:
    source = rows.site.source
    kind, reading = date_kind(source.dates, source.no_date), Reading(source.missing, {})
    first, last = (_date_column(name, header, kind, reading, rows) for header in mapped.years_between)
    values = completed_years(first.values, last.values)
    return VariableColumn(values, first.missing | last.missing, first.excluded, (*first.problems, *last.problems))


def _date_column(name: str, header: str, kind: ValueKind, reading: Reading, rows: ExportRows) -> VariableColumn:
    where = _where(name, header)
    column = read_column(rows.table.columns[header], kind, reading, where, rows.table.row_numbers)
    return _not_too_late(where, column, rows)


def _event_in_full(where: Message, mapped: MappedColumn, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns the column with its missing values as a problem where all others mean the same, since they may mean the
    other; not those that the site file recodes to missing."""
    texts = rows.table.columns[mapped.column]
    if len(np.unique(column.values[known(column.values)])) != 1:
        return column
    recoded = [code for code, text in enumerate(texts.texts) if text in mapped.recode]
    unsaid = column.missing & ~rows_holding(texts, recoded)
    return rows.in_rows(column, where, _ONE_MEANING, unsaid, has_value=False)


def _not_too_late(where: Message, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    return rows.in_rows(column, where, rows.latest.fault, column.values > np.datetime64(rows.latest.day))


def allowed_numbers(
    where: Message, name: str, variable: NumberVariable, column: VariableColumn, rows: ExportRows
) -> VariableColumn:
    """Returns the column with its values outside the study's range, and between its steps, as problems."""
    low, high = variable.range
    hint = say("data.hint.computed_range") if variable.is_derived else say("data.hint.range")
    limits = (("low", low), ("high", high))
    fault = Fault("outside_range", hint, limits)
    if variable.unit:
        fault = Fault("outside_range_in_unit", hint, (*limits, ("unit", variable.unit)))
    column = rows.in_rows(column, where, fault, (column.values < low) | (column.values > high))
    if variable.step is None:
        return column
    steps = column.values / variable.step
    between = np.abs(steps - np.rint(steps)) > np.maximum(1.0, np.abs(steps)) * _ROUNDING
    hint = say("data.hint.whole_days") if is_whole_days(name, rows.study) else say("data.hint.step")
    fault = Fault("between_steps", hint, (("step", variable.step),))
    return rows.in_rows(column, where, fault, between)


def printed(values: NDArray[Any]) -> Callable[[int], str]:
    """Returns how row i's value is printed for the site's own eyes."""
    return lambda row: str(values[row]) if values.dtype.kind == "M" else f"{values[row]:.15g}"


def _where(name: str, first: str, last: str = "") -> Message:
    if last:
        return say("data.where.years_between", first=first, last=last, name=name)
    return say("data.where.variable", column=first, name=name)
