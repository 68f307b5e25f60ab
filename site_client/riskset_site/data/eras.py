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
_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}

ERA: Final = r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR])\s*(?P<era_year>元|\d{1,2})"
"""The year of an era, as the beginning of a pattern."""
_DATE = re.compile(rf"{ERA}\s*[年./-]\s*(?P<month>\d{{1,2}})\s*[月./-]\s*(?P<day>\d{{1,2}})\s*日?", re.IGNORECASE)


class OutsideEra(ValueError):
    """A date that its era does not have."""


def era_date(text: str) -> date | None:
    """Returns the date of 令和5年7月3日, R5.7.3 or 平成元年1月8日; None for every other text. Raises OutsideEra."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    first, last = _span(match["era"])
    year = _number(match["era_year"])
    try:
        day = date(first.year + year - 1, int(match["month"]), int(match["day"]))
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
    return _ERAS[_LETTERS.get(era.upper(), era)]


def _number(year: str) -> int:
    return 1 if year == "元" else int(year)
