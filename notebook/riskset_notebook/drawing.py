"""Draws the curves of a result into axes of matplotlib, in the colours and line styles of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset_notebook.columns import Json
from riskset_notebook.frames.part import arms_of
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.style import curve_style
from riskset_report.figures.survival_drawing import draw_curve
from riskset_report.figures.survival_layout import ticks
from riskset_report.figures.survival_plot import Floats, PlottedCurve, n_drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskset_notebook.result import Result

_MOST_TICKS = 9
_TOP_PERCENT = 102
"""A little above 100, so that the first step is not on the edge."""
_GAP_POINTS, _LINE = 6, 1.4
"""Between a name and its first number, and below the name of the axis; the height of a line, in parts of its type."""


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a result."""

    curves: tuple[PlottedCurve, ...]
    y_label: str


def survival_of(result: Result) -> Drawn:
    """Returns the curve of each arm, or of all patients where the study compares none. Raises DataError where the
    result has no curve."""
    curves = [_plotted(result, arm, arm["curve"], "survival", 1.0) for arm in _arms(result)]
    return Drawn(tuple(curves), _told(result, say("notebook.plot.survival", endpoint=_endpoint(result))))


def incidence_of(result: Result, cause: str | None) -> Drawn:
    """Returns the curves of one cause, the first of the result unless it is named. Raises DataError for a cause that it
    does not have, and as `survival_of`."""
    causes = tuple(result.document.get("causes") or ())
    arms = _arms(result)
    chosen = causes[0] if cause is None else cause
    if chosen not in causes:
        raise DataError(
            say("notebook.plot.unknown_cause", id=result.id, cause=chosen), say("notebook.plot.causes", causes=causes)
        )
    of = [next(one for one in arm["causes"] if one["cause"] == chosen)["curve"] for arm in arms]
    curves = [_plotted(result, arm, curve, "estimate", 0.0) for arm, curve in zip(arms, of, strict=True)]
    label = result.setting.labels.plain_variable(chosen)
    return Drawn(tuple(curves), _told(result, say("notebook.plot.incidence", cause=label)))


def draw(result: Result, drawn: Drawn, ax: Axes | None, *, bands: bool, legend: bool, at_risk: bool) -> Axes:
    """Draws into `ax`, or into pyplot's current axes, and returns them."""
    axes, curves = _current() if ax is None else ax, drawn.curves
    days_per_unit = result.setting.days_per_unit
    for index, curve in enumerate(curves):
        draw_curve(axes, curve, days_per_unit, index, has_band=bands, label=curve.label)
    last_time = 1.02 * max(1.0, *(curve.last_day for curve in curves)) / days_per_unit
    own = [tick for tick in result.setting.ticks if tick <= last_time]
    axes.set_xlim(0, last_time)
    axes.set_xticks(own or ticks(last_time, result.setting.unit, _MOST_TICKS))
    axes.set_ylim(0, _TOP_PERCENT)
    axes.spines[["top", "right"]].set_visible(False)
    units = say(f"report.unit.{result.setting.unit}", n=2)
    axes.set_xlabel(_told(result, say("notebook.plot.axis", units=units)))
    axes.set_ylabel(drawn.y_label)
    if legend and len(curves) > 1:
        axes.legend(frameon=False)
    if at_risk:
        _write_at_risk(axes, curves, days_per_unit)
    return axes


def _told(result: Result, message: Message) -> str:
    """Returns a sentence in the study's language, as the report has it."""
    return message.in_language(result.setting.labels.language)


def _endpoint(result: Result) -> str:
    return result.setting.labels.endpoint(result.endpoint)


def _arms(result: Result) -> list[Json]:
    """Returns the objects of the arms, or that of all patients. Raises DataError where there is none."""
    *arms, every = arms_of(result.document) if result.status == "ok" else (None,)
    if every is None:
        raise DataError(say("notebook.plot.no_curve", id=result.id, reason=result.reason or result.status))
    return arms or [every]


def _plotted(result: Result, arm: Json, curve: Json, values: str, start: float) -> PlottedCurve:
    return PlottedCurve(
        label=result.setting.labels.arm(result.document["variable"], arm["level"]),
        days=_numbers(curve["day"]),
        survival=_numbers(curve[values]),
        lower=_numbers(curve["lower"]),
        upper=_numbers(curve["upper"]),
        at_risk=tuple(f"{n:.15g}" for n in curve["at_risk"]),
        median_days=None,
        start=start,
        n_drawn=n_drawn(_numbers(curve["at_risk"])),
    )


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _write_at_risk(axes: Axes, curves: tuple[PlottedCurve, ...], days_per_unit: float) -> None:
    """Writes below the axis how many of each arm are at risk just before each tick."""
    size = _in_points("small")
    left = -72 * Ruler().widest([curve.at_risk_before(0) for curve in curves], size) / 2 - _GAP_POINTS
    for index, curve in enumerate(curves):
        below = -_below_the_axis(axes) - index * _LINE * size
        style: dict[str, Any] = {"textcoords": "offset points", "color": curve_style(index)["color"], "fontsize": size}
        axes.annotate(curve.label, (0, 0), (left, below), xycoords="axes fraction", ha="right", va="top", **style)
        for tick in axes.get_xticks():
            number = curve.at_risk_before(tick * days_per_unit)
            where = ("data", "axes fraction")
            axes.annotate(number, (tick, 0), (0, below), xycoords=where, ha="center", va="top", **style)


def _below_the_axis(axes: Axes) -> float:
    """Returns how many points below the axis its ticks, their labels and its name reach, with a gap."""
    ticks_of = axes.xaxis.get_tick_params()
    tick = ticks_of.get("length", rcParams["xtick.major.size"]) + ticks_of.get("pad", rcParams["xtick.major.pad"])
    labels = ticks_of.get("labelsize", rcParams["xtick.labelsize"])
    name = axes.xaxis.label.get_fontsize()
    return float(tick + _LINE * _in_points(labels) + axes.xaxis.labelpad + _LINE * _in_points(name) + _GAP_POINTS)


def _in_points(size: float | str) -> float:
    """Returns a size of type, which may be a word such as `small`."""
    return float(FontProperties(size=size).get_size_in_points())


def _current() -> Axes:
    from matplotlib import pyplot

    return pyplot.gca()
