"""Numbers as hospitals write them: decimal and thousands marks, units behind the number, limits of detection."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from riskset.catalogue import Message, say
from riskset_site.data.faults import Fault, Unreadable
from riskset_site.data.time_words import words_of_unit
from riskset_site.data.width import in_one_width

BelowLimit = Literal["half", "value", "missing"]
AboveLimit = Literal["value", "missing"]
Side = Literal["below", "above"]

NOT_FINITE = Fault("not_finite", say("data.hint.finite"))
_BELOW_LIMIT = Fault("below_limit", say("data.hint.below_limit"))
_ABOVE_LIMIT = Fault("above_limit", say("data.hint.above_limit"))

_BELOW = re.compile(r"(?:<=|<|≤|≦|⩽)\s*(?P<sign>.+)|(?P<word>.+?)\s*(?:未満|以下|미만|이하)")
_ABOVE = re.compile(r"(?:>=|>|≥|≧|⩾)\s*(?P<sign>.+)|(?P<word>.+?)\s*(?:以上|超|超過|이상|초과)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?P<mark>[ ,.'])\d{3}(?P<more>(?:(?P=mark)\d{3})*)(?P<rest>(?!(?P=mark))[.,]\d+)?")
_DECIMAL = re.compile(r"[+-]?\d+([.,])\d+")
_OTHER_MARK = {",": ".", ".": ","}
_SIGN_BEHIND = re.compile(r"[+-]?\d[\d.,]*\s*[<>≤≥≦≧⩽⩾]=?")
_WITH_WORDS = re.compile(r"[+-]?\d[\d.,]*\s*[^\d\s.,+-][^\d]*")


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written."""

    decimal: str = "."
    thousands: str = ""
    """Between groups of three digits; empty where there is none."""
    unit: str = ""
    """What may stand behind the number."""
    below_limit: BelowLimit | None = None
    """What `<2.0` means: half of the limit, the limit, or a missing value; None where it is a problem."""
    above_limit: AboveLimit | None = None


def number_reader(form: NumberForm) -> Callable[[str], float]:
    """Returns a reader of one text: a finite number, or NaN for a limit that counts as missing.

    It raises Unreadable for every other text, also for digits grouped with `_`, which Python reads.
    """
    digits = _digits(form)
    units = sorted((unit.casefold() for unit in words_of_unit(form.unit)), key=len, reverse=True) if form.unit else []

    def plain(text: str) -> float | None:
        if digits.fullmatch(text) is None:
            return None
        if form.thousands:
            text = text.replace(form.thousands, "")
        return float(text.replace(",", ".") if form.decimal == "," else text)

    def number(text: str) -> float | None:
        found = plain(text)
        if found is not None:
            return found
        end = next((unit for unit in units if text.casefold().endswith(unit)), None)
        return plain(text[: -len(end)].strip()) if end else None

    def read(text: str) -> float:
        found = plain(text)  # nearly always
        if found is not None and not math.isinf(found):
            return found
        text = in_one_width(text)
        found = number(text)
        if found is None:
            found = _limit(text, form, number)
        if found is None:
            raise Unreadable(_why_not(text, form))
        if math.isinf(found):
            raise Unreadable(NOT_FINITE)
        return found

    return read


def is_number(text: str) -> bool:
    """True for a text that is a number by itself."""
    return _digits(NumberForm()).fullmatch(in_one_width(text)) is not None


def is_limit(text: str) -> bool:
    """True for a text such as `<2.0` or `2.0未満`."""
    plain = in_one_width(text)
    if plain[:1].isdigit() and plain.isascii():
        return False  # nearly always
    return any(pattern.fullmatch(plain) is not None for pattern in (_BELOW, _ABOVE))


def without_limit(text: str) -> tuple[str, Side | None]:
    """Returns the limit of a text such as `<2.0` or `2.0未満`, in one width, and on which side of it the value is; the
    text itself, and None, where it is no limit."""
    plain = in_one_width(text)
    sides: tuple[tuple[Side, re.Pattern[str]], ...] = (("below", _BELOW), ("above", _ABOVE))
    for side, pattern in sides:
        if match := pattern.fullmatch(plain):
            return (match["sign"] or match["word"]).strip(), side
    return plain, None


def _digits(form: NumberForm) -> re.Pattern[str]:
    mark, group = re.escape(form.decimal), re.escape(form.thousands)
    whole = rf"([1-9]\d{{0,2}}(?:{group}\d{{3}})+|\d+)" if form.thousands else r"\d+"
    return re.compile(rf"[+-]?({whole}({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", re.ASCII)


def _limit(text: str, form: NumberForm, number: Callable[[str], float | None]) -> float | None:
    """Returns what a limit of detection means; None where the text is none."""
    for pattern, means, fault in (
        (_BELOW, form.below_limit, _BELOW_LIMIT),
        (_ABOVE, form.above_limit, _ABOVE_LIMIT),
    ):
        match = pattern.fullmatch(text)
        limit = number((match["sign"] or match["word"]).strip()) if match else None
        if limit is None:
            continue
        if means is None:
            raise Unreadable(fault)
        return {"half": limit / 2, "value": limit, "missing": math.nan}[means]
    return None


def _why_not(text: str, form: NumberForm) -> Fault:
    """Returns the fault of a text that is no number; its hint names the key of the site file that would read it."""
    if text.casefold() in ("nan", "inf", "-inf", "infinity", "-infinity", "+inf"):
        return NOT_FINITE
    return Fault("not_a_number", _hint(text, form))


def _hint(text: str, form: NumberForm) -> Message:
    if grouped := _GROUPED.fullmatch(text):
        mark, point = grouped["mark"], (grouped["rest"] or "")[:1]
        if mark == form.decimal or point not in ("", form.decimal):
            return say("data.hint.both_marks", thousands=mark, decimal=point or _OTHER_MARK[mark])
        if not point and not grouped["more"] and mark in _OTHER_MARK:
            return say("data.hint.one_mark", mark=mark)
        return say("data.hint.thousands", mark=mark)
    if mark := _DECIMAL.fullmatch(text):
        return say("data.hint.decimal", mark=mark[1])
    if _SIGN_BEHIND.fullmatch(text):
        return say("data.hint.sign_behind")
    if _WITH_WORDS.fullmatch(text):
        return say("data.hint.unit_in_text")
    return say("data.hint.number")
