"""Whether a text has a word for something inside it and says no more of it: `B型肝炎 陰性` has a word for hepatitis B,
and says that it is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from riskset_site.data.text_meanings import spaced
from riskset_site.mapping.spelling import spelled
from riskset_site.mapping.words import doubt_words, is_long_enough

_DIVIDING = re.compile(r"[\s_.:=・･-]*")
_NUMERAL = r"(?:[ivx]+|\d+|[a-z])"
_JOINED = r"\s*[-/~〜,.・+&]\s*"
_NUMERAL_BEFORE = re.compile(rf"(?:^|[^a-z0-9]){_NUMERAL}{_JOINED}$")
_NUMERAL_AFTER = re.compile(rf"{_JOINED}{_NUMERAL}(?![a-z0-9])")
"""Beside a word they make another text of it: `stage I-II`, `hepatitis B/C`."""
_NO_BEFORE = re.compile(r"(?:[非無未비무미]|(?<![a-z])(?:non|not|no|without))[\s-]*$")
_NO_SIGN = re.compile(r"[(\[]-[)\]]|-$|×(?!\s*[\da-z])")
_DOUBT_SIGN = re.compile(r"[±?→⇒]|->|[+/]-|-/")
_EITHER = re.compile(
    r"有無|유무|\(?\+/-\)?|양성\s*/\s*음성|陽性\s*/\s*陰性|(?:있음|あり)\s*/\s*(?:없음|なし)|(?<![a-z])no(?:\.|\s+of\b|\.?$)"
)
"""In the name of a column: yes or no, so that its texts say which; or a number (No.)."""


def words_inside(text: str, words: Iterable[str]) -> Iterator[str]:
    """Yields the words, in the letters of `spelled`, that a text has inside it: long enough to be no accident, whole,
    not negated, and not joined to a number or letter that makes another text of it."""
    same = spaced(text)
    letters = _DIVIDING.sub("", same)
    for word in words:
        if (
            is_long_enough(word)
            and _undivided(word) in letters
            and any(_is_whole(word, match) for match in _inside(word).finditer(same))
        ):
            yield word


def says_no(text: str) -> bool:
    """True for a text that says of something that it is not there."""
    same = spaced(text)
    return _NO_SIGN.search(same) is not None or _one_of(doubt_words("negative")).search(same) is not None


def is_doubtful(text: str) -> bool:
    """True for a text that says of something that it is not there, or not for sure, not now, or not for good."""
    same = spaced(text)
    return says_no(text) or any(found.search(same) for found in (_DOUBT_SIGN, _one_of(doubt_words("doubtful"))))


def names_absence(header: str) -> bool:
    """True for a name of a column whose yes says that something is not there."""
    return says_no(_EITHER.sub("", spaced(header)))


@cache
def _undivided(word: str) -> str:
    return _DIVIDING.sub("", word)


def _is_whole(word: str, match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    return (
        spelled(match[0]) == word
        and _NO_BEFORE.search(before) is None
        and _NUMERAL_BEFORE.search(before) is None
        and _NUMERAL_AFTER.match(after) is None
    )


@cache
def _inside(word: str) -> re.Pattern[str]:
    return re.compile(_bounded(_DIVIDING.pattern.join(map(re.escape, word)), word))


@cache
def _one_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(_bounded(re.escape(word), word) for word in words))


def _bounded(pattern: str, word: str) -> str:
    """Returns a pattern that does not go on in letters or digits of the kind with which the word begins and ends."""
    return f"{_no_more(word[0], '(?<!{})')}{pattern}{_no_more(word[-1], '(?!{})')}"


def _no_more(char: str, around: str) -> str:
    if not (char.isascii() and char.isalnum()):
        return ""
    return around.format(r"\d" if char.isdecimal() else "[a-z]")
