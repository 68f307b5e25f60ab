"""Draws log(-log S) of each arm by time on a logarithmic axis: under proportional hazards the curves are as far apart
everywhere."""

from __future__ import annotations

from itertools import pairwise
from math import log
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from riskset_report.figures.frame import GAP, Frame, Framed, Key, framed
from riskset_report.figures.log_log_plot import LogLogPlot
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.style import curve_style
from riskset_report.figures.survival_plot import Floats

_MANTISSAS: Final = ((1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 3.0), (1.0,))
"""Of the ticks of time; the first with a few of which the labels have room."""
_FEWEST_TICKS: Final = 3
_EDGE: Final = 0.03  # of both axes, beyond what is drawn


def draw(plot: LogLogPlot, width_mm: int) -> Figure:
    """Returns the figure, in the fonts that are set when it is called."""
    lines = [plot.steps(curve) for curve in plot.curves]
    (low, high), (bottom, top) = _range(lines)
    heights = [
        float(tick) for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(bottom, top) if bottom <= tick <= top
    ]
    frame = Frame(
        notices=plot.notices,
        legend=tuple(Key(name, line=curve_style(index)) for index, name in enumerate(plot.legend)),
        x_label=plot.x_label,
        y_label=plot.y_label,
        x_ticks=(_label(high),),
        y_ticks=tuple(f"{tick:g}".replace("-", "−") for tick in heights),
        footnotes=plot.footnotes,
    )
    made = framed(frame, width_mm)
    axes, times = made.axes, _times(plot, low, high, made)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom, top)
    axes.xaxis.set_major_locator(FixedLocator(times))
    axes.xaxis.set_major_formatter(FixedFormatter([*map(_label, times)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(heights, frame.y_ticks)
    for index, line in enumerate(lines):
        axes.plot(*line.T, **curve_style(index))
    return made.figure


def _range(lines: list[Floats]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of both axes, a little beyond what is drawn."""
    at = np.concatenate([line for line in lines if len(line)] or [np.array([[1.0, 0.0]])])
    time, height = np.log(at[:, 0]), at[:, 1]
    ends: list[Any] = []
    for values in (time, height):
        first, last = float(values.min()), float(values.max())
        beyond = max(_EDGE * (last - first), 0.1)
        ends.append((first - beyond, last + beyond))
    (first, last), across = ends
    return (float(np.exp(first)), float(np.exp(last))), across


def _times(plot: LogLogPlot, low: float, high: float, made: Framed) -> list[float]:
    """The ticks of the study, or customary ones: those of which the labels do not touch."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    families = [[m * 10.0**power for power in powers for m in mantissas] for mantissas in _MANTISSAS]
    near = [float(tick) for tick in MaxNLocator(4).tick_values(low, high)]  # of a time so short that no other is in it
    candidates = [[tick for tick in family if low <= tick <= high] for family in (plot.ticks, *families, near)]
    fitting = [ticks for ticks in candidates if ticks and _fit(ticks, low, high, made)]
    enough = (ticks for ticks in fitting if len(ticks) >= _FEWEST_TICKS)
    return next(enough, max(fitting, key=len, default=[]))


def _fit(ticks: list[float], low: float, high: float, made: Framed) -> bool:
    room = (Ruler().widest([*map(_label, ticks)], made.size) + GAP) / made.width * log(high / low)
    return all(log(later / earlier) >= room for earlier, later in pairwise(ticks))


def _label(time: float) -> str:
    return f"{time:,.3g}" if time < 1000 else f"{time:,.0f}"
