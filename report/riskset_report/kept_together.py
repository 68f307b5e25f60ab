"""Texts of a page in which no line ends inside `P < .001`, `df 1` or `95% CI`."""

from __future__ import annotations

import re
from typing import Final

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_INSIDE: Final = re.compile(r"(?<=\bP) (?=[=<>])|(?<=χ²) (?==)|(?<=[=<>]) (?=[\d.−])|(?<=\bdf) (?=\d)|(?<=\d%) (?=\w)")


def kept_together(text: str) -> str:
    """Returns a text for a page or for Word; for programs a space stays a space."""
    return _INSIDE.sub(NO_BREAK, text)
