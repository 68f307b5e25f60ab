"""One variable of the study from the texts of the export, read as the site file maps it, each distinct text once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, NumberVariable, Variable
from riskset_site.data.dates import date_reader
from riskset_site.data.faults import Fault, Unreadable, problem_in_rows
from riskset_site.data.site_file import MappedColumn, Source, YearsBetween
from riskset_site.data.sources.table import SourceTable, TextColumn

NOT_A_NUMBER = Fault("not_a_number", say("data.hint.number"))
NOT_FINITE = Fault("not_finite", say("data.hint.finite"))
NOT_BOOLEAN = Fault("not_boolean", say("data.hint.boolean"))

BOOLEANS = {
    "true": 1.0,
    "1": 1.0,
    "yes": 1.0,
    "y": 1.0,
    "t": 1.0,
    "false": 0.0,
    "0": 0.0,
    "no": 0.0,
    "n": 0.0,
    "f": 0.0,
}

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DATE = np.iinfo(np.int64).min  # numpy's NaT


@dataclass(frozen=True)
class VariableColumn:
    """One variable of an export, (n,) in the order of the file."""

    values: NDArray[Any]
    """Number: float64, raw, NaN where missing. Boolean: float64 0, 1, NaN. Category: int64 index of its level, -1.
    Date: datetime64[D], NaT. A value with a problem is blank too."""
    missing: NDArray[np.bool_]
    """True where the row has a missing code or nothing."""
    excluded: NDArray[np.bool_]
    """True where the site file excludes the row from the study (`other = "exclude"`)."""
    problems: tuple[Problem, ...] = ()
    is_present: bool = True
    """False where the export has no such column."""


def known(values: NDArray[Any]) -> NDArray[np.bool_]:
    """True where a value is known, for the four kinds of `VariableColumn.values`."""
    is_known: NDArray[np.bool_]
    if values.dtype.kind == "i":
        is_known = values >= 0
    else:
        is_known = ~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))
    return is_known


def read_variable(
    name: str, variable: Variable, mapped: MappedColumn | YearsBetween, source: Source, table: SourceTable
) -> VariableColumn:
    """Returns the variable's values in all rows; all missing where the table lacks its column."""
    if not set(mapped.columns) <= set(table.columns):
        return _absent(_value_kind(variable, source.dates), table.n)
    if isinstance(mapped, YearsBetween):
        column = _years_between(name, mapped, source, table)
    else:
        column = _in_one_column(name, variable, mapped, source, table)
    if not isinstance(variable, NumberVariable):
        return column
    return _within_range(_where(name, *mapped.columns), variable, column, table.row_numbers)


def read_number(text: str) -> float:
    """Returns a finite number. Raises Unreadable, also for digits grouped with `_`, which Python reads."""
    try:
        value = float(text)
    except ValueError:
        raise Unreadable(NOT_A_NUMBER) from None
    if "_" in text:
        raise Unreadable(NOT_A_NUMBER)
    if not math.isfinite(value):
        raise Unreadable(NOT_FINITE)
    return value


def read_boolean(text: str) -> float:
    """Returns 1.0 or 0.0. Raises Unreadable for a text that is not in BOOLEANS."""
    try:
        return BOOLEANS[text.lower()]
    except KeyError:
        raise Unreadable(NOT_BOOLEAN) from None


def level_reader(levels: Sequence[str]) -> Callable[[str], int]:
    """Returns a reader of one text: the index of the level equal to it, or Unreadable."""
    index = {level: position for position, level in enumerate(levels)}
    fault = Fault("not_a_level", say("data.hint.level", levels=tuple(levels)))

    def read(text: str) -> int:
        try:
            return index[text]
        except KeyError:
            raise Unreadable(fault) from None

    return read


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


@dataclass(frozen=True)
class _ValueKind:
    """How values of one type are read and stored."""

    read: Callable[[str], float | int]
    dtype: str
    blank: float | int

    def array(self, values: Sequence[float | int]) -> NDArray[Any]:
        if self.dtype.startswith("datetime64"):
            return np.array(values, np.int64).view(self.dtype)
        return np.array(values, self.dtype)


def _value_kind(variable: Variable, dates: Sequence[str]) -> _ValueKind:
    if isinstance(variable, BooleanVariable):
        return _ValueKind(read_boolean, "float64", np.nan)
    if isinstance(variable, CategoryVariable):
        return _ValueKind(level_reader(variable.levels), "int64", -1)
    if isinstance(variable, DateVariable):
        return _date_kind(dates)
    return _ValueKind(read_number, "float64", np.nan)


def _date_kind(dates: Sequence[str]) -> _ValueKind:
    read = date_reader(dates)
    return _ValueKind(lambda text: read(text).toordinal() - _EPOCH, "datetime64[D]", _NO_DATE)


@dataclass(frozen=True)
class _Reading:
    """What the site file says about a column's texts."""

    missing: Collection[str]
    recode: Mapping[str, str]
    excludes_other: bool = False

    def meaning(self, text: str) -> str:
        """Returns the text in the study's terms, empty where it is missing. A recode precedes a missing code."""
        if text in self.recode:
            return self.recode[text]
        return "" if text in self.missing else text


def _in_one_column(
    name: str, variable: Variable, mapped: MappedColumn, source: Source, table: SourceTable
) -> VariableColumn:
    kind = _value_kind(variable, source.dates)
    reading = _Reading(source.missing, mapped.recode, excludes_other=mapped.other == "exclude")
    return _read_column(table.columns[mapped.column], kind, reading, _where(name, mapped.column), table.row_numbers)


def _years_between(name: str, mapped: YearsBetween, source: Source, table: SourceTable) -> VariableColumn:
    kind, reading = _date_kind(source.dates), _Reading(source.missing, {})
    first, last = (
        _read_column(table.columns[header], kind, reading, _where(name, header), table.row_numbers)
        for header in mapped.years_between
    )
    values = completed_years(first.values, last.values)
    return VariableColumn(values, first.missing | last.missing, first.excluded, (*first.problems, *last.problems))


def _read_column(
    column: TextColumn, kind: _ValueKind, reading: _Reading, where: Message, row_numbers: NDArray[np.int64]
) -> VariableColumn:
    values = [kind.blank] * len(column.texts)
    missing: list[int] = []
    faults: dict[Fault, list[int]] = {}
    for code, raw in enumerate(column.texts):
        text = reading.meaning(raw)
        if not text:
            missing.append(code)
            continue
        try:
            values[code] = kind.read(text)
        except Unreadable as unreadable:
            faults.setdefault(unreadable.fault, []).append(code)
    rows = {fault: _rows_holding(column, codes) for fault, codes in faults.items()}
    excluded = np.zeros(len(column.codes), bool)
    if reading.excludes_other:
        excluded = np.logical_or.reduce([excluded, *rows.values()])
        rows.clear()
    problems = tuple(
        problem_in_rows(where, fault, row_numbers, chosen, column.quoted) for fault, chosen in rows.items()
    )
    return VariableColumn(kind.array(values)[column.codes], _rows_holding(column, missing), excluded, problems)


def _absent(kind: _ValueKind, n: int) -> VariableColumn:
    """Returns a variable that the export lacks: missing in all n rows."""
    return VariableColumn(kind.array([kind.blank] * n), np.ones(n, bool), np.zeros(n, bool), is_present=False)


def _rows_holding(column: TextColumn, codes: Sequence[int]) -> NDArray[np.bool_]:
    """True where the row has one of the texts."""
    chosen = np.zeros(len(column.texts), bool)
    chosen[list(codes)] = True
    return chosen[column.codes]


def _within_range(
    where: Message, variable: NumberVariable, column: VariableColumn, row_numbers: NDArray[np.int64]
) -> VariableColumn:
    low, high = variable.range
    outside = (column.values < low) | (column.values > high)
    if not outside.any():
        return column
    hint, limits = say("data.hint.range"), (("low", low), ("high", high))
    fault = Fault("outside_range", hint, limits)
    if variable.unit:
        fault = Fault("outside_range_in_unit", hint, (*limits, ("unit", variable.unit)))
    problem = problem_in_rows(where, fault, row_numbers, outside, lambda row: f"{column.values[row]:.15g}")
    return replace(column, values=np.where(outside, np.nan, column.values), problems=(*column.problems, problem))


def _where(name: str, first: str, last: str = "") -> Message:
    if last:
        return say("data.where.years_between", first=first, last=last, name=name)
    return say("data.where.variable", column=first, name=name)
