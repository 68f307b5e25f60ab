"""A log-log plot before a number is printed: the cells of its curves."""

from __future__ import annotations

from dataclasses import dataclass

from riskset_report.blocks import Figure, Text, cells_in
from riskset_report.figures.log_log import draw
from riskset_report.figures.log_log_plot import LogLogPlot
from riskset_report.figures.style import drawn_files
from riskset_report.figures.survival_figure import CurveCells, ends_of, legend_of
from riskset_report.printing import FigureFiles, Printer


@dataclass(frozen=True)
class LogLogFigure(Figure):
    """The check of proportional hazards by the curves of a `km` result."""

    curves: tuple[CurveCells, ...]
    """Without limits and medians."""
    x_label: str
    y_label: str
    footnotes: tuple[Text, ...]
    ticks: tuple[float, ...] = ()
    """Of the time axis, as the study names them."""

    @property
    def cells(self) -> tuple[str, ...]:
        return (*(id_ for curve in self.curves for id_ in curve.cells), *cells_in(*self.footnotes))

    @property
    def seen(self) -> tuple[str, ...]:
        """Without the numbers at risk, which only say where a curve ends."""
        return (*(id_ for curve in self.curves for id_ in curve.survival), *cells_in(*self.footnotes))

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> LogLogPlot:
        """Returns what is drawn, with its numbers."""
        texts = map(printer.text, self.footnotes)
        curves = tuple(curve.printed(printer) for curve in self.curves)
        return LogLogPlot(
            curves=curves,
            legend=tuple(legend_of(curve, printer) for curve in self.curves),
            days_per_unit=printer.days_per_unit,
            x_label=self.x_label,
            y_label=self.y_label,
            footnotes=(printer.sentences([*texts, *ends_of(curves, printer), *printer.reasons(self.cells)]),),
            notices=self.notices,
            ticks=self.ticks,
        )
