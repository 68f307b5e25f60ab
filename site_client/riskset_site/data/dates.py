"""Dates as hospitals write them: any strptime format, and the Japanese eras (wareki)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime

from riskset.catalogue import say
from riskset_site.data.faults import Fault, Unreadable

WAREKI = "wareki"
DateFormat = Callable[[str], date | None]

NOT_A_DATE = Fault("not_a_date", say("data.hint.date"))
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y년 %m월 %d일", "%Y. %m. %d.")
_NAMED_MONTH = ("%d%b%Y", "%d-%b-%Y", "%d %b %Y", "%d/%b/%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f")
EXCEL_DAY = Fault("excel_day", say("data.hint.excel_day"))
AMBIGUOUS = Fault("ambiguous_date", say("data.hint.ambiguous_date"))
OUTSIDE_ERA = Fault("outside_era", say("data.hint.era"))

# First and last day. The last day of Meiji is the first of Taisho, and the last of Taisho the first of Showa.
_ERAS = {
    "明治": (date(1868, 10, 23), date(1912, 7, 30)),
    "大正": (date(1912, 7, 30), date(1926, 12, 25)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date.max),
}
_EXCEL_DAY = re.compile(r"[1-6]\d{4}(\.0+)?")
"""Days since 1900 as Excel counts them, from 1927 to 2091."""
_DATE_LIKE = re.compile(
    r"((19|20)\d\d(\d{4}|\D{1,2}\d{1,2}\D{1,2}\d{1,2}\D?)|\d{1,2}[-/ ]?[A-Z]{3}[-/ ]?(19|20)\d\d)"
    r"([ T]\d{1,2}:\d\d(:\d\d(\.\d+)?)?)?",
    re.IGNORECASE,
)
_ADJOINING = re.compile("%[A-Za-z]%[A-Za-z]")
_ERA_NAMES = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_WAREKI = re.compile(
    r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR])\s*(?P<year>元|\d{1,2})\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?",
    re.IGNORECASE,
)


def date_reader(formats: Sequence[str]) -> Callable[[str], date]:
    """Returns a reader of one text; it raises Unreadable, also where two formats read different days."""
    readers = tuple(_wareki if form == WAREKI else _strptime(form) for form in formats)

    def read(text: str) -> date:
        found = {day for reader in readers if (day := reader(text)) is not None}
        if not found:
            raise Unreadable(EXCEL_DAY if _EXCEL_DAY.fullmatch(text) else _not_a_date(text))
        if len(found) > 1:
            raise Unreadable(AMBIGUOUS)
        return found.pop()

    return read


def _not_a_date(text: str) -> Fault:
    """Returns the fault of a text that is no date in the formats; its hint names one that reads it, where there is one
    that cannot exchange month and day."""
    has_form = _DATE_LIKE.fullmatch(text) is not None  # else a long column of remarks would take minutes
    for form in (WAREKI, *(day + time for time in _TIMES for day in (*_YEAR_FIRST, *_NAMED_MONTH) if has_form)):
        with suppress(Unreadable):
            if (_wareki if form == WAREKI else _strptime(form))(text) is not None:
                return Fault("not_a_date", say("data.hint.date_format", format=form))
    return NOT_A_DATE


def days_named(texts: Iterable[str], formats: Sequence[str]) -> frozenset[date]:
    """Returns the days that texts of the site file name, in one of the formats or as `9999-12-31`; a text that is not a
    date names none."""
    read, days = date_reader([*formats, "%Y-%m-%d"]), set()
    for text in texts:
        with suppress(Unreadable):
            days.add(read(text))
    return frozenset(days)


def is_date_format(form: str) -> bool:
    """True for `wareki` and for a strptime format with year, month and day."""
    if form == WAREKI:
        return True
    if "%Y" not in form and "%y" not in form:
        return False
    day = date(2001, 12, 31)  # no exchange of day, month and year gives this day again
    return _strptime(form)(day.strftime(form)) == day


def _strptime(form: str) -> DateFormat:
    """Returns a reader by strptime; without separators only of texts with all digits, since a spreadsheet drops leading
    zeros and strptime takes 1231, which was 001231, for 12 3 1."""
    adjoins = _ADJOINING.search(form) is not None

    def read(text: str) -> date | None:
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            return None
        return None if adjoins and len(found.strftime(form)) != len(text) else found.date()

    return read


def _wareki(text: str) -> date | None:
    """Returns the date of 令和5年7月3日, R5.7.3 or 平成元年1月8日, also in full-width characters."""
    match = _WAREKI.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    first, last = _ERAS[_ERA_NAMES.get(match["era"].upper(), match["era"])]
    year = 1 if match["year"] == "元" else int(match["year"])
    try:
        day = date(first.year + year - 1, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    if year == 0 or not first <= day <= last:
        raise Unreadable(OUTSIDE_ERA)
    return day
