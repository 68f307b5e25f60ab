"""The contents of a report before any number is printed: texts, tables and figures that refer to cells.

A section of the report builds these from typed results; `printing` turns them into text and takes every number from the
cells.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from riskset.catalogue import Message, catalogue

if TYPE_CHECKING:
    from riskset_report.printing import FigureFiles, Printer

Format = Literal[
    "above",
    "below",
    "chi_square",
    "count",
    "count_with_percent",
    "difference_with_limits",
    "digits",
    "left_out",
    "mean_with_limits",
    "mean_with_sd",
    "median_with_quartiles",
    "number_with_limits",
    "p_phrase",
    "p_value",
    "percent",
    "percent_difference",
    "percent_interval",
    "percent_with_limits",
    "whole_percent_with_limits",
    "proportion",
    "ratio",
    "ratio_95",
    "ratio_interval",
    "size",
    "standardised",
    "three_decimals",
    "three_digits",
    "time",
    "time_with_limits",
    "words",
]


PAGE_MM, COLUMN_MM = 175, 85
"""Widths of figures that journals print: over the page, and in one of its two columns."""


@dataclass(frozen=True)
class Shown:
    """Numbers in one format; a mark replaces all of it if any of them is held back."""

    format: Format
    cells: tuple[str, ...]
    """Ids, in the order of the format's arguments; further ones are those that the text also gives away."""
    words: str = ""
    """For the format `words`: a sentence that gives the cells away."""


Plain = tuple[str | Shown, ...]
"""Pieces of a line without a footnote."""


@dataclass(frozen=True)
class Why:
    """Printed as a symbol; what it says is a footnote of its table, where equal ones are one."""

    reason: Plain
    """Without a full stop."""


Text = tuple[str | Shown | Why, ...]
"""Pieces of a line."""


@dataclass(frozen=True)
class Within:
    """A line that is a value of a sentence."""

    text: Plain


def worded(message: Message, language: str) -> Plain:
    """Returns a message in a language, whose values may be `Shown` or `Within`, as pieces in the order of its
    sentence."""
    chosen_by = None if isinstance(catalogue(language)[message.code], str) else dict(message.values)["n"]
    assert not isinstance(chosen_by, Shown), "a number that is shown later chooses no plural"
    pieces: Iterator[str | Shown | Within] = message.pieces(language, (Shown, Within))
    return tuple(part for piece in pieces for part in (piece.text if isinstance(piece, Within) else (piece,)))


def cells_in(*texts: Text) -> Iterator[str]:
    """Yields the ids of the cells in texts."""
    for text in texts:
        for piece in text:
            if isinstance(piece, Shown):
                yield from piece.cells
            elif isinstance(piece, Why):
                yield from cells_in(piece.reason)


class _HasInner(Protocol):
    @property
    def is_inner(self) -> bool: ...


R = TypeVar("R", bound=_HasInner)


def with_inner(rows: Iterable[R]) -> list[list[R]]:
    """Returns the rows that stay together: each with the inner rows that belong to it."""
    groups: list[list[R]] = []
    for row in rows:
        if groups and row.is_inner:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Text, ...] = ()
    """One per column; empty in a heading."""
    is_inner: bool = False
    """Whether the row belongs to the heading above it, as a level belongs to its variable."""
    is_heading: bool = False
    """Whether it is a heading though it has cells."""

    @property
    def whys(self) -> tuple[Why, ...]:
        """Why numbers are missing in it."""
        return tuple(piece for text in self.cells for piece in text if isinstance(piece, Why))


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    columns: tuple[str, ...]
    """Headings of the columns of cells; the column of labels has none."""
    rows: tuple[Row, ...]
    notes: tuple[Text, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of all cells it prints."""
        return tuple(cells_in(*(text for row in self.rows for text in row.cells), *self.notes))


@dataclass(frozen=True)
class Box:
    """Printed in place of a figure or table that has no numbers, with the reason."""

    title: str
    status: str
    """`Refused by rule R4, on the totals, by all parties`; `Not estimable`."""
    why: Text
    remedy: str
    """What would pass; empty if that is unknown."""


@dataclass(frozen=True)
class Figure(ABC):
    """A drawing, made from cells."""

    result: str
    """Id of the result it shows, from which its files get their names."""
    title: str
    """Its caption, without a full stop."""
    notices: str = field(default="", kw_only=True)
    """Printed in the figure itself, so that they stay with it when it is copied from the page."""
    description: str = field(default="", kw_only=True)
    """In one sentence, what is drawn; no number."""

    @property
    def id(self) -> str:
        return f"figure {self.result}"

    @property
    def alt(self) -> str:
        """For readers who cannot see it: the title and the description."""
        return f"{self.title}. {self.description}".rstrip() if self.description else self.title

    @property
    @abstractmethod
    def cells(self) -> tuple[str, ...]:
        """Ids of all cells it draws or prints, or needs to know how to draw."""

    @property
    def seen(self) -> tuple[str, ...]:
        """Ids of those that it draws or prints."""
        return self.cells

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths in mm in which it is drawn, the widest first; only that of a page where a column is too narrow."""
        return (PAGE_MM, COLUMN_MM)

    @abstractmethod
    def drawn(self, printer: Printer, width_mm: int) -> FigureFiles:
        """Returns its files at one of its widths, every number taken from the printer's cells."""


Block = Figure | Table | Box
