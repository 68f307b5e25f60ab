"""The log axis of a forest plot: how far it goes, and its ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, log10

from riskset_report.figures.forest_plot import Interval

_PADDING = 1.06  # beyond the outermost value, so that nothing is drawn on the axis' end
_BEYOND_ESTIMATES = 4.0  # limits further than this from every estimate leave the axis, as an arrow
_FURTHEST = 64.0  # from 1, also for estimates
_NARROWEST = 1.5  # of an axis, on either side of 1
_NEAR = 1.25  # to a tick beyond an end, up to which the axis goes on
# from the finest; each is ticks on both sides of 1
_FAMILIES: tuple[tuple[float, ...], ...] = (
    (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6, 1.8, 2),
    (0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4),
    (0.125, 0.25, 0.5, 1, 2, 4, 8),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100),
    (0.01, 0.1, 1, 10, 100),
)


@dataclass(frozen=True)
class LogAxis:
    """From `low` to `high`, 1 within."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Returns where a value is, 0 at the left end and 1 at the right; 0 and inf are beyond the ends."""
        if value <= 0:
            return float("-inf")
        return (log(value) - log(self.low)) / (log(self.high) - log(self.low))


def axis_of(intervals: Iterable[Interval], width_of: Callable[[Sequence[str]], float]) -> LogAxis:
    """Returns the axis of these intervals, with the finest ticks of which the labels do not touch. `width_of` returns
    which share of the axis the widest of some labels takes."""
    least, most = extent(intervals)
    for family in _FAMILIES:
        low, high = _to_ticks(least, most, family)
        ticks = tuple(tick for tick in family if low <= tick <= high)
        reaches = family[0] <= least * _NARROWEST and most <= family[-1] * _NARROWEST
        if reaches and _are_apart(ticks, low, high, width_of(labels(ticks))):
            return LogAxis(low, high, ticks)
    return LogAxis(least, most, (1.0,))


def _to_ticks(low: float, high: float, family: Sequence[float]) -> tuple[float, float]:
    """Returns the ends moved out to the next tick, if it is near, or if its side has no other."""
    before = [tick for tick in family if tick <= low]
    after = [tick for tick in family if tick >= high]
    if before and (low / before[-1] <= _NEAR or not any(low <= tick < 1 for tick in family)):
        low = before[-1]
    if after and (after[0] / high <= _NEAR or not any(1 < tick <= high for tick in family)):
        high = after[0]
    return low, high


def labels(ticks: Sequence[float]) -> tuple[str, ...]:
    """Returns the ticks as printed."""
    return tuple(f"{tick:g}" for tick in ticks)


def extent(intervals: Iterable[Interval]) -> tuple[float, float]:
    """Returns the ends of the axis: all estimates and 1 are within, and limits that are not far from all of them."""
    known = list(intervals)
    middles = [1.0, *(one.estimate for one in known if one.estimate)]
    least, most = max(min(middles), 1 / _FURTHEST), min(max(middles), _FURTHEST)
    values = [value for one in known for value in one.inside]
    low = max(min([least, *values]), least / _BEYOND_ESTIMATES, 1 / _FURTHEST)
    high = min(max([most, *values]), most * _BEYOND_ESTIMATES, _FURTHEST)
    return min(low / _PADDING, 1 / _NARROWEST), max(high * _PADDING, _NARROWEST)


def _are_apart(ticks: Sequence[float], low: float, high: float, width: float) -> bool:
    """Whether labels as wide as `width`, a share of the axis, do not touch."""
    width_in_log = width * log10(high / low)
    return all(log10(b / a) >= width_in_log for a, b in pairwise(ticks))
