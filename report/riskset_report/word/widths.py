"""Widths of a table's columns in Word, which needs them before any font is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from riskset_report.kept_together import NO_BREAK, kept_together
from riskset_report.printing import PrintedTable
from riskset_report.table_width import is_wide, pieces, words_of

PORTRAIT_MM, LANDSCAPE_MM = 175.0, 262.0
"""Between the margins of A4."""
PADDING_MM: Final = 1.4
"""Left and right of each cell's text, so that no column touches the next."""
_SIZES: Final = (8.0, 7.5, 7.0, 6.5, 6.0)
"""Points, in the order in which they are tried."""
_MM_PER_POINT: Final = 25.4 / 72
_LONGEST_PIECE: Final = 26
"""Characters of an estimate with its limits; a longer text is prose, and breaks between words."""
_WIDEST_LABEL_MM, _NARROW_LABEL_MM = 62.0, 42.0
_WAYS: Final = (
    (False, 8.5, _WIDEST_LABEL_MM, False),
    (False, 8.5, _NARROW_LABEL_MM, False),
    (False, 8.0, _NARROW_LABEL_MM, False),
    (False, 8.5, _NARROW_LABEL_MM, True),
    (True, 8.5, _WIDEST_LABEL_MM, False),
    (True, 8.5, _NARROW_LABEL_MM, True),
    *((True, size, _NARROW_LABEL_MM, True) for size in _SIZES),
)
"""Across the page, size of the type, the most that labels have on one line, with broken cells: the best first."""
_SPARE_MM: Final = 6.0
"""The most that a column gets beyond its need."""
_INDENT_EM: Final = 1.0
_SAFETY: Final = 1.04

# Arial's and Helvetica's advance widths in thousandths of an em, from the space to the tilde
_ASCII_TEXT: Final = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556
556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556
556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
_ASCII: Final = tuple(map(int, _ASCII_TEXT.split()))
_OTHER: Final = 600
_BOLD: Final = 1.08
_UNBROKEN: Final = re.compile(r"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|\S")
"""Of prose. Japanese has no spaces: its lines end after any character."""


@dataclass(frozen=True)
class Layout:
    """How a table is set."""

    is_landscape: bool
    size: float
    """Of its type, in points."""
    widths_mm: tuple[float, ...]
    """Of the labels, then of each column."""
    is_broken: tuple[bool, ...]
    """For each column, whether its cells have a line for each piece: Word would else end a line after a dash."""


def layout_of(table: PrintedTable) -> Layout:
    """Returns the largest type with which a table fits upright, or else across the page; with cells on one line if
    possible, or else broken before a parenthesis. A table that never fits is broken between words in the smallest."""
    for is_landscape, size, widest_label, is_broken in _WAYS:
        room = LANDSCAPE_MM if is_landscape else PORTRAIT_MM
        label, columns = _needs(table, size, is_broken=is_broken)
        if min(label, widest_label) + sum(columns) <= room:
            spread = _of_prose if table.is_prose else _spread
            widths = spread(label, columns, room)
            return Layout(is_landscape, size, widths, _broken(table, size, widths))
    label, columns = _needs(table, _SIZES[-1], is_broken=True)
    needs = (min(label, _NARROW_LABEL_MM), *columns)
    widths = tuple(LANDSCAPE_MM / sum(needs) * need for need in needs)
    return Layout(True, _SIZES[-1], widths, _broken(table, _SIZES[-1], widths))


def _broken(table: PrintedTable, size: float, widths: Sequence[float]) -> tuple[bool, ...]:
    """Returns for each column whether a cell does not fit on one line."""
    _, whole = _needs(table, size, is_broken=False)
    return tuple(need > width + 1e-9 for need, width in zip(whole, widths[1:], strict=True))


def lines_of(text: str, *, is_broken: bool) -> tuple[str, ...]:
    """Returns the lines of a cell, in which no space is breakable; those of a sentence are left to Word."""
    parts = pieces(text)
    if max(map(len, parts)) > _LONGEST_PIECE:
        return (text,)
    kept = [part.strip().replace(" ", NO_BREAK) for part in parts]
    if is_broken:
        return tuple(kept)
    return ("".join(" " * part.startswith(" ") + words for part, words in zip(parts, kept, strict=True)),)


def head_lines(text: str, width_mm: float, size: float) -> tuple[str, ...]:
    """Returns the lines of a heading, broken between words. Where characters are wide, Word would break it between
    any two of them; other headings are left to Word."""
    if not any(map(is_wide, text)):
        return (text,)
    room = (width_mm - 2 * PADDING_MM) / (size * _MM_PER_POINT)
    first, *others = words_of(text)
    lines = [first]
    for word in others:
        longer = lines[-1] + word
        lines[-1:] = [longer] if _BOLD * _length(longer) <= room else [lines[-1], word.lstrip()]
    return tuple(lines)


def _needs(table: PrintedTable, size: float, *, is_broken: bool) -> tuple[float, list[float]]:
    """Returns the width of the labels on one line, and the least of each column, in mm."""
    rows = [row for row in table.rows if row.cells]
    labels = [_length(row.label) + (_INDENT_EM if row.is_inner else 0) for row in rows]
    columns = []
    for number, heading in enumerate(table.columns):
        words = max((_BOLD * _length(word.strip()) for word in words_of(kept_together(heading))), default=0.0)
        cells = (row.cells[number] for row in rows if number < len(row.cells))
        columns.append(max([words, *(_cell(cell, is_broken=is_broken) for cell in cells)]))
    em = size * _MM_PER_POINT * _SAFETY
    return max(labels, default=0.0) * em + 2 * PADDING_MM, [need * em + 2 * PADDING_MM for need in columns]


def _cell(text: str, *, is_broken: bool) -> float:
    parts = pieces(text)
    if max(map(len, parts)) > _LONGEST_PIECE:  # prose
        return max(max(map(_length, _UNBROKEN.findall(text))), min(_length(text), 24.0))
    return max(_length(part.strip()) for part in parts) if is_broken else _length(text)


def _spread(label: float, columns: Sequence[float], room: float) -> tuple[float, ...]:
    """Returns the widths, with what is left over first for the labels, then for all."""
    left = room - sum(columns)
    labels = min(label, left)
    spare = min((left - labels) / (len(columns) + 1), _SPARE_MM)
    return (labels + spare, *(need + spare for need in columns))


def _of_prose(label: float, columns: Sequence[float], room: float) -> tuple[float, ...]:
    """Returns the widths, with all that is left over for the last column: its cells are the longest."""
    *others, _ = columns
    labels = min(label, _WIDEST_LABEL_MM)
    return (labels, *others, room - labels - sum(others))


def _length(text: str) -> float:
    """Returns the width of a text in em."""
    return sum(map(_advance, text)) / 1000


def _advance(sign: str) -> int:
    if sign == NO_BREAK:
        return _ASCII[0]
    if " " <= sign <= "~":
        return _ASCII[ord(sign) - ord(" ")]
    return 1000 if is_wide(sign) else _OTHER
