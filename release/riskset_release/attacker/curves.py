"""Which steps of published curves give a few patients away: by the survival before and after them and how many are at
risk, as a list or a drawing has it; and by a median on a day on which the published curve does not fall."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from riskset_release.attacker.drawing import DrawnCurve
from riskset_release.attacker.drawn_steps import steps_of
from riskset_release.attacker.told import Told

_AT_RISK, _PROBABILITY = 2.5, 0.005
"""By how much a rounded number at risk, and a rounded probability, may differ from the exact one."""
_DRAWN: Final = 1e-6
"""By how much a height in a drawing may differ from what is drawn."""


@dataclass(frozen=True)
class Step:
    """A curve just after a day; a reader knows the least and the largest number at risk just before it."""

    day: float
    survival: float
    at_risk: tuple[float, float]


def small_steps(files: Mapping[str, bytes], least: int) -> list[Told]:
    """Returns the steps of curves.csv in which a reader can prove that 1 to `least` - 1 patients had the event, or were
    censored."""
    rows = list(csv.DictReader(io.StringIO(files["curves.csv"].decode("utf-8-sig"))))
    found = [told for row in rows for told in _printed(row, least)]
    curves: dict[str, list[tuple[float, float, float]]] = {}
    for row in rows:
        if row["surv"] and _is_number(row["surv"]) and _is_number(row["n.risk"]):
            numbers = float(row["time"]), float(row["surv"]), float(row["n.risk"])
            curves.setdefault(f"{row['result']} {row['strata']}", []).append(numbers)
    for name, of in curves.items():
        rounding = _AT_RISK if _are_rounded(survival for _, survival, _ in of) else 0.0
        steps = [Step(day, survival, (n - rounding, n + rounding)) for day, survival, n in of]
        found += _of_steps(name, steps, least)
    return found


def _are_rounded(heights: Iterable[float]) -> bool:
    """Whether probabilities have two digits, but for what a drawing rounds."""
    return all(abs(round(height, 2) - height) < _DRAWN for height in heights)


def _printed(row: Mapping[str, str], least: int) -> Iterator[Told]:
    """Yields the events and censorings that a list prints."""
    for of in {row["n.event"], row["n.censor"]}:
        if _is_number(of) and 0 < float(of) < least:
            yield Told(f"{row['result']} {row['strata']} day {row['time']}", int(float(of)), int(float(of)))


def small_drawn_steps(name: str, curves: Iterable[DrawnCurve], least: int) -> list[Told]:
    """Returns the same of a drawing, in per cent."""
    small = [step for step in steps_of(curves) if step.is_small(least)]
    return [Told(f"{name}, curve {step.curve} day {step.time:g}", step.least, step.largest) for step in small]


def _of_steps(name: str, steps: Sequence[Step], least: int) -> Iterator[Told]:
    before: Step | None = None
    for step in steps:
        if before is not None and step.survival != before.survival:
            yield from _of_step(f"{name} day {step.day:g}", before, step, least)
        if before is None or step.survival != before.survival:  # who has the event later may be counted in a later one
            before = step


def _of_step(name: str, before: Step, now: Step, least: int) -> Iterator[Told]:
    """Yields the events of a step where the roundings leave only small values. They happened while as many were at risk
    as before the step, as at its end, or any number between."""
    heights = before.survival, now.survival
    rounding = _PROBABILITY if _are_rounded(heights) else _DRAWN
    ends = [
        n * (1.0 - new / old) if old > 0 else 0.0
        for n in (now.at_risk[0], before.at_risk[1])
        for old in (heights[0] - rounding, min(heights[0] + rounding, 1.0))
        for new in (heights[1] - rounding, heights[1] + rounding)
    ]
    low, high = min(ends), max(ends)
    if high == float("inf"):
        return
    whole = [n for n in range(max(0, int(low) - 1), int(high) + 2) if low - 1e-6 <= n <= high + 1e-6]
    if whole and min(whole) > 0 and max(whole) < least:
        yield Told(name, min(whole), max(whole))


def small_quartiles(result: Any, least: int) -> list[Told]:  # noqa: ANN401 - curves of any kind
    """Returns the medians and quartiles of published survival curves, and their limits, on days on which the exact
    curve falls and the published one does not: had `least` gathered until then, it would have stepped.

    Where the curve of another arm steps next, it may be for that one's sake that this one did not step before: then
    nothing is proven.
    """
    groups = result.arms or (result.overall,)
    steps = [[*_falls(group.curve)] for group in groups]
    found = list[Told]()
    for group, own in zip(groups, steps, strict=True):
        others = [day for of in steps if of is not own for day in of]
        for quartile in group.quartiles:
            for day in (quartile.estimate, quartile.lower, quartile.upper):
                if day is not None and _is_alone(day, own, others, group.curve.day):
                    found.append(Told(f"{group.level or 'all'} day {day:g}", 1, least - 1))
    return found


def _falls(curve: Any) -> Iterator[float]:  # noqa: ANN401
    before = 1.0
    for day, survival in zip(curve.day, curve.survival, strict=True):
        if survival < before:
            yield float(day)
        before = survival


def _is_alone(day: float, own: Sequence[float], others: Sequence[float], drawn: Sequence[float]) -> bool:
    """Whether a day is between two steps of a curve, and at the end of that time no other curve steps. Half way between
    two steps is where the curve is flat at the height that is asked for."""
    last = float(drawn[-1]) if len(drawn) else 0.0
    for start, end in pairwise([0.0, *own, last]):
        if start < day < end:
            return 2 * day != start + end and not any(start < step <= end for step in others)
    return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
