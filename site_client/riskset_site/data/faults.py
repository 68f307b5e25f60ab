"""Faults in rows of an export: their number is for anyone to see, their rows and values for the site only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import Problem

_SHOWN = 5
MOST_ROWS = 200
"""Of one problem, that a person can open."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value or a row."""

    code: str
    """Under `[data.fault]` in the catalogue, where the sentence counts values or rows."""
    hint: Message
    values: tuple[tuple[str, Any], ...] = ()
    """What the sentence prints besides the count."""

    def message(self, count: int) -> Message:
        return say(f"data.fault.{self.code}", n=count, **dict(self.values))


class Unreadable(ValueError):
    """A text that is not a value of the variable. Holds the fault, never the text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def problem_in_rows(
    where: Message,
    fault: Fault,
    row_numbers: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    value_at: Callable[[int], str] | None,
) -> Problem:
    """Returns the problem of the rows that are `chosen` (n,); `value_at` returns row i's value as it is printed.

    Only `detail` and `rows` name rows, and only `detail` values.
    """
    rows = np.flatnonzero(chosen)
    values = [value_at(int(row)) for row in rows[:_SHOWN]] if value_at else []
    numbers: list[int] = row_numbers[rows].tolist()
    detail = rows_and_values(numbers, values)
    return Problem(where, fault.message(len(rows)), fault.hint, detail=detail, rows=tuple(numbers[:MOST_ROWS]))


def rows_and_values(numbers: Sequence[int], values: Sequence[str]) -> Message:
    """Returns the first rows with their values, `rows 5, 17: 'abc', 'x' and 3 more`; of `values` only these are needed,
    or none. It is a problem's `detail`: no other message holds patients' values."""
    rows, more = say("data.detail.rows", n=len(numbers), numbers=tuple(numbers[:_SHOWN])), _more(len(numbers))
    if not values:
        return say("data.detail.only_rows", rows=rows, more=more)
    return say("data.detail.listed", rows=rows, values=tuple(values[:_SHOWN]), more=more)


def texts_and_rows(listed: Sequence[tuple[str, int]]) -> Message:
    """Returns the first texts with the number of their rows: `'1' in 15 rows, '2' in 14 rows and 3 more`."""
    shown = tuple(say("data.detail.text_in_rows", n=rows, text=text) for text, rows in listed[:_SHOWN])
    return say("data.detail.texts", texts=shown, more=_more(len(listed)))


def _more(n: int) -> Message:
    return say("data.detail.more", n=n - _SHOWN) if n > _SHOWN else NOTHING
