"""Layout of a survival figure. Lengths are in inches; text is measured first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from riskset_report.figures.legend_placement import LegendPlacement, Size, free_placement
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import MARGIN, line_of
from riskset_report.figures.style import MM_PER_INCH, SIZE, SMALL
from riskset_report.figures.survival_plot import Floats, SurvivalPlot

GAP = 0.1
HANDLE = 0.42  # the piece of curve in the legend, with the gap after it
Y_TICKS, X_TICKS = 0.42, 0.28  # the ticks and their labels
TOP_PERCENT = 102.0  # a little above 100, so that the first step is not on the edge

_NARROW: Final = 4.0  # narrower figures have lower axes
_HEIGHTS: Final = {True: 2.6, False: 3.0}
_LEGEND_WIDTH, _BOX_WIDTH = 2.5, 2.7  # where there is room
_RISK_LABEL_WIDTH, _RISK_LABEL_SHARE = 1.5, 0.29  # the most, also of the figure's width
_MOST_TICKS = 9
_TICK_STEPS: dict[str, tuple[float, ...]] = {
    "day": (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650),
    "week": (1, 2, 4, 8, 13, 26, 52, 104, 260, 520),
    "month": (1, 2, 3, 6, 12, 24, 36, 60, 120, 240),
    "year": (0.25, 0.5, 1, 2, 5, 10, 20),
}

Lines = tuple[str, ...]
"""One text, broken into lines."""


@dataclass(frozen=True)
class FigureTexts:
    """Every text of the figure, and the space it needs."""

    legend: tuple[Lines, ...]
    """One for each curve."""
    risk_labels: tuple[Lines, ...]
    statistics: Lines
    y_label: Lines
    footnote: Lines
    notices: Lines
    legend_size: Size
    box_size: Size
    left: float
    """From the edge of the figure to the axes."""
    right: float
    """From the axes to the other edge."""
    count_width: float
    """Of the widest text below a tick."""


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
    x_label: Lines
    last_time: float
    """Where the axis ends, in the study's unit."""
    ticks: tuple[float, ...]
    placement: LegendPlacement | None
    """Of legend and text box inside the axes; None if no corners are free: they are then above and below the axes."""
    tops: Tops

    def x(self, time: float) -> float:
        """Returns where a time is, from the left edge of the figure: of the axis and of what is below its ticks."""
        return self.texts.left + time / self.last_time * self.axes.width

    def outside(self, size: Size) -> float:
        """Returns where a part outside the axes begins: below or above their left end, if it has room there."""
        return self.texts.left if self.texts.left + size.width <= self.width - MARGIN else MARGIN


def layout_of(plot: SurvivalPlot, width_mm: int) -> FigureLayout:
    """Measures in the fonts that are set when it is called."""
    width, ruler = width_mm / MM_PER_INCH, Ruler()
    height = _HEIGHTS[width < _NARROW]
    texts = _texts(plot, ruler, width, height)
    axes = Size(width - texts.left - texts.right, height)
    last_day = 1.02 * max([1.0, *(curve.last_day for curve in plot.curves)])
    last_time = last_day / plot.days_per_unit
    lines = [line * (axes.width / last_day, axes.height / TOP_PERCENT * 100) for line in _lines(plot)]
    placement = free_placement(lines, axes, texts.legend_size, texts.box_size)
    middle = texts.left + axes.width / 2
    x_label = tuple(ruler.wrap(plot.x_label, SIZE, 2 * (min(middle, width - middle) - MARGIN)))
    return FigureLayout(
        width=width,
        texts=texts,
        axes=axes,
        x_label=x_label,
        last_time=last_time,
        ticks=_ticks(plot, ruler, texts, last_time, axes.width),
        placement=placement,
        tops=_tops(texts, x_label, height, placement is None),
    )


def ticks(last_time: float, unit: str, most: int) -> tuple[float, ...]:
    """From 0, by the smallest customary step that needs at most `most` ticks."""
    steps = _TICK_STEPS[unit]
    step = next((step for step in steps if last_time / step < most), steps[-1])
    while last_time / step >= most:
        step *= 2
    return tuple(step * i for i in range(int(last_time / step) + 1))


def _ticks(plot: SurvivalPlot, ruler: Ruler, texts: FigureTexts, last_time: float, width: float) -> tuple[float, ...]:
    """Of the ticks that the study names each that is on the axis and has room beside the one before it; without any,
    customary ones."""
    own = ruler.widest([tick_label(tick) for tick in plot.ticks], SIZE)
    room = (max(own, texts.count_width) + GAP) * last_time / width
    kept: list[float] = []
    for tick in plot.ticks:
        if tick <= last_time and (not kept or tick - kept[-1] >= room):
            kept.append(tick)
    customary = min(_MOST_TICKS, int(width / (texts.count_width + GAP)))
    return tuple(kept) or ticks(last_time, plot.unit, customary)


def tick_label(tick: float) -> str:
    return f"{tick:g}"


def _lines(plot: SurvivalPlot) -> Iterator[Floats]:
    """The lines that text must not cover: curves, limits and medians, (n, 2) as day and survival."""
    for curve in plot.curves:
        yield from (curve.steps(values) for values in (curve.survival, curve.lower, curve.upper))
        if curve.drawn_median is not None:
            yield np.array([(0.0, 0.5), (curve.drawn_median, 0.5), (curve.drawn_median, 0.0)])


def _texts(plot: SurvivalPlot, ruler: Ruler, width: float, height: float) -> FigureTexts:
    whole, line = width - 2 * MARGIN, line_of(SIZE)
    legend = _each(ruler, plot.legend, min(_LEGEND_WIDTH, whole - HANDLE), most_lines=4)
    risk_labels = _each(
        ruler, [curve.label for curve in plot.curves], min(_RISK_LABEL_WIDTH, _RISK_LABEL_SHARE * width), most_lines=3
    )
    statistics = tuple(row for text in plot.statistics for row in ruler.wrap(text, SIZE, min(_BOX_WIDTH, whole)))
    y_label = tuple(ruler.wrap(plot.y_label, SIZE, height))
    count_width = ruler.widest([curve.widest_at_risk for curve in plot.curves], SIZE)
    beside_rows = MARGIN + _widest(ruler, risk_labels) + GAP + count_width / 2
    return FigureTexts(
        legend=legend,
        risk_labels=risk_labels,
        statistics=statistics,
        y_label=y_label,
        footnote=tuple(ruler.paragraphs([plot.footnote], SMALL, whole)),
        notices=tuple(ruler.paragraphs([plot.notices], SMALL, whole)),
        legend_size=Size(HANDLE + _widest(ruler, legend), line * sum(map(len, legend))),
        box_size=Size(ruler.widest(statistics, SIZE), line * len(statistics)),
        left=max(beside_rows, MARGIN + line * len(y_label) + Y_TICKS),
        right=MARGIN + max(MARGIN, count_width / 2),
        count_width=count_width,
    )


def _each(ruler: Ruler, texts: Sequence[str], width: float, most_lines: int) -> tuple[Lines, ...]:
    return tuple(tuple(ruler.wrap(text, SIZE, width, most_lines)) for text in texts)


def _widest(ruler: Ruler, texts: Sequence[Lines]) -> float:
    return ruler.widest([line for lines in texts for line in lines], SIZE)


def _tops(texts: FigureTexts, x_label: Lines, height: float, is_text_outside: bool) -> Tops:
    """The parts from top to bottom; legend and box take space only if they are outside the axes."""
    line, small = line_of(SIZE), line_of(SMALL)
    has_box = is_text_outside and bool(texts.statistics)
    heights = [
        small * len(texts.notices) + GAP if texts.notices else 0.0,
        texts.legend_size.height + GAP if is_text_outside else line / 2,
        height + X_TICKS,
        line * len(x_label) + GAP,
        line + GAP / 2,
        *(line * len(label) for label in texts.risk_labels),
    ]
    notices, legend, axes, x_label_top, risk_title, *risk_rows, below = accumulate(heights, initial=MARGIN)
    footnote = below + GAP + (texts.box_size.height + GAP if has_box else 0.0)
    end = footnote + small * len(texts.footnote) + MARGIN
    return Tops(notices, legend, axes, x_label_top, risk_title, tuple(risk_rows), below + GAP, footnote, end)


def legend_rows(legend: Sequence[Lines]) -> tuple[float, ...]:
    """Where each text of the legend begins, from the legend's top."""
    return tuple(accumulate((line_of(SIZE) * len(text) for text in legend[:-1]), initial=0.0))
