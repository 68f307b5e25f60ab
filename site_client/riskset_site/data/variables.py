"""One variable of the study off a table of texts, by what the site file says about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.study.spec import NumberVariable, Variable
from riskset_site.data.columns import Column, Reading, absent_column, date_kind, kind_of, known, read_column
from riskset_site.data.problem_rows import Fault, problem_in_rows
from riskset_site.data.site_file import ColumnOfTexts, Source, YearsBetween
from riskset_site.data.sources.table import Table


def read_variable(
    name: str, variable: Variable, mapped: ColumnOfTexts | YearsBetween, source: Source, table: Table
) -> Column:
    """Returns the variable's values in all rows; all missing where the table has not its column."""
    if not set(mapped.columns) <= set(table.columns):
        return absent_column(kind_of(variable, source.dates), table.n)
    if isinstance(mapped, YearsBetween):
        column = _years_between(name, mapped, source, table)
    else:
        column = _in_one_column(name, variable, mapped, source, table)
    if not isinstance(variable, NumberVariable):
        return column
    return _within_range(_where(" to ".join(mapped.columns), name), variable, column, table.row_numbers)


def _in_one_column(name: str, variable: Variable, mapped: ColumnOfTexts, source: Source, table: Table) -> Column:
    kind = kind_of(variable, source.dates)
    reading = Reading(source.missing, mapped.recode, excludes_other=mapped.other == "exclude")
    where = _where(mapped.column, name)
    return read_column(table.columns[mapped.column], kind, reading, where=where, row_numbers=table.row_numbers)


def _years_between(name: str, mapped: YearsBetween, source: Source, table: Table) -> Column:
    kind, reading = date_kind(source.dates), Reading(source.missing, {})
    first, last = (
        read_column(table.columns[header], kind, reading, where=_where(header, name), row_numbers=table.row_numbers)
        for header in mapped.years_between
    )
    values = completed_years(first.values, last.values)
    return Column(values, first.missing | last.missing, first.excluded, (*first.problems, *last.problems))


def completed_years(first: NDArray[np.datetime64], last: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Returns birthdays passed from `first` to `last` (n,), NaN where either is missing. Whoever is born on 29 February
    has the birthday on 1 March in other years; negative where `last` is the earlier."""
    both = known(first) & known(last)
    start, end = np.where(both, first, np.datetime64("1970-01-01")), np.where(both, last, np.datetime64("1970-01-01"))
    years = end.astype("datetime64[Y]").astype(int) - start.astype("datetime64[Y]").astype(int)
    return np.where(both, years - (_month_and_day(end) < _month_and_day(start)), np.nan)


def _month_and_day(day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    month = day.astype("datetime64[M]")
    day_of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    month_and_day: NDArray[np.int64] = month.astype(np.int64) % 12 * 100 + day_of_month
    return month_and_day


def _within_range(where: str, variable: NumberVariable, column: Column, row_numbers: NDArray[np.int64]) -> Column:
    low, high = variable.range
    outside = (column.values < low) | (column.values > high)
    if not outside.any():
        return column
    span = f"outside {low:.15g} to {high:.15g}" + (f" {variable.unit}" if variable.unit else "")
    fault = Fault(f"is {span}", f"are {span}", "the range is the study's; does the export use the same unit?")
    problem = problem_in_rows(where, fault, row_numbers, outside, lambda row: f"{column.values[row]:.15g}")
    return replace(column, values=np.where(outside, np.nan, column.values), problems=(*column.problems, problem))


def _where(header: str, name: str) -> str:
    return f"column {header!r} (variable {name})"
