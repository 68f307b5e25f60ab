"""A figure as a hostile reader has it: lines and words with their places, in the order in which they are drawn,
whatever the format. From the ticks of its axes it reads times and survival, and under them the numbers at risk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

Point = tuple[float, float]
_NUMBER: Final = re.compile("\N{MINUS SIGN}?[\\d,]*\\.?\\d+")
_NEAR: Final = 0.02
"""In points: two places closer than this are one."""


@dataclass(frozen=True)
class Line:
    """Points from left to right and from the top."""

    points: tuple[Point, ...]
    is_filled: bool = False
    is_clipped: bool = False


@dataclass(frozen=True)
class Word:
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    items: tuple[Line | Word, ...]
    unseen: tuple[str, ...] = ()
    """What the file says and nobody sees: names, comments, metadata, what is hidden."""

    @property
    def words(self) -> list[Word]:
        return [one for one in self.items if isinstance(one, Word)]


@dataclass(frozen=True)
class DrawnCurve:
    """Steps of survival, or of an incidence: the time and the height after each, in the axes' units."""

    steps: tuple[tuple[float, float], ...]
    ends: float
    """The last time that is drawn."""
    at_risk: tuple[tuple[float, float | None], ...]
    """At each tick: how many, None where they are held back."""


@dataclass(frozen=True)
class _Axis:
    slope: float
    level: float

    def read(self, at: float) -> float:
        return self.slope * at + self.level


def axis_labels(drawing: Drawing) -> list[Word]:
    """Returns the numbers along axes: three or more on one line, whose places follow from them, or from their
    logarithms. Of a drawing whose words are placed by their middles."""
    labels = [word for ticks in _ticks(drawing) for _, word in ticks]
    for run in _runs([word for word in drawing.words if _NUMBER.fullmatch(word.text)]):
        values, places = np.array([_value(word) for word in run]), np.array([word.x for word in run])
        if len(run) > 2 and (np.diff(values) > 0).all():
            scales = (values, np.log(values)) if values[0] > 0 else (values,)
            labels += run if any(_is_line(scale, places) for scale in scales) else []
    return labels


def _is_line(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    return bool(np.abs(np.polyval(np.polyfit(x, y, 1), x) - y).max() < 10 * _NEAR)


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Returns words that are drawn one after the other on one line."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and abs(runs[-1][-1].y - word.y) < _NEAR:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def curves_of(drawing: Drawing) -> list[DrawnCurve]:
    """Returns the curves of a survival figure; none of a figure of another kind."""
    across, up = _ticks(drawing)
    if len(across) < 2 or len(up) < 2:
        return []
    time, height = _axis(across, 0), _axis(up, 1)
    lines = [one for one in drawing.items if isinstance(one, Line) and one.is_clipped and not one.is_filled]
    curves = [line for line in lines if len(line.points) > 2]
    rows = _rows_at_risk(drawing, len(across))
    if not curves or len(rows) < len(curves):
        return []
    times = [float(_value(word)) for _, word in across]
    return [
        DrawnCurve(
            tuple(_steps(line, time, height)),
            time.read(line.points[-1][0]),
            tuple(zip(times, map(_at_risk, row), strict=True)),
        )
        for line, row in zip(curves, rows, strict=False)
    ]


def _ticks(drawing: Drawing) -> tuple[list[tuple[Line, Word]], list[tuple[Line, Word]]]:
    """Returns the ticks of the axis of time, and of the other: a short line, and right after it a number."""
    found = [
        (mark, word)
        for mark, word in pairwise(drawing.items)
        if isinstance(mark, Line) and len(mark.points) == 2 and isinstance(word, Word) and _NUMBER.fullmatch(word.text)
    ]
    is_upright = [abs(mark.points[0][0] - mark.points[1][0]) < _NEAR for mark, _ in found]
    across = [tick for tick, upright in zip(found, is_upright, strict=True) if upright]
    return across, [tick for tick, upright in zip(found, is_upright, strict=True) if not upright]


def _value(word: Word) -> float:
    return float(word.text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def _axis(ticks: Sequence[tuple[Line, Word]], coordinate: int) -> _Axis:
    slope, level = np.polyfit([mark.points[0][coordinate] for mark, _ in ticks], [_value(word) for _, word in ticks], 1)
    return _Axis(float(slope), float(level))


def _steps(line: Line, time: _Axis, height: _Axis) -> Iterator[tuple[float, float]]:
    """Yields where a curve begins, and each of its steps."""
    first = line.points[0]
    yield time.read(first[0]), height.read(first[1])
    for before, after in pairwise(line.points):
        if abs(before[1] - after[1]) > _NEAR:
            yield time.read(after[0]), height.read(after[1])


def _rows_at_risk(drawing: Drawing, ticks: int) -> list[list[Word]]:
    """Returns rows of words that are drawn one after the other on one line, with as many as there are ticks."""
    runs: list[list[Word]] = [[]]
    for item in drawing.items:
        if not isinstance(item, Word) or (runs[-1] and abs(runs[-1][-1].y - item.y) > _NEAR):
            runs.append([])
        if isinstance(item, Word):
            runs[-1].append(item)
    return [run[-ticks:] for run in runs if len(run) in (ticks, ticks + 1)]


def _at_risk(word: Word) -> float | None:
    return _value(word) if _NUMBER.fullmatch(word.text) else None
