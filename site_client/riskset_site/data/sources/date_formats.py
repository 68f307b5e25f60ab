"""Formats of dates in files of SAS, SPSS and Stata that pyreadstat leaves as numbers: it knows those that show a whole
date, and a number that is shown as JUL2023 would be taken for a day number of Excel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.sources.table import TextColumn

_NAME = re.compile(r"[A-Z][A-Z0-9]*[A-Z]|[A-Z]")
_SAS_DAYS = re.compile(
    r"DATE|DAY|(DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQ|YYQR)[BCDNPS]?|DOWNAME|[EB]8601DA|IS8601DA|JULDAY|JULIAN|MINGUO|"
    r"MONNAME|MONTH|MONYY|NENGO|NLDATE(L|M|MN|S|W|YM|YMM)?|PDJUL[GI]|QTRR?|WEEKDAT[EX]|WEEKDAY|WEEK[UVW]|WORDDAT[EX]|"
    r"YEAR|YYMON"
)
"""SAS's own formats of a number of days since 1960-01-01, however little of the date they show."""
_SAS_SECONDS = re.compile(
    r"[EB]8601(DN|DT|DX|DZ|LX)|IS8601D[TZ]|DATEAMPM|DATETIME|DT(DATE|MONYY|WKDATX|YEAR|YYQC)|MDYAMPM|NLDATM\w*|YMDDTTM"
)
_SPSS = re.compile(r"[AEJS]?DATE|QYR|MOYR|WKYR|DATETIME|YMDHMS")
_SAS_MONTHS = re.compile(r"MONYY|(MMYY|YYMM)[BCDNPS]?|YYMON|NLDATEYMM?")
_STATA_MONTHS, _STATA_ESCAPED = re.compile(r"(?=.*(M|m|N|n|L|l))(?=.*Y)(?!.*[DdJjWw])"), re.compile(r"!.")
_STATA, _STATA_DAYS = re.compile(r"%-?(t[cCdwmqhyb]|d)"), re.compile(r"%-?(td|d)")
_FIRST_DAY = re.compile(r"\d{4}-\d\d-01")
_DAY_0, _SPSS_DAY_0, _DAY_S = date(1960, 1, 1), date(1582, 10, 14), 86_400


def shows_dates(kind: str, format_: str) -> bool:
    """True for a format in which a number is a date or a part of one."""
    if kind == "stata":
        return _STATA.match(format_) is not None
    return any(one.fullmatch(_name(format_)) for one in ((_SPSS,) if kind == "spss" else (_SAS_DAYS, _SAS_SECONDS)))


def day_of(kind: str, format_: str) -> Callable[[float], date] | None:
    """Returns how a number in this format is a day, where that is certain: SAS counts days in all of its formats of
    dates, Stata in `%td...`, and SPSS seconds in all of them; None where it is not."""
    if kind == "spss":
        return _of_seconds if shows_dates(kind, format_) else None
    counts_days = _SAS_DAYS.fullmatch(_name(format_)) if kind == "sas" else _STATA_DAYS.match(format_)
    return _of_days if counts_days else None


def hides_day(kind: str, format_: str) -> bool:
    """True for a format of days that shows year and month alone."""
    if kind == "stata":
        shown = _STATA_DAYS.match(format_)
        return shown is not None and _STATA_MONTHS.match(_STATA_ESCAPED.sub("", format_[shown.end() :])) is not None
    return _name(format_) == "MOYR" if kind == "spss" else _SAS_MONTHS.fullmatch(_name(format_)) is not None


def as_months(column: TextColumn) -> TextColumn:
    """Returns days that do not show the day as months, `2023-05`, where all of them are the first of one."""
    if any(text and _FIRST_DAY.fullmatch(text) is None for text in column.texts):
        return column
    return replace(column, texts=tuple(text[:7] for text in column.texts))


def _of_days(number: float) -> date:
    return _DAY_0 + timedelta(days=int(number // 1))


def _of_seconds(number: float) -> date:
    return _SPSS_DAY_0 + timedelta(days=int(number // _DAY_S))


def unknown_format(name: str, format_: str) -> Problem:
    """Returns the problem of a column whose numbers are dates that cannot be read."""
    message = say("data.source.date_format", format=format_)
    return Problem(say("data.where.column", column=name), message, say("data.source.date_format_hint"))


def _name(format_: str) -> str:
    found = _NAME.match(format_)
    return found[0] if found else ""
