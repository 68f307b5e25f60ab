"""Divides a forest plot that is taller than a page. Where it is divided follows from its labels, not from a number:
a figure is divided alike whatever is held back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from riskset_report.blocks import PAGE_MM, Shown, Text, Why, with_inner
from riskset_report.figures.forest_figure import ForestFigure, ForestRow
from riskset_report.figures.forest_layout import layout_of
from riskset_report.figures.forest_plot import ForestPlot, PlottedRow
from riskset_report.figures.style import house_style

TALLEST = 8.6  # inches: A4 without margins of 25 mm is 9.7; the rest is for a caption, and for numbers wider than usual
_USUAL = {"ratio": "0.00 (0.00–0.00)", "size": "1,000 (1,000)", "count": "1,000", "p_value": ".000"}
_FEWEST_MEASURED = 20  # rows; fewer are never taller than a page, whatever their labels


def paged(figure: ForestFigure, continued: str) -> tuple[ForestFigure, ...]:
    """Returns the figure, or its parts if it is taller than a page; each repeats the headings and has the same axis.
    `continued` is the title of all but the first."""
    blocks = with_inner(figure.rows)
    groups = [blocks] if len(figure.rows) < _FEWEST_MEASURED else list(_groups(figure, blocks))
    if len(groups) == 1:
        return (figure,)
    pages = [tuple(row for block in group for row in block) for group in groups]
    first, *others = (_page(figure, pages, at) for at in range(len(pages)))
    named = (replace(page, title=continued, result=f"{figure.result}/{n}") for n, page in enumerate(others, 2))
    return (first, *named)


def _page(figure: ForestFigure, pages: Sequence[tuple[ForestRow, ...]], at: int) -> ForestFigure:
    others = (row for i, page in enumerate(pages) if i != at for row in page)
    elsewhere = tuple(one for row in others for one in row.intervals)
    return replace(figure, rows=pages[at], elsewhere=elsewhere)


def _groups(figure: ForestFigure, blocks: Sequence[list[ForestRow]]) -> Iterator[list[list[ForestRow]]]:
    """Yields the blocks of each page. A block that is taller than a page is divided, and its heading repeated."""
    heights, rest = _heights(figure)
    group, filled = list[list[ForestRow]](), rest
    for block in blocks:
        pieces = [block] if rest + sum(map(heights.__getitem__, map(id, block))) <= TALLEST else _halves(block)
        for piece in pieces:
            height = sum(heights[id(row)] for row in piece)
            if group and filled + height > TALLEST:
                yield group
                group, filled = [], rest
            group.append(piece)
            filled += height
    yield group


def _halves(block: list[ForestRow], most: int = 12) -> list[list[ForestRow]]:
    """Returns a heading with a few of its rows each."""
    heading, inner = block[0], block[1:]
    return [[heading, *inner[at : at + most]] for at in range(0, len(inner), most)] or [block]


def _heights(figure: ForestFigure) -> tuple[dict[int, float], float]:
    """Returns the height of each row, by its identity, and that of all else, as they are for numbers of usual width."""
    with house_style():
        layout = layout_of(_usual_plot(figure), PAGE_MM)
    heights = {id(row): place.height for row, place in zip(figure.rows, layout.rows, strict=True)}
    return heights, layout.height - sum(place.height for place in layout.rows)


def _usual_plot(figure: ForestFigure) -> ForestPlot:
    rows = (
        PlottedRow(row.label, tuple(_usual(told.text) for told in row.texts), (), row.is_inner, row.is_heading)
        for row in figure.rows
    )
    whys = dict.fromkeys(_usual(told.why) for row in figure.rows for told in row.texts if told.why)
    footnote = " ".join(map(_usual, figure.footnote))
    return ForestPlot(
        figure.label, figure.left, figure.right, tuple(rows), figure.x_label, figure.favours, None, figure.legend,
        (footnote, *whys), figure.notices,
    )  # fmt: skip


def _usual(text: Text) -> str:
    return "".join(_shown(piece) if isinstance(piece, Shown) else piece for piece in text if not isinstance(piece, Why))


def _shown(shown: Shown) -> str:
    return shown.words or _USUAL.get(shown.format, "1,000 (1,000)")
