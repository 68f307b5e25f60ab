"""What to do about a line that is not TOML. The parser says where it stopped; a person wants to know what to write."""

from __future__ import annotations

import re
from typing import Final

from riskset.catalogue import NOTHING, Message, say

CURLY: Final = "“”„‟‘’‚‛«»「」『』＂＇"
"""Quotation marks that word processors and mail programs put in the place of straight ones."""
WIDE: Final = "＝：，；［］｛｝（）＃　"
"""Full-width punctuation, as an input method for Korean or Japanese leaves it."""

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_DATE = re.compile(r"=\s*\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|=\s*\d{4}[./]\d{1,2}[./]\d{1,2}")
_WORD = re.compile(r"[^\W\d]\w*(?:-\w+)*")
_WORDS_OF_TOML = {"true", "false", "inf", "nan"}


def how_to_write(line: str) -> Message:
    """Returns what to change in a line at which the parser stopped; NOTHING where no common mistake is in it."""
    rest = _QUOTED.sub(lambda text: " " * len(text[0]), line)
    rest = rest.partition("#")[0]
    for signs, code in ((CURLY, "curly"), (WIDE, "wide")):
        if found := next((sign for sign in rest if sign in signs), ""):
            return say(f"study.toml.{code}", found=found)
    if _DATE.search(rest):
        return say("study.toml.date")
    if found := next((word for word in _WORD.findall(rest) if not word.isascii()), ""):
        return say("study.toml.unquoted", word=found)
    _, _, value = rest.partition("=")
    for word in _WORD.findall(re.sub(r"[\w-]+\s*=", "", value)):
        if word.lower() in ("true", "false") and word not in _WORDS_OF_TOML:
            return say("study.rule.lower_case")
        if word not in _WORDS_OF_TOML:
            return say("study.toml.unquoted", word=word)
    return say("study.toml.comma") if ";" in value else NOTHING


def how_to_write_line(text: str, line: int | None) -> Message:
    """The same for one line of a text, counted from 1; NOTHING where it has no such line."""
    lines = text.splitlines()
    return how_to_write(lines[line - 1]) if line and line <= len(lines) else NOTHING
