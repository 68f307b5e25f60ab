"""Dates of which the day, or the month and the day, are unknown: `2023-05`, `2023年5月`, `2023-05-UN`, `R5.7`, `2023`.

What such a date means is for the site file to say; the check lists each of them with the day that was taken.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, Literal

from riskset_site.data.eras import ERA, era_year

Partial = Literal["first", "mid", "missing"]
PARTIAL: Final[dict[str, Partial]] = {"partial:first": "first", "partial:mid": "mid", "partial:missing": "missing"}
"""The names under which a site file lists them among its formats."""

_UNKNOWN = r"(?:UNK?|UK|X{1,2}|99|00|--?|\?{1,2}|_{1,2}|不明|不詳|미상|불명)"
_YEAR = rf"(?:(?P<year>(?:18|19|20)\d\d)|{ERA})\s*[-/.年년]?"
_TENTH = re.compile(r"(?:18|19|20)\d\d\.10?")
_PARTIAL = re.compile(
    rf"{_YEAR}\s*(?:(?P<month>(?<=\D)\d{{1,2}})\s*[-/.月월]?\s*(?:{_UNKNOWN}\s*[日일]?)?"
    rf"|{_UNKNOWN}\s*[-/.月월]?\s*(?:{_UNKNOWN}\s*[日일]?)?)?",
    re.IGNORECASE,
)


def partial_date(text: str, partial: Partial) -> date | Literal["missing"] | None:
    """Returns the first day of the month or year, or its middle (the 15th, or 1 July); None for every other text."""
    match = _PARTIAL.fullmatch(text)
    if match is None:
        return None
    year = int(match["year"]) if match["year"] else era_year(match["era"], match["era_year"])
    month = None if match["month"] is None else int(match["month"])
    if year is None or not 1 <= year <= 9999 or (month is not None and not 1 <= month <= 12):
        return None
    if partial == "missing":
        return "missing"
    if partial == "mid":
        return date(year, month, 15) if month else date(year, 7, 1)
    return date(year, month or 1, 1)


def names_a_month(text: str) -> bool:
    """True for a month of a year in digits, such as `2022.9` or `2022-10`."""
    match = _PARTIAL.fullmatch(text)
    return match is not None and match["year"] is not None and match["month"] is not None


def is_january_or_october(text: str) -> bool:
    """True for `2022.1`, which a number makes of `2022.10`, too."""
    return _TENTH.fullmatch(text) is not None and text.endswith(".1")


def says_october(text: str) -> bool:
    """True for `2022.10`, of which the last 0 is there."""
    return _TENTH.fullmatch(text) is not None and text.endswith("0")
