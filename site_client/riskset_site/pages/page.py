"""A page as a value: what it says, not how it looks. `text` prints it in a terminal, `html` makes a file of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}
"""Categories of signs that move the cursor, turn the direction of writing or hide what stands beside them."""


@dataclass(frozen=True)
class PageTable:
    """Rows of texts under their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[str] = frozenset()
    """The columns that hold numbers and stand to the right."""
    caption: str = ""


@dataclass(frozen=True)
class Folded:
    """A long table: closed in HTML until somebody opens it, in a terminal its summary alone."""

    summary: str
    table: PageTable


PagePart = str | tuple[str, ...] | PageTable | Folded
"""A paragraph, a list, or a table."""


@dataclass(frozen=True)
class PageSection:
    """What stands under one heading."""

    heading: str
    parts: Sequence[PagePart]


@dataclass(frozen=True)
class Page:
    """Everything that is shown at once."""

    title: str
    facts: Mapping[str, str]
    """What the page is about: a name and a value a line."""
    sections: Sequence[PageSection]
    warnings: Sequence[str] = field(default_factory=tuple)
    """What somebody must act on; it stands above everything else."""
    footer: str = ""


def number(value: float) -> str:
    """Returns a number with six digits; whole ones as such."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


def count(n: int, what: str) -> str:
    """Returns how many of something there are: `1 number`, `2,310 numbers`."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def visible(text: str) -> str:
    """Returns the text with every sign that could make a reader see another text written out, as `\\u202e`.

    Labels and reasons are other people's words, and what is read on a page is what is signed.
    """
    return "".join(_escaped(sign) if unicodedata.category(sign) in _UNSEEN else sign for sign in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
