"""Other sheets of a workbook with the columns that are read from one: a year or a ward each, of which one alone is
read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset_site.data.sources.cells import marked_text
from riskset_site.data.sources.headers import joined
from riskset_site.data.width import in_one_width

LOOKED_AT = 20
"""Rows in which the names may be."""
_FEWEST = 2
"""Names that can be no accident."""


@dataclass(frozen=True)
class OtherSheet:
    """What is known of a sheet that is not read."""

    first: Sequence[Sequence[Any]]
    """The cells of its first rows."""
    filled: int
    """Rows with a value, all of them."""


def alike_sheets(others: Mapping[str, OtherSheet], header: Sequence[int], names: Collection[str]) -> Mapping[str, int]:
    """Returns the sheets that have all of the names in a header, with the number of the rows below."""
    wanted = {in_one_width(name) for name in names if name}
    if len(wanted) < _FEWEST:
        return {}
    found = {name: _below(other, header, wanted) for name, other in others.items()}
    return {name: rows for name, rows in found.items() if rows}


def _below(other: OtherSheet, header: Sequence[int], wanted: set[str]) -> int:
    """Returns the rows below a header with the names; 0 where there is none."""
    texts = [["" if cell is None else marked_text(cell) for cell in row] for row in other.first]
    same = [tuple(header)] if len(header) > 1 else [(row,) for row in range(1, len(texts) + 1)]
    for rows in same:
        above = [texts[row - 1] for row in rows if row <= len(texts)]
        named = (joined(above), joined(above, is_filled=True))  # where cells are merged is not known here
        if any(wanted <= set(map(in_one_width, names)) for names in named):
            return other.filled - sum(any(row) for row in texts[: rows[-1]])
    return 0
