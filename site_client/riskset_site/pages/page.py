"""A page as a value: its content, not its look. `text` prints it in a terminal, `html` makes a file of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PageTable:
    """Rows of texts under their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[str] = frozenset()
    """Columns of numbers, aligned to the right."""
    caption: str = ""


@dataclass(frozen=True)
class Folded:
    """A long table: in HTML folded until a reader opens it, in a terminal its summary only."""

    summary: str
    table: PageTable


@dataclass(frozen=True)
class Drawing:
    """A picture of a page: in HTML an SVG element, in a terminal what it shows in words."""

    svg: str
    """Made by this program; every text in it is escaped."""
    description: str
    """What it shows, for who cannot see it."""
    name: str
    """Of the page's drawings; its own."""


@dataclass(frozen=True)
class Gallery:
    """Small pictures, side by side where there is room."""

    drawings: tuple[Drawing, ...]


PagePart = str | tuple[str, ...] | PageTable | Folded | Drawing | Gallery
"""A paragraph, a list, a table, or pictures."""


@dataclass(frozen=True)
class PageSection:
    """The content under one heading."""

    heading: str
    parts: Sequence[PagePart]


_WHOLE = 1e15
"""Below it, whole numbers are printed with all their digits."""


@dataclass(frozen=True)
class Page:
    """A whole page."""

    title: str
    facts: Mapping[str, str]
    """What the page is about, one name and value per line."""
    sections: Sequence[PageSection]
    warnings: Sequence[str] = field(default_factory=tuple)
    """What the reader must act on, above everything else."""
    banner: str = ""
    """In large letters above the title, and on every printed sheet: what must not be done with the page."""
    footer: str = ""


def number(value: float) -> str:
    """Returns a number with six significant digits, a whole number without decimals; `inf` of a leverage without
    bound."""
    return f"{value:.0f}" if abs(value) < _WHOLE and value == round(value) else f"{value:.6g}"
