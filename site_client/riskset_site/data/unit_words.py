"""Units of numbers as names, labels and number formats write them: which one a text names, and whether two are one.

Only units that are known are found in a text, since a name has other words in brackets too. Two are other units only
where both are known: a site that writes IU/L for U/L hears nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose

from riskset_site.data.time_words import time_unit
from riskset_site.data.width import in_one_width

_PREFIX = {"k": 1e3, "": 1.0, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
_KINDS = {"g": "mass", "mol": "amount", "iu": "activity", "u": "activity", "au": "arbitrary"}
_VOLUME = {"l": 1.0, "dl": 0.1, "cl": 0.01, "ml": 1e-3, "ul": 1e-6, "nl": 1e-9, "mm3": 1e-6, "mm^3": 1e-6, "100ml": 0.1}
_THOUSANDS = {"k": 1e3, "천": 1e3, "千": 1e3, "만": 1e4, "万": 1e4, "": 1.0}
_LENGTH = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "inch": 0.0254}
_OTHERS = {
    "%": "per cent",
    "sec": "seconds",
    "secs": "seconds",
    "초": "seconds",
    "秒": "seconds",
    "inr": "ratio",
    "mmol/mol": "per thousand",
}
_QUANTITY = re.compile(r"(?P<prefix>[kmunpf]?)(?P<what>g|mol|iu|au|u)(?:/?(?P<volume>100ml|[dcmun]?l|mm\^?3))?")
_COUNT = re.compile(r"(?:10\^?(?P<power>\d{1,2})|(?P<word>[k천千만万]?))(?:cells?|개|個)?/(?P<volume>[un]?l|mm\^?3)")
_RAISED = str.maketrans({"³": "^3", "⁴": "^4", "⁶": "^6", "⁹": "^9", "µ": "u", "μ": "u"})
_BRACKETS = re.compile(r"[(\[{<（【「〔〈《＜]([^()\[\]{}<>（）【】「」〔〕〈〉《》＜＞]*)[)\]}>）】」〕〉》＞]")
_BETWEEN = re.compile(r"[\s_,/:;]+")
_OF_UNITS = ("unit", "units", "単位", "단위", "西暦", "和暦", "yyyy-mm-dd", "yyyy/mm/dd")
"""What else a row of units has."""
_ANY_WORD = ("g", "m", "u", "iu", "au")
"""Units that are the last word of other names too: `dose_g`, `lab_au`."""
_GIGA = "G/L"
"""Of platelets a count; in lower case it is grams."""


@dataclass(frozen=True)
class Unit:
    """A known unit."""

    kind: str
    scale: float
    """Of what is the unit of its kind: grams, moles or cells, in a litre where it has a volume."""
    has_volume: bool = False


def unit_of(text: str) -> Unit | None:
    """Returns a known unit; None for every other text."""
    if text.strip() == _GIGA:
        return Unit("count", 1e9, has_volume=True)
    word = re.sub(r"[\s*×]", "", in_one_width(text.translate(_RAISED)).casefold().replace("μ", "u")).removeprefix("x")
    if word in _OTHERS:
        return Unit(_OTHERS[word], 1.0)
    if word in _LENGTH:
        return Unit("length", _LENGTH[word])
    if found := _QUANTITY.fullmatch(word):
        scale, volume = _PREFIX[found["prefix"]], found["volume"]
        return Unit(_KINDS[found["what"]], scale / _VOLUME[volume or "l"], volume is not None)
    if found := _COUNT.fullmatch(word):
        times = 10.0 ** int(found["power"]) if found["power"] else _THOUSANDS[found["word"] or ""]
        return Unit("count", times / _VOLUME[found["volume"]], has_volume=True)
    return None


def are_other(one: str, another: str) -> bool:
    """True where both texts are known units, and a number of one is another number of the other."""
    first, second = unit_of(one), unit_of(another)
    if first is None or second is None:
        return False
    if first.kind != second.kind:
        return True
    return first.has_volume == second.has_volume and not isclose(first.scale, second.scale, rel_tol=1e-6)


def are_one_unit(one: str, another: str) -> bool:
    """True where both texts are known units, and each number of one is the same number of the other."""
    is_known = unit_of(one) is not None and unit_of(another) is not None
    return is_known and not are_other(one, another)


def unit_named(text: str) -> str:
    """Returns the known unit that a text names: in brackets, or behind its last space, `_`, comma, colon or slash;
    empty where it names none. Of moles alone, as in `T.bil_umol`, those in a litre are meant."""
    return next((_whole(part) for part in _parts(text) if unit_of(part) is not None), "")


def _parts(text: str) -> Iterator[str]:
    yield from reversed([one.strip() for one in _BRACKETS.findall(text)])
    bare = _BRACKETS.sub(" ", text).strip()
    for found in _BETWEEN.finditer(bare):
        part = bare[found.end() :]
        if part == "%" or re.sub(r"\W", "", part).casefold() not in _ANY_WORD:
            yield part.replace("_", "/", 1)


def _whole(unit: str) -> str:
    found = unit_of(unit)
    return f"{unit}/L" if found and found.kind == "amount" and not found.has_volume else unit


def time_named(text: str) -> str:
    """Returns the word for a unit of time that a text has in brackets or as its last word; empty where it has none. A
    letter alone is one in brackets only."""
    last = _BRACKETS.sub(" ", text).replace("_", " ").split()[-1:]
    words = [*_BRACKETS.findall(text), *(word for word in last if len(word) > 1 or not word.isascii())]
    found = (word.strip().removesuffix("数").removesuffix("수") for word in words)
    return next((word for word in found if time_unit(word)), "")


def is_row_of_units(cells: Sequence[str]) -> bool:
    """True for a row below the names with nothing but units, such as `(세)` and `mg/dL`, each alone or in brackets."""
    filled = [text for cell in cells if (text := in_one_width(cell))]
    bare = [text[1:-1].strip() if _BRACKETS.fullmatch(text) else text for text in filled]
    are_units = [unit_of(text) is not None or time_unit(text) is not None for text in bare]
    others = [text for text, is_unit in zip(bare, are_units, strict=True) if not is_unit]
    return any(are_units) and all(text.casefold() in _OF_UNITS for text in others)
