"""How a table fits on the page: with one line per row, with cells that break, or in smaller type.

Its width is estimated, in em of its own type, because each reader's browser chooses the font. A4 paper in 9 points and
a screen of 1280 pixels have room for nearly the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from riskset_report.kept_together import NO_BREAK, kept_together

WIDEST_EM = 57.5
"""Room for a table: 52rem in type of 0.9rem, 18.6 cm in type of 9 points."""
_HALF_PAGE_LINES = 22
_PROSE = 60
"""Characters on a line of a cell that is a sentence."""
_PADDING_EM = 0.83
_LABELS_EM = 7.0 + _PADDING_EM
_SMALLEST_TYPE = 0.6
# DejaVu Sans, the widest common font: its punctuation, its digits and most of its letters
_NARROW, _NARROW_EM, _OTHER_EM = f" {NO_BREAK}.,:;()/", 0.4, 0.64
_BOLD = 1.1
_BEFORE_PARENTHESIS = re.compile(r"(?<=.)(?= \(|（)")
_WORD = re.compile(r" *[^ ]+")
_WIDE_WORD = re.compile(r" *[(（][^()（）]*[)）]| *[^ (（]+|.")


@dataclass(frozen=True)
class Fit:
    is_broken: bool
    """Whether cells may have more than one line."""
    type_size: float
    """Size of the type, as a share of the usual one."""


def pieces(text: str) -> tuple[str, ...]:
    """Returns what stays on one line: an estimate, and its limits or test in parentheses, which a space precedes that
    begins its piece; none precedes a wide parenthesis."""
    return tuple(_BEFORE_PARENTHESIS.split(text))


def words_of(heading: str) -> tuple[str, ...]:
    """Returns the words of a heading, between which it may be broken. Where characters are wide, what is in parentheses
    is one word, which no space needs to precede. A space begins its word."""
    return tuple((_WIDE_WORD if any(map(is_wide, heading)) else _WORD).findall(heading))


def fit(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Fit:
    """Returns how a table fits that has these headings, and one cell per heading in each row that has cells."""
    if _width(columns, [[(cell,) for cell in row] for row in rows]) <= WIDEST_EM:
        return Fit(is_broken=False, type_size=1.0)
    broken = _width(columns, [[pieces(cell) for cell in row] for row in rows])
    return Fit(is_broken=True, type_size=max(min(WIDEST_EM / broken, 1.0), _SMALLEST_TYPE))


def is_tall(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Returns whether a table takes more than half a page of A4."""
    lines = sum(max((_lines(cell) for cell in row), default=1) for row in rows)
    heads = max((len(words_of(column)) for column in columns), default=1)
    return lines + heads > _HALF_PAGE_LINES


def _lines(cell: str) -> int:
    """Returns the most lines that a cell has."""
    return max(len(pieces(cell)) if len(cell) <= _PROSE else 1 + len(cell) // _PROSE, 1)


def _width(columns: Sequence[str], rows: Sequence[Sequence[Sequence[str]]]) -> float:
    """Returns the least width of a table whose headings break between words and whose cells break between pieces."""
    width = _LABELS_EM
    for number, heading in enumerate(columns):
        words = max((_BOLD * _length(word.strip()) for word in words_of(kept_together(heading))), default=0.0)
        cells = max((_length(piece.strip()) for row in rows if row for piece in row[number]), default=0.0)
        width += max(words, cells) + _PADDING_EM
    return width


def _length(text: str) -> float:
    return sum(_NARROW_EM if sign in _NARROW else 1.0 if is_wide(sign) else _OTHER_EM for sign in text)


def is_wide(sign: str) -> bool:
    """Returns whether a character is Chinese, Japanese or Korean, or of full width."""
    return east_asian_width(sign) in "WF"
