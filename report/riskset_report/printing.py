"""Prints texts, tables and figures: the only module that turns cells into characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import nan
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import ENGLISH, in_language, say
from riskset_report import differences, notation
from riskset_report.abbreviations import spelt_out
from riskset_report.blocks import Box, Format, Shown, Table, Text, Why, cells_in, with_inner
from riskset_report.cells import Cells, Mark
from riskset_report.sentences import beside
from riskset_report.symbols import symbols_of
from riskset_report.table_width import Fit, fit, is_tall


@dataclass(frozen=True)
class FigureFiles:
    """One drawing at one width, in three formats."""

    svg: bytes
    pdf: bytes
    png: bytes
    """300 dpi."""


@dataclass(frozen=True)
class PrintedRow:
    label: str
    cells: tuple[str, ...]
    is_inner: bool
    is_heading: bool = False
    """Whether it is printed as one though it has cells."""


@dataclass(frozen=True)
class PrintedTable:
    title: str
    columns: tuple[str, ...]
    rows: tuple[PrintedRow, ...]
    notes: tuple[str, ...]
    is_prose: bool = False
    """Whether cells are sentences, which break between words."""
    abbreviations: str = ""
    """Those that it uses, spelt out."""

    @property
    def foot(self) -> tuple[str, ...]:
        """What stands below it: abbreviations, then notes."""
        return (*([self.abbreviations] if self.abbreviations else []), *self.notes)

    @property
    def groups(self) -> list[list[PrintedRow]]:
        """The rows between which a page may end: each row with the inner rows that belong to it."""
        return with_inner(self.rows)

    @property
    def is_tall(self) -> bool:
        """Whether the table is higher than half a page, and may be continued on the next one."""
        return is_tall(self.columns, [row.cells for row in self.rows])

    @property
    def fit(self) -> Fit:
        if self.is_prose:
            return Fit(is_broken=False, type_size=1.0)
        return fit(self.columns, [row.cells for row in self.rows])


@dataclass(frozen=True)
class PrintedBox:
    title: str
    status: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Printer:
    """Prints cells; times are in the study's unit."""

    cells: Cells
    unit: str
    days_per_unit: float
    language: str = ENGLISH
    """Of the few words beside numbers, and of reasons."""
    names: frozenset[str] = frozenset()
    """The study's own labels, which are no abbreviations of the report's."""

    def say(self, code: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
        """Returns the sentence of a code of the catalogue, in the report's language."""
        return say(code, **values).in_language(self.language)

    def sentences(self, sentences: Iterable[str]) -> str:
        """Returns sentences that are printed already as one text."""
        return beside(sentences, self.language)

    @cached_property
    def _formats(self) -> Mapping[Format, Callable[..., str]]:
        return {
            "above": lambda hr: notation.separated(hr, "lower", self.words),
            "below": lambda hr: notation.separated(hr, "upper", self.words),
            "chi_square": self._worded(notation.chi_square),
            "count": self._worded(notation.count),
            "percent": notation.percent,
            "count_with_percent": self._worded(notation.count_with_percent),
            "difference_with_limits": self._in_unit(differences.difference_with_limits),
            "digits": lambda value: notation.NO_VALUE if value is None else f"{value:.6g}",
            "left_out": self._worded(notation.left_out),
            "mean_with_limits": self._in_unit(notation.mean_with_limits),
            "mean_with_sd": notation.mean_with_sd,
            "median_with_quartiles": self._worded(notation.median_with_quartiles),
            "number_with_limits": self._worded(differences.number_with_limits),
            "p_phrase": self._worded(notation.p_phrase),
            "p_value": self._worded(notation.p_value),
            "percent_difference": self._worded(differences.percent_difference),
            "percent_interval": notation.percent_interval,
            "proportion": self._worded(notation.proportion),
            "percent_with_limits": self._worded(notation.percent_with_limits),
            "whole_percent_with_limits": self._worded(partial(notation.percent_with_limits, decimals=0)),
            "ratio": self._worded(notation.ratio),
            "ratio_95": self._worded(notation.ratio_95),
            "ratio_interval": self._worded(notation.ratio_interval),
            "size": self._worded(notation.size),
            "standardised": notation.standardised,
            "three_decimals": lambda value: notation.NO_VALUE if value is None else f"{value:.3f}",
            "three_digits": lambda value: notation.NO_VALUE if value is None else f"{value:.3g}",
            "time": self._in_unit(lambda estimate, *rest: notation.time(estimate, *rest[-3:])),
            "time_with_limits": self._in_unit(notation.time_with_limits),
        }

    @property
    def words(self) -> notation.Words:
        return notation.Words(self.language)

    def _worded(self, form: Callable[..., str]) -> Callable[..., str]:
        """Returns a format as one that prints in the report's language."""
        return lambda *numbers: form(*numbers, self.words)

    def _in_unit(self, form: Callable[..., str]) -> Callable[..., str]:
        """Returns a format of days as one that prints in the study's unit."""
        return lambda *days: form(*days, self.unit, self.days_per_unit, self.words)

    def mark(self, ids: Sequence[str]) -> Mark | None:
        """Returns the first mark among the cells."""
        return next(self._marks(ids), None)

    def reasons(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Returns one sentence for each kind of mark among the cells."""
        return tuple(
            dict.fromkeys(self.say("report.mark", mark=mark.text, reason=mark.reason) for mark in self._marks(ids))
        )

    def _marks(self, ids: Sequence[str]) -> Iterator[Mark]:
        values = (self.cells[id_].value for id_ in ids)
        return (value for value in values if isinstance(value, Mark))

    def shown(self, shown: Shown) -> str:
        """Returns numbers in their format, or the mark of one that is held back."""
        if (mark := self.mark(shown.cells)) is not None:
            return in_language(mark.text, self.language)
        if shown.format == "words":
            return shown.words
        taken = NUMBERS_TAKEN.get(shown.format, 1)
        return self._formats[shown.format](*(self.cells[id_].value for id_ in shown.cells[:taken]))

    def text(self, text: Text, symbols: Mapping[str, str] = MappingProxyType({})) -> str:
        """Returns a line; `symbols` are those of the footnotes by their text."""
        return "".join(self._piece(piece, symbols) for piece in text)

    def _piece(self, piece: str | Shown | Why, symbols: Mapping[str, str]) -> str:
        if isinstance(piece, Why):
            return symbols.get(self.text(piece.reason), "")
        return self.shown(piece) if isinstance(piece, Shown) else piece

    def table(self, table: Table) -> PrintedTable:
        """Returns a table's texts. A reason for missing numbers is one footnote, whose symbol stands in each cell; one
        that would give away a number that is held back is none, since the mark has its own."""
        whys = [why.reason for row in table.rows for why in row.whys if not self.mark(tuple(cells_in(why.reason)))]
        symbols = symbols_of(map(self.text, whys))
        rows = tuple(
            PrintedRow(
                row.label,
                tuple(self.text(cell, symbols) for cell in row.cells),
                row.is_inner,
                row.is_heading,
            )
            for row in table.rows
        )
        footnotes = [self.say("report.forest.why", symbol=symbol, reason=why) for why, symbol in symbols.items()]
        notes = (*map(self.text, table.notes), *footnotes, *self.reasons(table.cells))
        return PrintedTable(
            table.title, table.columns, rows, notes, abbreviations=self._abbreviations(table, rows, notes)
        )

    def _abbreviations(self, table: Table, rows: Sequence[PrintedRow], notes: Sequence[str]) -> str:
        of_rows = (text for row in rows for text in (row.label, *row.cells))
        pieces = (piece for row in table.rows for text in row.cells for piece in text)
        has_sd = any(isinstance(piece, Shown) and piece.format == "mean_with_sd" for piece in pieces)
        texts = (table.title, *table.columns, *of_rows, *notes)
        return spelt_out(texts, self.language, self.names, ["sd"] if has_sd else ())

    def box(self, box: Box) -> PrintedBox:
        """Returns a box's texts."""
        return PrintedBox(box.title, box.status, self.text(box.why), box.remedy)

    def number(self, id_: str, *others: str) -> float | None:
        """Returns a cell's number for drawing; None if there is none, or if it or one of the others is held back."""
        value: Any = self.cells[id_].value
        return None if self.mark((id_, *others)) else value

    def numbers(self, ids: Sequence[str]) -> NDArray[np.float64]:
        """Returns the numbers of cells for drawing, (n,); nan where there is none or where it is held back."""
        values = (self.number(id_) for id_ in ids)
        return np.array([nan if value is None else value for value in values], dtype=np.float64)


NUMBERS_TAKEN: Mapping[Format, int] = {
    "chi_square": 3,
    "count_with_percent": 2,
    "difference_with_limits": 3,
    "left_out": 2,
    "mean_with_limits": 3,
    "mean_with_sd": 2,
    "median_with_quartiles": 3,
    "number_with_limits": 3,
    "percent_difference": 3,
    "percent_interval": 2,
    "percent_with_limits": 3,
    "whole_percent_with_limits": 3,
    "proportion": 3,
    "ratio": 3,
    "ratio_95": 3,
    "ratio_interval": 2,
    "size": 2,
    "time_with_limits": 3,
}
"""How many numbers a format takes, if not one."""
