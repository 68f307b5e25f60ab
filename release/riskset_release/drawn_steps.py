"""What a hostile reader computes from a drawn curve: the file of a figure has every corner of it to six decimals.

Nothing of how the figure was made is used but what its reader knows: the ticks, the numbers at risk below them, that
these are rounded, and that a curve ends where few are at risk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Final

from riskset_release.gate.curves import AT_RISK, DIGITS, FEWEST_AT_RISK

_TICK: Final = re.compile(
    r'<g id="(?P<axis>[xy])tick_\d+">.*?<use [^>]*?x="(?P<x>[-\d.]+)" y="(?P<y>[-\d.]+)".*?<text[^>]*>(?P<text>[^<]*)<',
    re.DOTALL,
)
_LINE: Final = re.compile(r'<g id="line2d_\d+">\s*<path d="([^"]*)" clip-path=')
_CORNER: Final = re.compile(r"[ML] (\S+) (\S+)")
_TEXT: Final = re.compile(r'<text [^>]*?text-anchor: middle[^>]*? x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<')
_NEAR: Final = 1e-3
"""Points of a drawing that are the same place."""
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


@dataclass(frozen=True)
class _Axes:
    """From a place in a drawing to time and probability."""

    x: tuple[tuple[float, float], ...]
    """Place and value of each tick of time."""
    y: tuple[tuple[float, float], ...]

    def time(self, x: float) -> float:
        return _along(self.x, x)

    def probability(self, y: float) -> float:
        return _along(self.y, y) / 100


def drawn_steps(svg: bytes) -> list[DrawnStep]:
    """Returns every step of the curves of a figure, with the events that a reader can tell; none of a figure without
    curves that have numbers at risk."""
    text = svg.decode("utf-8", "replace")
    axes = _axes(text)
    if axes is None:
        return []
    curves = [path for path in map(_corners, _LINE.findall(text)) if _is_curve(path, axes)]
    rows = _numbers_at_risk(text, axes)
    if len(rows) != len(curves):
        return []
    return [step for i, path in enumerate(curves) for step in _steps(i + 1, path, rows[i], axes)]


def is_small(step: DrawnStep, least: int) -> bool:
    """Whether a reader proves that 1 to `least` - 1 patients had the event."""
    return step.least > 0 and step.largest < least


def small_steps_by_exception(
    files: Mapping[str, bytes], least: int
) -> tuple[dict[str, list[DrawnStep]], dict[str, list[DrawnStep]]]:
    """Returns the small steps that a reader proves from the drawings of a release folder, by path: of outputs that were
    signed as exceptions, and of all others."""
    drawings = {path: drawn_steps(content) for path, content in files.items() if path.endswith(".svg")}
    found = {path: [one for one in steps if is_small(one, least)] for path, steps in drawings.items()}
    found = {path: steps for path, steps in found.items() if steps}
    outputs = json.loads(files["release.json"])["outputs"]
    signed = {path for output in outputs if output["by_exception"] for path in output["files"]}
    return (
        {path: steps for path, steps in found.items() if path in signed},
        {path: steps for path, steps in found.items() if path not in signed},
    )


def _axes(text: str) -> _Axes | None:
    ticks = {"x": list[tuple[float, float]](), "y": list[tuple[float, float]]()}
    for found in _TICK.finditer(text):
        value = _number(found["text"])
        if value is None:
            return None
        ticks[found["axis"]].append((float(found[found["axis"]]), value))
    is_percent = [value for _, value in ticks["y"]] == [0, 20, 40, 60, 80, 100]
    return _Axes(tuple(ticks["x"]), tuple(ticks["y"])) if len(ticks["x"]) > 1 and is_percent else None


def _along(ticks: Sequence[tuple[float, float]], at: float) -> float:
    (first, low), (last, high) = ticks[0], ticks[-1]
    return low + (at - first) / (last - first) * (high - low)


def _corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in _CORNER.findall(path)]


def _is_curve(path: Sequence[tuple[float, float]], axes: _Axes) -> bool:
    """Whether a line begins at time 0 with nobody's event; dotted lines to a median begin elsewhere."""
    time, probability = axes.time(path[0][0]), axes.probability(path[0][1])
    return len(path) > 2 and abs(time) < _NEAR and min(abs(probability), abs(1 - probability)) < _NEAR


def _numbers_at_risk(text: str, axes: _Axes) -> list[dict[float, float | None]]:
    """Returns, by time, the numbers below the ticks, one row for each curve; None of one that is held back."""
    rows: dict[float, dict[float, float | None]] = {}
    below_ticks = re.sub(r'<g id="matplotlib\.axis_1">.*?<g id="matplotlib\.axis_2">', "", text, flags=re.DOTALL)
    for x, y, written in _TEXT.findall(below_ticks):
        at = next((value for place, value in axes.x if abs(place - float(x)) < _NEAR), None)
        if at is not None and float(y) > axes.y[0][0]:
            rows.setdefault(float(y), {})[at] = _number(written)
    first = axes.x[0][1]
    return [row for _, row in sorted(rows.items()) if row.get(first) is not None]


def _steps(
    curve: int, path: Sequence[tuple[float, float]], at_risk: Mapping[float, float | None], axes: _Axes
) -> Iterator[DrawnStep]:
    heights = [axes.probability(y) for _, y in path]
    is_rounded = all(abs(height - round(height, DIGITS)) < _PRECISION for height in heights)
    precision = 0.5 * 10**-DIGITS if is_rounded else _PRECISION
    events_of = _of_survival if heights[0] > 0.5 else _of_incidence
    everybody = max(n for n in at_risk.values() if n is not None) + AT_RISK / 2
    since = axes.time(path[0][0])
    for (x, _), before, after in zip(path[1:], heights, heights[1:], strict=False):
        if abs(after - before) > _PRECISION:
            at = axes.time(x)
            then = since if is_rounded else at  # a step that was put off has the events since the one before it
            n = _between(at, at_risk)[0], _between(then, at_risk)[1]
            events = events_of(before, after, precision, n, everybody)
            yield DrawnStep(curve, at, min(events, default=0), max(events, default=0))
            since = at


def _between(at: float, at_risk: Mapping[float, float | None]) -> tuple[float, float]:
    """Returns how many are at risk at a time, as the ticks around it tell: they are rounded, nobody comes later, and a
    curve is drawn while enough are left."""
    before = [n for tick, n in at_risk.items() if tick <= at and n is not None]
    after = [n for tick, n in at_risk.items() if tick >= at and n is not None]
    return max(FEWEST_AT_RISK, max(after, default=0) - AT_RISK / 2), min(before) + AT_RISK / 2


def _of_survival(
    before: float, after: float, precision: float, at_risk: tuple[float, float], everybody: float
) -> list[int]:
    """Returns how many events a step of a survival curve may have: it falls by d of n, which are whole numbers."""
    share_least = max(0.0, 1 - (after + precision) / max(before - precision, precision))
    share_most = 1 - max(0.0, after - precision) / (before + precision)
    found = []
    for d in range(max(1, ceil(share_least * at_risk[0] - _NEAR)), floor(share_most * at_risk[1] + _NEAR) + 1):
        fewest, most = max(at_risk[0], d / share_most), min(at_risk[1], d / share_least if share_least else inf)
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


def _number(text: str) -> float | None:
    plain = re.sub(r"[,\s\u00a0\u202f]", "", text).replace("\N{MINUS SIGN}", "-")
    try:
        return float(plain)
    except ValueError:
        return None
