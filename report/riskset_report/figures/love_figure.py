"""A love plot before a number is printed: standardised differences and sizes that refer to cells."""

from __future__ import annotations

from dataclasses import dataclass

from riskset_report.blocks import Figure, Text, cells_in
from riskset_report.figures.love import draw
from riskset_report.figures.love_plot import LovePlot, LoveRow
from riskset_report.figures.style import drawn_files
from riskset_report.printing import FigureFiles, Printer


@dataclass(frozen=True)
class Differences:
    """A number, or a level: the id of its difference in each set of patients, empty where there is none."""

    label: str
    cells: tuple[str, ...]

    def printed(self, printer: Printer) -> LoveRow:
        """Returns the row with its numbers."""
        values = (printer.number(id_) if id_ else None for id_ in self.cells)
        return LoveRow(self.label, tuple(None if value is None else abs(value) for value in values))


@dataclass(frozen=True)
class LoveFigure(Figure):
    """The balance of one population, or of several beside each other."""

    sets: tuple[Text, ...]
    """Before adjustment, then each population with its size."""
    rows: tuple[Differences, ...]
    """In the study's order."""
    limits: tuple[tuple[float | str, Text], ...]
    """Where a line is drawn, as a number or a cell, and what it is."""
    x_label: str
    footnote: tuple[Text, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        drawn = (id_ for row in self.rows for id_ in row.cells if id_)
        limits = (at for at, _ in self.limits if isinstance(at, str))
        texts = cells_in(*self.sets, *(text for _, text in self.limits), *self.footnote)
        return tuple(dict.fromkeys((*drawn, *limits, *texts)))

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> LovePlot:
        """Returns what is drawn, with its numbers: the largest difference before adjustment first, then what is not
        known."""
        rows = [row.printed(printer) for row in self.rows]
        limits = ((printer.number(at) if isinstance(at, str) else at, printer.text(text)) for at, text in self.limits)
        return LovePlot(
            sets=tuple(map(printer.text, self.sets)),
            rows=tuple(sorted(rows, key=lambda row: -1.0 if row.values[0] is None else row.values[0], reverse=True)),
            limits=tuple((at, text) for at, text in limits if at is not None),
            x_label=self.x_label,
            footnote=(printer.sentences([*map(printer.text, self.footnote), *printer.reasons(self.cells)]),),
            notices=self.notices,
        )
