"""Texts from outside: each is shown with the characters escaped that could mislead its reader.

A study, a request or an export can hold signs that move the cursor, colour the screen, write from right to left or hide
their neighbours. At the doors they are refused (`unseen`); wherever a text is shown they are escaped all the same.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
"""Unicode categories: control signs, signs without a width (bidirectional ones among them), separators of lines, halves
of a character."""
_WIDE_SPACE: Final = re.compile(r"(\\\\)|\\u3000")
"""As Python escapes it, behind any backslashes of the text itself."""
LINE: Final = "\n\t\r"
"""Cells of a spreadsheet may hold these; they are no reason to refuse an export's own words."""


def unseen(text: str, allowed: str = "") -> str:
    """Returns the first character of a text that a reader cannot see, as `U+202E`; empty where there is none."""
    if text.isprintable():
        return ""
    found = (char for char in text if char not in allowed and unicodedata.category(char) in _UNSEEN)
    return next((f"U+{ord(char):04X}" for char in found), "")


def visible(text: str) -> str:
    """Returns the text on one line, with every character that could mislead a reader escaped, as `\\u202e`.

    Labels and reasons come from other parties, and people sign what they read on a page.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def quoted(text: str) -> str:
    """Returns the text in quotation marks, as Python writes it but for the wide space of Japanese and Chinese, which
    its readers see."""
    return _WIDE_SPACE.sub(lambda found: found[1] or "\u3000", repr(text))


def columns_of(text: str) -> int:
    """Returns how many columns of a terminal a text takes: a Chinese character, a kana and a hangul two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, width: int) -> str:
    """Returns the text with blanks up to a width in columns."""
    return text + " " * (width - columns_of(text))


def lines(text: str) -> str:
    """The same of a text of several lines, which our own sentences may have."""
    return "\n".join(map(visible, text.split("\n")))


def json_text(value: Any, indent: int) -> str:  # noqa: ANN401 - any JSON value
    """Returns JSON for people and programs: other scripts as they are, and what cannot be seen as JSON escapes it."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[^ -~\n]", lambda found: json.dumps(found[0])[1:-1] if unseen(found[0]) else found[0], text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
