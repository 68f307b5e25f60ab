"""A Kaplan-Meier figure before a number is printed: the cells that it draws, and those that it prints as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset_report.blocks import COLUMN_MM, PAGE_MM, Figure, Shown, Text, cells_in
from riskset_report.figures.survival_drawing import survival_figure
from riskset_report.figures.survival_plot import PlottedCurve, SurvivalPlot
from riskset_report.printing import FigureFiles, Printer


@dataclass(frozen=True)
class CurveCells:
    """One arm; tuples of ids, one per grid step at which a patient exits (event or censoring)."""

    label: str
    is_reference: bool
    days: tuple[int, ...]
    survival: tuple[str, ...]
    lower: tuple[str, ...]
    upper: tuple[str, ...]
    at_risk: tuple[str, ...]
    median: tuple[str, ...]
    """The median in days; held back if one of its cells is. Empty where the figure has no medians."""
    start: float = 1.0
    """As in a `PlottedCurve`."""

    @property
    def cells(self) -> tuple[str, ...]:
        return (*self.survival, *self.lower, *self.upper, *self.at_risk, *self.median)

    def printed(self, printer: Printer) -> PlottedCurve:
        """Returns the curve with its numbers."""
        return PlottedCurve(
            label=self.label,
            is_reference=self.is_reference,
            days=np.array(self.days, dtype=np.float64),
            survival=printer.numbers(self.survival),
            lower=printer.numbers(self.lower),
            upper=printer.numbers(self.upper),
            at_risk=tuple(printer.shown(Shown("count", (id_,))) for id_ in self.at_risk),
            median_days=printer.number(*self.median) if self.median else None,
            legend=printer.say("report.figure.reference", level=self.label) if self.is_reference else "",
            start=self.start,
        )


@dataclass(frozen=True)
class SurvivalFigure(Figure):
    """The figure of one `km` result, or of one cause of a `cumulative-incidence` result."""

    x_label: str
    y_label: str
    curves: tuple[CurveCells, ...]
    medians_title: str
    medians: tuple[tuple[str, Text], ...]
    """An arm's label, and its median."""
    comparison: tuple[Text, ...]
    """Hazard ratios and log-rank tests; empty if there is only one arm."""
    footnote: Text
    notices: str

    @property
    def cells(self) -> tuple[str, ...]:
        drawn = (id_ for curve in self.curves for id_ in curve.cells)
        return (*drawn, *cells_in(*(text for _, text in self.medians), *self.comparison, self.footnote))

    @property
    def widths(self) -> tuple[int, ...]:
        return (PAGE_MM, COLUMN_MM)

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return survival_figure(self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> SurvivalPlot:
        """Returns what is drawn, with its numbers."""
        medians = [printer.text(median) for _, median in self.medians]
        lines = [f"{label}\u2002{text}" for (label, _), text in zip(self.medians, medians, strict=True)]
        comparison = [printer.text(text) for text in self.comparison]
        is_not_reached = any(printer.words.not_reached in text for text in medians)
        return SurvivalPlot(
            x_label=self.x_label,
            y_label=self.y_label,
            unit=printer.unit,
            days_per_unit=printer.days_per_unit,
            curves=tuple(curve.printed(printer) for curve in self.curves),
            statistics=_paragraphs([self.medians_title, *lines] if lines else [], comparison),
            footnote=" ".join(
                [
                    printer.text(self.footnote),
                    *([printer.say("report.km.not_reached")] if is_not_reached else []),
                    *printer.reasons(self.cells),
                ]
            ),
            at_risk_title=printer.say("report.figure.at_risk"),
            notices=self.notices,
        )


def _paragraphs(first: list[str], second: list[str]) -> tuple[str, ...]:
    """Returns the lines of both, with an empty line between them where there are both."""
    return (*first, *([""] if first and second else []), *second)
