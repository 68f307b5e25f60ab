"""The texts of one column as the values of one variable, in the arrays that `riskset.study.eligibility` computes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, Variable
from riskset_site.data.dates import date_reader
from riskset_site.data.problem_rows import Fault, problem_in_rows
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.texts import Unreadable, level_reader, read_number, read_truth

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DATE = np.iinfo(np.int64).min  # what numpy keeps for NaT


@dataclass(frozen=True)
class Column:
    """One variable of an export, (n,) in the order of the file."""

    values: NDArray[Any]
    """Number: float64, raw, NaN where missing. Boolean: float64 0, 1, NaN. Category: int64 index of its level, -1.
    Date: datetime64[D], NaT. A value with a problem is blank here too."""
    missing: NDArray[np.bool_]
    """True where the row holds a missing code or nothing."""
    excluded: NDArray[np.bool_]
    """True where the site file sends the row out of the study (`other = "exclude"`)."""
    problems: tuple[Problem, ...] = ()
    is_present: bool = True
    """False where the export has no such column."""


def known(values: NDArray[Any]) -> NDArray[np.bool_]:
    """True where a value is there, for the four kinds of `Column.values`."""
    is_known: NDArray[np.bool_]
    if values.dtype.kind == "i":
        is_known = values >= 0
    else:
        is_known = ~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))
    return is_known


@dataclass(frozen=True)
class Kind:
    """How a kind of variable is read and stored."""

    read: Callable[[str], float | int]
    dtype: str
    blank: float | int

    def array(self, values: Sequence[float | int]) -> NDArray[Any]:
        if self.dtype.startswith("datetime64"):
            return np.array(values, np.int64).view(self.dtype)
        return np.array(values, self.dtype)


def kind_of(variable: Variable, dates: Sequence[str]) -> Kind:
    """Returns how `variable` is read; `dates` are the site's formats."""
    if isinstance(variable, BooleanVariable):
        return Kind(read_truth, "float64", np.nan)
    if isinstance(variable, CategoryVariable):
        return Kind(level_reader(variable.levels), "int64", -1)
    if isinstance(variable, DateVariable):
        return date_kind(dates)
    return Kind(read_number, "float64", np.nan)


def date_kind(dates: Sequence[str]) -> Kind:
    read = date_reader(dates)
    return Kind(lambda text: read(text).toordinal() - _EPOCH, "datetime64[D]", _NO_DATE)


@dataclass(frozen=True)
class Reading:
    """What the site file says about a column's texts."""

    missing: Collection[str]
    recode: Mapping[str, str]
    excludes_other: bool = False

    def meaning(self, text: str) -> str:
        """Returns the text in the study's words, empty where it stands for missing. A recode goes before a code."""
        if text in self.recode:
            return self.recode[text]
        return "" if text in self.missing else text


def read_column(
    column: TextColumn, kind: Kind, reading: Reading, *, where: str, row_numbers: NDArray[np.int64]
) -> Column:
    """Returns the column's values; each distinct text is read once."""
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
    rows = {fault: _holding(column, codes) for fault, codes in faults.items()}
    excluded = np.zeros(len(column.codes), bool)
    if reading.excludes_other:
        excluded = np.logical_or.reduce([excluded, *rows.values()])
        rows.clear()
    problems = tuple(
        problem_in_rows(where, fault, row_numbers, chosen, column.quoted) for fault, chosen in rows.items()
    )
    return Column(kind.array(values)[column.codes], _holding(column, missing), excluded, problems)


def absent_column(kind: Kind, n: int) -> Column:
    """Returns the column of a variable that the export has not: missing in all of n rows."""
    return Column(kind.array([kind.blank] * n), np.ones(n, bool), np.zeros(n, bool), is_present=False)


def _holding(column: TextColumn, codes: Sequence[int]) -> NDArray[np.bool_]:
    """True where the row holds one of the texts."""
    chosen = np.zeros(len(column.texts), bool)
    chosen[list(codes)] = True
    return chosen[column.codes]
