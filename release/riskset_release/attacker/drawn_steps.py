"""What a drawn curve tells of its events: the file of a figure has every corner of it to six decimals.

Nothing of how the figure was made is used but what its reader knows: the numbers at risk below it, that these are
rounded, that nobody comes later, and that a curve ends where few are at risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf
from typing import Final

from riskset_release.attacker.drawing import DrawnCurve, curves_of
from riskset_release.attacker.svg import read_svg
from riskset_release.gate.curves import AT_RISK, DIGITS, FEWEST_AT_RISK

_NEAR: Final = 1e-3
_PRECISION: Final = 1e-6
"""Of a probability that is read off a drawing."""


@dataclass(frozen=True)
class DrawnStep:
    """A step of a curve, and how many patients had the event in it, as far as a reader can tell."""

    curve: int
    """From 1, in the order of the legend."""
    time: float
    """In the unit of the axis."""
    least: int
    largest: int

    def is_small(self, k: int) -> bool:
        """Whether a reader proves that 1 to `k` - 1 patients had the event."""
        return self.least > 0 and self.largest < k


def drawn_steps(svg: bytes) -> list[DrawnStep]:
    """Returns every step of the curves of a figure, as `steps_of`."""
    return list(steps_of(curves_of(read_svg(svg))))


def steps_of(curves: Iterable[DrawnCurve]) -> Iterator[DrawnStep]:
    """Yields every step of curves, which are in per cent, with the events that a reader can tell; none of a curve whose
    numbers at risk are all held back."""
    for i, curve in enumerate(curves):
        if any(n is not None for _, n in curve.at_risk):
            yield from _steps(i + 1, curve)


def _steps(number: int, curve: DrawnCurve) -> Iterator[DrawnStep]:
    heights = [height / 100 for _, height in curve.steps]
    is_rounded = all(abs(height - round(height, DIGITS)) < _PRECISION for height in heights)
    precision = 0.5 * 10**-DIGITS if is_rounded else _PRECISION
    events_of = _of_survival if heights[0] > 0.5 else _of_incidence
    everybody = max(n for _, n in curve.at_risk if n is not None) + AT_RISK / 2
    for (since, before), (at, after) in pairwise(zip([time for time, _ in curve.steps], heights, strict=True)):
        then = since if is_rounded else at  # a step that was put off has the events since the one before it
        n = _between(at, curve)[0], _between(then, curve)[1]
        events = events_of(before, after, precision, n, everybody)
        yield DrawnStep(number, at, min(events, default=0), max(events, default=0))


def _between(at: float, curve: DrawnCurve) -> tuple[float, float]:
    """Returns how many are at risk at a time, as the ticks around it tell."""
    before = [n for tick, n in curve.at_risk if tick <= at + _NEAR and n is not None]
    after = [n for tick, n in curve.at_risk if tick >= at - _NEAR and n is not None]
    return max(FEWEST_AT_RISK, max(after, default=0) - AT_RISK / 2), min(before, default=inf) + AT_RISK / 2


def _of_survival(
    before: float, after: float, precision: float, at_risk: tuple[float, float], everybody: float
) -> list[int]:
    """Returns how many events a step of a survival curve may have: it falls by d of n, which are whole numbers."""
    share_least = max(0.0, 1 - (after + precision) / max(before - precision, precision))
    share_most = 1 - max(0.0, after - precision) / (before + precision)
    found = []
    most_at_risk = min(at_risk[1], everybody)
    for d in range(max(1, ceil(share_least * at_risk[0] - _NEAR)), floor(share_most * most_at_risk + _NEAR) + 1):
        fewest, most = max(at_risk[0], d / share_most), min(most_at_risk, d / share_least if share_least else inf)
        if floor(most + _NEAR) >= ceil(fewest - _NEAR):
            found.append(d)
    return found


def _of_incidence(
    before: float, after: float, precision: float, at_risk: tuple[float, float], everybody: float
) -> list[int]:
    """Returns the same of an incidence, which rises by S d / n: S is at most the share of those without this event, and
    n at most S of everybody."""
    rise = after - before
    least = max(0.0, rise - 2 * precision) * at_risk[0] / (1 - before + precision)
    return list(range(max(1, ceil(least - _NEAR)), floor((rise + 2 * precision) * everybody + _NEAR) + 1))
