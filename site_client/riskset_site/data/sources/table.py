"""A table of texts, as an export holds it, with every distinct text stored once.

Clinical columns repeat themselves: a million rows hold two sexes, five stages and some thousand dates. Whatever reads
a text therefore reads each distinct text once and spreads the answer over the rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem

_DISTINCT_TEXTS = 50_000  # below this a column is coded whatever it holds


@dataclass(frozen=True)
class TextColumn:
    """One column: row i holds `texts[codes[i]]`."""

    codes: NDArray[np.int32]
    """(n,), in the order of the file."""
    texts: tuple[str, ...]
    """Stripped of surrounding space, so that several codes may stand for equal texts."""

    def quoted(self, row: int) -> str:
        """Returns the text of one row in quotation marks; for the site's own eyes."""
        return repr(self.texts[self.codes[row]])


@dataclass(frozen=True)
class SourceTable:
    """The columns that were asked for and that the export holds."""

    headers: tuple[str, ...]
    """All of the export's headers, stripped, in its order."""
    row_numbers: NDArray[np.int64]
    """(n,) as a spreadsheet counts: the header is row 1; increasing."""
    columns: Mapping[str, TextColumn]
    """By header; (n,) each."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the file itself; the rows it concerns are not among the n."""

    @property
    def n(self) -> int:
        return len(self.row_numbers)


class _Codes(dict[str, int]):
    """A number for each distinct text, in order of appearance."""

    def __missing__(self, text: str) -> int:
        self[text] = code = len(self)
        return code


@dataclass
class TextColumnBuilder:
    """Takes a column's texts piece by piece.

    A column that turns out not to repeat itself (a key, a laboratory value) gets a new code for every further row: at
    a million rows looking each text up costs three times what reading it once more does.
    """

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
        return TextColumn(codes, tuple(text.strip() for text in texts))
