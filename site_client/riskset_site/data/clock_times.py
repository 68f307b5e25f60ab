"""The time after a date: left out where a day is read, and counted where the rows of one day have an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from riskset_site.data.width import in_one_width

_HALF = "AM|PM|午前|午後|오전|오후"
_CLOCK = (
    r"(?P<hour>[01]?\d|2[0-4])"
    r"(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:\.\d+)?))?|"
    r"[時시](?:\s*(?P<minute_ja>[0-5]?\d)[分분](?:\s*(?P<second_ja>[0-5]?\d)[秒초])?)?)"
)
_ZONE = r"(?P<zone>\s?(?:Z|[+-]\d\d(?::?\d\d)?))?"
_TIME = re.compile(
    rf"(?<=\S)(?:[ T]+|(?={_HALF}))(?P<before>{_HALF})?\s*{_CLOCK}\s*(?P<after>{_HALF})?{_ZONE}", re.IGNORECASE
)
_FIRST_HALF, _SECOND_HALF = ("am", "午前", "오전"), ("pm", "午後", "오후")
_DAY_NUMBER = re.compile(r"\d+(\.\d+)")
_OF_HOURS = ("%H", "%I", "%T", "%X", "%c")
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


def without_time(text: str) -> str:
    """Returns a text in one width without the time at its end. Of a time in a named zone only midnight is left out: any
    other may be of another day where the patient was."""
    at = _TIME.search(text)
    if at is None or at.end() != len(text) or (at["zone"] and _after(at)):
        return text
    return text[: at.start()]


def part_of_day(text: str, formats: Sequence[str]) -> float:
    """Returns how much of its day is over at the time of a date, 0 where none is written; `formats` as the dates are
    read in."""
    plain = in_one_width(text)
    for form in formats:
        if any(sign in form for sign in _OF_HOURS):
            with suppress(ValueError):
                return part_over(datetime.strptime(plain, form))
        if form.startswith("excel") and (number := _DAY_NUMBER.fullmatch(plain)):
            return float(number[1])
    at = _TIME.search(plain)
    return _after(at) if at and at.end() == len(plain) else 0.0


def part_over(moment: datetime) -> float:
    """Returns how much of its day is over."""
    return (moment.hour * _HOUR + moment.minute * 60 + moment.second + moment.microsecond / 1e6) / _DAY


def _after(at: re.Match[str]) -> float:
    half, hour = (at["before"] or at["after"] or "").casefold(), int(at["hour"])
    if half in _FIRST_HALF or half in _SECOND_HALF:
        hour = hour % 12 + (12 if half in _SECOND_HALF else 0)
    minute, second = at["minute"] or at["minute_ja"] or 0, at["second"] or at["second_ja"] or 0
    return (hour * _HOUR + int(minute) * 60 + float(second)) / _DAY
