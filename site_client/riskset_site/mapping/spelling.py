"""Which texts of values are one: what differs in width, case or kana, or in signs that only divide words.
`Child-Pugh A` is `child pugh a`; but `I-II` is not III, `-1` is not 1, and `+/-` is not +."""

from __future__ import annotations

import re

from riskset_site.data.text_meanings import spaced

_SIGNS = r"[\s_.:=・･-]"
_RUN = re.compile(rf"(?P<left>[^\W_]*)(?P<signs>{_SIGNS}+)(?=(?P<right>[^\W_]*))")
_NUMERAL = re.compile(r"[ivx]+|\d+|[a-z]")
"""What may be a value of its own, so that a sign before, behind or between such says something: 1, II, A."""
_BEFORE_NUMBER = re.compile(r"\s-$")
_QUOTED = re.compile(r"=?\"(.*)\"|'(.*)'", re.DOTALL)
_FULL_STOP = "."


def spelled(text: str) -> str:
    """Returns a text of a value as texts of values are compared."""
    same = spaced(text)
    if quoted := _QUOTED.fullmatch(same):
        same = (quoted[1] or quoted[2] or "").strip()
    return _RUN.sub(_without_dividing, same)


def is_numeral(word: str) -> bool:
    """True for a word of a value that may be a value of its own: a number, a Roman numeral, a letter."""
    return _NUMERAL.fullmatch(word) is not None


def _without_dividing(match: re.Match[str]) -> str:
    """Returns the word before some signs, with them where they say something."""
    left, signs, right = match["left"], match["signs"], match["right"]
    is_word = any(word and not is_numeral(word) for word in (left, right))
    only_spaces = signs.isspace()
    if left and right:
        is_sign_of_number = right[0].isdecimal() and _BEFORE_NUMBER.search(signs)
        kept = "" if is_word and not is_sign_of_number else signs
    elif signs == _FULL_STOP and left.isalpha() and match.end() == len(match.string):
        kept = ""
    else:
        kept = "" if only_spaces else signs
    return left + (" " if kept.isspace() else "".join(kept.split()))
