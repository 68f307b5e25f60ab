"""What a format shows of a date: Excel makes the 1st of May of `2022-5`, and a day of this year of `5/7`. A part that
no cell shows, and that is the same in all of them, nobody has typed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from typing import Any, Final

from riskset_site.data.sources.table import NUMBER
from riskset_site.data.sources.workbook import Sheet

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P', re.IGNORECASE)
_TWO_DECIMALS = re.compile(r"0*0\.00")
_YEARS, _MONTHS, _OCTOBER = (1800, 2100), range(1, 13), 10
_DAY_0: Final = "1900-01-00"
"""Of Excel, as which a cell of dates shows a 0: a formula makes it of an empty cell."""
_FEW_YEARS = 2
"""In which data are typed: dates of patients who enter over many years are in more."""


def hides_day(format_: str) -> bool:
    """True for a format of Excel with year and month alone."""
    signs = _signs(format_)
    return "m" in signs and bool({"y", "e"} & signs) and not {"d", "h", "s"} & signs


def hides_year(format_: str) -> bool:
    """True for a format of Excel with month and day alone."""
    signs = _signs(format_)
    return {"m", "d"} <= signs and not {"y", "e", "h", "s"} & signs


def _has_days(format_: str) -> bool:
    return bool({"y", "e", "d"} & _signs(format_))


def _signs(format_: str) -> set[str]:
    return set(_LITERAL.sub("", format_).split(";")[0].casefold())


def as_shown(sheet: Sheet, columns: Iterable[int], first: int) -> None:
    """Writes into the cells of columns, from the row `first` on, what they show: the day 0; a month, where the day is
    hidden and the first in all such cells; the last 0 of 2022.10, where all numbers with two decimals are months."""
    for column in columns:
        cells = {row: sheet.rows[row][column] for row in range(first, len(sheet.rows)) if column < len(sheet.rows[row])}
        zeros = [row for row, cell in cells.items() if cell == time.min and _has_days(sheet.format_of(row, column))]
        _write(sheet, column, dict.fromkeys(zeros, _DAY_0))
        months = {row: cell for row, cell in cells.items() if _is_day(cell) and hides_day(sheet.format_of(row, column))}
        if all(cell.day == 1 for cell in months.values()):
            _write(sheet, column, {row: f"{cell:%Y-%m}" for row, cell in months.items()})
        shown = {
            row: f"{cell:.2f}"
            for row, cell in cells.items()
            if _may_be_month(cell) and _TWO_DECIMALS.fullmatch(sheet.format_of(row, column))
        }
        if all(int(text[-2:]) in _MONTHS for text in shown.values()):
            tenths = {row: NUMBER + text for row, text in shown.items() if int(text[-2:]) == _OCTOBER}
            _write(sheet, column, tenths)


def without_shown_year(sheet: Sheet, column: int, rows: Collection[int]) -> list[int]:
    """Returns the rows whose dates do not show their year, where they are of one year or two: Excel may have added the
    year in which they were typed."""
    hidden = [row for row in rows if _is_day(sheet.rows[row][column]) and hides_year(sheet.format_of(row, column))]
    years = {sheet.rows[row][column].year for row in hidden}
    return hidden if len(years) <= _FEW_YEARS else []


def _is_day(cell: Any) -> bool:  # noqa: ANN401
    return isinstance(cell, date) and (not isinstance(cell, datetime) or cell.time() == time.min)


def _may_be_month(cell: Any) -> bool:  # noqa: ANN401
    return isinstance(cell, float) and _YEARS[0] <= cell < _YEARS[1] and int(cell) != cell == round(cell, 2)


def _write(sheet: Sheet, column: int, texts: dict[int, str]) -> None:
    for row, text in texts.items():
        sheet.rows[row][column] = text
