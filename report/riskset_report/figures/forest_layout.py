"""Layout of a forest plot. Lengths are in inches; text is measured first, and the axis takes the room that is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from riskset_report.figures.forest_axis import LogAxis, axis_of
from riskset_report.figures.forest_plot import ForestPlot, PlottedRow
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import MARGIN, TIGHT, line_of
from riskset_report.figures.style import LEAST, MM_PER_INCH

GAP = 0.13
INDENT = 0.14
HANDLE = 0.22  # a mark in the legend, with the gap after it
TICKS = 0.2  # the ticks and their labels
ROW_PADDING = 0.035

_SIZES = (8.0, 7.5, 7.0, 6.5, LEAST)  # of the type; the first that fits
_LABELS, _AXIS = (1.0, 2.4), (1.3, 2.6)  # least and most width
_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
_WIDE_PARENTHESIS = re.compile("(?<=.)(?=（)")
_HEADING = 1.15  # words in the heading of a column are broken only if they are wider than this


@dataclass(frozen=True)
class _Rulers:
    plain: Ruler
    bold: Ruler


@dataclass(frozen=True)
class Line:
    """Text broken into lines, and where it begins, from the top of the figure."""

    lines: tuple[str, ...]
    top: float
    height: float


@dataclass(frozen=True)
class Columns:
    """From left to right, in inches from the left edge: labels begin at the margin."""

    labels: float
    """Width of the column of labels."""
    centres: tuple[float, ...]
    """Of the columns of texts."""
    widths: tuple[float, ...]
    axis: tuple[float, float]
    """Where the axis begins and ends."""


@dataclass(frozen=True)
class ForestLayout:
    width: float
    height: float
    size: float
    """Of the type, in points."""
    columns: Columns
    label: Line
    headings: tuple[Line, ...]
    rows: tuple[Line, ...]
    """Labels with the heights of their rows."""
    axis: LogAxis
    x_axis: float
    """Where the axis is drawn, from the top."""
    x_label: Line
    favours: tuple[Line, ...]
    legend: tuple[tuple[float, Line], ...]
    """Each with where its mark begins, from the left edge."""
    footnote: Line
    notices: Line

    @property
    def line(self) -> float:
        return line_of(self.size, TIGHT)


def indent_of(row: PlottedRow) -> float:
    """Returns how far from the left a row's label begins."""
    return INDENT if row.is_inner else 0.0


def small(size: float) -> float:
    """Returns the type of the footnote below rows in this type."""
    return max(LEAST, size - 1)


def layout_of(plot: ForestPlot, width_mm: float) -> ForestLayout:
    """Measures in the fonts that are set when it is called."""
    width, rulers = width_mm / MM_PER_INCH, _Rulers(Ruler(), Ruler(is_bold=True))
    size, columns = next(
        ((size, found) for size in _SIZES if (found := _columns(plot, rulers, size, width)) is not None),
        (LEAST, _squeezed(plot, rulers, LEAST, width)),
    )
    left, right = columns.axis
    axis = axis_of(plot.intervals, lambda texts: (rulers.plain.widest(texts, size) + GAP / 2) / (right - left))
    return _stacked(plot, rulers, width, size, columns, axis)


def _columns(plot: ForestPlot, rulers: _Rulers, size: float, width: float) -> Columns | None:
    """Returns the columns in this type; None where labels or the axis would be too narrow."""
    cells = _cell_widths(plot, rulers, size)
    room = width - 2 * MARGIN - sum(cells) - GAP * (len(cells) + 1)
    labels = min(_widest_label(plot, rulers, size), _LABELS[1])
    labels = max(min(labels, room - _AXIS[0]), min(labels, _LABELS[0]))
    if room - labels < _AXIS[0]:
        return None
    return _placed(plot, cells, labels, min(room - labels, _AXIS[1]), width)


def _squeezed(plot: ForestPlot, rulers: _Rulers, size: float, width: float) -> Columns:
    """Returns columns of which the labels take what the others leave, for rows that fit in no type."""
    cells = _cell_widths(plot, rulers, size)
    room = width - 2 * MARGIN - sum(cells) - GAP * (len(cells) + 1)
    return _placed(plot, cells, room / 3, room * 2 / 3, width)


def _cell_widths(plot: ForestPlot, rulers: _Rulers, size: float) -> list[float]:
    widths = []
    for at, heading in enumerate(plot.columns):
        own = rulers.plain.widest([row.texts[at] for row in plot.rows if row.texts], size)
        words = rulers.bold.widest(re.split(r"[ \n]", heading), size)  # not at a no-break space
        widths.append(max(own, min(words, _HEADING)))
    return widths


def _widest_label(plot: ForestPlot, rulers: _Rulers, size: float) -> float:
    widths = [_ruler_of(row, rulers).width(row.label, size) + indent_of(row) for row in plot.rows]
    return max([rulers.bold.width(plot.label, size), *widths])


def _placed(plot: ForestPlot, cells: Sequence[float], labels: float, axis: float, width: float) -> Columns:
    """Columns from left to right; room that nobody needs is spread between them."""
    parts = [*cells[: len(plot.left)], axis, *cells[len(plot.left) :]]
    gap = (width - 2 * MARGIN - labels - sum(parts)) / len(parts)
    begins = list(accumulate(parts, lambda at, part: at + part + gap, initial=MARGIN + labels + gap))[:-1]
    spans = [(begin, begin + part) for begin, part in zip(begins, parts, strict=True)]
    of_axis = spans.pop(len(plot.left))
    return Columns(labels, tuple((a + b) / 2 for a, b in spans), tuple(cells), of_axis)


def _stacked(
    plot: ForestPlot, rulers: _Rulers, width: float, size: float, columns: Columns, axis: LogAxis
) -> ForestLayout:
    """The parts from top to bottom."""
    line, whole = line_of(size, TIGHT), width - 2 * MARGIN
    notices = _line(
        rulers.plain.wrap(plot.notices, small(size), whole), MARGIN, small(size), is_there=bool(plot.notices)
    )
    top = notices.top + notices.height + (GAP / 2 if plot.notices else 0)
    heads = [_heading(rulers, text, size, w) for text, w in zip(plot.columns, columns.widths, strict=True)]
    label = rulers.bold.wrap(plot.label, size, columns.labels)
    deepest = line * max(map(len, [label, *heads]))
    headings = [_line(text, top + deepest - line * len(text), size) for text in (label, *heads)]
    rows = list[Line]()
    at = top + deepest + ROW_PADDING
    for row in plot.rows:
        wrapped = _balanced(_ruler_of(row, rulers), row.label, size, columns.labels - indent_of(row))
        rows.append(Line(tuple(wrapped), at, line * len(wrapped) + 2 * ROW_PADDING))
        at += rows[-1].height
    x_axis = at + ROW_PADDING
    x_label = _line(rulers.plain.wrap(plot.x_label, size, _around(columns, width)), x_axis + TICKS, size)
    favours = _favours(plot, rulers, columns, width, x_label, size, axis)
    end = max(one.top + one.height for one in (x_label, *favours))
    legend = _legend(plot, rulers, size, end + GAP / 2, width)
    end = max([end, *(text.top + text.height for _, text in legend)])
    notes = rulers.plain.paragraphs(plot.footnote, small(size), whole)
    footnote = _line(notes, end + GAP, small(size), is_there=bool(notes))
    height = footnote.top + footnote.height + MARGIN
    return ForestLayout(
        width, height, size, columns, headings[0], tuple(headings[1:]), tuple(rows), axis, x_axis, x_label,
        favours, tuple(legend), footnote, notices,
    )  # fmt: skip


def _ruler_of(row: PlottedRow, rulers: _Rulers) -> Ruler:
    return rulers.bold if row.is_heading else rulers.plain


def _heading(rulers: _Rulers, text: str, size: float, width: float) -> list[str]:
    """Lines of a column's heading, which may be parted already."""
    return [line for part in text.split("\n") for line in rulers.bold.wrap(part, size, width)]


def _balanced(ruler: Ruler, text: str, size: float, width: float) -> list[str]:
    """Lines of about the same width, as few as there can be; Japanese, which has no spaces, before a parenthesis."""
    lines = ruler.wrap(text, size, width)
    if len(lines) == 1:
        return lines
    parted = [line for part in _WIDE_PARENTHESIS.split(text) for line in ruler.wrap(part, size, width)]
    if len(parted) == len(lines):
        return parted
    for share in _SHARES:
        narrower = ruler.wrap(text, size, width * share)
        if len(narrower) == len(lines):
            return narrower
    return lines


def _legend(plot: ForestPlot, rulers: _Rulers, size: float, top: float, width: float) -> tuple[tuple[float, Line], ...]:
    """The marks side by side, and below each other where the figure is too narrow."""
    found, x = list[tuple[float, Line]](), MARGIN
    for _, text in plot.legend:
        lines = rulers.plain.wrap(text, size, width - 2 * MARGIN - HANDLE)
        own = HANDLE + rulers.plain.widest(lines, size)
        if found and x + own > width - MARGIN:
            x, top = MARGIN, max(line.top + line.height for _, line in found)
        found.append((x, _line(lines, top, size)))
        x += own + 2 * GAP
    return tuple(found)


def _line(lines: Sequence[str], top: float, size: float, *, is_there: bool = True) -> Line:
    return Line(tuple(lines), top, line_of(size, TIGHT) * len(lines) if is_there else 0.0)


def _around(columns: Columns, width: float) -> float:
    """Returns how wide a text may be that is centred below the axis."""
    middle = sum(columns.axis) / 2
    return 2 * min(middle - MARGIN, width - MARGIN - middle)


def _favours(
    plot: ForestPlot, rulers: _Rulers, columns: Columns, width: float, x_label: Line, size: float, axis: LogAxis
) -> tuple[Line, ...]:
    """Returns the two texts on both sides of 1."""
    if plot.favours is None:
        return ()
    one = columns.axis[0] + axis.at(1.0) * (columns.axis[1] - columns.axis[0])
    rooms = (one - MARGIN - GAP / 2, width - MARGIN - GAP / 2 - one)
    top = x_label.top + x_label.height
    return tuple(
        _line(rulers.plain.wrap(text, size, room), top, size) for text, room in zip(plot.favours, rooms, strict=True)
    )
