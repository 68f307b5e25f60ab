"""The cells of one sheet of a workbook, as openpyxl (.xlsx, .xlsm) and xlrd (.xls) find them.

pandas reads workbooks through the same two, but makes an empty cell of an error, of a formula without a value and of
all but one of merged cells, and tells nothing of hidden rows: decision 66.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset_site.data.sources.alike_sheets import LOOKED_AT, OtherSheet
from riskset_site.data.sources.built_in_dates import built_in_date
from riskset_site.data.sources.cells import marked_text
from riskset_site.data.sources.csv import unreadable
from riskset_site.data.sources.rich_text import Run, runs_of_xls, runs_of_xlsx, shown_text, struck_part

_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_STRICT = b"http://purl.oclc.org/ooxml/"

Range = tuple[int, int, int, int]
"""First and last row, first and last column, from 0."""


@dataclass(frozen=True)
class BadCell:
    """A cell that has no value which could be read."""

    text: str
    fault: str
    """`error_cell`, `no_cached_value`, `merged_cell` or `struck_part`."""


@dataclass
class Sheet:
    """The cells of a sheet: None, texts, numbers, booleans, dates, times, and cells that cannot be read."""

    rows: list[list[Any]]
    hidden: set[int] = field(default_factory=set)
    """Positions of rows that Excel does not show."""
    struck: set[tuple[int, int]] = field(default_factory=set)
    """Rows and columns of cells that Excel shows struck out as a whole."""
    merged: list[Range] = field(default_factory=list)
    format_of: Callable[[int, int], str] = lambda _row, _column: ""
    """The number format of a cell, as Excel writes it."""
    counts_from_1904: bool = False
    others: Mapping[str, OtherSheet] = field(default_factory=dict)
    """The sheets that are not read and have rows."""

    def texts(self, row: int) -> list[str]:
        return [value.text if isinstance(value, BadCell) else marked_text(value) for value in self.rows[row]]

    def number_at(self, row: int, column: int) -> float | None:
        """Returns the number of a cell; None where it has none."""
        value = self.rows[row][column]
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def read_sheet(path: Path, sheet: str | None) -> Sheet:
    """Returns the cells of the sheet, or of the only one that has any. Raises DataError, with the problem, where the
    file is not a workbook, has a password, or does not have the sheet."""
    with path.open("rb") as file:
        start = file.read(8)
    if start == _OLE:
        if _ENCRYPTED in path.read_bytes():
            raise _with_password(path)
        return _read_xls(path, sheet)
    if start.startswith(_ZIP):
        return _read_xlsx(path, sheet)
    is_page = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    message = say("data.source.web_page") if is_page else say("data.source.no_workbook")
    raise unreadable(path, message, say("data.source.save_as_xlsx") if is_page else say("data.source.name_as_csv"))


def _with_password(path: Path) -> DataError:
    return unreadable(path, say("data.source.password"), say("data.source.remove_password"))


def _chosen(path: Path, names: Sequence[str], with_rows: Sequence[str], sheet: str | None) -> str:
    """Returns the name of the sheet that is read."""
    if sheet is not None and sheet not in names:
        hint = did_you_mean(sheet, names) or say("data.source.sheets", names=tuple(names))
        raise unreadable(path, say("data.source.no_sheet", name=sheet), hint)
    if sheet is not None:
        return sheet
    if len(with_rows) > 1:
        raise unreadable(path, say("data.source.several_sheets"), say("data.source.sheets", names=tuple(with_rows)))
    if not with_rows:
        raise unreadable(path, say("data.export.empty"), say("data.export.header_first"))
    return with_rows[0]


def _read_xlsx(path: Path, name: str | None) -> Sheet:
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    _refuse_other_zip(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():  # openpyxl goes by the name where it is given one
            warnings.simplefilter("ignore")  # it warns of what it would not write: styles, validation, pictures
            formulas = openpyxl.load_workbook(file, read_only=True)
            for one in formulas.worksheets:
                one.reset_dimensions()  # else each row is as wide as the last column with a format
            names = [one.title for one in formulas.worksheets]
            with_rows = [one for one in names if any(map(_has_value, formulas[one].iter_rows(values_only=True)))]
            chosen = _chosen(path, names, with_rows, name)
            written = list(formulas[chosen].iter_rows(values_only=True))
            others = {one: _other(formulas[one].iter_rows(values_only=True)) for one in with_rows if one != chosen}
            formulas.close()
            book = openpyxl.load_workbook(file, data_only=True, rich_text=True)
            sheet = book[chosen]
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from None
    while written and not _has_value(written[-1]):
        written.pop()  # a stray format in the last of a million rows, or in the last column, is no cell
    size = {"max_row": max(1, len(written)), "max_col": max(1, *map(_width, written))}
    cells = _XlsxCells(book.epoch, any(font.strike for font in book._fonts))  # openpyxl has no public list of them
    rows = [[cells.value(cell) for cell in row] for row in sheet.iter_rows(min_row=1, min_col=1, **size)]
    _mark_formulas(rows, written)
    merged = [(one.min_row - 1, one.max_row - 1, one.min_col - 1, one.max_col - 1) for one in sheet.merged_cells.ranges]
    hidden = {number - 1 for number, row in sheet.row_dimensions.items() if row.hidden}

    def format_of(row: int, column: int) -> str:
        cell = sheet.cell(row + 1, column + 1)
        return built_in_date(_format_number(cell)) or str(cell.number_format)

    return Sheet(rows, hidden, cells.struck, merged, format_of, book.epoch == CALENDAR_MAC_1904, others)


def _other(rows: Iterable[Sequence[Any]]) -> OtherSheet:
    first: list[Sequence[Any]] = []
    filled = 0
    for row in rows:
        if len(first) < LOOKED_AT:
            first.append(row)
        filled += _has_value(row)
    return OtherSheet(first, filled)


def _width(row: Sequence[Any]) -> int:
    return max((at for at, value in enumerate(row, 1) if value is not None), default=0)


def _has_value(row: Sequence[Any]) -> bool:
    return any(value is not None for value in row)


@dataclass
class _XlsxCells:
    """The values of cells of openpyxl, and which of them are struck out."""

    epoch: datetime
    may_be_struck: bool
    """False where no font of the workbook is: the font of each cell need not be looked at."""
    struck: set[tuple[int, int]] = field(default_factory=set)

    def value(self, cell: Any) -> Any:  # noqa: ANN401
        if cell.data_type == "e":
            return BadCell(str(cell.value), "error_cell")
        if isinstance(cell.value, list):
            return _of_runs(runs_of_xlsx(cell), (cell.row - 1, cell.column - 1), self.struck)
        if self.may_be_struck and cell.value is not None and cell.has_style and cell.font.strike:
            self.struck.add((cell.row - 1, cell.column - 1))
        if cell.data_type == "n" and cell.value is not None and built_in_date(_format_number(cell)):
            return self._day(cell.value)
        return cell.value

    def _day(self, number: float) -> Any:  # noqa: ANN401
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(number, self.epoch)
        except (OverflowError, ValueError):
            return BadCell("#VALUE!", "error_cell")


def _format_number(cell: Any) -> int:  # noqa: ANN401
    """Returns the number of a cell's format, from which openpyxl makes one that it knows."""
    return int(cell._style.numFmtId) if cell.has_style else 0


def _of_runs(runs: Sequence[Run], at: tuple[int, int], struck: set[tuple[int, int]]) -> str | BadCell:
    """Returns the text of a cell with formats within it; notes in `struck` that all of it is struck out."""
    part, text = struck_part(runs), shown_text(runs)
    if part == "all":
        struck.add(at)
    return BadCell(text, "struck_part") if part == "some" else text


def _mark_formulas(rows: list[list[Any]], written: Sequence[Sequence[Any]]) -> None:
    """A formula whose result the program that wrote the workbook did not store looks empty."""
    for row, formulas in zip(rows, written, strict=False):
        for at, formula in enumerate(formulas[: len(row)]):
            if row[at] is None and formula is not None:
                row[at] = BadCell(str(formula), "no_cached_value")


def _refuse_other_zip(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            inside = set(archive.namelist())
            workbook = archive.read("xl/workbook.xml") if "xl/workbook.xml" in inside else b""
    except (BadZipFile, OSError) as error:
        raise _damaged(path, error) from None
    if _STRICT in workbook:
        raise unreadable(path, say("data.source.strict"), say("data.source.save_as_xlsx"))
    if not workbook:
        raise unreadable(path, say("data.source.other_workbook"), say("data.source.save_as_xlsx"))


def _damaged(path: Path, error: Exception) -> DataError:
    return unreadable(path, say("data.source.damaged", reason=type(error).__name__), say("data.source.save_as_xlsx"))


def _read_xls(path: Path, name: str | None) -> Sheet:
    import xlrd

    try:
        book = xlrd.open_workbook(path, formatting_info=True, logfile=_Quiet())
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise _with_password(path) from None
        raise _damaged(path, error) from None
    except Exception as error:
        raise _damaged(path, error) from None
    with_rows = [one.name for one in book.sheets() if one.nrows]
    chosen = _chosen(path, book.sheet_names(), with_rows, name)
    sheet = book.sheet_by_name(chosen)
    rows = [[_xls_value(cell, book.datemode) for cell in sheet.row(row)] for row in range(sheet.nrows)]
    struck = _mark_runs(rows, book, sheet)
    hidden = {row for row, info in sheet.rowinfo_map.items() if info.hidden and row < sheet.nrows}
    merged = [(top, bottom - 1, left, right - 1) for top, bottom, left, right in sheet.merged_cells]

    def format_of(row: int, column: int) -> str:
        form = book.xf_list[sheet.cell_xf_index(row, column)].format_key
        return str(book.format_map[form].format_str)

    values = {one: map(book.sheet_by_name(one).row_values, range(book.sheet_by_name(one).nrows)) for one in with_rows}
    others = {one: _other([cell or None for cell in row] for row in of) for one, of in values.items() if one != chosen}
    return Sheet(rows, hidden, struck, merged, format_of, bool(book.datemode), others)


def _mark_runs(rows: list[list[Any]], book: Any, sheet: Any) -> set[tuple[int, int]]:  # noqa: ANN401
    """Puts in the texts that have formats within them, and returns which cells are struck out."""
    struck = set[tuple[int, int]]()
    may_be_struck = any(font.struck_out for font in book.font_list)
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            starts = sheet.rich_text_runlist_map.get((row, column))
            if value is None or not (starts or may_be_struck):
                continue
            own = book.xf_list[sheet.cell_xf_index(row, column)].font_index
            if starts and isinstance(value, str):
                values[column] = _of_runs(list(runs_of_xls(value, starts, own, book.font_list)), (row, column), struck)
            elif book.font_list[own].struck_out:
                struck.add((row, column))
    return struck


class _Quiet:
    """xlrd prints what it thinks of a file."""

    def write(self, text: str) -> int:
        return len(text)


def _xls_value(cell: Any, datemode: int) -> Any:  # noqa: ANN401 - xlrd has no types
    import xlrd

    match cell.ctype:
        case xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
            return None
        case xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        case xlrd.XL_CELL_ERROR:
            return BadCell(xlrd.error_text_from_code.get(cell.value, "#ERROR"), "error_cell")
        case xlrd.XL_CELL_DATE:
            if cell.value < 0:
                return BadCell("#VALUE!", "error_cell")  # Excel shows ####
            try:
                found = xlrd.xldate_as_datetime(cell.value, datemode)
            except (xlrd.XLDateError, OverflowError, ValueError):
                return BadCell("#VALUE!", "error_cell")
            return found.time() if cell.value < 1 else found
    return cell.value
