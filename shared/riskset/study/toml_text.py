"""The one way in which TOML from outside is read: bounded before Python's reader sees it, and free of unseen signs.

Python's reader takes time that grows with the square of the parts of a key (20,000 of them: 52 s), and numbers of any
length. The bounds are far beyond every real study and site file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from riskset.catalogue import Message, say, verbatim
from riskset.study.toml_lines import MISSING_QUOTE, KeyPath, repeated, tokens
from riskset.study.toml_table import Complaint
from riskset.visible_text import unseen, visible

MOST_BYTES: Final = 2**19
"""A study of 50 sites and 100 variables has 30 kB."""
MOST_PARTS: Final = 12
"""Of one key, `a.b.c`; no key of ours has more than three."""
DEEPEST: Final = 12
"""Brackets inside each other."""
_IS_TWICE: Final = (
    "Cannot overwrite a value",
    "Cannot declare ",
    "Cannot redefine namespace ",
    "Cannot mutate immutable namespace ",
    "Duplicate inline table key ",
)
"""How Python's reader says that a name is there twice."""
LONGEST_WORD: Final = 100
"""Characters of a number, a date or a bare key."""


class NotToml(ValueError):
    """The text is not TOML, or beyond the bounds."""

    def __init__(self, reason: Message, line: int | None = None, column: int | None = None) -> None:
        super().__init__(str(reason))
        self.reason, self.line, self.column = reason, line, column


def read_toml(text: str) -> dict[str, Any]:
    """Returns the document. Raises NotToml with the line, and the column where it is known."""
    _check_bounds(text)
    try:
        text.encode()  # a lone surrogate is no text
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        reason = str(error)[: place.start()] if place else str(error)
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (None, None)
        found = _twice(text, line) if reason.startswith(_IS_TWICE) else verbatim(reason)
        raise NotToml(found, line, column) from None
    except (ValueError, RecursionError) as error:  # a date of no calendar, say
        raise NotToml(verbatim(type(error).__name__)) from None


def _twice(text: str, line: int | None) -> Message:
    """Returns what to say of a name that is there twice, the second time on a line; without one, on the last."""
    found = repeated("\n".join(text.split("\n")[:line]))
    if found is None:
        return say("study.file.duplicate_key")
    name = visible(found.name)
    if found.is_table:
        return say("study.file.table_twice", table=name, line=found.first)
    return say("study.file.twice", name=name, line=found.first)


def _check_bounds(text: str) -> None:
    if len(text) > MOST_BYTES:
        raise NotToml(say("study.file.too_long", most=MOST_BYTES))
    parts = depth = 0
    for token in tokens(text):
        if token.text == MISSING_QUOTE:
            return  # Python's reader stops there too
        if token.text == ".":
            parts += 1
        elif token.text in ("\n", "=", ",", "[", "]", "{", "}"):
            parts = 0
        depth += (token.text in ("[", "{")) - (token.text in ("]", "}"))
        if parts >= MOST_PARTS or depth > DEEPEST:
            raise NotToml(say("study.file.too_deep", most=MOST_PARTS), token.line)
        if len(token.text) > LONGEST_WORD and token.text[0] not in "\"'":
            raise NotToml(say("study.file.long_word", most=LONGEST_WORD), token.line)


def unseen_signs(document: object, allowed: Callable[[KeyPath], str] = lambda path: "") -> Iterator[Complaint]:
    """Yields a complaint for each key and text that holds a sign which its reader cannot see; `allowed` says which ones
    are no reason at a path."""
    for path, text in _texts(document, ()):
        if sign := unseen(text, allowed(path)):
            yield Complaint(path, say("study.value.unseen", sign=sign), say("study.value.unseen_hint"))


def _texts(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every key, at its own path, and every text."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*path, position))
    else:
        assert isinstance(value, bool | int | float | date | time | None)  # all other values of TOML and JSON


def read_text(path: Path) -> str:
    """Returns the text of a file in UTF-8, with or without a byte-order mark, as editors on Windows write it.

    Raises OSError, UnicodeDecodeError, or NotToml where it is too long to be read.
    """
    with path.open("rb") as file:
        data = file.read(4 * MOST_BYTES + 1)
    if len(data) > 4 * MOST_BYTES:
        raise NotToml(say("study.file.too_long", most=MOST_BYTES))
    return data.decode("utf-8-sig")
