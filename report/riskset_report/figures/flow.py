"""Draws a flow chart as CONSORT and STROBE have it: texts are measured, boxes are made for them, and then placed.

Lengths are in inches, from the upper left corner of the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from matplotlib.figure import Figure

from riskset_report.figures.flow_plot import FlowBox, FlowLine, FlowPlot
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.sheet import INK, MARGIN, Point, Sheet, line_of
from riskset_report.figures.style import GREY, MM_PER_INCH, SMALL, WARNING

HIGHEST: Final = 235 / MM_PER_INCH  # of A4, what margins and a caption leave
_PADDING, _GAP = 0.09, 0.16
_ARROW, _FORK = 0.26, 0.15  # from box to box, and from the trunk to the bar from which the arms continue
_INDENT = 0.12
_BESIDE = 0.28  # from the trunk to the box at its side
_TRUNK_SHARE = 0.6  # of the width, at most, for a box of the trunk


@dataclass(frozen=True)
class _Density:
    """How much room texts may take."""

    size: float
    """Points."""
    most_lines: int = 99
    """For one text; what is beyond is cut, with an ellipsis."""
    most_texts: int = 99
    """In one box."""

    @property
    def line(self) -> float:
        return line_of(self.size)


_DENSITIES: Final = (
    _Density(8.5),
    _Density(7.5),
    _Density(6.5, most_lines=3),
    _Density(6.0, most_lines=2),
    _Density(6.0, most_lines=1),
    _Density(6.0, most_lines=1, most_texts=20),
    _Density(6.0, most_lines=1, most_texts=10),
)
"""From the most readable; the first with which the figure fits a page is taken."""


@dataclass(frozen=True)
class _Written:
    """One line as it is written."""

    text: str
    indent: float
    is_heading: bool


@dataclass(frozen=True)
class _Sized:
    """A box before it has a place."""

    lines: tuple[_Written, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Placed:
    box: _Sized
    left: float
    top: float
    is_list: bool
    """Whether its lines begin at the left edge; else they are centred."""

    @property
    def bottom(self) -> float:
        return self.top + self.box.height

    @property
    def middle(self) -> float:
        return self.left + self.box.width / 2


@dataclass(frozen=True)
class _Chart:
    boxes: tuple[_Placed, ...]
    lines: tuple[tuple[Point, Point], ...]
    arrows: tuple[tuple[Point, Point], ...]
    bottom: float


def draw(plot: FlowPlot, width_mm: int) -> Figure:
    """Returns the chart, in the fonts that are set when it is called; at most `HIGHEST` high."""
    width, ruler = width_mm / MM_PER_INCH, Ruler()
    room = width - 2 * MARGIN
    notices, footnotes = (ruler.paragraphs(texts, SMALL, room) for texts in ([plot.notices], plot.footnotes))
    line = line_of(SMALL)
    top = MARGIN + (len(notices) * line + _GAP if notices else 0.0)
    below = (_GAP + len(footnotes) * line if footnotes else 0.0) + MARGIN
    for density in _DENSITIES:
        chart = _chart(plot, density, width, top)
        if chart.bottom + below <= HIGHEST:
            break
    height = chart.bottom + below
    figure = Figure(figsize=(width, height))
    sheet = Sheet(figure, height)
    sheet.lines(notices, MARGIN, MARGIN, SMALL, color=WARNING)
    for start, end in chart.lines:
        sheet.stroke(start, end, color=INK, linewidth=0.8, solid_capstyle="projecting")
    for start, end in chart.arrows:
        sheet.arrow(start, end)
    for box in chart.boxes:
        _draw_box(sheet, box, density)
    sheet.lines(footnotes, MARGIN, chart.bottom + _GAP, SMALL, color=GREY)
    return figure


def _chart(plot: FlowPlot, density: _Density, width: float, top: float) -> _Chart:
    """Places the trunk, then the columns under it, row by row."""
    maker = _Maker(density, plot.more, Ruler(), Ruler(is_bold=True))
    middle = width / 2
    boxes: list[_Placed] = []
    arrows: list[tuple[Point, Point]] = []
    lines: list[tuple[Point, Point]] = []
    trunk: list[_Placed] = []
    for one in plot.trunk:
        sized = maker.sized(one.box, _TRUNK_SHARE * width)
        trunk.append(_Placed(sized, middle - sized.width / 2, top, is_list=False))
        top = trunk[-1].bottom + _ARROW
        if one.beside is not None:
            left = middle + _BESIDE
            beside = maker.sized(one.beside, width - MARGIN - left)
            at = _Placed(beside, left, trunk[-1].bottom + _GAP, is_list=True)
            boxes.append(at)
            across = at.top + beside.height / 2
            arrows.append(((middle, across), (left, across)))
            top = at.bottom + _GAP
    arrows += [((middle, a.bottom), (middle, b.top)) for a, b in pairwise(trunk)]
    columns = _columns(
        plot.columns, maker, width, trunk[-1].bottom + (_ARROW + _FORK if len(plot.columns) > 1 else _ARROW)
    )
    if columns:
        heads = [column[0] for column in columns]
        bar = trunk[-1].bottom + _FORK
        if len(heads) > 1:
            lines += [((middle, trunk[-1].bottom), (middle, bar)), ((heads[0].middle, bar), (heads[-1].middle, bar))]
            arrows += [((head.middle, bar), (head.middle, head.top)) for head in heads]
        else:
            arrows.append(((middle, trunk[-1].bottom), (middle, heads[0].top)))
        arrows += [((a.middle, a.bottom), (a.middle, b.top)) for column in columns for a, b in pairwise(column)]
    boxes += [*trunk, *(box for column in columns for box in column)]
    return _Chart(tuple(boxes), tuple(lines), tuple(arrows), max(box.bottom for box in boxes))


def _columns(columns: Sequence[Sequence[FlowBox]], maker: _Maker, width: float, top: float) -> list[list[_Placed]]:
    """The boxes of the arms; those beside each other are equally high, and all are equally wide."""
    n = len(columns)
    pitch = (width - 2 * MARGIN + _GAP) / max(n, 1)
    most = pitch - _GAP if n > 1 else _TRUNK_SHARE * width
    sized = [[maker.sized(box, most) for box in column] for column in columns]
    widest = max((box.width for column in sized for box in column), default=0.0)
    heights = [max(box.height for box in row) for row in zip(*sized, strict=True)]
    placed: list[list[_Placed]] = []
    for i, column in enumerate(sized):
        left = MARGIN + i * pitch + (pitch - _GAP - widest) / 2 if n > 1 else (width - widest) / 2
        tops = [top + sum(heights[:row]) + row * _ARROW for row in range(len(heights))]
        rows = zip(column, heights, tops, strict=True)
        placed.append([_Placed(replace(b, width=widest, height=h), left, t, is_list=t > top) for b, h, t in rows])
    return placed


@dataclass(frozen=True)
class _Maker:
    """Makes boxes as large as their texts need."""

    density: _Density
    more: str
    plain: Ruler
    bold: Ruler

    def sized(self, box: FlowBox, widest: float) -> _Sized:
        """Returns a box of at most `widest`."""
        room = widest - 2 * _PADDING
        lines = tuple(written for line in self._kept(box) for written in self._written(line, room))
        text = max(line.indent + self._ruler(line).width(line.text, self.density.size) for line in lines)
        return _Sized(lines, text + 2 * _PADDING, len(lines) * self.density.line + 2 * _PADDING)

    def _kept(self, box: FlowBox) -> tuple[FlowLine, ...]:
        """The lines for which a box has room, and how many it has besides."""
        most = self.density.most_texts
        if len(box.lines) <= most:
            return box.lines
        return (*box.lines[: most - 1], FlowLine(self.more.format(n=len(box.lines) - most + 1)))

    def _written(self, line: FlowLine, room: float) -> Iterator[_Written]:
        indent = _INDENT if line.is_inner else 0.0
        written = _Written("", indent, line.is_heading)
        ruler = self._ruler(written)
        for text in ruler.wrap(line.text, self.density.size, room - indent, self.density.most_lines):
            yield replace(written, text=text)

    def _ruler(self, line: _Written) -> Ruler:
        return self.bold if line.is_heading else self.plain


def _draw_box(sheet: Sheet, placed: _Placed, density: _Density) -> None:
    box = placed.box
    style: dict[str, Any] = {"facecolor": "white", "edgecolor": INK, "linewidth": 0.8}
    sheet.box(placed.left, placed.top, box.width, box.height, **style)
    top = placed.top + (_PADDING if placed.is_list else (box.height - len(box.lines) * density.line) / 2)
    for i, line in enumerate(box.lines):
        x, ha = (placed.left + _PADDING + line.indent, "left") if placed.is_list else (placed.middle, "center")
        weight = "bold" if line.is_heading else "normal"
        sheet.line(line.text, x, top + i * density.line, density.size, ha=ha, fontweight=weight)
