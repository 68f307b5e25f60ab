"""A Kaplan-Meier figure before a number is printed: the cells that it draws, and those that it prints as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np

from riskset.stats.grid_shift import most_days_moved
from riskset_report.blocks import Figure, Shown, Text, cells_in
from riskset_report.figures.style import drawn_files
from riskset_report.figures.survival_drawing import draw
from riskset_report.figures.survival_plot import FEWEST, PlottedCurve, SurvivalPlot, n_drawn
from riskset_report.printing import FigureFiles, Printer

_SPACE: Final = "\u00a0 "
"""Between a name and its number: wider than a space, of characters that the fonts of journals have. A line may end."""


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
        """Returns the curve with its numbers. One whose last number at risk is held back has later ones, too."""
        at_risk = tuple(printer.shown(Shown("count", (id_,))) for id_ in self.at_risk)
        return PlottedCurve(
            label=self.label,
            days=np.array(self.days, dtype=np.float64),
            survival=printer.numbers(self.survival),
            lower=printer.numbers(self.lower),
            upper=printer.numbers(self.upper),
            at_risk=at_risk,
            median_days=printer.number(*self.median) if self.median else None,
            start=self.start,
            n_drawn=n_drawn(printer.numbers(self.at_risk)),
            at_risk_after=at_risk[-1] if printer.mark(self.at_risk[-1:]) else "0",
        )

    def days_moved(self, printer: Printer, width_days: int) -> float:
        """Returns by how many days at most a grid may have moved the median; inf where a number is held back."""
        at_risk, survival = printer.numbers(self.at_risk), printer.numbers(self.survival)
        if printer.mark((*self.at_risk, *self.survival, *self.median)):
            return inf
        median = printer.number(*self.median)
        return most_days_moved(np.array(self.days, dtype=np.int64), at_risk, survival, median, width_days)


@dataclass(frozen=True)
class OffGrid:
    """The footnote of a figure whose medians the grid has moved by a day at most."""

    footnote: Text
    width_days: int


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
    """On what the curves were computed, where it matters which grid."""
    off_grid: OffGrid | None = None
    """What is printed instead where the grid does not matter; None where that is not known."""
    ticks: tuple[float, ...] = ()
    """Of the time axis, as the study names them."""

    @property
    def cells(self) -> tuple[str, ...]:
        drawn = (id_ for curve in self.curves for id_ in curve.cells)
        off_grid = [self.off_grid.footnote] if self.off_grid else []
        texts = (*(text for _, text in self.medians), *self.comparison, self.footnote, *off_grid)
        return (*drawn, *cells_in(*texts))

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> SurvivalPlot:
        """Returns what is drawn, with its numbers."""
        medians = [printer.text(median) for _, median in self.medians]
        lines = [f"{label}{_SPACE}{text}" for (label, _), text in zip(self.medians, medians, strict=True)]
        comparison = [printer.text(text) for text in self.comparison]
        curves = tuple(curve.printed(printer) for curve in self.curves)
        not_reached = any(printer.words.not_reached in text for text in medians)
        return SurvivalPlot(
            x_label=self.x_label,
            y_label=self.y_label,
            risk_title=printer.say("report.figure.at_risk"),
            unit=printer.unit,
            days_per_unit=printer.days_per_unit,
            curves=curves,
            legend=tuple(legend_of(curve, printer) for curve in self.curves),
            statistics=_paragraphs([self.medians_title, *lines] if lines else [], comparison),
            footnote=printer.sentences(
                [
                    printer.text(self._how(printer)),
                    *ends_of(curves, printer),
                    *([printer.say("report.km.not_reached")] if not_reached else []),
                    *printer.reasons(self.cells),
                ]
            ),
            notices=self.notices,
            ticks=self.ticks,
        )

    def _how(self, printer: Printer) -> Text:
        """The footnote: without the grid if it moved no median by more than a day."""
        if (off := self.off_grid) is None:
            return self.footnote
        is_moved = any(curve.days_moved(printer, off.width_days) > 1 for curve in self.curves)
        return self.footnote if is_moved else off.footnote


def ends_of(curves: Sequence[PlottedCurve], printer: Printer) -> Iterator[str]:
    """Yields where the curves of a figure end, if not where follow-up does."""
    if any(curve.is_cut for curve in curves):
        yield printer.say("report.figure.curves_end", n=FEWEST)
        if small := tuple(curve.label for curve in curves if curve.is_small):
            yield printer.say("report.figure.small_arms", arms=small, n=FEWEST)


def legend_of(curve: CurveCells, printer: Printer) -> str:
    """Returns the name of a curve: `sorafenib (reference)`."""
    return printer.say("report.figure.reference", level=curve.label) if curve.is_reference else curve.label


def _paragraphs(first: list[str], second: list[str]) -> tuple[str, ...]:
    """Returns the lines of both, with an empty line between them where there are both."""
    return (*first, *([""] if first and second else []), *second)
