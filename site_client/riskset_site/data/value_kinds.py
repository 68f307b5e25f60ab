"""The four types of value: how one text is read, and how a column of them is stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, Variable
from riskset_site.data.dates import date_reader, days_named
from riskset_site.data.faults import Fault, Unreadable

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
class ValueKind:
    """How values of one type are read and stored."""

    read: Callable[[str], float | int]
    """Returns a value, or `blank` for a text that means none. Raises Unreadable."""
    dtype: str
    blank: float | int
    words: tuple[str, ...] = ()
    """Every text that is a value by itself, where they can be listed."""
    is_boolean: bool = False

    def word(self, text: str) -> str:
        """Returns a text that is read as the study writes it: of a boolean `true` or `false`."""
        return ("true" if self.read(text) else "false") if self.is_boolean else text

    def array(self, values: Sequence[float | int]) -> NDArray[Any]:
        if self.dtype.startswith("datetime64"):
            return np.array(values, np.int64).view(self.dtype)
        return np.array(values, self.dtype)


def value_kind(variable: Variable, dates: Sequence[str], no_date: Collection[str]) -> ValueKind:
    """Returns how values of the variable are read; `dates` and `no_date` are those of the site file."""
    if isinstance(variable, BooleanVariable):
        return ValueKind(read_boolean, "float64", np.nan, tuple(BOOLEANS), is_boolean=True)
    if isinstance(variable, CategoryVariable):
        return ValueKind(level_reader(variable.levels), "int64", -1, variable.levels)
    if isinstance(variable, DateVariable):
        return date_kind(dates, no_date)
    return ValueKind(read_number, "float64", np.nan)


def date_kind(dates: Sequence[str], no_date: Collection[str]) -> ValueKind:
    """Returns how dates are read; one of `no_date`, as it is written there or in any of the formats, is no date."""
    read, none = date_reader(dates), days_named(no_date, dates)

    def value(text: str) -> int:
        if text in no_date:
            return _NO_DATE
        day = read(text)
        return _NO_DATE if day in none else day.toordinal() - _EPOCH

    return ValueKind(value, "datetime64[D]", _NO_DATE)


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
