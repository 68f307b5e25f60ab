"""The four types of value: how one text is read, and how a column of them is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, Variable
from riskset_site.data.dates import JANUARY_OR_OCTOBER, NOT_A_DATE, date_reader, days_named, is_reckoned
from riskset_site.data.faults import Fault, Unreadable
from riskset_site.data.number_forms import NumberForm, is_limit, number_reader
from riskset_site.data.partial_dates import PARTIAL, is_january_or_october
from riskset_site.data.width import in_one_width

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

BOX_TEXTS = ("0", "1", "checked", "unchecked")
"""What checkboxes are exported as."""
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
    read_recoded: Callable[[str], float | int] | None = None
    """Reads what the site file recodes to, where it is not written as the export writes values."""
    read_typed: Callable[[str], float | int] | None = None
    """Reads what a typed source made of a number with a point, where that is not as `read_recoded` does."""
    says_less: Callable[[str], bool] = lambda _: False
    """True for a text whose value is told beside it: a limit of detection, a date without its day, of an era, or as a
    day number."""

    of_box: Fault | None = None
    """Of a category: the fault of texts of a column that has nothing else than checkboxes have."""

    @property
    def is_of_numbers(self) -> bool:
        """True where a number is a value by itself."""
        return self.dtype == "float64" and not self.words

    def is_blank(self, value: float | int) -> bool:
        return value == self.blank or value != value  # NaN

    def word(self, text: str) -> str:
        """Returns a text that is read as the study writes it: `true` or `false`, `2024-01-31`."""
        if self.is_boolean:
            return "true" if self.read(text) else "false"
        return in_one_width(text) if self.words else self.printed(self.read(text))

    def recoded_word(self, meaning: str) -> str:
        """Returns in the same way what a text is recoded to."""
        return self.word(meaning) if self.words else meaning

    def printed(self, value: float | int) -> str:
        """Returns a number or date for the site's own eyes."""
        return str(self.array([value])[0]) if self.dtype.startswith("datetime64") else f"{value:.15g}"

    def array(self, values: Sequence[float | int]) -> NDArray[Any]:
        if self.dtype.startswith("datetime64"):
            return np.array(values, np.int64).view(self.dtype)
        return np.array(values, self.dtype)


@dataclass(frozen=True)
class Writing:
    """How an export writes numbers and dates, as the site file says."""

    numbers: NumberForm = field(default_factory=NumberForm)
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    no_date: tuple[str, ...] = ()
    two_digit_years: int | None = None


def value_kind(variable: Variable, writing: Writing) -> ValueKind:
    """Returns how values of the variable are read."""
    if isinstance(variable, BooleanVariable):
        return ValueKind(read_boolean, "float64", np.nan, tuple(BOOLEANS), is_boolean=True)
    if isinstance(variable, CategoryVariable):
        of_box = Fault("not_a_level", say("data.hint.boxes", levels=variable.levels))
        return ValueKind(level_reader(variable.levels), "int64", -1, variable.levels, of_box=of_box)
    if isinstance(variable, DateVariable):
        return date_kind(writing)
    return ValueKind(number_reader(writing.numbers), "float64", np.nan, read_recoded=read_number, says_less=is_limit)


def date_kind(writing: Writing) -> ValueKind:
    """Returns how dates are read; one of `no_date`, as it is written there or in any of the formats, is no date."""
    read = date_reader(writing.dates, writing.two_digit_years)
    none, none_texts = days_named(writing.no_date, read), frozenset(map(in_one_width, writing.no_date))

    def value(text: str) -> int:
        if in_one_width(text) in none_texts:
            return _NO_DATE
        day = read(text)
        return _NO_DATE if day is None or day in none else day.toordinal() - _EPOCH

    def recoded(text: str) -> int:
        with suppress(Unreadable):
            return value(text)
        return read_iso(text).toordinal() - _EPOCH

    def typed(text: str) -> int:
        if is_january_or_october(in_one_width(text)) and not PARTIAL.keys().isdisjoint(writing.dates):
            raise Unreadable(JANUARY_OR_OCTOBER)
        return value(text)

    return ValueKind(value, "datetime64[D]", _NO_DATE, read_recoded=recoded, read_typed=typed, says_less=is_reckoned)


read_number = number_reader(NumberForm())


def read_iso(text: str) -> date:
    """Returns the day of `2024-01-31`. Raises Unreadable."""
    day = date_reader(["%Y-%m-%d"])(text)
    if day is None:
        raise Unreadable(NOT_A_DATE)
    return day


def read_boolean(text: str) -> float:
    """Returns 1.0 or 0.0. Raises Unreadable for a text that is not in BOOLEANS."""
    try:
        return BOOLEANS[in_one_width(text).lower()]
    except KeyError:
        raise Unreadable(NOT_BOOLEAN) from None


def level_reader(levels: Sequence[str]) -> Callable[[str], int]:
    """Returns a reader of one text: the index of the level equal to it, or Unreadable."""
    index = {in_one_width(level): position for position, level in enumerate(levels)}
    index |= {level: position for position, level in enumerate(levels)}  # two may differ in width only
    fault = Fault("not_a_level", say("data.hint.level", levels=tuple(levels)))

    def read(text: str) -> int:
        try:
            return index[text] if text in index else index[in_one_width(text)]
        except KeyError:
            raise Unreadable(fault) from None

    return read
