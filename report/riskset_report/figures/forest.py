"""Draws a forest plot as journals print it: a table with an axis among its columns.

`forest_plot` has the content, `forest_layout` the positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from riskset_report.figures.forest_axis import labels
from riskset_report.figures.forest_layout import (
    HANDLE,
    ROW_PADDING,
    ForestLayout,
    Line,
    indent_of,
    layout_of,
    small,
)
from riskset_report.figures.forest_plot import ForestPlot, Interval, PlottedRow
from riskset_report.figures.sheet import MARGIN, TIGHT, Sheet
from riskset_report.figures.style import COLOURS, GREY, WARNING

_OWN, _SECOND, _ALL = COLOURS[0], COLOURS[1], "#1a1a1a"
_BAND = "#f4f4f4"
_TICK = 0.04
_SMALLEST, _LARGEST = 0.04, 0.12  # sides of squares
_APART = 0.043  # of two intervals in a row, from its middle
_ARROW = 0.07


def draw(plot: ForestPlot, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    layout = layout_of(plot, width_mm)
    figure = Figure(figsize=(layout.width, layout.height))
    sheet = _Sheet(figure, layout.height, TIGHT, layout=layout)
    _draw_headings(sheet)
    for at, (row, place) in enumerate(zip(plot.rows, layout.rows, strict=True)):
        if at % 2:
            sheet.band(place)
        _draw_texts(sheet, row, place)
    _draw_axis(sheet, plot)
    for row, place in zip(plot.rows, layout.rows, strict=True):
        _draw_intervals(sheet, row, place)
    _draw_below(sheet, plot)
    return figure


@dataclass(frozen=True, kw_only=True)
class _Sheet(Sheet):
    """With the axis and the marks of a forest plot."""

    layout: ForestLayout

    def write(self, x: float, top: float, lines: Sequence[str], size: float | None = None, **style: Any) -> None:  # noqa: ANN401
        """Lines in the type of the rows, unless a size is given."""
        self.lines(lines, x, top, size or self.layout.size, **style)

    def circle(self, x: float, y: float, side: float, colour: str) -> None:
        style: dict[str, Any] = {"marker": "o", "markersize": side * 72, "markerfacecolor": "white"}
        self.stroke((x, y), (x, y), markeredgecolor=colour, markeredgewidth=1.0, linestyle="none", **style)

    def band(self, place: Line) -> None:
        left, right, bottom = MARGIN, self.layout.width - MARGIN, place.top + place.height
        corners = [(left, place.top), (right, place.top), (right, bottom), (left, bottom)]
        self.shape(corners, color=_BAND, zorder=0)

    def x(self, value: float) -> float:
        """Returns where a ratio is drawn; at an end where it is beyond."""
        left, right = self.layout.columns.axis
        return left + min(max(self.layout.axis.at(value), 0.0), 1.0) * (right - left)


def _draw_headings(sheet: _Sheet) -> None:
    layout = sheet.layout
    sheet.write(MARGIN, layout.label.top, layout.label.lines, fontweight="bold")
    for x, heading in zip(layout.columns.centres, layout.headings, strict=True):
        sheet.write(x, heading.top, heading.lines, fontweight="bold", ha="center")


def _draw_texts(sheet: _Sheet, row: PlottedRow, place: Line) -> None:
    top = place.top + ROW_PADDING
    weight = "bold" if row.is_heading else "normal"
    sheet.write(MARGIN + indent_of(row), top, place.lines, fontweight=weight)
    middle = place.top + (place.height - sheet.layout.line) / 2
    for x, text in zip(sheet.layout.columns.centres, row.texts, strict=bool(row.texts)):
        sheet.write(x, middle, [text], ha="center")


def _draw_axis(sheet: _Sheet, plot: ForestPlot) -> None:
    """The axis below the rows, the line at 1, and the dotted line of all."""
    layout = sheet.layout
    top, bottom = layout.rows[0].top if layout.rows else layout.x_axis, layout.x_axis
    sheet.stroke((layout.columns.axis[0], bottom), (layout.columns.axis[1], bottom), color="black", linewidth=0.8)
    for tick, text in zip(layout.axis.ticks, labels(layout.axis.ticks), strict=True):
        x = sheet.x(tick)
        sheet.stroke((x, bottom), (x, bottom + _TICK), color="black", linewidth=0.8)
        sheet.write(x, bottom + 1.4 * _TICK, [text], ha="center")
    one = sheet.x(1.0)
    sheet.stroke((one, top), (one, bottom), color="black", linewidth=0.8)
    if plot.guide is not None and 0 < layout.axis.at(plot.guide) < 1:
        x = sheet.x(plot.guide)
        sheet.stroke((x, top), (x, bottom), color=_OWN, linewidth=0.8, linestyle=(0, (1, 1.5)))


def _draw_intervals(sheet: _Sheet, row: PlottedRow, place: Line) -> None:
    middle = place.top + place.height / 2
    shifts = (0.0,) if len(row.intervals) == 1 else (-_APART, _APART)
    for interval, shift in zip(row.intervals, shifts, strict=False):
        _draw_interval(sheet, interval, middle + shift)


def _draw_interval(sheet: _Sheet, interval: Interval, y: float) -> None:
    if interval.mark == "diamond" and interval.estimate is not None:
        _draw_diamond(sheet, interval, y)
        return
    colour = _SECOND if interval.mark == "circle" else _ALL
    if interval.mark != "reference":
        _draw_limits(sheet, interval, y, colour)
    if interval.estimate is not None and 0 <= sheet.layout.axis.at(interval.estimate) <= 1:
        _draw_mark(sheet, interval, sheet.x(interval.estimate), y)


def _draw_mark(sheet: _Sheet, interval: Interval, x: float, y: float) -> None:
    if interval.mark == "circle":
        sheet.circle(x, y, _side(None), _SECOND)
    elif interval.mark == "reference":
        sheet.circle(x, y, _SMALLEST, _ALL)
    else:
        half = _side(interval.weight) / 2
        corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
        sheet.shape(corners, color=_OWN, zorder=3)


def _side(weight: float | None) -> float:
    """Returns the side of a square whose area is proportional to the weight."""
    return 0.075 if weight is None else max(_SMALLEST, _LARGEST * weight**0.5)


def _draw_limits(sheet: _Sheet, interval: Interval, y: float, colour: str) -> None:
    """The line between the limits, with an arrow where one is beyond the axis; one where both are, on one side."""
    ends = sheet.x(interval.lower), sheet.x(interval.upper)
    dashes: Any = (0, (3, 1.2)) if interval.mark == "whisker" else "-"
    sheet.stroke((ends[0], y), (ends[1], y), color=colour, linewidth=1.0, linestyle=dashes)
    lower, upper = sheet.layout.axis.at(interval.lower), sheet.layout.axis.at(interval.upper)
    for end, at, is_beyond, way in ((ends[0], lower, lower < 0, -1), (ends[1], upper, upper > 1, 1)):
        if is_beyond:
            tail = end - way * _ARROW
            sheet.shape([(end, y), (tail, y - _ARROW / 2), (tail, y + _ARROW / 2)], color=colour)
        elif 0 <= at <= 1 and (interval.mark == "whisker" or interval.estimate is None):
            sheet.stroke((end, y - _TICK), (end, y + _TICK), color=colour, linewidth=1.0)


def _draw_diamond(sheet: _Sheet, interval: Interval, y: float) -> None:
    """From limit to limit; flat at an end that is beyond the axis."""
    left, right = sheet.x(interval.lower), sheet.x(interval.upper)
    half, middle = _LARGEST / 2, sheet.x(interval.estimate or 1.0)
    sheet.shape([(left, y), (middle, y - half), (right, y), (middle, y + half)], color=_OWN, zorder=3)


def _draw_below(sheet: _Sheet, plot: ForestPlot) -> None:
    layout = sheet.layout
    middle, one = sum(layout.columns.axis) / 2, sheet.x(1.0)
    sheet.write(middle, layout.x_label.top, layout.x_label.lines, ha="center")
    for way, (side, text) in zip((-1, 1), zip(("right", "left"), layout.favours, strict=False), strict=False):
        sheet.write(one + way * 0.06, text.top, text.lines, ha=side)
    for (mark, _), (x, text) in zip(plot.legend, layout.legend, strict=True):
        _draw_mark(sheet, Interval(mark, 1.0, 1.0, 1.0), x + HANDLE / 2, text.top + layout.line / 2)
        sheet.write(x + HANDLE, text.top, text.lines)
    tiny = small(layout.size)
    sheet.write(MARGIN, layout.footnote.top, layout.footnote.lines, tiny, color=GREY)
    sheet.write(MARGIN, layout.notices.top, layout.notices.lines, tiny, color=WARNING)
