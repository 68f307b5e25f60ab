"""An export as a table of texts, with every distinct text of a column stored once.

Clinical columns are repetitive: a million rows have two sexes, five stages and a few thousand dates. Each distinct text
is therefore read once, and its value spread over the rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem
from riskset.visible_text import quoted

_DISTINCT_TEXTS = 50_000  # up to here a column is coded in any case
NUMBER = "\0"
"""Before a text that a reader made of a number with a decimal point: "1.234" is not the 1,234 that a text may mean."""
INSTANT = "\1"
"""Before a text that a reader made of a point in time with its zone: which day that is, the zone decides."""


@dataclass(frozen=True)
class TextColumn:
    """One column: the text of row i is `texts[codes[i]]`."""

    codes: NDArray[Any]
    """(n,) whole numbers, in the order of the file."""
    texts: Sequence[str]
    """Stripped, so several codes may have equal texts."""
    numbers: frozenset[int] = frozenset()
    """Codes of texts that a typed source made of numbers: they have a point, whatever mark its other texts have."""

    values: NDArray[Any] | None = None
    """The number of each row, of which `texts` are, where the column hardly repeats itself; NaN for none."""

    @property
    def by_row(self) -> Sequence[str]:
        """The text of each row (n,), found when it is asked for."""
        return _ByRow(self)

    def blank_but(self, rows: NDArray[np.bool_]) -> TextColumn:
        """Returns the column with the texts of the chosen rows (n,) alone; the others are empty."""
        used = np.unique(self.codes[rows])  # what no row has is not judged
        codes = np.where(rows, np.searchsorted(used, self.codes), len(used))
        texts = (*(self.texts[code] for code in used.tolist()), "")
        numbers = frozenset(at for at, code in enumerate(used.tolist()) if code in self.numbers)
        values = None if self.values is None else np.where(rows, self.values, np.nan)
        return TextColumn(codes, texts, numbers, values)

    def quoted(self, row: int) -> str:
        """Returns the text of one row in quotation marks. Never leaves the site."""
        return quoted(self.texts[self.codes[row]])


class _ByRow(Sequence[str]):
    """The text of each row of a column."""

    def __init__(self, column: TextColumn) -> None:
        self._texts, self._codes = column.texts, column.codes

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(self._texts[code] for code in self._codes[at].tolist())
        return self._texts[int(self._codes[at])]


@dataclass(frozen=True)
class SourceTable:
    """The columns that were asked for, as far as the export has them."""

    headers: tuple[str, ...]
    """All column names of the export in its order, stripped and as the site file spells them."""
    row_numbers: NDArray[np.int64]
    """(n,) as a spreadsheet counts: the header is row 1; increasing."""
    columns: Mapping[str, TextColumn]
    """By column name; (n,) each."""
    problems: tuple[Problem, ...] = ()
    """Problems of the file itself; the rows concerned are not among the n."""
    warnings: tuple[Problem, ...] = ()
    """What was read in another way than it seems, or left out as the site file says."""
    counts_from_1904: bool = False
    """True of a workbook whose day numbers do."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """By column what the file says of it besides its name, where it does."""
    shown_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By column the texts that number formats of a workbook show beside its numbers: a unit."""
    alike_sheets: Mapping[str, int] = field(default_factory=dict)
    """Sheets of the workbook that have the same columns and are not read, with their rows."""

    @property
    def n(self) -> int:
        return len(self.row_numbers)


class _Codes(dict[str, int]):
    """The code of each distinct text, in order of appearance."""

    def __missing__(self, text: str) -> int:
        self[text] = code = len(self)
        return code


@dataclass
class TextColumnBuilder:
    """Collects the texts of a column chunk by chunk.

    A column that is not repetitive (a key, a laboratory value) gets a new code for every further row: at a million
    rows, looking up each text takes three times as long as reading it again.
    """

    typed: bool = False
    """True where a text may begin with NUMBER."""
    _codes: _Codes = field(default_factory=_Codes)
    _rows: array[int] = field(default_factory=lambda: array("i"))
    _uncoded: list[str] = field(default_factory=list)

    def extend(self, texts: Iterable[str]) -> None:
        if self._uncoded or len(self._codes) > max(_DISTINCT_TEXTS, len(self._rows) // 2):
            self._uncoded.extend(texts)
        else:
            self._rows.extend(map(self._codes.__getitem__, texts))

    def build(self) -> TextColumn:
        texts = [*self._codes, *self._uncoded]
        codes = np.concatenate(
            [np.asarray(self._rows, np.int32), np.arange(len(self._codes), len(texts), dtype=np.int32)]
        )
        numbers = frozenset(code for code, text in enumerate(texts) if text.startswith(NUMBER)) if self.typed else ()
        return TextColumn(codes, tuple(text.lstrip(NUMBER).strip() for text in texts), frozenset(numbers))
