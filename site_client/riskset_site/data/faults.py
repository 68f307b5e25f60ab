"""How a fault in some rows is told: a count for everyone, rows and values for the site's own eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem

_SHOWN = 5


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a value or a row, in words that follow its number."""

    one: str
    """`is not a number`"""
    many: str
    """`are not numbers`"""
    hint: str = ""
    noun: str = "value"

    def told(self, count: int) -> str:
        return f"{count} {self.noun} {self.one}" if count == 1 else f"{count} {self.noun}s {self.many}"


class Unreadable(ValueError):
    """A text that is not a value of the variable. Holds the fault, never the text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.one)
        self.fault = fault


def rows_and_values(numbers: Sequence[int], values: Sequence[str]) -> str:
    """Returns the first rows with their values, `rows 5, 17: 'abc', 'x' and 3 more`; `values` may be the first only."""
    shown = ", ".join(str(number) for number in numbers[:_SHOWN])
    more = len(numbers) - _SHOWN
    return (
        f"row{'s' if len(numbers) > 1 else ''} {shown}: {', '.join(values[:_SHOWN])}"
        f"{f' and {more} more' if more > 0 else ''}"
    )


def problem_in_rows(
    where: str,
    fault: Fault,
    row_numbers: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    value_at: Callable[[int], str],
) -> Problem:
    """Returns the problem of the rows that are `chosen` (n,); `value_at` gives row i's value as it is shown.

    Only `detail` names rows and values.
    """
    rows = np.flatnonzero(chosen)
    values = [value_at(int(row)) for row in rows[:_SHOWN]]
    return Problem(where, fault.told(len(rows)), fault.hint, detail=rows_and_values(row_numbers[rows].tolist(), values))
