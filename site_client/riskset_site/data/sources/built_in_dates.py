"""Formats of dates that Excel has by number alone, as it does in Japan, Korea, China and Thailand: a workbook does not
say what they are, and openpyxl takes them for `General`. xlrd knows them."""

from __future__ import annotations

_MONTHS, _DAYS_OF_A_YEAR, _TIMES = (34, 52, 55), (35, 53, 56), (32, 33)
_DATES = (*range(27, 37), *range(50, 59), *range(71, 82))


def built_in_date(number: int) -> str | None:
    """Returns a format that shows the same parts of a date or time as the built-in one of this number does in Japan, of
    which alone some show no day or no year; None for every other number."""
    if number not in _DATES:
        return None
    if number in _MONTHS:
        return 'yyyy"年"m"月"'
    if number in _DAYS_OF_A_YEAR:
        return 'm"月"d"日"'
    return "h:mm:ss" if number in _TIMES else "yyyy/m/d"
