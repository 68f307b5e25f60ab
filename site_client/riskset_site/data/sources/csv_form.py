"""How a file of texts is written, and its rows as Python's csv module reads them."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

from riskset_site.data.sources.headers import joined

_SEP = re.compile(r'\ufeff?"?sep=([^"\r\n])\1*"?[,;\t]*[\r\n]*', re.IGNORECASE)
"""A first line that tells Excel the delimiter; where it was saved again, other fields may follow."""
DELIMITERS = (",", ";", "\t", "|")
RARER_DELIMITERS = ("^", "~", "\x01", "\x1f", "¦")
"""Of data warehouses, whose texts have commas: looked for where the others do not divide a file."""


_END, _TAIL = "\x1a", 64


class Rows(Protocol):
    """Python's reader of CSV."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class CsvForm:
    """How a file of texts is written."""

    encoding: str = "utf-8-sig"
    delimiter: str | None = None
    """None: that of a first line `sep=`, else a comma."""
    quote: str = '"'
    """Empty: there are no quotation marks."""
    header: tuple[int, ...] = (1,)
    """The rows of the names, as a spreadsheet counts them."""
    footer: int = 0
    """Rows at the end that are no patients', the empty ones not counted."""

    @contextmanager
    def rows(self, path: Path, errors: str = "strict") -> Iterator[Rows]:
        """Yields the reader of all rows; a line `sep=`, which a spreadsheet does not count, is read already."""
        with path.open(encoding=self.encoding, errors=errors, newline="") as file:
            said = _sep_line(file)
            lines = _without_end(file) if _has_end(path) else file
            yield self._reader(lines, self.delimiter or said or ",")

    def delimiter_of(self, path: Path) -> str:
        """Returns the delimiter: as written in the site file, else of the line `sep=`, else a comma."""
        return self.delimiter or self.said_delimiter(path) or ","

    def said_delimiter(self, path: Path) -> str | None:
        """Returns the delimiter of a first line `sep=`; None where there is none."""
        with path.open(encoding=self.encoding, errors="replace", newline="") as file:
            return _sep_line(file)

    def names(self, path: Path) -> tuple[str, ...]:
        """Returns the column names, with replacement characters for bytes that cannot be decoded; none of a file that
        is no CSV."""
        with self.rows(path, "replace") as rows:
            try:
                return joined(header_rows(rows, self.header))
            except csv.Error:
                return ()

    def _reader(self, lines: Iterable[str], delimiter: str) -> Rows:
        if not self.quote:
            return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(lines, delimiter=delimiter, quotechar=self.quote, strict=True)


def header_rows(rows: Iterator[list[str]] | Rows, numbers: Sequence[int]) -> list[list[str]]:
    """Returns the rows of the header, fewer where the file ends before; the next row of `rows` is the one below."""
    return list(islice(rows, numbers[0] - 1, numbers[-1]))


def _has_end(path: Path) -> bool:
    """True where the file ends with the sign by which DOS programs mark its end."""
    with path.open("rb") as file:
        file.seek(-min(_TAIL, path.stat().st_size), os.SEEK_END)
        return file.read().rstrip(b"\r\n").endswith(_END.encode())


def _without_end(lines: Iterable[str]) -> Iterator[str]:
    """Yields the lines without the sign behind the last one, which would be a row of one field."""
    held = ""
    for line in lines:
        if held:
            yield held
        held = line
    if last := held.rstrip("\r\n").rstrip(_END):
        yield last


def _sep_line(file: IO[str]) -> str | None:
    """Returns the delimiter that the first line tells Excel, and reads the line; else the file is at its beginning."""
    found = _SEP.fullmatch(file.readline(64))
    if found is None:
        file.seek(0)
        return None
    return found[1]
