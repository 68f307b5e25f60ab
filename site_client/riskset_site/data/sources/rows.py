"""Rows of texts to the columns that are kept: what is no patient's row is set aside and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem
from riskset.visible_text import quoted
from riskset_site.data.faults import Fault, rows_and_values
from riskset_site.data.sources.headers import plain_name
from riskset_site.data.sources.table import NUMBER, TextColumnBuilder
from riskset_site.data.unit_words import is_row_of_units

_CHUNK_ROWS = 500  # fits the processor's cache: chunks eight times as long take twice the time

_HEADER_AGAIN = Fault("header_again", say("data.hint.header_again"))
_FOOTER = Fault("footer", say("data.source.footer"))


class RowReader:
    """Distributes rows to columns, but for those whose number of fields is not the header's, or that repeat it."""

    def __init__(
        self,
        path: Path,
        names: Sequence[tuple[str, ...]],
        positions: Mapping[str, int],
        footer: int,
        is_typed: bool = False,
    ) -> None:
        self.path, self.footer = path, footer
        self.names = {tuple(map(plain_name, row)) for row in names}
        """What a row that repeats the header says."""
        headers = names[-1]
        self.width = len(headers)
        self.longest = max(range(self.width), key=lambda position: len(headers[position]))
        """Position of the name that hardly a patient's row contains there."""
        self.longest_name = {headers[self.longest].strip(), plain_name(headers[self.longest])}
        """As it is written, and as it is read."""
        self.positions = positions
        self.builders = {name: TextColumnBuilder(is_typed) for name in positions}
        self.numbers: list[range | list[int]] = []
        self.misfits: list[tuple[int, int]] = []
        self.headers_again: list[int] = []
        self.units: list[tuple[int, str]] = []
        """The row of units below the names, where there is one."""
        self.is_one_row, self.first = len(names) == 1, 0
        self.below: list[tuple[int, list[str]]] = []
        """The footer."""
        self.ends_with_delimiter: bool | None = None
        """Whether every row has an empty field more than the header; None before the first row."""

    def read(self, rows: Iterator[list[str]], first: int) -> None:
        """Reads all rows, the first of which has the number `first`."""
        self.first = first
        for chunk, numbers in self._without_footer(_chunks(rows, first)):
            self._add(chunk, numbers)

    def _without_footer(
        self, chunks: Iterable[tuple[list[list[str]], range]]
    ) -> Iterator[tuple[list[list[str]], range]]:
        if not self.footer:
            yield from chunks
            return
        held: list[list[str]] = []
        start = end = 0
        for chunk, numbers in chunks:
            start, end = (start if held else numbers.start), numbers.stop
            held += chunk
            keep = _from_the_end(held, self.footer)
            yield held[:keep], range(start, start + keep)
            held, start = held[keep:], start + keep
        self.below = [(n, row) for n, row in zip(range(start, end), held, strict=True) if any(map(str.strip, row))]

    def _add(self, chunk: list[list[str]], numbers: range) -> None:
        kept: range | list[int] = numbers
        if self.ends_with_delimiter is not False or not self._is_plain(chunk):
            kept, chunk = self._fitting(chunk, numbers)
        for name, position in self.positions.items():
            self.builders[name].extend(map(itemgetter(position), chunk))
        if kept:
            self.numbers.append(kept)

    def _is_plain(self, chunk: list[list[str]]) -> bool:
        """Whether nothing is set aside: found in a tenth of the time in which the rows are looked at one by one."""
        if set(map(len, chunk)) != {self.width} or not all(map(str.strip, map("".join, chunk))):
            return False
        return self.longest_name.isdisjoint(map(str.strip, map(itemgetter(self.longest), chunk)))

    def _fitting(self, chunk: list[list[str]], numbers: range) -> tuple[list[int], list[list[str]]]:
        kept = []
        for number, row in zip(numbers, chunk, strict=True):
            if not any(map(str.strip, row)):
                continue
            row = self._without_last(row, number)
            if len(row) != self.width:
                self.misfits.append((number, len(row)))
            elif tuple(map(plain_name, row)) in self.names:
                self.headers_again.append(number)
            elif self.is_one_row and number == self.first and is_row_of_units(row):
                self.units.append((number, repr(" ".join(filter(None, map(str.strip, row))))))
            else:
                kept.append((number, row))
        return [number for number, _ in kept], [row for _, row in kept]

    def _without_last(self, row: list[str], number: int) -> list[str]:
        """Returns the row without the empty field that a delimiter at its end makes, where all rows end so."""
        has_more = len(row) == self.width + 1 and not row[-1].strip()
        if self.ends_with_delimiter is None:
            self.ends_with_delimiter = has_more
        if not self.ends_with_delimiter:
            return row
        if not has_more and len(row) == self.width:
            message, hint = say("data.source.some_end_with_delimiter"), say("data.source.same_fields")
            problem = Problem(say("data.where.export", file=self.path.name), message, hint, number)
            raise DataError(say("data.export.not_a_table", file=self.path.name), NOTHING, [problem])
        return row[:-1] if has_more else row

    def row_numbers(self) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(np.asarray(part, np.int64) for part in self.numbers)])

    def problems(self, delimiter: str) -> tuple[Problem, ...]:
        last = self.numbers[-1][-1] if self.numbers else 0
        shorter = [misfit for misfit in self.misfits if misfit[1] < self.width]
        longer = [misfit for misfit in self.misfits if misfit[1] > self.width]
        few = say("data.hint.few_fields")
        if shorter and shorter[0][0] > last and not longer:
            few = say("data.source.set_footer", n=len(shorter) + len(self.below))
        hints = (few, say("data.hint.quotation", delimiter=delimiter))
        found = [self._misfit(*misfits) for misfits in zip((shorter, longer), hints, strict=True) if misfits[0]]
        if self.headers_again:
            found.append(in_rows(self.path, _HEADER_AGAIN, self.headers_again, ()))
        if self.units:
            fault = Fault("units_row", say("data.hint.units_row", upper=self.first - 1, lower=self.first))
            found.append(in_rows(self.path, fault, *zip(*self.units, strict=True)))
        return tuple(found)

    def warnings(self) -> tuple[Problem, ...]:
        """Returns what is left out because the site file says so."""
        if not self.below:
            return ()
        values = [quoted(" ".join(filter(None, map(str.strip, row))).replace(NUMBER, "")) for _, row in self.below]
        return (in_rows(self.path, _FOOTER, [number for number, _ in self.below], values),)

    def _misfit(self, found: Sequence[tuple[int, int]], hint: Message) -> Problem:
        fault = Fault("field_count", hint, (("width", self.width),))
        widths = [say("data.detail.fields", n=width) for _, width in found]
        return in_rows(self.path, fault, [number for number, _ in found], widths)


def in_rows(path: Path, fault: Fault, numbers: Sequence[int], values: Sequence[str]) -> Problem:
    """Returns a problem of rows of the export itself."""
    detail = rows_and_values(numbers, values)
    return Problem(say("data.where.export", file=path.name), fault.message(len(numbers)), fault.hint, detail=detail)


def _chunks(rows: Iterator[list[str]], first: int) -> Iterator[tuple[list[list[str]], range]]:
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        yield chunk, range(first, first + len(chunk))
        first += len(chunk)


def _from_the_end(rows: Sequence[Sequence[str]], n: int) -> int:
    """Returns the position from which on there are n rows that are not empty; 0 where there are fewer."""
    for position in range(len(rows) - 1, -1, -1):
        n -= any(map(str.strip, rows[position]))
        if n == 0:
            return position
    return 0
