"""Draws a Kaplan-Meier figure as journals print it: curves, limits, medians, and the numbers at risk under the ticks.

`survival_plot` has the content, `survival_layout` the positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from riskset_report.figures.sheet import MARGIN, Sheet, line_of
from riskset_report.figures.style import GREY, SIZE, SMALL, WARNING, curve_style
from riskset_report.figures.survival_layout import (
    GAP,
    HANDLE,
    TOP_PERCENT,
    FigureLayout,
    layout_of,
    legend_rows,
    tick_label,
)
from riskset_report.figures.survival_plot import PlottedCurve, SurvivalPlot


def draw(plot: SurvivalPlot, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    layout = layout_of(plot, width_mm)
    figure = Figure(figsize=(layout.width, layout.tops.end))
    sheet, axes = Sheet(figure, layout.tops.end), _axes(figure, layout)
    for index, curve in enumerate(plot.curves):
        draw_curve(axes, curve, plot.days_per_unit, index)
        _draw_risk_row(sheet, [plot.at_risk(curve, tick) for tick in layout.ticks], index, layout)
    _draw_medians(axes, plot)
    _draw_labels(sheet, layout, plot.risk_title)
    _draw_legend(sheet, layout)
    sheet.lines(layout.texts.statistics, *_corner(layout, "box"), SIZE)
    return figure


def _axes(figure: Figure, layout: FigureLayout) -> Axes:
    """Axes of time and per cent, starting at 0, without the upper and right lines."""
    height = layout.tops.end
    bottom = height - layout.tops.axes - layout.axes.height
    axes = figure.add_axes(
        (
            layout.texts.left / layout.width,
            bottom / height,
            layout.axes.width / layout.width,
            layout.axes.height / height,
        )
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0, layout.last_time)
    axes.set_ylim(0, TOP_PERCENT)
    axes.set_xticks(layout.ticks, [tick_label(tick) for tick in layout.ticks])
    axes.set_yticks(range(0, 101, 20))
    return axes


def draw_curve(
    axes: Axes,
    curve: PlottedCurve,
    days_per_unit: float,
    index: int,
    *,
    has_band: bool = True,
    **style: Any,  # noqa: ANN401
) -> None:
    """Draws steps in the style of the curve at `index`, and a band between the limits that ends where they are not
    defined."""
    own = curve_style(index)
    days, survival = curve.steps(curve.survival).T
    axes.plot(days / days_per_unit, 100 * survival, **own, **style)
    if has_band:
        lower, upper = (curve.steps(limit)[:, 1] for limit in (curve.lower, curve.upper))
        axes.fill_between(days / days_per_unit, 100 * lower, 100 * upper, color=own["color"], alpha=0.13, linewidth=0)


def _draw_medians(axes: Axes, plot: SurvivalPlot) -> None:
    """Dotted from 50% to each curve and down to the axis."""
    medians = [curve.drawn_median for curve in plot.curves]
    reached = {index: days / plot.days_per_unit for index, days in enumerate(medians) if days is not None}
    dotted: dict[str, Any] = {"linestyle": (0, (1, 1.5)), "linewidth": 1.0}
    axes.plot([0, max(reached.values(), default=0)], [50, 50], color="#888888", **dotted)
    for index, median in reached.items():
        axes.plot([median, median], [0, 50], color=curve_style(index)["color"], **dotted)


def _draw_risk_row(sheet: Sheet, at_risk: Sequence[str], index: int, layout: FigureLayout) -> None:
    """The arm's name beside, and under each tick how many were still at risk just before it."""
    top, colour = layout.tops.risk_rows[index], curve_style(index)["color"]
    sheet.lines(layout.texts.risk_labels[index], MARGIN, top, SIZE, color=colour)
    for tick, number in zip(layout.ticks, at_risk, strict=True):
        sheet.line(number, layout.x(tick), top, SIZE, ha="center")


def _draw_labels(sheet: Sheet, layout: FigureLayout, risk_title: str) -> None:
    words, tops = layout.texts, layout.tops
    sheet.lines(layout.x_label, words.left + layout.axes.width / 2, tops.x_label, SIZE, ha="center")
    sheet.upright(words.y_label, MARGIN, tops.axes + layout.axes.height / 2, SIZE)
    sheet.line(risk_title, MARGIN, tops.risk_title, SIZE, fontweight="bold")
    sheet.lines(words.footnote, MARGIN, tops.footnote, SMALL, color=GREY)
    sheet.lines(words.notices, MARGIN, tops.notices, SMALL, color=WARNING)


def _draw_legend(sheet: Sheet, layout: FigureLayout) -> None:
    """A piece of each curve and its name."""
    left, top = _corner(layout, "legend")
    for index, row in enumerate(legend_rows(layout.texts.legend)):
        middle = top + row + line_of(SIZE) / 2
        sheet.stroke((left, middle), (left + HANDLE - GAP, middle), **curve_style(index))
        sheet.lines(layout.texts.legend[index], left + HANDLE, top + row, SIZE)


def _corner(layout: FigureLayout, part: str) -> tuple[float, float]:
    """The upper left corner of legend or box on the sheet: from the left edge, and from the top."""
    size = {"legend": layout.texts.legend_size, "box": layout.texts.box_size}[part]
    if layout.placement is None:
        return layout.outside(size), {"legend": layout.tops.legend, "box": layout.tops.box}[part]
    place = {"legend": layout.placement.legend, "box": layout.placement.box}[part]
    return layout.texts.left + place.x, layout.tops.axes + layout.axes.height - place.y - size.height
