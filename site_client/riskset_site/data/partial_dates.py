"""Dates of which the day, or the month and the day, are unknown: `2023-05`, `2023年5月`, `2023-05-UN`, `20230500`,
`R5.7`, `2023`.

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
_MONTH = r"0?[1-9]|1[0-2]"
_TENTH = re.compile(r"(?:18|19|20)\d\d\.10?")
_PARTIAL = re.compile(
    rf"{_YEAR}\s*(?:(?P<month>(?<=\D)(?:{_MONTH}))\s*[-/.月월]?\s*(?:{_UNKNOWN}\s*[日일]?)?"
    rf"|{_UNKNOWN}\s*[-/.月월]?\s*(?:{_UNKNOWN}\s*[日일]?)?)?",
    re.IGNORECASE,
)
_OF_REGISTRIES = re.compile(r"(?P<year>(?:18|19|20)\d\d)(?:(?P<month>0[1-9]|1[0-2])|00|99)(?:00|99)")
"""Eight digits, of which 00 or 99 are what is unknown: `20220600`, `20229999`."""
_EXCEL_ZERO = re.compile(r"1900\s*[-/.年년]?\s*0?1\s*[-/.月월]?\s*00?\s*[.日일]?")


def is_day_zero_of_excel(text: str) -> bool:
    """True for what Excel shows of an empty cell to which a formula refers, in a format of dates: `1900-01-00`."""
    return _EXCEL_ZERO.fullmatch(text) is not None


def partial_date(text: str, partial: Partial) -> date | Literal["missing"] | None:
    """Returns the first day of the month or year, or its middle (the 15th, or 1 July); None for every other text."""
    match = _match(text)
    if match is None:
        return None
    of = match.groupdict()
    year = int(of["year"]) if of["year"] else era_year(of["era"], of["era_year"])
    month = None if of["month"] is None else int(of["month"])
    if year is None or not 1 <= year <= 9999:
        return None
    if partial == "missing":
        return "missing"
    if partial == "mid":
        return date(year, month, 15) if month else date(year, 7, 1)
    return date(year, month or 1, 1)


def _match(text: str) -> re.Match[str] | None:
    if is_day_zero_of_excel(text):
        return None
    return _OF_REGISTRIES.fullmatch(text) or _PARTIAL.fullmatch(text)


def names_a_month(text: str) -> bool:
    """True for a month of a year in digits, such as `2022.9` or `2022-10`."""
    match = _match(text)
    return match is not None and match["year"] is not None and match["month"] is not None


def is_january_or_october(text: str) -> bool:
    """True for `2022.1`, which a number makes of `2022.10`, too."""
    return _TENTH.fullmatch(text) is not None and text.endswith(".1")


def says_october(text: str) -> bool:
    """True for `2022.10`, of which the last 0 is there."""
    return _TENTH.fullmatch(text) is not None and text.endswith("0")
