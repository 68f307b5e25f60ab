"""The formats in which an export writes its dates: those that read all of them, and no two of which read one text as
different days."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from riskset_site.data.dates import WAREKI, date_reader, is_partial
from riskset_site.data.faults import Unreadable
from riskset_site.data.partial_dates import is_day_zero_of_excel
from riskset_site.data.width import in_one_width
from riskset_site.mapping.spelling import spelled
from riskset_site.mapping.words import meanings, missing_words

EXCEL, EXCEL_1904 = "excel", "excel:1904"
PARTIAL = ("partial:first", "partial:mid", "partial:missing")
_CLEAR = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y年%m月%d日",
    "%Y년 %m월 %d일",
    "%Y년%m월%d일",
    "%y년 %m월 %d일",
    "%Y. %m. %d.",
    "%Y. %m. %d",
    "%Y.%m.%d.",
    WAREKI,
    "%d-%b-%Y",
    "%d %b %Y",
    "%d/%b/%Y",
    "%d%b%Y",
    "%b %d, %Y",
)
"""No two of them read a text as different days."""
_YEAR_LAST = tuple((f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y") for mark in "/.-")
_MARKS = ("/", ".", "-", ". ", "")
_TWO_DIGITS = tuple((f"%y{mark}%m{mark}%d", f"%d{mark}%m{mark}%y", f"%m{mark}%d{mark}%y") for mark in _MARKS)
_EXCEL_DAY = re.compile(r"[1-6]\d{4}(\.0+)?")
_YEAR = re.compile(r"(19|20)\d\d")
_DIGITS_OF_DAY = 4
_FAR = ("9999", "8888", "0000", "2999", "2099-12-31", "1900-01-01", "1900/01/01", "1900/1/1")


@dataclass(frozen=True)
class DateOrders:
    """Formats that each read all texts of a kind, as different days: nobody but the hospital knows which is right."""

    formats: tuple[str, ...]
    text: str
    """One that they read as different days."""
    days: tuple[str, ...]
    """Those days; empty where a format does not read it."""


@dataclass(frozen=True)
class DateForms:
    """How the texts of columns of dates are read."""

    formats: tuple[str, ...] = ()
    ambiguous: tuple[DateOrders, ...] = ()
    partial: tuple[tuple[str, int], ...] = ()
    """Texts without a day, with their rows."""
    partial_days: tuple[str, ...] = ()
    """Which day the first of them is under each of PARTIAL; empty for none."""
    no_date: tuple[str, ...] = ()
    """Texts that mean that there is no date: 9999-12-31, 生存."""
    missing: tuple[str, ...] = ()
    unread: tuple[tuple[str, int], ...] = ()
    """Texts that no format reads, with their rows."""


def date_forms(counts: dict[str, int]) -> DateForms:
    """Returns how the texts are read as dates; `counts` are their rows."""
    texts = [text for text in counts if text]
    missing = tuple(text for text in texts if in_one_width(text) in missing_words())
    none = tuple(text for text in texts if text not in missing and _means_none(text))
    rest = [text for text in texts if text not in missing and text not in none]
    formats: list[str] = []
    for form in _CLEAR:
        read = [text for text in rest if _reads(form, text)]
        if read:
            formats.append(form)
            rest = [text for text in rest if text not in set(read)]
    ambiguous, rest = _with_order(formats, rest)
    if excel := [text for text in rest if _EXCEL_DAY.fullmatch(text)]:
        formats.append(EXCEL)
        rest = [text for text in rest if text not in set(excel)]
    partial = tuple((text, counts[text]) for text in rest if _is_partial(text))
    unread = tuple((text, counts[text]) for text in rest if (text, counts[text]) not in partial)
    days = tuple(_partial_day(form, partial[0][0]) for form in PARTIAL) if partial else ()
    return DateForms(tuple(formats), tuple(ambiguous), partial, days, none, missing, unread)


def has_digits_of_day(text: str) -> bool:
    """True for what is rather a day in a form that nobody knows than a word or code."""
    return sum(map(str.isdecimal, text)) >= _DIGITS_OF_DAY


def share_of_dates(counts: dict[str, int]) -> float:
    """Returns the share of the texts, but for those that mean nothing, that are dates in some form."""
    forms = date_forms(counts)
    left_out = {*forms.missing, *forms.no_date, ""}
    total = sum(rows for text, rows in counts.items() if text not in left_out)
    unread = sum(rows for _, rows in forms.unread)
    return (total - unread) / total if total else 0.0


def pivot(today: date) -> int:
    """Returns the first of the hundred years that two digits may mean, so that none is after this one."""
    return today.year - 99


def _with_order(formats: list[str], rest: list[str]) -> tuple[list[DateOrders], list[str]]:
    """Adds to the formats those of a family of which one alone reads most texts; returns the families of which several
    do, and the texts that none reads."""
    ambiguous = []
    for family in (*_YEAR_LAST, *_TWO_DIGITS):
        of_family = [text for text in rest if any(_reads(form, text) for form in family)]
        if not of_family:
            continue
        whole = [form for form in family if all(_reads(form, text) for text in of_family)]
        if len(whole) == 1 or (whole and len({tuple(_day(form, text) for text in of_family) for form in whole}) == 1):
            formats.append(whole[0])
        else:
            ambiguous.append(_orders(tuple(whole or family), of_family))
        rest = [text for text in rest if text not in set(of_family)]
    return ambiguous, rest


def _orders(formats: tuple[str, ...], texts: Sequence[str]) -> DateOrders:
    def days(text: str) -> tuple[str, ...]:
        return tuple(str(_day(form, text) or "") for form in formats)

    text = max(texts, key=lambda text: len(set(days(text))))
    return DateOrders(formats, text, days(text))


def _partial_day(form: str, text: str) -> str:
    return "" if form == PARTIAL[-1] else str(_day(form, text) or "")


def _is_partial(text: str) -> bool:
    """True for a date without its day whose year has four digits: T1 and S2 are years of eras, and rather stages."""
    return _YEAR.match(in_one_width(text)) is not None and is_partial(text)


def is_no_date(text: str) -> bool:
    """True for an empty text, and one that means that there is no date, or none that is known."""
    return not text or in_one_width(text) in missing_words() or _means_none(text)


def _means_none(text: str) -> bool:
    folded = in_one_width(text)
    return folded.startswith(_FAR) or is_day_zero_of_excel(folded) or "alive" in meanings().get(spelled(text), ())


def _reads(form: str, text: str) -> bool:
    return _day(form, text) is not None


def _day(form: str, text: str) -> date | None:
    try:
        return date_reader([form])(text)
    except Unreadable:
        return None


def all_counts(columns: Iterable[dict[str, int]]) -> dict[str, int]:
    """Returns the texts of several columns with the number of their rows."""
    found: dict[str, int] = {}
    for counts in columns:
        for text, rows in counts.items():
            found[text] = found.get(text, 0) + rows
    return found


def merged(parts: Sequence[str], more: Collection[str]) -> tuple[str, ...]:
    """Returns the parts and those of `more` that are not among them, in order."""
    return tuple(dict.fromkeys([*parts, *more]))
