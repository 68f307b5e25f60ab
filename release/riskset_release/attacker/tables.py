"""Reads the tables of a release folder, in each of their forms: which number is printed for which count or percentage.

A reader knows from headings and captions what stands where; that is the `Layout`. The numbers come from the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from riskset_release.attacker.folder import rows_of_csv
from riskset_release.attacker.html import read_html
from riskset_release.attacker.word import read_word
from riskset_report.blocks import Shown, Table, Text, Why
from riskset_report.printed import printed_report, printer_of
from riskset_report.report import Report

_NUMBER: Final = re.compile("\N{MINUS SIGN}?\\d[\\d,]*(?:\\.\\d+)?")
_SPACES: Final = re.compile(r"\s+")
_FORMS: Final = ("csv", "html", "docx")
_TOLD_ALONE: Final[Mapping[str, int]] = {"count": 1, "size": 2, "count_with_percent": 2, "proportion": 3, "percent": 1}
"""By format, how many numbers are read from it: of counts and percentages."""


@dataclass(frozen=True)
class Layout:
    """What stands in each cell of each table, by the name of its files: texts and places of numbers, no number."""

    tables: Mapping[str, tuple[tuple[Text, ...], ...]]


@dataclass(frozen=True)
class Reading:
    """A number that a file prints."""

    path: str
    id: str
    """Of the cell that it is printed for."""
    text: str

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])

    @property
    def value(self) -> float:
        return float(self.text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def layout_of(report: Report) -> Layout:
    """Returns where a report prints what."""
    names = {table.id: table.name for table in printed_report(report, printer_of(report), None).tables}
    tables = [block for part in report.parts for block in part.blocks if isinstance(block, Table)]
    return Layout({names[table.id]: tuple(row.cells for row in table.rows if any(row.cells)) for table in tables})


def readings(files: Mapping[str, bytes], layout: Layout) -> Iterator[Reading]:
    """Yields every count and percentage that the tables print. ValueError where a table has another form than it
    should: then nothing of it can be read, and nothing be said of it."""
    for name, expected in layout.tables.items():
        for form in _FORMS:
            path = f"tables/{name}.{form}"
            if path not in files:
                continue
            columns = max(map(len, expected), default=0)
            rows = [row for row in _rows(files[path], form, columns) if any(text.strip() for text in row)]
            if [len(row) for row in rows] != [columns] * len(expected):
                raise ValueError(f"{path}: expected {len(expected)} rows")
            for texts, row in zip(expected, rows, strict=True):
                for text, printed in zip(texts, row, strict=True):
                    yield from _read(path, text, printed)


def _rows(data: bytes, form: str, columns: int) -> Sequence[Sequence[str]]:
    """Returns the rows of a table with cells, without their names and the head."""
    if form == "csv":
        return [row[2:] for row in rows_of_csv(data)[1:] if len(row) == columns + 2]
    if form == "html":
        return [row for row in read_html(data).rows if len(row) == columns]
    return [row[1:] for row in read_word(data).rows[1:] if len(row) == columns + 1]


def _read(path: str, text: Text, printed: str) -> Iterator[Reading]:
    """Yields the numbers of one cell: what is printed is taken apart by the words around the numbers."""
    pieces = "".join(re.escape(_one_space(piece)) if isinstance(piece, str) else "(.*?)" for piece in text)
    found = re.fullmatch(pieces, _one_space(printed))
    if found is None:
        raise ValueError(f"{path}: expected another form of a cell")
    shown = [piece for piece in text if not isinstance(piece, str)]
    for piece, part in zip(shown, found.groups(), strict=True):
        if isinstance(piece, Shown) and not isinstance(piece, Why):
            ids = piece.cells[: _TOLD_ALONE.get(piece.format, 0)]
            numbers = _NUMBER.findall(part)
            yield from (Reading(path, id_, number) for id_, number in zip(ids, numbers, strict=False))


def _one_space(text: str) -> str:
    return _SPACES.sub(" ", text)
