"""A figure of a spline before a number is printed: the cells of its curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset_report.blocks import Figure, Text, cells_in
from riskset_report.figures.spline import draw
from riskset_report.figures.spline_plot import SplinePlot
from riskset_report.figures.style import drawn_files
from riskset_report.printing import FigureFiles, Printer


@dataclass(frozen=True)
class SplineFigure(Figure):
    """The figure of one spline of a Cox model; tuples have an entry for each point of the curve."""

    at: tuple[float, ...]
    """The number, as the study's knots say."""
    hr: tuple[str, ...]
    """Ids."""
    lower: tuple[str, ...]
    upper: tuple[str, ...]
    knots: tuple[float, ...]
    reference: float
    curve_label: str
    band_label: str
    knots_label: str
    x_label: str
    y_label: str
    footnotes: tuple[Text, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        return (*self.hr, *self.lower, *self.upper, *cells_in(*self.footnotes))

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> SplinePlot:
        """Returns what is drawn, with its numbers."""
        return SplinePlot(
            at=np.array(self.at, dtype=np.float64),
            hr=printer.numbers(self.hr),
            lower=printer.numbers(self.lower),
            upper=printer.numbers(self.upper),
            knots=self.knots,
            reference=self.reference,
            curve_label=self.curve_label,
            band_label=self.band_label,
            knots_label=self.knots_label,
            x_label=self.x_label,
            y_label=self.y_label,
            footnotes=(*map(printer.text, self.footnotes), *printer.reasons(self.cells)),
            notices=self.notices,
        )
