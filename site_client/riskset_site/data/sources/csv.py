"""A CSV export, read in one pass; only the columns asked for are kept. Why not by pandas: decision 66."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem
from riskset_site.data.sources.csv_form import CsvForm, Rows, header_rows
from riskset_site.data.sources.encodings import encoding_hint
from riskset_site.data.sources.headers import joined, matched, padded, unseen_signs_left_out
from riskset_site.data.sources.rows import RowReader
from riskset_site.data.sources.swallowed import SwallowedRows
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.sources.texts_for_excel import without_formulas

_TITLE_ROWS = 20

Rename = Callable[[tuple[str, ...]], tuple[str, ...]]
"""From the names of a header to those of the columns."""


def read_csv(
    path: Path,
    form: CsvForm,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
    rename: Rename = tuple,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the file has, by their names after `rename`; with `every`,
    all that it has.

    Empty rows are skipped. Rows whose number of fields differs from the header's, and those that repeat it, are skipped
    and reported in `problems`. Raises DataError, with problems, for a file that is not such a table, and OSError for
    one that cannot be opened.
    """
    _refuse_nul(path, form.encoding)
    _refuse_other_delimiter(path, form)
    told = replace(form, delimiter=form.delimiter_of(path))
    try:
        with form.rows(path) as rows:
            return read_rows(path, rows, told, [*expected, *optional], every=every, rename=rename)
    except UnicodeDecodeError:
        hint = encoding_hint(path, form, expected) or say("data.export.ask_for_encoding")
        raise unreadable(path, say("data.export.other_encoding", encoding=form.encoding), hint) from None


def read_rows(
    path: Path, rows: Rows, form: CsvForm, wanted: Sequence[str], *, every: bool = False, rename: Rename = tuple
) -> SourceTable:
    """Returns as `read_csv` does the columns of rows that are read already; `path` names them in errors."""
    try:
        return _read(path, rows, form, wanted, every, rename)
    except csv.Error as error:
        raise unreadable(path, *_csv_error(str(error)), line=rows.line_num) from None


def _read(path: Path, rows: Rows, form: CsvForm, wanted: Sequence[str], every: bool, rename: Rename) -> SourceTable:
    above = header_rows(rows, form.header)
    names = joined(above)
    if not any(names):
        raise unreadable(path, say("data.export.empty"), say("data.export.header_first"))
    found = matched(rename(names), wanted)
    if found.problems:
        raise not_a_table(path, found.problems)
    kept = [*wanted, *(filter(None, found.names) if every else ())]
    positions = {name: found.names.index(name) for name in dict.fromkeys(kept) if name in found.names}
    repeated = [padded(row, len(names)) for row in above]
    reader = RowReader(path, repeated, positions, form.footer)
    watch = SwallowedRows(path, rows, form.delimiter or ",")
    reader.read(watch.watched(form.header[-1] + 1), form.header[-1] + 1)
    if not reader.numbers and not reader.misfits:
        raise unreadable(path, say("data.export.no_rows"), say("data.export.export_again"))
    columns = {name: builder.build() for name, builder in reader.builders.items()}
    problems = (*watch.problems(), *reader.problems(form.delimiter or ","))
    warnings = (*found.warnings, *unseen_signs_left_out(above, positions), *reader.warnings())
    return without_formulas(path, SourceTable(found.names, reader.row_numbers(), columns, problems, warnings), wanted)


def refuse_other_header(path: Path, form: CsvForm, required: Collection[str]) -> None:
    """Raises DataError, with the problem, where the names of the columns are in another row: under a title, or under a
    row of merged cells."""
    with form.rows(path) as rows:
        above = [list(row) for row in islice(rows, _TITLE_ROWS)]
    row = other_header(above, form.header, required)
    if row is not None:
        raise unreadable(path, say("data.source.other_header", row=row), say("data.source.set_header", row=row))


def other_header(above: Sequence[Sequence[str]], header: Sequence[int], required: Collection[str]) -> int | None:
    """Returns the number of the row that has most of the names; None where it is the header that was said."""
    for number, row in enumerate(above, 1):
        if (number,) != tuple(header) and len(set(joined([row])) & set(required)) * 2 > len(required):
            return number
    return None


def _refuse_other_delimiter(path: Path, form: CsvForm) -> None:
    said = form.said_delimiter(path)
    if said and form.delimiter and said != form.delimiter:
        message = say("data.source.sep_line", said=said, written=form.delimiter)
        raise unreadable(path, message, say("data.source.sep_line_hint"), line=1)


def _refuse_nul(path: Path, encoding: str) -> None:
    """Text has no zero bytes, except in UTF-16 and UTF-32, where half of the bytes may be zero."""
    if encoding.startswith(("utf-16", "utf-32")):
        return
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                raise unreadable(path, say("data.export.zero_bytes"), say("data.export.save_as_csv"))


def _csv_error(reason: str) -> tuple[Message, Message]:
    """Returns what to say of an error of Python's csv module, and the hint."""
    if "field limit" in reason or "end of data" in reason:
        return say("data.export.open_quotation"), say("data.export.close_quotation")
    return say("data.export.not_csv", reason=reason), say("data.export.double_quotation")


def unreadable(path: Path, message: Message, hint: Message = NOTHING, line: int | None = None) -> DataError:
    """Returns the error of an export with one problem of the whole file."""
    return not_a_table(path, [Problem(say("data.where.export", file=path.name), message, hint, line)])


def not_a_table(path: Path, problems: Sequence[Problem]) -> DataError:
    """Returns the error of an export of which nothing can be read."""
    return DataError(say("data.export.not_a_table", file=path.name), NOTHING, problems)
