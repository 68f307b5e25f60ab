"""The Japanese eras (wareki), from Meiji to Reiwa."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

# First and last day. The last day of Meiji is the first of Taisho, and the last of Taisho the first of Showa.
_ERAS = {
    "明治": (date(1868, 10, 23), date(1912, 7, 30)),
    "大正": (date(1912, 7, 30), date(1926, 12, 25)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date.max),
}
_SHORT = {
    short: era for era, shorts in zip(_ERAS, ("M明", "T大", "S昭", "H平", "R令"), strict=True) for short in shorts
}
_DIGITS = "〇一二三四五六七八九"

_NUMBER = rf"(?:\d{{1,2}}|[{_DIGITS}]{{1,2}}|[{_DIGITS}]?十[{_DIGITS}]?)"
_NAME = r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR明大昭平令])"
ERA: Final = rf"{_NAME}\s*(?P<era_year>元|{_NUMBER})"
"""The year of an era, as the beginning of a pattern."""
_DATE = re.compile(rf"{ERA}\s*[年./・-]\s*(?P<month>{_NUMBER})\s*[月./・-]\s*(?P<day>{_NUMBER})\s*日?", re.IGNORECASE)
_WITHOUT_MARKS = re.compile(rf"{_NAME}(?P<era_year>\d\d)(?P<month>\d\d)(?P<day>\d\d)", re.IGNORECASE)
"""R050703; without its zeros it could be several days."""


class OutsideEra(ValueError):
    """A date that its era does not have."""


def era_date(text: str) -> date | None:
    """Returns the date of 令和5年7月3日, R5.7.3, R050703 or 平成元年一月八日; None for every other text. Raises
    OutsideEra."""
    match = _DATE.fullmatch(text) or _WITHOUT_MARKS.fullmatch(text)
    if match is None:
        return None
    first, last = _span(match["era"])
    year = _number(match["era_year"])
    try:
        day = date(first.year + year - 1, _number(match["month"]), _number(match["day"]))
    except ValueError:
        return None
    if year == 0 or not first <= day <= last:
        raise OutsideEra
    return day


def era_year(era: str, year: str) -> int | None:
    """Returns the year of 令和5年 as 2023; None where the era has no such year."""
    first, last = _span(era)
    found = first.year + _number(year) - 1
    return found if first.year <= found <= last.year else None


def _span(era: str) -> tuple[date, date]:
    return _ERAS[_SHORT.get(era.upper(), era)]


def _number(written: str) -> int:
    """Returns a number in digits, in Chinese ones (二十三, 二三), or 元, the first."""
    if written == "元":
        return 1
    tens, has_tens, ones = written.rpartition("十")
    if has_tens:
        return 10 * (_digits(tens) if tens else 1) + (_digits(ones) if ones else 0)
    return _digits(written)


def _digits(written: str) -> int:
    return int("".join(str(_DIGITS.index(sign)) if sign in _DIGITS else sign for sign in written))
