"""A CSV export, read in one pass; only the columns that are asked for are kept."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskset.errors import DataError, Problem
from riskset_site.data.faults import rows_and_values
from riskset_site.data.sources.encodings import encoding_hint
from riskset_site.data.sources.table import SourceTable, TextColumnBuilder

_CHUNK_ROWS = 500  # stays in the processor's cache: eight times as many take twice as long
_OTHER_DELIMITERS = {";": ";", "\t": "\\t", "|": "|", ",": ","}


def read_csv(
    path: Path, expected: Collection[str], optional: Collection[str] = (), *, encoding: str, delimiter: str
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the file holds.

    The first record is the header. Rows without any text are skipped; rows with another number of fields than the
    header are skipped and told. Raises DataError, with problems, for a file that is no such table, and OSError for one
    that cannot be opened.
    """
    _refuse_nul(path, encoding)
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                return _read(path, reader, [*expected, *optional], delimiter)
            except csv.Error as error:
                raise _unreadable(path, *_told_csv_error(str(error)), line=reader.line_num) from None
    except UnicodeDecodeError:
        hint = encoding_hint(path, delimiter, expected) or "ask whoever made the export for its encoding"
        raise _unreadable(path, f"its bytes are not {encoding} text", hint) from None


def _read(path: Path, reader: Iterator[list[str]], wanted: Sequence[str], delimiter: str) -> SourceTable:
    headers = tuple(text.strip() for text in next(reader, ()))
    if not any(headers):
        raise _unreadable(path, "the file is empty", "the first row must hold the column names")
    ambiguous = _ambiguous_headers(path, headers, wanted)
    if ambiguous:
        raise _unreadable_all(path, ambiguous)
    positions = {name: headers.index(name) for name in dict.fromkeys(wanted) if name in headers}
    rows = _RowReader(len(headers), positions)
    rows.read(reader)
    if not rows.numbers and not rows.misfits:
        raise _unreadable(path, "there is a header but no row below it", "export again, with the patients")
    columns = {name: builder.build() for name, builder in rows.builders.items()}
    problems = rows.problems(path, delimiter)
    return SourceTable(headers, rows.row_numbers(), columns, problems)


class _RowReader:
    """Deals rows to columns and sets aside those that do not fit the header."""

    def __init__(self, width: int, positions: dict[str, int]) -> None:
        self.width = width
        self.positions = positions
        self.builders = {name: TextColumnBuilder() for name in positions}
        self.numbers: list[range | list[int]] = []
        self.misfits: list[tuple[int, int]] = []

    def read(self, reader: Iterator[list[str]]) -> None:
        first = 2
        while chunk := list(islice(reader, _CHUNK_ROWS)):
            self._add(chunk, range(first, first + len(chunk)))
            first += len(chunk)

    def _add(self, chunk: list[list[str]], numbers: range) -> None:
        kept: range | list[int] = numbers
        if set(map(len, chunk)) != {self.width} or not all(map(any, chunk)):
            kept, chunk = self._fitting(chunk, numbers)
        for name, position in self.positions.items():
            self.builders[name].extend(map(itemgetter(position), chunk))
        if kept:
            self.numbers.append(kept)

    def _fitting(self, chunk: list[list[str]], numbers: range) -> tuple[list[int], list[list[str]]]:
        told = [(number, row) for number, row in zip(numbers, chunk, strict=True) if any(row)]
        self.misfits.extend((number, len(row)) for number, row in told if len(row) != self.width)
        fitting = [(number, row) for number, row in told if len(row) == self.width]
        return [number for number, _ in fitting], [row for _, row in fitting]

    def row_numbers(self) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(np.asarray(part, np.int64) for part in self.numbers)])

    def problems(self, path: Path, delimiter: str) -> tuple[Problem, ...]:
        if not self.misfits:
            return ()
        count = len(self.misfits)
        message = f"{count} {'row does' if count == 1 else 'rows do'} not have the header's {self.width} fields"
        hint = f"a text that holds {_OTHER_DELIMITERS.get(delimiter, delimiter)!r} must stand in quotation marks"
        detail = rows_and_values(
            [number for number, _ in self.misfits], [f"{width} fields" for _, width in self.misfits]
        )
        return (Problem(f"export {path.name!r}", message, hint, detail=detail),)


def _ambiguous_headers(path: Path, headers: Sequence[str], wanted: Sequence[str]) -> list[Problem]:
    return [
        Problem(f"column {name!r}", f"stands {headers.count(name)} times in the header", "rename all but one")
        for name in dict.fromkeys(wanted)
        if headers.count(name) > 1
    ]


def _refuse_nul(path: Path, encoding: str) -> None:
    """A zero byte is no text, but in UTF-16 and UTF-32, where half of the bytes may be zero."""
    if encoding.startswith(("utf-16", "utf-32")):
        return
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                hint = "save it as 'CSV UTF-8', or write encoding = 'utf-16' in [source] if it is Excel's Unicode text"
                raise _unreadable(path, "it holds zero bytes, so it is no plain text", hint)


def _told_csv_error(message: str) -> tuple[str, str]:
    if "field limit" in message or "end of data" in message:
        return "a quotation mark opens a text that does not end", "close it, or double a quotation mark inside a text"
    return f"it is no valid CSV: {message}", "double every quotation mark that stands inside a text"


def _unreadable(path: Path, message: str, hint: str, line: int | None = None) -> DataError:
    return _unreadable_all(path, [Problem(f"export {path.name!r}", message, hint, line)])


def _unreadable_all(path: Path, problems: Sequence[Problem]) -> DataError:
    return DataError(f"the export {path.name!r} cannot be read", "", problems)
