"""Draws the hazard ratio of a number by a spline: the curve and its band, on a logarithmic axis, with its knots."""

from __future__ import annotations

from itertools import pairwise
from math import log
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from riskset_report.figures.frame import Frame, Framed, Key, framed
from riskset_report.figures.spline_plot import SplinePlot
from riskset_report.figures.style import COLOURS

_CURVE: Final[dict[str, Any]] = {"color": COLOURS[0], "linewidth": 1.6}
_BAND: Final[dict[str, Any]] = {"facecolor": "#CFE2EF", "edgecolor": "none", "linewidth": 0}
_KNOT: Final[dict[str, Any]] = {"color": "#222222", "linewidth": 1.2}
_KNOT_SHARE = 0.045  # of the axes' height
_WIDEST = 1e4  # of the axis, from 1: a band beyond is cut
_NARROW = 1.3  # an axis whose ends have a smaller ratio has ticks as if it were linear
_CLOSEST = 0.08  # ticks, as a share of the axis
_MANTISSAS: Final = (
    (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0,),
)
_STEPS: Final = [1, 2, 5, 10]


def draw(plot: SplinePlot, width_mm: int) -> Figure:
    """Returns the figure, in the fonts that are set when it is called."""
    low, high = _range(plot)
    y_ticks = _ratio_ticks(low, high)
    first, last = plot.knots[0], plot.knots[-1]
    edge = 0.03 * (last - first)
    x_ticks = [
        float(tick)
        for tick in MaxNLocator(5, steps=_STEPS).tick_values(first, last)
        if first - edge <= tick <= last + edge
    ]
    frame = Frame(
        notices=plot.notices,
        legend=(
            Key(plot.curve_label, line=_CURVE),
            Key(plot.band_label, bar=_BAND),
            Key(plot.knots_label, tick=_KNOT),
        ),
        x_label=plot.x_label,
        y_label=plot.y_label,
        x_ticks=tuple(f"{tick:,.6g}" for tick in x_ticks),
        y_ticks=tuple(f"{tick:.6g}" for tick in y_ticks),
        footnotes=plot.footnotes,
    )
    made = framed(frame, width_mm)
    axes = made.axes
    axes.set_yscale("log")
    axes.set_xlim(first - edge, last + edge)
    axes.set_ylim(low, high)
    axes.set_xticks(x_ticks, frame.x_ticks)
    axes.yaxis.set_major_locator(FixedLocator(y_ticks))
    axes.yaxis.set_major_formatter(FixedFormatter(frame.y_ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    _draw_curve(made, plot)
    return made.figure


def _draw_curve(made: Framed, plot: SplinePlot) -> None:
    axes = made.axes
    axes.fill_between(plot.at, plot.lower, plot.upper, zorder=1, **_BAND)
    axes.axhline(1, color="#888888", linewidth=0.8, linestyle=(0, (3, 2)), zorder=1.5)
    axes.plot(plot.at, plot.hr, zorder=2, **_CURVE)
    transform = axes.get_xaxis_transform()
    for knot in plot.knots:
        axes.plot([knot, knot], [0, _KNOT_SHARE], transform=transform, zorder=3, solid_capstyle="butt", **_KNOT)


def _range(plot: SplinePlot) -> tuple[float, float]:
    """The ends of the axis: of all that is drawn, and 1."""
    values = np.concatenate([plot.hr, plot.lower, plot.upper, [1.0]])
    values = np.clip(values[np.isfinite(values)], 1 / _WIDEST, _WIDEST)
    low, high = float(values.min()), float(values.max())
    beyond = max((high / low) ** 0.06, 1.1)
    return low / beyond, high * beyond


def _ratio_ticks(low: float, high: float) -> list[float]:
    """Ratios as close as the axis has room for, 1 among them."""
    if high / low < _NARROW:
        return [float(tick) for tick in MaxNLocator(5, steps=_STEPS).tick_values(low, high) if low <= tick <= high]
    for mantissas in _MANTISSAS:
        ticks = [m * 10.0**power for power in range(-5, 5) for m in mantissas]
        ticks = [tick for tick in ticks if low <= tick <= high]
        closest = min((b / a for a, b in pairwise(ticks)), default=high / low)
        if log(closest) >= _CLOSEST * log(high / low):
            break
    return ticks
