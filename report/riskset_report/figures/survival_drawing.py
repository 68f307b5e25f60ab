"""Draws a Kaplan-Meier figure as journals print it: curves, limits, medians, and the numbers at risk under the ticks.

`survival_plot` has the content, `survival_layout` the positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from riskset_report.figures.style import COLOURS, DASHES, GREY, SMALL, WARNING, files_of, house_style
from riskset_report.figures.survival_layout import (
    GAP,
    HANDLE,
    LINE,
    MARGIN,
    TOP_PERCENT,
    Y_TICKS,
    FigureLayout,
    layout_of,
    legend_rows,
)
from riskset_report.figures.survival_plot import PlottedCurve, SurvivalPlot
from riskset_report.printing import FigureFiles

LINE_SPACING = 1.3  # makes one line of the fonts below as high as `layout` assumes


def survival_figure(plot: SurvivalPlot, width_mm: int) -> FigureFiles:
    """Returns the same bytes for the same plot, fonts and matplotlib."""
    with house_style():
        return files_of(_drawn(plot, layout_of(plot, width_mm)))


def _drawn(plot: SurvivalPlot, layout: FigureLayout) -> Figure:
    figure = Figure(figsize=(layout.width, layout.tops.end))
    axes = _axes(figure, layout)
    for index, curve in enumerate(plot.curves):
        _draw_curve(axes, curve, plot.days_per_unit, _style(index))
        _draw_risk_row(figure, [plot.at_risk(curve, tick) for tick in layout.ticks], index, layout)
    _draw_medians(axes, plot)
    _draw_labels(figure, layout)
    _draw_legend(figure, layout)
    _draw_box(figure, layout)
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
    axes.set_xticks(layout.ticks, [f"{tick:g}" for tick in layout.ticks])
    axes.set_yticks(range(0, 101, 20))
    return axes


def _style(index: int) -> dict[str, Any]:
    """Of the curve at `index`: four colours, then the same with different dashes."""
    dashes = DASHES[(index + index // len(COLOURS)) % len(DASHES)]
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": (0, dashes) if dashes else "-", "linewidth": 1.6}


def _draw_curve(axes: Axes, curve: PlottedCurve, days_per_unit: float, style: dict[str, Any]) -> None:
    """Steps, and a band between the limits that ends where they are not defined."""
    days, survival = curve.steps(curve.survival).T
    lower, upper = (curve.steps(limit)[:, 1] for limit in (curve.lower, curve.upper))
    axes.plot(days / days_per_unit, 100 * survival, **style)
    axes.fill_between(days / days_per_unit, 100 * lower, 100 * upper, color=style["color"], alpha=0.13, linewidth=0)


def _draw_medians(axes: Axes, plot: SurvivalPlot) -> None:
    """Dotted from 50% to each curve and down to the axis."""
    medians = [None if curve.median_days is None else curve.median_days / plot.days_per_unit for curve in plot.curves]
    reached = {index: median for index, median in enumerate(medians) if median is not None}
    dotted: dict[str, Any] = {"linestyle": (0, (1, 1.5)), "linewidth": 1.0}
    axes.plot([0, max(reached.values(), default=0)], [50, 50], color="#888888", **dotted)
    for index, median in reached.items():
        axes.plot([median, median], [0, 50], color=_style(index)["color"], **dotted)


def _draw_risk_row(figure: Figure, at_risk: Sequence[str], index: int, layout: FigureLayout) -> None:
    """The arm's name beside, and under each tick how many were still at risk just before it."""
    top, colour = layout.tops.risk_rows[index], _style(index)["color"]
    _write(figure, layout, MARGIN, top, layout.texts.risk_labels[index], color=colour)
    for tick, number in zip(layout.ticks, at_risk, strict=True):
        x = layout.texts.left + tick / layout.last_time * layout.axes.width
        _write(figure, layout, x, top, number, ha="center")


def _draw_labels(figure: Figure, layout: FigureLayout) -> None:
    words, tops = layout.texts, layout.tops
    middle = words.left + layout.axes.width / 2
    _write(figure, layout, middle, tops.x_label, words.x_label, ha="center")
    beside = (words.left - Y_TICKS, tops.axes + layout.axes.height / 2)
    _write(figure, layout, *beside, words.y_label, rotation=90, ha="right", va="center", multialignment="center")
    _write(figure, layout, MARGIN, tops.risk_title, words.at_risk_title, fontweight="bold")
    _write(figure, layout, MARGIN, tops.footnote, words.footnote, fontsize=SMALL, color=GREY)
    _write(figure, layout, MARGIN, tops.notices, words.notices, fontsize=SMALL, color=WARNING)


def _draw_legend(figure: Figure, layout: FigureLayout) -> None:
    """A piece of each curve and its name."""
    left, top = _corner(layout, "legend")
    for index, row in enumerate(legend_rows(layout.texts.legend)):
        middle = layout.tops.end - top - row - LINE / 2
        ends = ([left, left + HANDLE - GAP], [middle, middle])
        figure.add_artist(Line2D(*ends, transform=figure.dpi_scale_trans, **_style(index)))
        _write(figure, layout, left + HANDLE, top + row, layout.texts.legend[index])


def _draw_box(figure: Figure, layout: FigureLayout) -> None:
    _write(figure, layout, *_corner(layout, "box"), layout.texts.statistics)


def _corner(layout: FigureLayout, part: str) -> tuple[float, float]:
    """The upper left corner of legend or box on the sheet: from the left edge, and from the top."""
    if layout.placement is None:
        return layout.texts.left, {"legend": layout.tops.legend, "box": layout.tops.box}[part]
    place, size = {
        "legend": (layout.placement.legend, layout.texts.legend_size),
        "box": (layout.placement.box, layout.texts.box_size),
    }[part]
    return layout.texts.left + place.x, layout.tops.axes + layout.axes.height - place.y - size.height


def _write(figure: Figure, layout: FigureLayout, x: float, top: float, text: str, **style: Any) -> None:  # noqa: ANN401
    """Lines at `x` inches from the left edge and `top` inches under the upper one."""
    defaults: dict[str, Any] = {"va": "top", "linespacing": LINE_SPACING, "transform": figure.dpi_scale_trans}
    figure.text(x, layout.tops.end - top, text, **(defaults | style))
