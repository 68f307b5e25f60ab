"""Layout of a survival figure. Lengths are in inches; text is measured first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from riskset_report.figures.legend_placement import LegendPlacement, Size, free_placement
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.style import MM_PER_INCH, SIZE, SMALL
from riskset_report.figures.survival_plot import Floats, SurvivalPlot

MARGIN = 0.12
GAP = 0.1
LINE, SMALL_LINE = 0.165, 0.13  # from one line of text to the next
HANDLE = 0.42  # the piece of curve in the legend, with the gap after it
Y_TICKS, X_TICKS = 0.42, 0.28  # the ticks and their labels
TOP_PERCENT = 102.0  # a little above 100, so that the first step is not on the edge

_AXES_HEIGHT = 3.5
_LEGEND_WIDTH, _BOX_WIDTH, _RISK_LABEL_WIDTH, _X_LABEL_WIDTH = 2.5, 2.7, 1.5, 3.9
_MOST_TICKS = 9
_TICK_STEPS: dict[str, tuple[float, ...]] = {
    "day": (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650),
    "week": (1, 2, 4, 8, 13, 26, 52, 104, 260, 520),
    "month": (1, 2, 3, 6, 12, 24, 36, 60, 120, 240),
    "year": (0.25, 0.5, 1, 2, 5, 10, 20),
}


@dataclass(frozen=True)
class FigureTexts:
    """Every text of the figure, broken into lines, and the space it needs. Tuples have one entry per curve."""

    legend: tuple[str, ...]
    risk_labels: tuple[str, ...]
    statistics: str
    x_label: str
    y_label: str
    footnote: str
    notices: str
    at_risk_title: str
    legend_size: Size
    box_size: Size
    left: float
    """From the edge of the figure to the axes."""
    count_width: float
    """Of the widest number at risk."""


@dataclass(frozen=True)
class Tops:
    """Where each part begins, from the top of the figure."""

    notices: float
    legend: float
    axes: float
    x_label: float
    risk_title: float
    risk_rows: tuple[float, ...]
    box: float
    footnote: float
    end: float


@dataclass(frozen=True)
class FigureLayout:
    width: float
    texts: FigureTexts
    axes: Size
    last_time: float
    """Where the axis ends, in the study's unit."""
    ticks: tuple[float, ...]
    placement: LegendPlacement | None
    """Of legend and text box inside the axes; None if no corners are free: they are then above and below the axes."""
    tops: Tops


def layout_of(plot: SurvivalPlot, width_mm: int) -> FigureLayout:
    """Measures in the fonts that are set when it is called."""
    width = width_mm / MM_PER_INCH
    texts = _texts(plot, Ruler(), width)
    axes = Size(width - texts.left - 2 * MARGIN, _AXES_HEIGHT)
    last_day = 1.02 * max([1.0, *(float(curve.days[-1]) for curve in plot.curves if curve.days.size)])
    last_time = last_day / plot.days_per_unit
    most_ticks = min(_MOST_TICKS, int(axes.width / (texts.count_width + GAP)))
    lines = [line * (axes.width / last_day, axes.height / TOP_PERCENT * 100) for line in _lines(plot)]
    placement = free_placement(lines, axes, texts.legend_size, texts.box_size)
    return FigureLayout(
        width,
        texts,
        axes,
        last_time,
        ticks(last_time, plot.unit, most_ticks),
        placement,
        _tops(texts, placement is None),
    )


def ticks(last_time: float, unit: str, most: int) -> tuple[float, ...]:
    """From 0, by the smallest customary step that needs at most `most` ticks."""
    steps = _TICK_STEPS[unit]
    step = next((step for step in steps if last_time / step < most), steps[-1])
    while last_time / step >= most:
        step *= 2
    return tuple(step * i for i in range(int(last_time / step) + 1))


def _lines(plot: SurvivalPlot) -> Iterator[Floats]:
    """The lines that text must not cover: curves, limits and medians, (n, 2) as day and survival."""
    for curve in plot.curves:
        yield from (curve.steps(values) for values in (curve.survival, curve.lower, curve.upper))
        if curve.median_days is not None:
            yield np.array([(0.0, 0.5), (curve.median_days, 0.5), (curve.median_days, 0.0)])


def _texts(plot: SurvivalPlot, ruler: Ruler, width: float) -> FigureTexts:
    names = [curve.legend or curve.label for curve in plot.curves]
    legend = tuple(_broken(ruler, name, _LEGEND_WIDTH, most_lines=3) for name in names)
    risk_labels = tuple(_broken(ruler, curve.label, _RISK_LABEL_WIDTH, most_lines=2) for curve in plot.curves)
    statistics = "\n".join(_broken(ruler, line, _BOX_WIDTH) for line in plot.statistics)
    y_label = _broken(ruler, plot.y_label, _AXES_HEIGHT)
    count_width = ruler.widest([curve.widest_at_risk for curve in plot.curves], SIZE)
    beside_rows = MARGIN + ruler.widest(risk_labels, SIZE) + GAP + count_width / 2
    return FigureTexts(
        legend=legend,
        risk_labels=risk_labels,
        statistics=statistics,
        x_label=_broken(ruler, plot.x_label, _X_LABEL_WIDTH),
        y_label=y_label,
        footnote="\n".join(ruler.wrap(plot.footnote, SMALL, width - 2 * MARGIN)),
        at_risk_title=plot.at_risk_title,
        notices="\n".join(ruler.wrap(plot.notices, SMALL, width - 2 * MARGIN)),
        legend_size=Size(HANDLE + ruler.widest(legend, SIZE), sum(height_of(text) for text in legend)),
        box_size=Size(ruler.widest(statistics.split("\n"), SIZE), height_of(statistics)),
        left=max(beside_rows, MARGIN + height_of(y_label) + Y_TICKS),
        count_width=count_width,
    )


def _broken(ruler: Ruler, text: str, width: float, most_lines: int = 99) -> str:
    return "\n".join(ruler.wrap(text, SIZE, width, most_lines))


def height_of(text: str, line: float = LINE) -> float:
    """Of lines joined by newlines."""
    return line * len(text.split("\n"))


def _tops(texts: FigureTexts, is_text_outside: bool) -> Tops:
    """The parts from top to bottom; legend and box take space only if they are outside the axes."""
    notices_height = height_of(texts.notices, SMALL_LINE) + GAP if texts.notices else 0.0
    legend_height = texts.legend_size.height + GAP if is_text_outside else 0.0
    box_height = GAP + texts.box_size.height if is_text_outside else 0.0
    rows = [height_of(label) for label in texts.risk_labels]
    heights = [
        notices_height,
        legend_height,
        _AXES_HEIGHT + X_TICKS,
        height_of(texts.x_label) + GAP,
        LINE + GAP / 2,
        *rows,
    ]
    notices, legend, axes, x_label, risk_title, *risk_rows, below = accumulate(heights, initial=MARGIN)
    footnote = below + box_height + GAP
    end = footnote + height_of(texts.footnote, SMALL_LINE) + MARGIN
    return Tops(notices, legend, axes, x_label, risk_title, tuple(risk_rows), below + GAP, footnote, end)


def legend_rows(legend: Sequence[str]) -> tuple[float, ...]:
    """Where each text of the legend begins, from the legend's top."""
    return tuple(accumulate((height_of(text) for text in legend[:-1]), initial=0.0))
