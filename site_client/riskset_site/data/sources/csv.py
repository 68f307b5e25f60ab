"""A CSV export, read in one pass; only the columns asked for are kept."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem
from riskset_site.data.faults import Fault, rows_and_values
from riskset_site.data.sources.encodings import encoding_hint
from riskset_site.data.sources.table import SourceTable, TextColumnBuilder

_CHUNK_ROWS = 500  # fits the processor's cache: chunks eight times as long take twice the time

_TITLE_ROWS = 20

_HEADER_AGAIN = Fault("header_again", say("data.hint.header_again"))


def read_csv(
    path: Path,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    encoding: str,
    delimiter: str,
    every: bool = False,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the file has; with `every`, all that it has.

    The first record is the header. Empty rows are skipped. Rows whose number of fields differs from the header's, and
    those that repeat it, are skipped and reported in `problems`. Raises DataError, with problems, for a file that is
    not such a table, and OSError for one that cannot be opened.
    """
    _refuse_nul(path, encoding)
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                return _read(path, reader, [*expected, *optional], delimiter, every)
            except csv.Error as error:
                raise _unreadable(path, *_csv_error(str(error)), line=reader.line_num) from None
    except UnicodeDecodeError:
        hint = encoding_hint(path, delimiter, expected) or say("data.export.ask_for_encoding")
        raise _unreadable(path, say("data.export.other_encoding", encoding=encoding), hint) from None


def _read(path: Path, reader: Iterator[list[str]], wanted: Sequence[str], delimiter: str, every: bool) -> SourceTable:
    headers = _names(next(reader, []))
    if not any(headers):
        raise _unreadable(path, say("data.export.empty"), say("data.export.header_first"))
    if headers[0].lower().startswith("sep="):
        raise _unreadable(path, say("data.export.sep_line"), say("data.export.remove_sep_line"), line=1)
    repeated = _repeated_columns(headers, wanted)
    if repeated:
        raise _not_a_table(path, repeated)
    kept = [*wanted, *(headers if every else ())]
    positions = {name: headers.index(name) for name in dict.fromkeys(kept) if name in headers}
    rows = _RowReader(headers, positions)
    rows.read(reader)
    if not rows.numbers and not rows.misfits:
        raise _unreadable(path, say("data.export.no_rows"), say("data.export.export_again"))
    columns = {name: builder.build() for name, builder in rows.builders.items()}
    problems = rows.problems(path, delimiter)
    return SourceTable(headers, rows.row_numbers(), columns, problems)


def refuse_lower_header(path: Path, required: Collection[str], *, encoding: str, delimiter: str) -> None:
    """Raises DataError, with the problem, where the names of the columns are below the first row: under a title, or
    under a row of merged cells."""
    with path.open(encoding=encoding, newline="") as file:
        for number, row in enumerate(islice(csv.reader(file, delimiter=delimiter), _TITLE_ROWS), 1):
            if number > 1 and len({text.strip() for text in row} & set(required)) * 2 > len(required):
                message = say("data.export.lower_header", row=number)
                raise _unreadable(path, message, say("data.export.remove_rows_above"))


def _names(row: Sequence[str]) -> tuple[str, ...]:
    """Returns a header without the spaces around its names, and without the byte-order mark of a second file."""
    return tuple(text.strip().lstrip("\ufeff") for text in row)


class _RowReader:
    """Distributes rows to columns, but for those whose number of fields is not the header's, or that repeat it."""

    def __init__(self, headers: tuple[str, ...], positions: dict[str, int]) -> None:
        self.headers = headers
        self.width = len(headers)
        self.longest = max(range(self.width), key=lambda position: len(headers[position]))
        """Position of the name that hardly a patient's row contains there."""
        self.positions = positions
        self.builders = {name: TextColumnBuilder() for name in positions}
        self.numbers: list[range | list[int]] = []
        self.misfits: list[tuple[int, int]] = []
        self.headers_again: list[int] = []

    def read(self, reader: Iterator[list[str]]) -> None:
        first = 2
        while chunk := list(islice(reader, _CHUNK_ROWS)):
            self._add(chunk, range(first, first + len(chunk)))
            first += len(chunk)

    def _add(self, chunk: list[list[str]], numbers: range) -> None:
        kept: range | list[int] = numbers
        if not self._is_plain(chunk):
            kept, chunk = self._fitting(chunk, numbers)
        for name, position in self.positions.items():
            self.builders[name].extend(map(itemgetter(position), chunk))
        if kept:
            self.numbers.append(kept)

    def _is_plain(self, chunk: list[list[str]]) -> bool:
        """Whether nothing is set aside: found in a tenth of the time in which the rows are looked at one by one."""
        if set(map(len, chunk)) != {self.width} or not all(map(str.strip, map("".join, chunk))):
            return False
        return self.headers[self.longest] not in map(str.strip, map(itemgetter(self.longest), chunk))

    def _fitting(self, chunk: list[list[str]], numbers: range) -> tuple[list[int], list[list[str]]]:
        kept = []
        for number, row in zip(numbers, chunk, strict=True):
            if not any(map(str.strip, row)):
                continue
            if len(row) != self.width:
                self.misfits.append((number, len(row)))
            elif _names(row) == self.headers:
                self.headers_again.append(number)
            else:
                kept.append((number, row))
        return [number for number, _ in kept], [row for _, row in kept]

    def row_numbers(self) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(np.asarray(part, np.int64) for part in self.numbers)])

    def problems(self, path: Path, delimiter: str) -> tuple[Problem, ...]:
        shorter = [misfit for misfit in self.misfits if misfit[1] < self.width]
        longer = [misfit for misfit in self.misfits if misfit[1] > self.width]
        hints = (say("data.hint.few_fields"), say("data.hint.quotation", delimiter=delimiter))
        found = [self._misfit(path, *misfits) for misfits in zip((shorter, longer), hints, strict=True) if misfits[0]]
        if self.headers_again:
            found.append(_in_rows(path, _HEADER_AGAIN, self.headers_again, ()))
        return tuple(found)

    def _misfit(self, path: Path, found: Sequence[tuple[int, int]], hint: Message) -> Problem:
        fault = Fault("field_count", hint, (("width", self.width),))
        widths = [say("data.detail.fields", n=width) for _, width in found]
        return _in_rows(path, fault, [number for number, _ in found], widths)


def _in_rows(path: Path, fault: Fault, numbers: Sequence[int], values: Sequence[str]) -> Problem:
    detail = rows_and_values(numbers, values)
    return Problem(say("data.where.export", file=path.name), fault.message(len(numbers)), fault.hint, detail=detail)


def _repeated_columns(headers: Sequence[str], wanted: Sequence[str]) -> list[Problem]:
    return [
        Problem(
            say("data.where.column", column=name),
            say("data.export.repeated_column", n=headers.count(name)),
            say("data.export.rename_column"),
        )
        for name in dict.fromkeys(wanted)
        if headers.count(name) > 1
    ]


def _refuse_nul(path: Path, encoding: str) -> None:
    """Text has no zero bytes, except in UTF-16 and UTF-32, where half of the bytes may be zero."""
    if encoding.startswith(("utf-16", "utf-32")):
        return
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                raise _unreadable(path, say("data.export.zero_bytes"), say("data.export.save_as_csv"))


def _csv_error(reason: str) -> tuple[Message, Message]:
    """Returns what to say of an error of Python's csv module, and the hint."""
    if "field limit" in reason or "end of data" in reason:
        return say("data.export.open_quotation"), say("data.export.close_quotation")
    return say("data.export.not_csv", reason=reason), say("data.export.double_quotation")


def _unreadable(path: Path, message: Message, hint: Message, line: int | None = None) -> DataError:
    return _not_a_table(path, [Problem(say("data.where.export", file=path.name), message, hint, line)])


def _not_a_table(path: Path, problems: Sequence[Problem]) -> DataError:
    return DataError(say("data.export.not_a_table", file=path.name), NOTHING, problems)
