"""Abbreviations of a table, written from those that it uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from riskset.catalogue import say

_NAMES: Final = ("ci", "df", "hr", "ne", "nr", "or", "reml", "roc", "sd", "smd")


def spelt_out(texts: Iterable[str], language: str, names: Iterable[str] = (), also: Collection[str] = ()) -> str:
    """Returns `CI, confidence interval; HR, hazard ratio.`, of what the texts use, by the alphabet; empty for nothing.

    `names` are the study's own labels: a level that is called SD is no standard deviation. `also` are used whatever the
    texts say. One that a text explains itself (`SMD: ...`) is left out.
    """
    whole = "\n".join(texts)
    bare = _without(whole, names)
    found = dict(_used(bare, language, also))
    if not found:
        return ""
    each = tuple(
        say("report.abbreviation.each", short=short, long=found[short]) for short in sorted(found, key=str.casefold)
    )
    return str(say("report.abbreviation.list", each=each).in_language(language))


def _used(text: str, language: str, also: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in _NAMES:
        short, long = (say(f"report.abbreviation.{form}.{name}").in_language(language) for form in ("short", "long"))
        is_used = name in also or re.search(_word(short), text)
        if is_used and not re.search(rf"{re.escape(short)}(: |：)", text):
            yield str(short), str(long)


def _word(short: str) -> str:
    return rf"(?<![\w.]){re.escape(short)}(?!\w)"


def _without(text: str, names: Iterable[str]) -> str:
    for name in sorted({*names} - {""}, key=len, reverse=True):
        text = re.sub(_word(name), " ", text)
    return text
