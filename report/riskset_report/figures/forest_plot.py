"""A forest plot before it is laid out: rows of texts, with intervals on a log scale. No ids of cells, only values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal

Mark = Literal["square", "circle", "diamond", "whisker", "reference"]
"""How an interval is drawn: an estimate of its own as a square or, of a second model in the same row, a circle; one
that others are combined to as a diamond; limits without an estimate as a whisker; a reference level as a dot at 1."""


@dataclass(frozen=True)
class Interval:
    """What is drawn in a row. Limits may be 0 or inf: the line then leaves the axis."""

    mark: Mark
    estimate: float | None
    """None where only limits are known."""
    lower: float
    upper: float
    weight: float | None = None
    """To which the area of a square is proportional, 1 the largest; None for squares of one size."""

    @property
    def inside(self) -> Iterator[float]:
        """Yields what a log axis can show."""
        for value in (self.estimate, self.lower, self.upper):
            if value is not None and value > 0 and isfinite(value):
                yield value


@dataclass(frozen=True)
class PlottedRow:
    """A row: its label, one text for each column, and what is drawn."""

    label: str
    texts: tuple[str, ...]
    """Of the columns left of the axis, then of those right of it."""
    intervals: tuple[Interval, ...] = ()
    is_inner: bool = False
    """Whether it belongs to the heading above it."""
    is_heading: bool = False
    """Whether its label is in bold type."""


@dataclass(frozen=True)
class ForestPlot:
    """Everything that is drawn or printed in one figure."""

    label: str
    """Heading of the rows' labels."""
    left: tuple[str, ...]
    """Headings of the columns left of the axis."""
    right: tuple[str, ...]
    rows: tuple[PlottedRow, ...]
    x_label: str
    favours: tuple[str, str] | None
    """What stands below the axis on either side of 1; None where rows compare different things."""
    guide: float | None
    """Where a dotted line is drawn: the estimate of all."""
    legend: tuple[tuple[Mark, str], ...]
    footnote: tuple[str, ...]
    """Paragraphs."""
    notices: str = ""
    elsewhere: tuple[Interval, ...] = ()
    """Of other pages of the same forest, which have the same axis."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.left, *self.right)

    @property
    def intervals(self) -> Iterator[Interval]:
        yield from (interval for row in self.rows for interval in row.intervals)
        yield from self.elsewhere
