"""Rows that a quotation mark has swallowed: a bare `"`, as for "ditto", opens a text that only the next one closes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.faults import Fault
from riskset_site.data.sources.csv_form import Rows
from riskset_site.data.sources.rows import in_rows

_SWALLOWED = Fault("swallowed_rows", say("data.source.swallowed_rows"))

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class SwallowedRows:
    """Passes rows on, and notes those of which a text over several lines looks like rows."""

    def __init__(self, path: Path, rows: Rows, delimiter: str) -> None:
        self._path, self._rows, self._delimiter = path, rows, delimiter
        self._found: list[int] = []

    def watched(self, first: int) -> Iterator[list[str]]:
        """Yields all rows, the first of which has the number `first`."""
        line = self._rows.line_num
        for number, row in enumerate(self._rows, first):
            if self._rows.line_num != line + 1 and self._looks_like_rows(row):
                self._found.append(number)
            line = self._rows.line_num
            yield row

    def _looks_like_rows(self, row: list[str]) -> bool:
        return any(_is_of_rows(row, at, self._delimiter) for at, text in enumerate(row) if self._delimiter in text)

    def problems(self) -> tuple[Problem, ...]:
        return (in_rows(self._path, _SWALLOWED, self._found, ()),) if self._found else ()


def _is_of_rows(row: list[str], at: int, delimiter: str) -> bool:
    """True where the lines of a text, with the fields before and behind it, have the delimiters of whole rows.

    A remark has a space behind each of its commas; where rows have that too, no quotation mark opens a text.
    """
    lines = _LINE_BREAK.split(row[at])
    if len(lines) == 1 or _is_prose(row[at], delimiter):
        return False
    (first, *between, last), whole = lines, len(row) - 1
    of_rows = all(line.count(delimiter) in (whole, 0) for line in between)
    return of_rows and first.count(delimiter) == whole - at and last.count(delimiter) == at


def _is_prose(text: str, delimiter: str) -> bool:
    return text.count(delimiter) == text.count(f"{delimiter} ")
