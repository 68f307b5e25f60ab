"""Draws each date variable as a line of strokes in calendar time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from riskset_report.figures.frame import Frame, Key, framed
from riskset_report.figures.style import COLOURS, WARNING

_MOST_YEARS = 12
"""With a label."""
_MOST_STROKES, _PLACES_A_YEAR = 1000, 122
"""Places are three days apart."""
_LINE = 0.42
"""Height of a line, in inches."""


@dataclass(frozen=True)
class DateLines:
    """Everything that is drawn or printed."""

    lines: tuple[tuple[str, NDArray[np.datetime64]], ...]
    """Name of a date, and its values; from top to bottom."""
    enrolled: tuple[date | None, date | None]
    enrolled_label: str
    cutoff: date | None
    cutoff_label: str
    x_label: str


def draw(plot: DateLines, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    found = [_years(values) for _, values in plot.lines]
    known = np.concatenate(found) if any(map(len, found)) else np.array([2000.0, 2001.0])
    first, last = int(np.floor(known.min())), int(np.ceil(known.max() + 1e-9))
    step = -(-(last - first) // _MOST_YEARS)
    years = list(range(first, last + 1, max(1, step)))
    period: dict[str, Any] = {"facecolor": "#E3EEF6", "linewidth": 0}
    legend = [Key(plot.enrolled_label, bar=period)] if any(plot.enrolled) else []
    if plot.cutoff:
        legend.append(Key(plot.cutoff_label, tick={"color": WARNING, "linewidth": 1.2}))
    frame = Frame(
        notices="",
        legend=tuple(legend),
        x_label=plot.x_label,
        y_label="",
        x_ticks=tuple(map(str, years)),
        y_ticks=tuple(name for name, _ in plot.lines),
        footnotes=(),
    )
    made = framed(frame, width_mm, _LINE * len(plot.lines))
    made.axes.set_xlim(first - 0.02 * (last - first), last + 0.02 * (last - first))
    made.axes.set_ylim(-0.5, len(plot.lines) - 0.5)
    if any(plot.enrolled):
        begin, end = plot.enrolled
        made.axes.axvspan(_year(begin) if begin else first, _year(end) if end else last, **period, zorder=0)
    if plot.cutoff:
        made.axes.axvline(_year(plot.cutoff), color=WARNING, linewidth=1.2)
    for line, at in enumerate(reversed(found)):
        colour = COLOURS[(len(found) - 1 - line) % len(COLOURS)]
        for strokes, opacity in _strokes(at):
            made.axes.vlines(strokes, line - 0.32, line + 0.32, color=colour, linewidth=0.9, alpha=opacity)
    made.axes.set_xticks(years, frame.x_ticks)
    made.axes.set_yticks(range(len(plot.lines)), frame.y_ticks[::-1])
    return made.figure


def _strokes(at: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Yields where strokes are, and how opaque: one for each value or, of more than can be told apart, one for each
    place on the line, darker where there are more."""
    places, counts = np.unique(np.round(at * _PLACES_A_YEAR) / _PLACES_A_YEAR, return_counts=True)
    if len(at) <= _MOST_STROKES:
        yield at, float(np.clip(40 / max(len(at), 1), 0.25, 0.8))
        return
    level = np.digitize(counts, np.quantile(counts, (0.5, 0.9)))
    yield from ((places[level == i], opacity) for i, opacity in enumerate((0.25, 0.5, 0.9)))


def _years(values: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Returns dates as years and their parts."""
    whole = values.astype("datetime64[Y]")
    years: NDArray[np.float64] = (
        whole.astype(np.int64) + 1970 + (values - whole).astype("timedelta64[D]").astype(np.int64) / 366
    )
    return years


def _year(day: date) -> float:
    return float(_years(np.array([day], "datetime64[D]"))[0])
