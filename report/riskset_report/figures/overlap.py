"""Draws how far the preference scores of two arms overlap: bars of one arm up, those of the other down.

A bar's area is its share of the arm: over three tenths of the score it is as high as its mean over one.
"""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure

from riskset_report.figures.frame import Frame, Framed, Key, framed
from riskset_report.figures.overlap_plot import OverlapArm, OverlapPlot
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import INK, line_of
from riskset_report.figures.style import COLOURS, GREY, LEAST

_UNIT: Final = 0.1
"""Of the score: over which a bar has its height."""
_STEPS: Final = (1, 2, 5, 10, 20, 25, 50)
_MOST_TICKS = 5  # on one side
_LEAST_HIGH = 1.0  # percent, of both sides together
_BARS: Final[tuple[dict[str, Any], ...]] = (
    {"facecolor": COLOURS[1], "edgecolor": "white", "linewidth": 0.6},
    {"facecolor": COLOURS[0], "edgecolor": "white", "linewidth": 0.6, "hatch": "////"},
)


def draw(plot: OverlapPlot, width_mm: int) -> Figure:
    """Returns the figure, in the fonts that are set when it is called."""
    sides = (plot.upper, plot.lower)
    above, below = (max([height or 0.0 for height in _heights(arm, plot)]) for arm in sides)
    step = next((step for step in _STEPS if max(above, below) / step <= _MOST_TICKS), _STEPS[-1])
    ticks = [step * i for i in range(-int(below // step), int(above // step) + 1)]
    edges = sorted({edge for interval in plot.intervals for edge in interval} | {0.0, 1.0, *plot.band})
    frame = Frame(
        notices=plot.notices,
        legend=tuple(Key(arm.label, bar=bar) for arm, bar in zip(sides, _BARS, strict=True)),
        x_label=plot.x_label,
        y_label=plot.y_label,
        x_ticks=tuple(f"{edge:.1f}" for edge in edges),
        y_ticks=tuple(f"{abs(tick)}" for tick in ticks),
        footnotes=plot.footnotes,
    )
    made = framed(frame, width_mm)
    _scale(made, above, below)
    made.axes.set_xticks(edges, frame.x_ticks)
    made.axes.set_yticks(ticks, frame.y_ticks)
    _draw_band(made, plot)
    for arm, bar, sign in zip(sides, _BARS, (1, -1), strict=True):
        _draw_bars(made, arm, plot, bar, sign)
    made.axes.axhline(0, color=INK, linewidth=0.8)
    return made.figure


def _heights(arm: OverlapArm, plot: OverlapPlot) -> list[float | None]:
    """Percent of the arm over a tenth of the score."""
    pairs = zip(arm.percents, plot.intervals, strict=True)
    return [None if percent is None else percent * _UNIT / (high - low) for percent, (low, high) in pairs]


def _scale(made: Framed, above: float, below: float) -> None:
    """Leaves a line beyond the highest bar on both sides for its number, and one above for the name of the band."""
    line = line_of(made.size) / made.height
    whole = max(above + below, _LEAST_HIGH) / (1 - 3.6 * line)
    made.axes.set_xlim(0, 1)
    made.axes.set_ylim(-below - 1.2 * line * whole, whole - below - 1.2 * line * whole)


def _draw_band(made: Framed, plot: OverlapPlot) -> None:
    low, high = plot.band
    made.axes.axvspan(low, high, facecolor="#EDEDED", linewidth=0, zorder=0)
    for edge in plot.band:
        made.axes.axvline(edge, color="#888888", linewidth=0.8, linestyle=(0, (3, 2)), zorder=0.5)
    text = Ruler().wrap(plot.band_label, made.size, (high - low) * made.width - 0.04, most_lines=1)[0]
    at: dict[str, Any] = {"xy": ((low + high) / 2, 1.0), "xycoords": made.axes.get_xaxis_transform()}
    style: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": made.size, "color": GREY}
    made.axes.annotate(text, **at, xytext=(0, -2), textcoords="offset points", **style)


def _draw_bars(made: Framed, arm: OverlapArm, plot: OverlapPlot, style: dict[str, Any], sign: int) -> None:
    size = _size_of_counts(made, plot)
    va, away = ("baseline", 2.5) if sign > 0 else ("top", -1.5)
    for (left, right), height, count in zip(plot.intervals, _heights(arm, plot), arm.counts, strict=True):
        end = sign * (height or 0.0)
        made.axes.bar(left, end, width=right - left, align="edge", **style)
        if size:
            at: dict[str, Any] = {"xy": ((left + right) / 2, end), "xytext": (0, away), "textcoords": "offset points"}
            made.axes.annotate(count, **at, ha="center", va=va, fontsize=size)


def _size_of_counts(made: Framed, plot: OverlapPlot) -> float | None:
    """The size at which every number is narrower than its bar; None if that would be too small."""
    ruler, size = Ruler(), made.size
    while size >= LEAST:
        pairs = ((plot.intervals[i], count) for arm in (plot.upper, plot.lower) for i, count in enumerate(arm.counts))
        if all(ruler.width(count, size) <= 0.94 * (right - left) * made.width for (left, right), count in pairs):
            return size
        size -= 0.5
    return None
