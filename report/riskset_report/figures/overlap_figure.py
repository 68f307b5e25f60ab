"""A figure of propensity overlap before a number is printed: the cells of its bars."""

from __future__ import annotations

from dataclasses import dataclass

from riskset_report.blocks import Figure, Shown, Text, cells_in
from riskset_report.figures.overlap import draw
from riskset_report.figures.overlap_plot import Interval, OverlapArm, OverlapPlot
from riskset_report.figures.style import drawn_files
from riskset_report.printing import FigureFiles, Printer

HELD_BACK = "*"
"""In place of a number that is held back: a word would be wider than a bar. The footnote has word and reason."""


@dataclass(frozen=True)
class OverlapCells:
    """One arm; ids, one per interval."""

    label: Text
    counts: tuple[str, ...]
    percents: tuple[str, ...]

    def printed(self, printer: Printer) -> OverlapArm:
        """Returns the arm with its numbers; a share is held back with its count."""
        pairs = list(zip(self.counts, self.percents, strict=True))
        return OverlapArm(
            label=printer.text(self.label),
            percents=tuple(printer.number(percent, count) for count, percent in pairs),
            counts=tuple(HELD_BACK if printer.mark(pair) else printer.shown(Shown("count", pair)) for pair in pairs),
        )


@dataclass(frozen=True)
class OverlapFigure(Figure):
    """The figure of the preference scores of a `propensity` result."""

    upper: OverlapCells
    lower: OverlapCells
    intervals: tuple[Interval, ...]
    band: Interval
    band_label: str
    x_label: str
    y_label: str
    footnotes: tuple[Text, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        arms = (self.upper, self.lower)
        texts = cells_in(*(arm.label for arm in arms), *self.footnotes)
        return (*(id_ for arm in arms for id_ in (*arm.counts, *arm.percents)), *texts)

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> OverlapPlot:
        """Returns what is drawn, with its numbers."""
        arms = [arm.printed(printer) for arm in (self.upper, self.lower)]
        has_marks = any(HELD_BACK in arm.counts for arm in arms)
        reasons = [f"{HELD_BACK} {reason}" if has_marks else reason for reason in printer.reasons(self.cells)]
        return OverlapPlot(
            upper=arms[0],
            lower=arms[1],
            intervals=self.intervals,
            band=self.band,
            band_label=self.band_label,
            x_label=self.x_label,
            y_label=self.y_label,
            footnotes=(*map(printer.text, self.footnotes), *reasons),
            notices=self.notices,
        )
