"""How a site's values are distributed, and what in them is probably not what it seems: a number that means missing, or
a duration in another unit. For the site's own eyes; nothing here leaves the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset_site.data.column_reading import known
from riskset_site.data.faults import Fault

_QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
_DECADE = 3653
_FEWEST = 5
"""Values, for one to be far from the rest."""
_TIMES_THE_MEAN = 3
_LOOKS_MISSING = Fault("looks_missing", say("data.hint.looks_missing"))
_FAR_DATE = Fault("far_date", say("data.hint.far_date"))
_MISSING_CODES = [-1.0, 9.0, -9.0] + [
    sign * float(digit * length) for digit in "987" for length in range(2, 16) for sign in (1, -1)
]
_ON_ONE_DAY, _SHARE_OF_ONE_DAY = 5, 0.05
"""Patients who hardly have an event on the same day, and their share of all who have one."""
_TIMES_ANY_OTHER = 2
"""Dates that are rounded to months share days too, but no day stands out."""
_SAME_DAY = Fault("same_day", say("data.hint.same_day"))


@dataclass(frozen=True)
class Spread:
    """Smallest value, quartiles and largest: numbers, or days as `2020-01-31`."""

    minimum: float | str
    q1: float | str
    median: float | str
    q3: float | str
    maximum: float | str


def spread(values: NDArray[Any]) -> Spread | None:
    """Returns how numbers or dates (n,) are distributed; None where none is known. Quartiles of numbers are
    interpolated, as R's `quantile` does by default; those of dates are rounded down."""
    found = values[known(values)]
    if not len(found):
        return None
    if found.dtype.kind == "M":
        days = np.floor(np.quantile(found.astype(np.int64), _QUARTILES)).astype(np.int64)
        return Spread(*days.astype("datetime64[D]").astype(str).tolist())
    return Spread(*np.quantile(found.astype(np.float64), _QUARTILES).tolist())


def suspects(values: NDArray[Any], is_event: bool = False) -> Iterator[tuple[Fault, NDArray[np.bool_]]]:
    """Yields what looks like a missing code in numbers or dates (n,), with its rows; of an event also the day that too
    many share, which may be that of the export or of the cut-off.

    A number whose digits are all 9, 8 or 7 looks so (-9, 99, 999, 8888) where it is the smallest or largest and repeats
    apart from the others, or is far from them, or where it is as large as 999 and repeats anywhere; a date, where ten
    years and more than the spread of all others separate it from them.
    """
    found = values[known(values)]
    if len(found) < _FEWEST:
        return
    if values.dtype.kind == "M":
        fault, chosen = _FAR_DATE, _far_days(found)
    else:
        fault, chosen = _LOOKS_MISSING, np.array(_codes(found))
    if len(chosen):
        yield fault, np.isin(values, chosen)
    if is_event:
        days, counts = np.unique(found[~np.isin(found, chosen)], return_counts=True)
        second, most = np.sort(np.append(counts, [0, 0]))[-2:]
        if most >= _ON_ONE_DAY and most > max(_SHARE_OF_ONE_DAY * len(found), _TIMES_ANY_OTHER * second):
            yield _SAME_DAY, values == days[counts.argmax()]


def _codes(numbers: NDArray[np.float64]) -> list[float]:
    rest, counts = np.unique(numbers, return_counts=True)
    is_code = np.isin(rest, _MISSING_CODES)
    chosen: list[float] = rest[is_code & (np.abs(rest) > 99) & (counts > 2)].tolist()
    for end, others in ((-1, slice(None, -1)), (0, slice(1, None))):  # the largest, then the smallest
        while len(rest) > 1 and is_code[end] and ((counts[end] > 1 and _stands_apart(rest, end)) or _is_far(rest, end)):
            chosen.append(float(rest[end]))
            rest, counts, is_code = rest[others], counts[others], is_code[others]
    return chosen


def _stands_apart(ordered: NDArray[np.float64], end: int) -> bool:
    """Whether the last or first of ascending values is no nearer to its neighbour than three times as far as values are
    apart on average: two patients of 88 are no code where others are 85 and 86."""
    others = ordered[:-1] if end else ordered[1:]
    mean = (others[-1] - others[0]) / max(len(others) - 1, 1)
    return bool(abs(ordered[end] - others[end]) > _TIMES_THE_MEAN * mean)


def _is_far(ordered: Sequence[Any] | NDArray[np.float64], end: int) -> bool:
    """Whether the last or first of ascending values is farther from its neighbour than all others are apart, or the
    only negative one."""
    others = ordered[:-1] if end else ordered[1:]
    gap = abs(ordered[end] - others[end])
    return bool(gap > others[-1] - others[0] or ordered[end] < 0 <= others[0])


def _far_days(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    distinct, counts = np.unique(days.astype(np.int64), return_counts=True)
    rest: list[int] = distinct.tolist()
    often = dict(zip(rest, counts.tolist(), strict=True))
    chosen = []
    for end in (-1, 0):
        while len(rest) > 1 and abs(rest[end] - rest[end - 1 if end else 1]) > _DECADE and _is_far(rest, end):
            if often[rest[end]] * 2 > len(days):
                break  # most are here: the others are far
            chosen.append(rest.pop(end))
    return np.array(chosen, np.int64).view("datetime64[D]")
