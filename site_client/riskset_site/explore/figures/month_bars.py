"""Draws how many events each month has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from riskset_report.figures.frame import Frame, framed
from riskset_report.figures.style import COLOURS
from riskset_site.explore.figures.axes import tick_text, ticks
from riskset_site.explore.months import EventMonths

_HEIGHT = 1.4


@dataclass(frozen=True)
class MonthBars:
    """Everything that is drawn or printed."""

    months: EventMonths
    x_label: str
    y_label: str


def draw(plot: MonthBars, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    months = plot.months
    at = months.first + np.arange(len(months.counts))
    low, high = float(at[0]) - 0.5, float(at[-1]) + 0.5
    x_ticks = _years(low, high) if months.of_calendar else [(t, tick_text(t)) for t in ticks(low, high, whole=True)]
    y_ticks = ticks(0, float(months.counts.max()), 4, whole=True)
    frame = Frame(
        notices="",
        legend=(),
        x_label=plot.x_label,
        y_label=plot.y_label,
        x_ticks=tuple(text for _, text in x_ticks),
        y_ticks=tuple(map(tick_text, y_ticks)),
        footnotes=(),
    )
    made = framed(frame, width_mm, _HEIGHT)
    made.axes.set_xlim(low - 1, high + 1)
    made.axes.set_ylim(0, 1.06 * float(months.counts.max()))
    made.axes.bar(at, months.counts, 0.86, color=COLOURS[1])
    made.axes.set_xticks([tick for tick, _ in x_ticks], frame.x_ticks)
    made.axes.set_yticks(y_ticks, frame.y_ticks)
    return made.figure


def _years(low: float, high: float) -> list[tuple[float, str]]:
    """Returns the first month of each year, of few years of each quarter, with its text."""
    every = 12 if high - low > 30 else 3
    months = range(int(np.ceil(low / every)) * every, int(high) + 1, every)
    found = [(float(month), f"{1970 + month // 12}" if every == 12 else _month(month)) for month in months]
    return found or [(round(low + 0.5), _month(round(low + 0.5)))]


def _month(month: int) -> str:
    return f"{1970 + month // 12}-{month % 12 + 1:02}"
