"""Draws a love plot: a row for each covariate, a mark for each set of patients, and the limits as lines.

Lengths are in inches; text is measured first, and the axis takes the room that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from math import ceil, floor, inf
from typing import Any, Final

from matplotlib.figure import Figure

from riskset_report.figures.love_plot import LovePlot, LoveRow
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import MARGIN, TIGHT, Sheet, line_of
from riskset_report.figures.style import COLOURS, GREY, MM_PER_INCH, SIZE, SMALL, WARNING

GAP, HANDLE = 0.1, 0.3
_ROW = 0.045  # above and below a label
_LABELS = 0.45  # most share of the width
_APART, _STAGGER = 0.08, 0.06  # marks that are nearer are drawn one below the other
_TICK, _MOST_TICKS = 0.04, 8
_STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_MARKERS: Final = (
    {"marker": "o", "markerfacecolor": "white", "markeredgecolor": COLOURS[1], "markersize": 6.5},
    {"marker": "s", "markerfacecolor": COLOURS[0], "markeredgecolor": "white", "markersize": 6.0},
    {"marker": "^", "markerfacecolor": COLOURS[2], "markeredgecolor": "white", "markersize": 6.5},
    {"marker": "D", "markerfacecolor": "white", "markeredgecolor": COLOURS[3], "markersize": 4.5},
    {"marker": "X", "markerfacecolor": "#1a1a1a", "markeredgecolor": "white", "markersize": 6.5},
)
MOST_SETS: Final = len(_MARKERS)
_DASHES: Final = ((4.0, 2.0), (1.0, 1.5))


@dataclass(frozen=True)
class _Layout:
    width: float
    height: float
    axis: tuple[float, float]
    last: float
    """Where the axis ends."""
    ticks: tuple[float, ...]
    notices: list[str]
    labels: list[list[str]]
    rows: list[float]
    """Where each row begins, from the top; then where the last ends."""
    x_label: list[str]
    legend: list[list[str]]
    legend_tops: list[float]
    footnote: list[str]
    footnote_top: float

    def x(self, value: float) -> float:
        return self.axis[0] + value / self.last * (self.axis[1] - self.axis[0])


def draw(plot: LovePlot, width_mm: float) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    layout = _layout(plot, width_mm / MM_PER_INCH)
    figure = Figure(figsize=(layout.width, layout.height))
    sheet = Sheet(figure, layout.height, TIGHT)
    sheet.lines(layout.notices, MARGIN, MARGIN, SMALL, color=WARNING)
    _draw_axis(sheet, layout, plot)
    for row, label, ends in zip(plot.rows, layout.labels, zip(layout.rows, layout.rows[1:], strict=False), strict=True):
        _draw_row(sheet, layout, row, label, ends)
    _draw_legend(sheet, layout, plot)
    sheet.lines(layout.footnote, MARGIN, layout.footnote_top, SMALL, color=GREY)
    return figure


def _layout(plot: LovePlot, width: float) -> _Layout:
    ruler, line, tiny, whole = Ruler(), line_of(SIZE, TIGHT), line_of(SMALL, TIGHT), width - 2 * MARGIN
    names = [ruler.wrap(row.label, SIZE, width * _LABELS) for row in plot.rows]
    left = MARGIN + ruler.widest([text for lines in names for text in lines], SIZE) + GAP
    notices = ruler.paragraphs([plot.notices], SMALL, whole)
    first = MARGIN + tiny * len(notices) + (GAP if notices else 0)
    rows = list(accumulate((line * len(lines) + 2 * _ROW for lines in names), initial=first))
    last, ticks = _scale(max([*plot.values, *(limit for limit, _ in plot.limits)], default=0.1))
    half = ruler.width(_label(ticks[-1]), SIZE) / 2
    right = width - MARGIN - half
    x_label = ruler.wrap(plot.x_label, SIZE, 2 * min((left + right) / 2 - MARGIN, width - MARGIN - (left + right) / 2))
    legend = [ruler.wrap(text, SIZE, whole - HANDLE) for text in (*plot.sets, *(text for _, text in plot.limits))]
    begin = rows[-1] + 2 * _TICK + line * (1.2 + len(x_label)) + GAP
    legend_tops = list(accumulate((line * len(lines) for lines in legend), initial=begin))
    footnote, footnote_top = ruler.paragraphs(plot.footnote, SMALL, whole), legend_tops[-1] + GAP
    height = footnote_top + tiny * len(footnote) + MARGIN
    return _Layout(
        width, height, (left, right), last, ticks, notices, names, rows, x_label, legend, legend_tops, footnote,
        footnote_top,
    )  # fmt: skip


def _scale(most: float) -> tuple[float, tuple[float, ...]]:
    """Returns where the axis ends, and its ticks, from 0 by the smallest step that needs few of them."""
    step = next((step for step in _STEPS if most / step < _MOST_TICKS), ceil(most / _MOST_TICKS))
    last = most * 1.04
    return last, tuple(step * at for at in range(floor(last / step) + 1))


def _label(tick: float) -> str:
    return f"{tick:.3g}"


def _draw_axis(sheet: Sheet, layout: _Layout, plot: LovePlot) -> None:
    top, bottom = layout.rows[0], layout.rows[-1]
    sheet.stroke((layout.axis[0], bottom), (layout.axis[1], bottom), color="black", linewidth=0.8)
    sheet.stroke((layout.axis[0], top), (layout.axis[0], bottom), color="#888888", linewidth=0.8)
    for tick in layout.ticks:
        x = layout.x(tick)
        sheet.stroke((x, bottom), (x, bottom + _TICK), color="black", linewidth=0.8)
        sheet.line(_label(tick), x, bottom + 1.4 * _TICK, SIZE, ha="center")
    for (limit, _), dashes in zip(plot.limits, _DASHES, strict=False):
        x = layout.x(limit)
        sheet.stroke((x, top), (x, bottom), color=GREY, linewidth=1.0, linestyle=(0, dashes))
    below = bottom + 2 * _TICK + 1.2 * line_of(SIZE, TIGHT)
    sheet.lines(layout.x_label, sum(layout.axis) / 2, below, SIZE, ha="center")


def _draw_row(sheet: Sheet, layout: _Layout, row: LoveRow, label: list[str], ends: tuple[float, float]) -> None:
    """The label, a thin line to the furthest mark, and the marks: that before adjustment below all others."""
    middle = sum(ends) / 2
    sheet.lines(label, layout.axis[0] - GAP, ends[0] + _ROW, SIZE, ha="right")
    known = [value for value in row.values if value is not None]
    if known:
        sheet.stroke((layout.axis[0], middle), (layout.x(max(known)), middle), color="#dddddd", linewidth=1.0, zorder=1)
    beside = _beside([None if value is None else layout.x(value) for value in row.values])
    for value, style, below in zip(row.values, _MARKERS, beside, strict=False):
        if value is not None:
            _draw_mark(sheet, layout.x(value), middle + below, style)


def _beside(marks: Sequence[float | None]) -> list[float]:
    """Returns how far below the middle of its row each mark is, so that none covers another: 0 where none would."""
    below = [0.0] * len(marks)
    known = sorted((x, at) for at, x in enumerate(marks) if x is not None)
    near: list[int] = []
    for (x, at), (following, _) in zip_longest(known, known[1:], fillvalue=(inf, -1)):
        near.append(at)
        if following - x >= _APART:
            for place, own in enumerate(sorted(near)):
                below[own] = _STAGGER * (place - (len(near) - 1) / 2)
            near = []
    return below


def _draw_mark(sheet: Sheet, x: float, y: float, style: Any) -> None:  # noqa: ANN401 - as matplotlib takes it
    sheet.stroke((x, y), (x, y), linestyle="none", markeredgewidth=1.0, zorder=3, **style)


def _draw_legend(sheet: Sheet, layout: _Layout, plot: LovePlot) -> None:
    styles = [*_MARKERS[: len(plot.sets)], *_DASHES[: len(plot.limits)]]
    for style, lines, top in zip(styles, layout.legend, layout.legend_tops, strict=False):
        middle = top + line_of(SIZE, TIGHT) / 2
        if isinstance(style, dict):
            _draw_mark(sheet, MARGIN + 0.1, middle, style)
        else:
            end = MARGIN + HANDLE - 0.06
            sheet.stroke((MARGIN, middle), (end, middle), color=GREY, linewidth=1.0, linestyle=(0, style))
        sheet.lines(lines, MARGIN + HANDLE, top, SIZE)
