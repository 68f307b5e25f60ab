"""A dossier as a value: its content, not its look. A text is a message of the catalogue, or the study's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskset.catalogue import Message, say

Cell = str | tuple[str, ...]
"""A text, or lines below one another."""


@dataclass(frozen=True)
class Group:
    """Rows of a table under a heading of their own."""

    heading: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Table:
    """Groups of rows under their columns."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    """Of the columns, in percent of the page."""
    groups: tuple[Group, ...]
    numeric: frozenset[int] = frozenset()
    """Places of columns of numbers, aligned to the right."""


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Blanks:
    """Lines that a person fills in by hand: the study file does not say it."""

    labels: tuple[str, ...]


Part = str | Items | Table | Blanks
"""A paragraph, a list, a table, or lines to fill in."""


@dataclass(frozen=True)
class Section:
    """The content under one heading."""

    heading: Message
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Dossier:
    """A whole dossier."""

    title: Message
    subject: str
    """Title of the study."""
    notice: Message
    """That a lawyer must read it: above everything else."""
    foot: Message
    """The same, on each printed page."""
    facts: Mapping[str, str]
    """What it is about, one name and value per line."""
    words: Message
    """Who is who in it."""
    sections: tuple[Section, ...]


def section(heading: str, *parts: Part) -> Section:
    """Returns a section; `heading` is a code of `[dossier.heading]`."""
    return Section(say(f"dossier.heading.{heading}"), parts)


def table(columns: Mapping[str, int], rows: Sequence[tuple[Cell, ...]], numeric: Sequence[str] = ()) -> Table:
    """Returns a table without headings between its rows; `columns` are codes of `[dossier.column]` with
    their widths."""
    return grouped(columns, (Group("", tuple(rows)),), numeric)


def grouped(columns: Mapping[str, int], groups: Sequence[Group], numeric: Sequence[str] = ()) -> Table:
    """Returns the same with headings."""
    headings = tuple(say(f"dossier.column.{code}") for code in columns)
    places = frozenset(place for place, code in enumerate(columns) if code in numeric)
    return Table(headings, tuple(columns.values()), tuple(groups), places)
