"""Draws how a number is distributed, with the limits that the study sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from riskset_report.figures.frame import Frame, framed
from riskset_report.figures.style import COLOURS, WARNING
from riskset_site.explore.figures.axes import tick_text, ticks

_MOST_BINS: Final = 24


@dataclass(frozen=True)
class Histogram:
    """Everything that is drawn or printed."""

    values: NDArray[np.float64]
    """(n,), at least one; on the scale of the axis."""
    x_ticks: tuple[tuple[float, str], ...]
    """Places on the scale of the axis, and their texts; none for round numbers."""
    limits: tuple[float, float]
    """Of the study, on the scale of the axis; drawn where the axis reaches them."""
    marked: tuple[float, ...]
    """Values far from the others, each with a mark below the axis."""
    step: float
    """Of the values: bars are no narrower."""
    x_label: str
    y_label: str
    footnotes: tuple[str, ...]


def draw(plot: Histogram, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    edges = bins(plot.values, plot.step)
    counts, _ = np.histogram(plot.values, edges)
    y_ticks = ticks(0, max(1.0, float(counts.max())), 4, whole=True)
    low, high = float(edges[0]), float(edges[-1])
    x_ticks = [(at, text) for at, text in plot.x_ticks if low <= at <= high]
    x_ticks = x_ticks or [(tick, tick_text(tick)) for tick in ticks(low, high)]
    frame = Frame(
        notices="",
        legend=(),
        x_label=plot.x_label,
        y_label=plot.y_label,
        x_ticks=tuple(text for _, text in x_ticks),
        y_ticks=tuple(map(tick_text, y_ticks)),
        footnotes=plot.footnotes,
    )
    made = framed(frame, width_mm)
    margin = 0.03 * (high - low)
    made.axes.set_xlim(low - margin, high + margin)
    made.axes.set_ylim(0, 1.06 * max(1.0, float(counts.max())))
    made.axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=COLOURS[0], edgecolor="white", linewidth=0.5)
    for limit in plot.limits:
        if low - margin <= limit <= high + margin:
            made.axes.axvline(limit, color=WARNING, linewidth=1.0, linestyle=(0, (4, 2)))
    made.axes.plot(plot.marked, np.zeros(len(plot.marked)), "^", color=COLOURS[1], markersize=4, clip_on=False)
    made.axes.set_xticks([at for at, _ in x_ticks], frame.x_ticks)
    made.axes.set_yticks(y_ticks, frame.y_ticks)
    return made.figure


def bins(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Returns the edges of the bars: some 8 to 24, as wide as a multiple of the step, so that no bar has more values
    than its neighbours by the way in which they are rounded."""
    low, high = float(values.min()), float(values.max())
    wanted = int(np.clip(np.sqrt(len(values)), 8, _MOST_BINS))
    width = (high - low) / wanted
    if step > 0:
        width = step * max(1.0, float(np.ceil(width / step)))
        low, wanted = low - step / 2, int((high - low) / width) + 1
    elif high == low:
        low, wanted, width = low - 0.5, 1, 1.0
    return np.linspace(low, low + wanted * width, wanted + 1)
