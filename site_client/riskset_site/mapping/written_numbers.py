"""How a column writes numbers: its decimal mark, its marks of thousands, a unit after them, `<2.0`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from riskset_site.data.number_forms import without_limit
from riskset_site.data.width import in_one_width
from riskset_site.mapping.words import missing_words

_UNIT = r"(?!e\d|[²³])([^\W\d_]|[%×]|/[^\W\d_]|10\^\d)([^<>=\d]|m2|1\.73|10\^?\d)*"
"""Begins with a letter; digits are those of m2, of 1.73 m2 and of powers of ten."""
_NUMBER = re.compile(rf"(?P<number>[-+]?[\d.,'  ]*\d)\s*(?P<unit>{_UNIT})?", re.IGNORECASE)
_FLAGGED = re.compile(
    r"(?P<number>[-+]?\d[\d.,]*?)\s*[(\[]?\s*(?P<flag>[*▲▼△▽↑↓!#]+|h{1,2}|l{1,2}|hi|lo|high|low|高値?|低値?|상승|저하)[*!]*\s*[)\]]?",
    re.IGNORECASE,
)
"""A number, and what a laboratory writes behind it where it is above or below the usual: no unit."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class WrittenNumbers:
    """How the texts of a column are read as numbers."""

    decimal: str = "."
    thousands: str = ""
    ambiguous: bool = False
    """True where `1,234` may be 1234 or 1.234."""
    unit: str = ""
    """After the numbers."""
    below: tuple[tuple[str, int], ...] = ()
    """Texts such as `<2.0` with their rows."""
    above: tuple[tuple[str, int], ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[tuple[str, int], ...] = ()
    flagged: tuple[tuple[str, int], ...] = ()
    """Those of `unread` that are a number with a mark of the laboratory: `12.5 H`."""
    numbers: tuple[tuple[float, int], ...] = ()
    """What was read of each text that is a number, with its rows."""


def written_numbers(
    counts: Mapping[str, int], low: float, high: float, step: float | None = None, unit_of_study: str = ""
) -> WrittenNumbers:
    """Returns how the texts are read; between `low` and `high`, in steps of `step`, are the numbers that the study
    allows, which decide what `1,234` is where they can. A mark such as `L` is the unit where the study has that."""
    missing = tuple(text for text in counts if text and in_one_width(text) in missing_words())
    texts = [text for text in counts if text and text not in missing]
    sides = {text: without_limit(text) for text in texts}  # the words of a limit (未満, 이하) are no unit
    flagged = {text: match for text in texts if (match := _flagged(text, unit_of_study))}
    others = {text: _NUMBER.fullmatch(sides[text][0]) for text in texts if text not in flagged}
    parsed = {text: match for text, match in others.items() if match is not None}
    written = {text: match["number"].strip() for text, match in (parsed | flagged).items()}
    decimal, thousands, ambiguous = _marks(list(written.values()), low, high, step)
    units = Counter((match["unit"] or "").strip() for match in parsed.values())
    unit = next((name for name, _ in units.most_common() if name), "")
    read = {text: _value(number, decimal, thousands) for text, number in written.items()}
    unread = [text for text in others if text not in parsed] + [text for text, value in read.items() if value is None]
    unread += [text for text, match in parsed.items() if (match["unit"] or "").strip() not in ("", unit)]

    def with_rows(of: Iterable[str]) -> tuple[tuple[str, int], ...]:
        return tuple((text, counts[text]) for text in dict.fromkeys(of))

    return WrittenNumbers(
        decimal,
        thousands,
        ambiguous,
        unit,
        with_rows(text for text in parsed if sides[text][1] == "below"),
        with_rows(text for text in parsed if sides[text][1] == "above"),
        missing,
        with_rows([*unread, *flagged]),
        with_rows(flagged),
        tuple((value, counts[text]) for text, value in read.items() if value is not None),
    )


def _flagged(text: str, unit_of_study: str) -> re.Match[str] | None:
    match = _FLAGGED.fullmatch(in_one_width(text))
    return None if match is None or match["flag"].casefold() == unit_of_study.casefold() else match


def share_of_numbers(counts: Mapping[str, int], low: float, high: float) -> float:
    """Returns the share of the texts, but for missing ones, that are numbers which the study allows."""
    forms = written_numbers(counts, low, high)
    total = sum(rows for text, rows in counts.items() if text and text not in forms.missing)
    unread = sum(rows for _, rows in forms.unread) - sum(rows for _, rows in forms.flagged)
    if not total or unread == total:
        return 0.0
    return (total - unread) / total * share_inside(forms.numbers, low, high)


def share_inside(numbers: Sequence[tuple[float, int]], low: float, high: float) -> float:
    """Returns the share of the rows of numbers that are from `low` to `high`; 0 where there is none."""
    rows = sum(n for _, n in numbers)
    return sum(n for value, n in numbers if low <= value <= high) / rows if rows else 0.0


def _marks(numbers: list[str], low: float, high: float, step: float | None) -> tuple[str, str, bool]:
    """Returns the decimal mark, the mark of thousands, and whether another pair reads the texts too."""
    if not any("," in number or number.count(".") > 1 for number in numbers):
        return ".", "", False
    pairs = ((".", ","), (",", "."), (",", ""))
    reading = [pair for pair in pairs if all(_is_grouped(number, *pair) for number in numbers)]
    if len(reading) > 1:
        inside = [pair for pair in reading if all(low <= (_value(n, *pair) or 0.0) <= high for n in numbers)]
        reading = inside or reading
        stepped = [pair for pair in reading if all(_is_step(_value(n, *pair) or 0.0, step) for n in numbers)]
        reading = stepped or reading
    if not reading:
        return ".", "", False
    values = {pair: tuple(_value(number, *pair) for number in numbers) for pair in reading}
    best = reading[-1] if reading[-1][1] == "" and values[reading[-1]] == values[reading[0]] else reading[0]
    return *best, len(set(values.values())) > 1


def _is_step(value: float, step: float | None) -> bool:
    return step is None or abs(value / step - round(value / step)) < _ROUNDING


def _is_grouped(number: str, decimal: str, thousands: str) -> bool:
    whole, _, part = number.partition(decimal)
    if thousands and thousands in whole:
        first, *groups = whole.lstrip("+-").split(thousands)
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):
            return False
        whole = whole.replace(thousands, "")
    return whole.lstrip("+-").isdigit() and (not part or part.isdigit())


def _value(number: str, decimal: str, thousands: str) -> float | None:
    text = number.strip()
    if thousands:
        text = text.replace(thousands, "")
    try:
        return float(text.replace(decimal, "."))
    except ValueError:
        return None
