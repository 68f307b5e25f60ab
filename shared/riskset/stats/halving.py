"""Quartiles of a number from counts: an interval that holds a quartile is halved, and its lower half counted.

A quartile (type 7 of Hyndman and Fan, American Statistician 50 (1996) 361, as R's `quantile`) lies between two values
that are neighbours in order. Each is looked for in an interval of the declared range, which is halved as long as it
holds enough patients and more than one value; so nobody learns in which half few patients are. Arms are searched in
lock-step: each round asks one count for each interval.

Intervals are of whole numbers, the cells of a `Scale`: every party derives the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Final, Protocol

QUARTILES: Final = (0.25, 0.5, 0.75)
RANKS: Final = 2 * len(QUARTILES)
"""The most ranks that a search looks for: a quartile may lie between two."""


class Scale(Protocol):
    """The range of a number as cells from 0 to `last`."""

    @property
    def last(self) -> int: ...

    def middle(self, low: int, high: int) -> int:
        """Returns the last cell of the lower half of the cells from `low` to `high` > `low`: at least `low`, and below
        `high`."""

    def between(self, low: int, high: int, share: float) -> float:
        """Returns the value this far from the lowest to the highest of the cells, in the number's unit."""

    def width(self, low: int, high: int) -> float:
        """Returns how far the lowest and the highest value of the cells are apart, in the number's unit; 0 where they
        hold one value."""


@dataclass(frozen=True, order=True)
class Interval:
    """The cells from `low` to `high`, in which an arm has `inside` patients, and `below` lower ones."""

    low: int
    high: int
    below: int
    inside: int


@dataclass(frozen=True)
class Search:
    """How far the quartiles of one arm are known."""

    n: int
    """Patients of the arm."""
    intervals: Mapping[int, Interval]
    """By rank, from 1 on: where the value of that rank is."""

    @classmethod
    def begin(cls, n: int, last: int) -> Search:
        """Returns the search in an arm of n > 0 patients before anything is counted."""
        ranks = dict.fromkeys(rank for p in QUARTILES for rank in _neighbours(n, p)[:2])
        return cls(n, dict.fromkeys(ranks, Interval(0, last, 0, n)))

    def asked(self, least: int) -> tuple[Interval, ...]:
        """Returns the intervals to be halved, in order: those of at least `least` patients that hold more than one
        cell."""
        every = sorted(set(self.intervals.values()))
        return tuple(one for one in every if one.inside >= least and one.high > one.low)

    def after(self, scale: Scale, counts: Mapping[Interval, int]) -> Search:
        """Returns the search once the patients in the lower half of some intervals are known. ValueError where a half
        would have fewer than none."""
        if any(not 0 <= lower <= one.inside for one, lower in counts.items()):
            raise ValueError("a half of an interval has more patients than the interval, or fewer than none")
        return replace(self, intervals={rank: _half(one, rank, scale, counts) for rank, one in self.intervals.items()})

    def quartile(self, scale: Scale, probability: float) -> tuple[float, float]:
        """Returns a quartile and the width of where it may be, 0 where it is exact."""
        lower, upper, share = _neighbours(self.n, probability)
        values, widths = zip(*(self._value(scale, rank) for rank in (lower, upper)), strict=True)
        return _mean(values, share), _mean(widths, share)

    def _value(self, scale: Scale, rank: int) -> tuple[float, float]:
        """The value of a rank, as if the patients of its interval were spread over it evenly."""
        one = self.intervals[rank]
        share = (rank - one.below - 0.5) / one.inside
        return scale.between(one.low, one.high, share), scale.width(one.low, one.high)


def _half(one: Interval, rank: int, scale: Scale, counts: Mapping[Interval, int]) -> Interval:
    if one not in counts:
        return one
    lower, middle = counts[one], scale.middle(one.low, one.high)
    if rank <= one.below + lower:
        return Interval(one.low, middle, one.below, lower)
    return Interval(middle + 1, one.high, one.below + lower, one.inside - lower)


def _neighbours(n: int, probability: float) -> tuple[int, int, float]:
    """Returns the ranks between which a quantile of n values lies, from 1 on, and how far from the first it is."""
    at = (n - 1) * probability
    lower = floor(at)
    return lower + 1, min(lower + 1 + (at > lower), n), at - lower


def _mean(pair: Sequence[float], share: float) -> float:
    return pair[0] + share * (pair[1] - pair[0])
