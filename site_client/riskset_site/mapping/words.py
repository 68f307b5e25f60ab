"""The field's words for columns and values, in the languages of exports (`words.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from riskset_site.data.text_meanings import folded, spaced
from riskset_site.data.width import in_one_width
from riskset_site.mapping.spelling import spelled

_PUNCTUATION = re.compile(r"[\s\u3000_.,;:・･/\\'\"=-]+")
_BRACKETS = re.compile(r"[(\[{（【「].*?[)\]}）】」]")
_LEAST_ASCII, _LEAST_OTHER = 4, 2
"""Letters of a word that is looked for inside a longer name: `os` is in `diagnosis`, 死亡 is in 死亡年月日."""


def plain(text: str) -> str:
    """Returns a name of a column as names are compared: in one width, in lower case, with large kana, without spaces
    and punctuation. Of a value punctuation may be all that it says (`+/-`, `-1`, `I/II`): see `spelled`."""
    same = folded(text)
    return _PUNCTUATION.sub("", same) or same


def without_brackets(header: str) -> str:
    """Returns a name without what it has in brackets, such as a unit."""
    return _BRACKETS.sub("", in_one_width(header)).strip()


def in_brackets(header: str) -> str:
    """Returns the last text that a name has in brackets, such as a unit; empty where it has none."""
    found = _BRACKETS.findall(in_one_width(header))
    return str(found[-1][1:-1]).strip() if found else ""


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("riskset_site.mapping") / "words.toml").read_text(encoding="utf-8"))


@cache
def column_words() -> Mapping[str, frozenset[str]]:
    """Returns the plain names of a column, by what it contains (`age`, `last_contact`)."""
    return {name: frozenset(map(plain, [name, *words])) for name, words in _table()["columns"].items()}


@cache
def meanings() -> Mapping[str, frozenset[str]]:
    """Returns for each text, as `spelled` writes it, what it may mean (`male`, `yes`): `m` several things, by the
    levels of the study."""
    found: dict[str, set[str]] = {}
    for meaning, words in _table()["meanings"].items():
        for word in words:
            found.setdefault(spelled(word), set()).add(meaning)
    return {word: frozenset(of) for word, of in found.items()}


@cache
def missing_words() -> frozenset[str]:
    """Returns texts that mean that a value is unknown, in one width."""
    return frozenset(in_one_width(word) for word in _table()["missing"]["texts"])


@cache
def footer_words() -> frozenset[str]:
    """Returns the plain texts with which a row below the table begins."""
    return frozenset(map(plain, _table()["footer"]["texts"]))


@cache
def doubt_words(kind: str) -> tuple[str, ...]:
    """Returns the words that say of something that it is not there (`negative`), or not for sure, not now, or not for
    good (`doubtful`)."""
    return tuple(spaced(word) for word in _table()["doubts"][kind])


def factor(contents: Iterable[str], export_unit: str, study_unit: str) -> float | None:
    """Returns how many of the study's units one of the export's is, of what a column contains; None where the table
    does not say."""
    for content in contents:
        for given, wanted, ratio in _table()["factors"].get(content, ()):
            if (unit(given), unit(wanted)) == (unit(export_unit), unit(study_unit)):
                return float(ratio)
    return None


def usual_factors(contents: Iterable[str], study_unit: str) -> list[tuple[str, float]]:
    """Returns the other units in which exports have what a column contains, each with the number of the study's units
    in one of it."""
    rows = (row for content in contents for row in _table()["factors"].get(content, ()))
    found = [(given, float(ratio)) for given, wanted, ratio in rows if unit(wanted) == unit(study_unit)]
    return [(given, ratio) for given, ratio in found if ratio != 1]


def unit(text: str) -> str:
    """Returns a unit as units are compared: mu as u, superscripts as digits, `x10^3` as `10^3`."""
    raised = text.replace("³", "^3").replace("⁴", "^4").replace("⁹", "^9")
    return re.sub(r"[\s*x×]", "", in_one_width(raised).casefold().replace("μ", "u").replace("µ", "u"))


def resembles(word: str, name: str) -> bool:
    """True where a plain name contains a plain word that is long enough to be no accident."""
    return is_long_enough(word) and word in name


def is_long_enough(word: str) -> bool:
    """True for a word that is hardly inside a longer text by accident."""
    return len(word) >= (_LEAST_ASCII if word.isascii() else _LEAST_OTHER)
