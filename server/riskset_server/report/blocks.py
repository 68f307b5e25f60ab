"""What a report is made of, before a number is printed: texts, tables and figures that name cells and formats.

A section of the report builds these from typed results; `printing` turns them into text, and takes every number from
the cells.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from riskset_server.report.printing import FigureFiles, Printer

Format = Literal[
    "above",
    "below",
    "chi_square",
    "count",
    "difference_with_limits",
    "digits",
    "mean_with_limits",
    "p_phrase",
    "p_value",
    "percent_with_limits",
    "ratio",
    "ratio_95",
    "three_digits",
    "time_with_limits",
    "words",
]


@dataclass(frozen=True)
class Shown:
    """Numbers in one format; a mark stands for all of it where one of them is held back."""

    format: Format
    cells: tuple[str, ...]
    """Ids, in the order that the format takes them; further ones are said by the text too."""
    words: str = ""
    """Of the format `words`: a sentence that gives the cells away."""


Text = tuple[str | Shown, ...]
"""Pieces of a line."""


def cells_in(*texts: Text) -> Iterator[str]:
    """Yields the ids that texts name."""
    for text in texts:
        for piece in text:
            if isinstance(piece, Shown):
                yield from piece.cells


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Text, ...] = ()
    """One a column; none at all in a heading."""
    is_inner: bool = False
    """Whether it is below a heading: a level of a variable."""


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    columns: tuple[str, ...]
    """Names of the cells' columns; the column of labels has none."""
    rows: tuple[Row, ...]
    notes: tuple[Text, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of all cells it prints."""
        return tuple(cells_in(*(text for row in self.rows for text in row.cells), *self.notes))


@dataclass(frozen=True)
class Box:
    """What is printed in the place of a figure or table without numbers: never nothing, and always why."""

    title: str
    status: str
    """`Refused by rule R4, on the totals, by all parties alike`; `Not estimable`."""
    why: Text
    remedy: str
    """What would pass; empty where nothing is known of it."""


@dataclass(frozen=True)
class Figure(ABC):
    """A drawing, made from cells."""

    result: str
    """Id of the result it shows; its files are named by it."""
    title: str
    """Its caption, without a full stop."""

    @property
    def id(self) -> str:
        return f"figure {self.result}"

    @property
    @abstractmethod
    def cells(self) -> tuple[str, ...]:
        """Ids of all cells it draws or prints."""

    @abstractmethod
    def drawn(self, printer: Printer) -> FigureFiles:
        """Returns its files, every number taken from the printer's cells."""


Block = Figure | Table | Box
