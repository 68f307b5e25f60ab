"""A sheet of a workbook as a table of texts: dates, numbers and booleans by their types, texts as texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from riskset.catalogue import NOTHING, say
from riskset.errors import Problem
from riskset.visible_text import quoted
from riskset_site.data.faults import Fault, rows_and_values
from riskset_site.data.sources.alike_sheets import alike_sheets
from riskset_site.data.sources.csv import not_a_table, other_header, unreadable
from riskset_site.data.sources.headers import joined, matched, padded, unseen_signs_left_out
from riskset_site.data.sources.number_formats import is_percentage, shows_another, text_beside
from riskset_site.data.sources.rows import RowReader, in_rows
from riskset_site.data.sources.shown_dates import as_shown, without_shown_year
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.sources.workbook import BadCell, Sheet, read_sheet

_TITLE_ROWS = 20
_SHOWN = 5

_FAULTS = {
    "error_cell": Fault("error_cell", say("data.source.error_cell")),
    "no_cached_value": Fault("no_cached_value", say("data.source.no_cached_value")),
    "merged_cell": Fault("merged_cell", say("data.source.merged_cell")),
    "struck_part": Fault("struck_part", say("data.source.struck_part")),
}
_PERCENT = Fault("percent_cell", say("data.source.percent_cell"))
_SHOWN_OTHERWISE = Fault("shown_otherwise", say("data.source.shown_otherwise"))
_YEAR_NOT_SHOWN = Fault("year_not_shown", say("data.source.year_not_shown"))
_HIDDEN = Fault("hidden_rows", say("data.source.hidden_rows"))
_STRUCK_ROWS = Fault("struck_rows", say("data.source.struck_rows"))
_STRUCK = Fault("struck_cells", say("data.source.struck_cells"))


def read_excel(
    path: Path,
    name: str | None,
    header: Sequence[int],
    footer: int,
    missing: Collection[str],
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the sheet has; with `every`, all that it has.

    A cell that cannot be read (an error that is not one of `missing`, a formula without a value, one of merged cells)
    is a problem, never an empty field. Raises DataError, with problems, for what is not such a table, and OSError.
    """
    sheet = read_sheet(path, name)
    names = joined(_header(sheet, header), is_filled=True)
    found = matched(names, [*expected, *optional])
    if found.problems:
        raise not_a_table(path, found.problems)
    if len(set(expected) & set(found.names)) * 2 <= len(set(expected)):
        _refuse_other_header(path, sheet, header, expected)
    if not any(names):
        raise unreadable(path, say("data.export.empty"), say("data.export.header_first"))
    kept = [*expected, *optional, *(filter(None, found.names) if every else ())]
    positions = {name: found.names.index(name) for name in dict.fromkeys(kept) if name in found.names}
    above = _header(sheet, header)
    repeated = [padded(row, len(names)) for row in above]
    as_shown(sheet, positions.values(), header[-1])
    reader = RowReader(path, repeated, positions, footer, is_typed=True)
    reader.read(_texts(sheet, header[-1]), header[-1] + 1)
    if not reader.numbers:
        raise unreadable(path, say("data.export.no_rows"), say("data.export.export_again"))
    numbers = reader.row_numbers()
    columns = {name: builder.build() for name, builder in reader.builders.items()}
    kept_rows = [int(number) - 1 for number in numbers]
    _mark_merged(sheet, header[-1])
    bad = tuple(_bad_cells(sheet, positions, kept_rows, missing))
    asked = {name: column for name, column in positions.items() if name in (*expected, *optional)}
    of_names = (*found.warnings, *unseen_signs_left_out(above, positions))
    alike = alike_sheets(sheet.others, header, asked or positions)
    of_sheets = (_other_sheet(path, other, rows) for other, rows in alike.items())
    warnings = (*of_names, *of_sheets, *reader.warnings(), *_remarks(path, sheet, asked, kept_rows))
    problems = (*reader.problems(","), *bad)
    beside = {name: _beside(column, sheet, kept_rows) for name, column in positions.items()}
    from_1904 = sheet.counts_from_1904
    return SourceTable(
        found.names, numbers, columns, problems, warnings, from_1904, shown_with=beside, alike_sheets=alike
    )


def _other_sheet(path: Path, name: str, rows: int) -> Problem:
    """Returns the warning of a sheet with the same columns, whose patients would be lost in silence."""
    message = Fault("other_sheet", NOTHING, (("sheet", name),)).message(rows)
    return Problem(say("data.where.export", file=path.name), message, say("data.hint.other_sheet"))


def _header(sheet: Sheet, header: Sequence[int]) -> list[list[str]]:
    """Returns the texts of the header, an upper one in all columns over which its cell is merged."""
    rows = [sheet.texts(row - 1) for row in header if row <= len(sheet.rows)]
    for top, _, left, right in sheet.merged:
        if top + 1 in header[:-1] and top + 1 - header[0] < len(rows):
            cells = rows[top + 1 - header[0]]
            cells[left : right + 1] = [cells[left]] * len(cells[left : right + 1])
    return rows


def _texts(sheet: Sheet, first: int) -> Iterator[list[str]]:
    width = max(map(len, sheet.rows), default=0)
    for at in range(first, len(sheet.rows)):
        yield list(padded(sheet.texts(at), width))


def _mark_merged(sheet: Sheet, first: int) -> None:
    """Of merged cells only the first has the value; which rows it is meant for is the site's to say."""
    for top, bottom, left, right in sheet.merged:
        for row in range(max(top, first), min(bottom + 1, len(sheet.rows))):
            cells = sheet.rows[row]
            for column in range(left, min(right + 1, len(cells))):
                if (row, column) != (top, left):
                    cells[column] = BadCell("", "merged_cell")


def _bad_cells(
    sheet: Sheet, positions: dict[str, int], rows: Sequence[int], missing: Collection[str]
) -> Iterator[Problem]:
    for name, column in positions.items():
        found: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            cell = sheet.rows[row][column]
            if isinstance(cell, BadCell) and not (cell.fault == "error_cell" and cell.text in missing):
                found.setdefault(cell.fault, []).append((row + 1, cell.text))
        for fault, cells in found.items():
            values = [quoted(text) for _, text in cells[:_SHOWN]] if fault == "error_cell" else []
            detail = rows_and_values([number for number, _ in cells], values)
            what = _FAULTS[fault]
            yield Problem(say("data.where.column", column=name), what.message(len(cells)), what.hint, detail=detail)


def _remarks(path: Path, sheet: Sheet, positions: dict[str, int], rows: Sequence[int]) -> Iterator[Problem]:
    hidden = [row + 1 for row in rows if row in sheet.hidden]
    if hidden:
        yield in_rows(path, _HIDDEN, hidden, ())
    yield from _struck_out(path, sheet, positions, rows)
    for name, column in positions.items():
        yield from _of_formats(name, column, sheet, rows)


def _beside(column: int, sheet: Sheet, rows: Sequence[int]) -> tuple[str, ...]:
    """Returns the texts that number formats show beside the numbers of a column, each once."""
    numbers = ((row, sheet.number_at(row, column)) for row in rows)
    found = dict.fromkeys(
        text_beside(sheet.format_of(row, column), number) for row, number in numbers if number is not None
    )
    return tuple(filter(None, found))


def _struck_out(path: Path, sheet: Sheet, positions: dict[str, int], rows: Sequence[int]) -> Iterator[Problem]:
    """Yields the warnings of rows that are struck out in all columns that are read, and of cells in other rows."""
    if not sheet.struck:
        return
    filled = {row: [at for at in positions.values() if sheet.rows[row][at] is not None] for row in rows}
    whole = {row for row, columns in filled.items() if columns and all((row, at) in sheet.struck for at in columns)}
    if whole:
        yield in_rows(path, _STRUCK_ROWS, sorted(row + 1 for row in whole), ())
    for name, at in positions.items():
        numbers = [row + 1 for row in rows if row not in whole and (row, at) in sheet.struck]
        if numbers:
            detail = rows_and_values(numbers, [])
            yield Problem(
                say("data.where.column", column=name), _STRUCK.message(len(numbers)), _STRUCK.hint, detail=detail
            )


def _of_formats(name: str, column: int, sheet: Sheet, rows: Sequence[int]) -> Iterator[Problem]:
    """Yields the warnings of numbers that Excel does not show as they are, and of dates without their year."""
    found: dict[Fault, list[int]] = {}
    if years := without_shown_year(sheet, column, rows):
        found[_YEAR_NOT_SHOWN] = [row + 1 for row in years]
    for row in rows:
        number, format_ = sheet.number_at(row, column), sheet.format_of(row, column)
        if number is not None and is_percentage(format_):
            found.setdefault(_PERCENT, []).append(row + 1)
        elif number is not None and shows_another(format_, number):
            found.setdefault(_SHOWN_OTHERWISE, []).append(row + 1)
    for fault, numbers in found.items():
        where, detail = say("data.where.column", column=name), rows_and_values(numbers, [])
        yield Problem(where, fault.message(len(numbers)), fault.hint, detail=detail)


def _refuse_other_header(path: Path, sheet: Sheet, header: Sequence[int], required: Collection[str]) -> None:
    row = other_header(list(islice(_texts(sheet, 0), _TITLE_ROWS)), header, required)
    if row is not None:
        raise unreadable(path, say("data.source.other_header", row=row), say("data.source.set_header", row=row))
