"""A forest plot before a number is printed: rows of texts and intervals that refer to cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from riskset_report.blocks import PAGE_MM, Figure, Text, cells_in
from riskset_report.figures.forest import draw
from riskset_report.figures.forest_plot import ForestPlot, Interval, Mark, PlottedRow
from riskset_report.figures.style import drawn_files
from riskset_report.printing import FigureFiles, Printer
from riskset_report.symbols import symbols_of


@dataclass(frozen=True)
class IntervalCells:
    """What is drawn in a row, as ids."""

    mark: Mark
    estimate: str
    """Empty for limits alone; a reference level, which is 1, has no cells."""
    lower: str
    upper: str
    """Of a separated model, one of the limits is empty: it is beyond the axis."""
    error: str = ""
    """The standard error, where the area of a square tells the weight."""

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.estimate, self.lower, self.upper, self.error)))

    def drawn(self, printer: Printer, greatest: float | None) -> Interval | None:
        """Returns the interval, or None if a number of it is missing or held back; `greatest`: the weight of the
        largest square."""
        if self.mark == "reference":
            return Interval("reference", 1.0, 1.0, 1.0)
        lower, upper = self._number(printer, self.lower), self._number(printer, self.upper)
        estimate = self._number(printer, self.estimate)
        if printer.mark(self.cells) or (self.estimate and estimate is None):
            return None
        if lower is None and upper is None:
            return None
        weight, low, high = self.weight(printer), 0.0 if lower is None else lower, inf if upper is None else upper
        return Interval(self.mark, estimate, low, high, weight and greatest and weight / greatest)

    def weight(self, printer: Printer) -> float | None:
        """Returns 1 / error²; None where it is not known, or another number of the interval is held back."""
        error = printer.number(self.error, *self.cells) if self.error else None
        return 1 / error**2 if error else None

    def _number(self, printer: Printer, id_: str) -> float | None:
        return printer.number(id_, *self.cells) if id_ else None


@dataclass(frozen=True)
class Told:
    """One text of a row, and why there is no number in it: that stands below the figure, once for each reason."""

    text: Text
    why: Text = ()


@dataclass(frozen=True)
class ForestRow:
    label: str
    texts: tuple[Told, ...] = ()
    """One for each column; none in a heading without texts."""
    intervals: tuple[IntervalCells, ...] = ()
    is_inner: bool = False
    is_heading: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        texts = cells_in(*(piece for told in self.texts for piece in (told.text, told.why)))
        return (*texts, *(id_ for one in self.intervals for id_ in one.cells))


@dataclass(frozen=True)
class ForestFigure(Figure):
    """One page of a forest plot."""

    label: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    rows: tuple[ForestRow, ...]
    """Of this page."""
    x_label: str
    favours: tuple[str, str] | None
    footnote: tuple[Text, ...]
    guide: tuple[str, ...] = ()
    """The estimate at which a dotted line is drawn, and what it gives away; empty for none."""
    legend: tuple[tuple[Mark, str], ...] = ()
    elsewhere: tuple[IntervalCells, ...] = ()
    """Of other pages, so that all have one axis, and squares of one scale."""

    @property
    def cells(self) -> tuple[str, ...]:
        elsewhere = (id_ for one in self.elsewhere for id_ in one.cells)
        return tuple(dict.fromkeys((*self._own, *elsewhere)))

    @property
    def _own(self) -> tuple[str, ...]:
        return (*(id_ for row in self.rows for id_ in row.cells), *self.guide, *cells_in(*self.footnote))

    @property
    def widths(self) -> tuple[int, ...]:
        return (PAGE_MM,)

    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        return drawn_files(draw, self.plot(printer), width_mm)

    def plot(self, printer: Printer) -> ForestPlot:
        """Returns what is drawn, with its numbers."""
        symbols = self._symbols(printer)
        own = [one for row in self.rows for one in row.intervals]
        known = (one.weight(printer) for one in (*own, *self.elsewhere))
        greatest = max((weight for weight in known if weight), default=None)
        elsewhere = (one.drawn(printer, greatest) for one in self.elsewhere)
        reasons = (printer.say("report.forest.why", symbol=symbol, reason=why) for why, symbol in symbols.items())
        general = printer.sentences([*map(printer.text, self.footnote), *printer.reasons(self._own)])
        return ForestPlot(
            label=self.label,
            left=self.left,
            right=self.right,
            rows=tuple(_row(row, printer, symbols, greatest) for row in self.rows),
            x_label=self.x_label,
            favours=self.favours,
            guide=printer.number(*self.guide) if self.guide else None,
            legend=self.legend,
            footnote=(*([general] if general else []), *reasons),
            notices=self.notices,
            elsewhere=tuple(one for one in elsewhere if one),
        )

    def _symbols(self, printer: Printer) -> dict[str, str]:
        """Returns the symbol of each reason, in the order of the rows."""
        return symbols_of(printer.text(told.why) for row in self.rows for told in row.texts if told.why)


def _row(row: ForestRow, printer: Printer, symbols: Mapping[str, str], greatest: float | None) -> PlottedRow:
    drawn = (one.drawn(printer, greatest) for one in row.intervals)
    texts = (printer.text(one.text) + (symbols[printer.text(one.why)] if one.why else "") for one in row.texts)
    return PlottedRow(row.label, tuple(texts), tuple(one for one in drawn if one), row.is_inner, row.is_heading)
