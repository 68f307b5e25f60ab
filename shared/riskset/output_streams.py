"""How what a command prints becomes bytes, whatever the machine's code page.

Into files and pipes goes UTF-8, also on Windows, where Python would take the code page: a Korean name in a Japanese
one would be an error or a question mark. A terminal gets its own encoding; a sign that it lacks is written in plain
ASCII, and any other character as its number, so that nothing is lost unseen.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from typing import Final, TextIO

PLAIN: Final = "riskset.plain"
"""The name of the error handler, as Python's `errors=` takes it."""
_SIGNS: Final = {
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
    "✓": "ok",
    "✗": "x",
    "×": "x",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "±": "+/-",
    "→": "->",
    "←": "<-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "•": "*",
    "·": ".",
    "│": "|",
    "┃": "|",
    "─": "-",
    "━": "-",
    "╸": "-",
    "╺": "-",
}
_FRAMES: Final = range(0x2500, 0x2580)
"""Corners and crossings of frames."""
_DOTS: Final = range(0x2800, 0x2900)
"""Of which a terminal's turning wheel is made."""


def plain(text: str) -> str:
    """Returns a text in ASCII: signs in words or signs that it has, other characters as `\\uac00`."""
    return "".join(map(_in_ascii, text))


def set_up(streams: Iterable[TextIO | None] | None = None) -> None:
    """Sets up standard output and error, or other streams: one that is no terminal writes UTF-8, a terminal what it
    can. A stream that a program has put in their place stays as it is where it cannot be changed."""
    for stream in (sys.stdout, sys.stderr) if streams is None else streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if stream is None or reconfigure is None:  # under pythonw there is none
            continue
        if stream.isatty():
            reconfigure(errors=PLAIN)
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _in_ascii(char: str) -> str:
    number = ord(char)
    if char in _SIGNS or number < 0x80:
        return _SIGNS.get(char, char)
    if number in _FRAMES:
        return "+"
    return "*" if number in _DOTS else char.encode("ascii", "backslashreplace").decode("ascii")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


codecs.register_error(PLAIN, _replaced)
