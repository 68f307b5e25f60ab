"""A flow chart before a number is printed: the cells of each line of its boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from riskset_report.blocks import PAGE_MM, Figure, Text, cells_in
from riskset_report.figures.flow import draw
from riskset_report.figures.flow_plot import FlowBox, FlowLine, FlowPlot, TrunkBox
from riskset_report.figures.style import drawn_files
from riskset_report.printing import FigureFiles, Printer


@dataclass(frozen=True)
class LineCells:
    text: Text
    is_heading: bool = False
    is_inner: bool = False


BoxCells = tuple[LineCells, ...]
"""The lines of a box."""


@dataclass(frozen=True)
class FlowFigure(Figure):
    """The figure of a `flow` result."""

    trunk: tuple[tuple[BoxCells, BoxCells], ...]
    """From the rows read to the eligible patients: each box, and who leaves after it; nothing where nobody can."""
    columns: tuple[tuple[BoxCells, ...], ...]
    """The boxes of each arm, from the top; one column if the arms have none of their own."""
    footnotes: tuple[Text, ...]
    more: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (*cells_in(*(line.text for box in self._boxes() for line in box)), *cells_in(*self.footnotes))

    def _boxes(self) -> Iterator[BoxCells]:
        for pair in self.trunk:
            yield from pair
        for column in self.columns:
            yield from column

    @property
    def widths(self) -> tuple[int, ...]:
        return (PAGE_MM,)

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> FlowPlot:
        """Returns what is drawn, with its numbers."""

        def box(cells: BoxCells) -> FlowBox:
            return FlowBox(tuple(FlowLine(printer.text(one.text), one.is_heading, one.is_inner) for one in cells))

        return FlowPlot(
            trunk=tuple(TrunkBox(box(own), box(beside) if beside else None) for own, beside in self.trunk),
            columns=tuple(tuple(map(box, column)) for column in self.columns),
            footnotes=(*map(printer.text, self.footnotes), *printer.reasons(self.cells)),
            notices=self.notices,
            more=self.more,
        )
