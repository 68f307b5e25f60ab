"""Dates as hospitals write them: strptime formats, the Japanese eras, day numbers of Excel and partial dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final, Literal

from riskset.catalogue import say
from riskset_site.data.clock_times import part_over, without_time
from riskset_site.data.eras import OutsideEra, era_date
from riskset_site.data.faults import Fault, Unreadable
from riskset_site.data.partial_dates import PARTIAL, is_day_zero_of_excel, partial_date
from riskset_site.data.weekdays import without_weekday
from riskset_site.data.width import in_one_width

WAREKI: Final = "wareki"
_EXCEL = {"excel": date(1899, 12, 30), "excel:1904": date(1904, 1, 1)}
"""The day 0 of a workbook. From 1 March 1900 on it is 1899-12-30: Excel has a 29 February 1900 that never was."""
NAMED_FORMATS: Final = (WAREKI, *_EXCEL, *PARTIAL)

Found = date | Literal["missing"] | None
"""What a format reads: a day, a date that counts as missing, or nothing."""
DateFormat = Callable[[str], Found]

NOT_A_DATE = Fault("not_a_date", say("data.hint.date"))
_WORD = Fault("not_a_date", say("data.hint.word_for_date"))
_TWO_DIGIT_YEAR = Fault("not_a_date", say("data.hint.two_digit_year"))
_PARTIAL_DATE = Fault("not_a_date", say("data.hint.partial_date"))
_EXCEL_ZERO = Fault("not_a_date", say("data.hint.excel_zero"))
EXCEL_DAY = Fault("excel_day", say("data.hint.excel_day"))
AMBIGUOUS = Fault("ambiguous_date", say("data.hint.ambiguous_date"))
JANUARY_OR_OCTOBER = Fault("january_or_october", say("data.hint.january_or_october"))
_OF_A_ZONE = Fault("instant", say("data.hint.time_of_a_zone"))
OUTSIDE_ERA = Fault("outside_era", say("data.hint.era"))
WRONG_WEEKDAY = Fault("wrong_weekday", say("data.hint.weekday"))

_YEAR_FIRST = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y年%m月%d日",
    "%Y년 %m월 %d일",
    "%Y. %m. %d.",
    "%y년 %m월 %d일",
)
_NAMED_MONTH = ("%d%b%Y", "%d-%b-%Y", "%d %b %Y", "%d/%b/%Y")
_EXCEL_DAY = re.compile(r"[1-6]\d{4}(\.\d+)?")
"""Days since 1900 as Excel counts them, from 1927 to 2091."""
_EXCEL_NUMBER = re.compile(r"(\d{1,7})(\.\d+)?")
_FIRST_EXCEL_DAY, _YEARS = 61, range(1850, 2101)
"""2023 in a column of day numbers is a year without its day, rather than 15 July 1905."""
_DIGITS_AS_NUMBER = re.compile(r"(\d{6}|\d{8})\.0+")
"""20230507 in a column that a program made numbers."""
_DATE_LIKE = re.compile(
    r"((19|20)\d\d(\d{4}|\d{8}|\d{10}|\D{1,2}\d{1,2}\D{1,2}\d{1,2}\D?)|\d\d년.{3,8}일"
    r"|\d{1,2}[-/ ]?[A-Z]{3}[-/ ]?(19|20)\d\d)",
    re.IGNORECASE,
)
_SIX_DIGITS = re.compile(r"\d{6}")
_ZONE = re.compile(r"%[HIMSfTXcp]\s?(Z|%z)")
"""Behind a time. A day of UTC is not that of the patient; of another zone it is that of whoever wrote it."""
_SPACES = re.compile(r"(?<=[-/.年月년월])\s+(?=\S)")
"""Behind a mark between the parts of a date, as in `2023/ 5/ 7`, where programs write a space for a 0."""
_ADJOINING = re.compile("%[A-Za-z]%[A-Za-z]")


def date_reader(formats: Sequence[str], two_digit_years: int | None = None) -> Callable[[str], date | None]:
    """Returns a reader of one text: its day, or None for a partial date that counts as missing. A time after the date
    is left out, and so is the day of the week, which must be the right one. `two_digit_years` is the first of the
    hundred years that `%y` may mean.

    It raises Unreadable, also where two formats read different days.
    """
    readers = tuple(_reader(form, two_digit_years) for form in formats)

    def read(text: str) -> date | None:
        plain = in_one_width(text)
        at_day = _at_day(plain)
        day_alone, weekday = without_weekday(at_day)
        found = set[date | Literal["missing"]]()
        for one in dict.fromkeys((plain, at_day, day_alone)):
            found = found or {day for reader in readers if (day := reader(one)) is not None}
        if not found:
            raise Unreadable(_not_a_date(plain))
        if len(found) > 1:
            raise Unreadable(AMBIGUOUS)
        day = found.pop()
        if weekday is not None and (day == "missing" or day.weekday() != weekday):
            raise Unreadable(WRONG_WEEKDAY)
        return None if day == "missing" else day

    return read


def _at_day(text: str) -> str:
    """Returns a date without the time behind it, and one of digits alone without the decimals of a number."""
    return text.partition(".")[0] if _DIGITS_AS_NUMBER.fullmatch(text) else without_time(text)


def _day_alone(text: str) -> str:
    """Returns a date without the time and the day of the week behind it."""
    return without_weekday(_at_day(in_one_width(text)))[0]


def _reader(form: str, two_digit_years: int | None = None) -> DateFormat:
    if form == WAREKI:
        return _wareki
    if form in _EXCEL:
        return lambda text: _excel(text, form)
    if form in PARTIAL:
        return lambda text: partial_date(text, PARTIAL[form])
    return _strptime(form, two_digit_years)


def is_partial(text: str) -> bool:
    """True for a date without its day."""
    return partial_date(_day_alone(text), "missing") is not None


def is_reckoned(text: str) -> bool:
    """True for a date that nobody reads off its text: without its day, of an era, or as a day number."""
    plain = _day_alone(text)
    with suppress(OutsideEra):
        return era_date(plain) is not None or _EXCEL_NUMBER.fullmatch(plain) is not None or is_partial(plain)
    return False


def _not_a_date(text: str) -> Fault:
    """Returns the fault of a text that is no date in the formats; its hint names one that reads it, where there is one
    that cannot exchange month and day."""
    if _EXCEL_DAY.fullmatch(text):
        return EXCEL_DAY
    day = _day_alone(text)
    has_form = _DATE_LIKE.fullmatch(day) is not None  # else a long column of remarks would take minutes
    for form in (WAREKI, *((*_YEAR_FIRST, *_NAMED_MONTH) if has_form else ())):
        with suppress(Unreadable):
            if _reader(form)(day) is not None:
                return Fault("not_a_date", say("data.hint.date_format", format=form))
    if is_day_zero_of_excel(day):
        return _EXCEL_ZERO
    if _SIX_DIGITS.fullmatch(day):
        return _TWO_DIGIT_YEAR
    if not any(sign.isdigit() for sign in text):
        return _WORD
    return _PARTIAL_DATE if is_partial(text) else NOT_A_DATE


def days_named(texts: Iterable[str], read: Callable[[str], date | None]) -> frozenset[date]:
    """Returns the days that texts of the site file name, as `read` reads them or as `9999-12-31`; a text that is not a
    date names none."""
    days: set[date] = set()
    for text in texts:
        for one in (read, date_reader(["%Y-%m-%d"])):
            with suppress(Unreadable):
                day = one(text)
                days |= {day} if day else set()
    return frozenset(days)


def is_date_format(form: str) -> bool:
    """True for the formats that have a name, and for a strptime format with year, month and day."""
    if form in NAMED_FORMATS:
        return True
    form = in_one_width(form)
    if "%Y" not in form and "%y" not in form:
        return False
    day = date(2001, 12, 31)  # no exchange of day, month and year gives this day again
    return _strptime(form, None)(day.strftime(form)) == day


def _strptime(form: str, two_digit_years: int | None) -> DateFormat:
    """Returns a reader by strptime; without separators only of texts with all digits, since a spreadsheet drops leading
    zeros and strptime takes 1231, which was 001231, for 12 3 1."""
    form = _SPACES.sub("", in_one_width(form))
    adjoins, has_zone = _ADJOINING.search(form) is not None, _ZONE.search(form) is not None

    def read(text: str) -> date | None:
        text = _SPACES.sub("", text)
        try:
            found = datetime.strptime(text, form)
            if two_digit_years is not None and "%y" in form:
                found = found.replace(year=two_digit_years + (found.year - two_digit_years) % 100)
        except ValueError:
            return None
        if has_zone and part_over(found) and not found.utcoffset():
            raise Unreadable(_OF_A_ZONE)
        return None if adjoins and len(found.strftime(form)) != len(text) else found.date()

    return read


def _excel(text: str, form: str) -> date | None:
    match = _EXCEL_NUMBER.fullmatch(text)
    if match is None or int(match[1]) < _FIRST_EXCEL_DAY or int(match[1]) in _YEARS:
        return None
    try:
        return _EXCEL[form] + timedelta(days=int(match[1]))
    except OverflowError:
        return None


def _wareki(text: str) -> date | None:
    try:
        return era_date(text)
    except OutsideEra:
        raise Unreadable(OUTSIDE_ERA) from None
