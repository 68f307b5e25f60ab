"""The day of the week behind a date, as Excel and many records add it: `2023/05/09(火)`, `2023년 5월 9일 화요일`."""

from __future__ import annotations

import re

_DAYS = ("月", "火", "水", "木", "金", "土", "日")
_KOREAN = ("월", "화", "수", "목", "금", "토", "일")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = {day[:3]: number for days in (_DAYS, _KOREAN, _ENGLISH) for number, day in enumerate(days)}
"""As Python counts: Monday is 0."""
_WORD = r"[月火水木金土日](?:曜日?)|[월화수목금토일]요일|" + "|".join(
    f"{day[:3]}(?:{day[3:]})?\\.?" for day in _ENGLISH
)
_BEHIND = re.compile(
    rf"\s*[(\[](?P<inside>[月火水木金土日월화수목금토일]|{_WORD})[)\]]|(?:(?<=[日일])\s*|[\s,]+)(?P<alone>{_WORD})",
    re.IGNORECASE,
)


def without_weekday(text: str) -> tuple[str, int | None]:
    """Returns a date in one width without the day of the week behind it, and which day that is; None for none."""
    for found in _BEHIND.finditer(text):
        if found.end() == len(text) and found.start() > 0:
            word = (found["inside"] or found["alone"]).casefold()
            number = _NUMBER.get(word[:3], _NUMBER.get(word[:1]))
            return text[: found.start()], number
    return text, None
