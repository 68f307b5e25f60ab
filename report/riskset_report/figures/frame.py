"""A figure of one pair of axes: legend above, texts below, everything as large as its text needs. Lengths in inches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import MARGIN, Sheet, line_of
from riskset_report.figures.style import GREY, MM_PER_INCH, SMALL, WARNING

GAP: Final = 0.08
_HANDLE = 0.34  # the piece of curve or bar in the legend, with the gap after it
_BETWEEN = 0.25  # entries of the legend
_TICK = 7.5 / 72  # a tick and the gap to its label
_NARROW: Final = 4.0  # narrower figures have smaller letters and lower axes


@dataclass(frozen=True)
class Key:
    """An entry of the legend, with the one style that it has: of a line, of an upright tick, or of a bar."""

    text: str
    line: Mapping[str, Any] | None = None
    tick: Mapping[str, Any] | None = None
    bar: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Frame:
    """Every text outside the axes."""

    notices: str
    legend: tuple[Key, ...]
    x_label: str
    y_label: str
    x_ticks: tuple[str, ...]
    """Labels of the ticks; the last may be at the right end of the axis."""
    y_ticks: tuple[str, ...]
    footnotes: tuple[str, ...]


@dataclass(frozen=True)
class Framed:
    """A figure whose axes have no ticks and no limits yet."""

    figure: Figure
    axes: Axes
    width: float
    """Of the axes."""
    height: float
    size: float
    """Of the letters, in points."""


def framed(frame: Frame, width_mm: int, of_axes: float | None = None) -> Framed:
    """Returns the figure with its texts, in the fonts that are set when it is called; with axes as high as `of_axes`
    says, in inches, or as is customary for the width."""
    width, ruler = width_mm / MM_PER_INCH, Ruler()
    size, customary = (7.5, 2.1) if width < _NARROW else (8.5, 3.0)
    height = customary if of_axes is None else of_axes
    line, room = line_of(size), width - 2 * MARGIN
    notices, footnotes = (ruler.paragraphs(texts, SMALL, room) for texts in ([frame.notices], frame.footnotes))
    legend = _legend_rows(frame.legend, ruler, size, room)
    y_label = ruler.wrap(frame.y_label, size, height)
    left = MARGIN + len(y_label) * line + GAP / 2 + ruler.widest(frame.y_ticks, size) + _TICK
    right = MARGIN + ruler.widest(frame.x_ticks[-1:], size) / 2
    x_label = ruler.wrap(frame.x_label, size, width - left - right)
    above = MARGIN + (len(notices) * line_of(SMALL) + GAP if notices else 0.0)
    rows = sum(len(row[0].lines) for row in legend)
    top = above + (rows * line + GAP if rows else 0.0) + line / 2
    labels = top + height + _TICK + line
    below = labels + len(x_label) * line + GAP
    end = below + len(footnotes) * line_of(SMALL) + MARGIN
    figure = Figure(figsize=(width, end))
    sheet = Sheet(figure, end)
    sheet.lines(notices, MARGIN, MARGIN, SMALL, color=WARNING)
    _draw_legend(sheet, legend, above, size)
    sheet.upright(y_label, MARGIN, top + height / 2, size)
    sheet.lines(x_label, (left + width - right) / 2, labels, size, ha="center")
    sheet.lines(footnotes, MARGIN, below, SMALL, color=GREY)
    across = width - left - right
    axes = figure.add_axes((left / width, 1 - (top + height) / end, across / width, height / end))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=size)
    return Framed(figure, axes, across, height, size)


@dataclass(frozen=True)
class _PlacedKey:
    key: Key
    lines: tuple[str, ...]
    left: float


def _legend_rows(legend: Sequence[Key], ruler: Ruler, size: float, room: float) -> list[list[_PlacedKey]]:
    """Entries of one line share a row where they have room; one of several lines has a row of its own."""
    rows: list[list[_PlacedKey]] = []
    right = room
    for key in legend:
        lines = tuple(ruler.wrap(key.text, size, room - _HANDLE))
        width = _HANDLE + ruler.widest(lines, size)
        is_beside = bool(rows) and len(lines) == len(rows[-1][0].lines) == 1 and right + _BETWEEN + width <= room
        left = right + _BETWEEN if is_beside else 0.0
        if not is_beside:
            rows.append([])
        rows[-1].append(_PlacedKey(key, lines, MARGIN + left))
        right = left + width
    return rows


def _draw_legend(sheet: Sheet, rows: Sequence[Sequence[_PlacedKey]], top: float, size: float) -> None:
    line, long = line_of(size), _HANDLE - 0.08
    for row in rows:
        first, last = top + 0.2 * line, top + 0.8 * line
        for placed in row:
            left, middle, style = placed.left, (first + last) / 2, placed.key
            if style.bar:
                sheet.box(left, first, long, last - first, **style.bar)
            if style.line:
                sheet.stroke((left, middle), (left + long, middle), **style.line)
            if style.tick:
                sheet.stroke((left + long / 2, first), (left + long / 2, last), **style.tick)
            sheet.lines(placed.lines, left + _HANDLE, top, size)
        top += len(row[0].lines) * line
