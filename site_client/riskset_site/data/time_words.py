"""The words for units of time in three languages, as they stand behind numbers: `63歳`, `18 months`, `12개월`."""

from __future__ import annotations

_WORDS = {
    "day": ("day", "days", "d", "日", "日間", "일"),
    "week": ("week", "weeks", "wk", "wks", "w", "週", "週間", "주"),
    "month": ("month", "months", "mo", "mos", "m", "月", "ヶ月", "ケ月", "カ月", "か月", "ヵ月", "箇月", "개월", "달"),
    "year": ("year", "years", "yr", "yrs", "y", "歳", "才", "年", "세", "살", "년"),
}


def time_unit(unit: str) -> str | None:
    """Returns `day`, `week`, `month` or `year` for a word that means it; None for every other unit."""
    plain = unit.strip().casefold()
    return next((name for name, words in _WORDS.items() if plain in words), None)


def words_of_unit(unit: str) -> tuple[str, ...]:
    """Returns the words that mean the same unit; of one that is no time the unit alone."""
    name = time_unit(unit)
    return _WORDS[name] if name else (unit,)
