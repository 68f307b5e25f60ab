"""The rows in which a value counts, as other columns say: the date of death of those whose outcome is death, the
laboratory values of one visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.column_reading import MetText, Outcome, VariableColumn, codes_of, rows_by_text, rows_holding
from riskset_site.data.export_rows import ExportRows, blanked
from riskset_site.data.faults import Fault, Unreadable, problem_in_rows
from riskset_site.data.site_mapping import Where
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.text_meanings import folded
from riskset_site.data.value_kinds import read_number
from riskset_site.data.width import in_one_width

_ALIKE = Fault("alike_where", say("data.hint.alike_where"))


@dataclass(frozen=True)
class CountingRows:
    """The rows (n,) that count, what became of each text of the other columns, and which of these are in doubt."""

    counts: NDArray[np.bool_]
    met: tuple[MetText, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    def added_to(self, column: VariableColumn) -> VariableColumn:
        """Returns a column that was read in the rows that count; it is missing in all others."""
        return replace(
            column,
            values=blanked(column.values, ~self.counts),
            missing=column.missing | ~self.counts,
            excluded=column.excluded & self.counts,
            problems=(*column.problems, *self.problems),
            warnings=(*column.warnings, *self.warnings),
            met=(*column.met, *self.met),
        )


def rows_where(where: Where, rows: ExportRows) -> CountingRows:
    """Returns the rows in which the other columns have one of the texts of the site file. A text that only case, spaces
    or the size of kana distinguish from one of them is a problem."""
    counts, met, problems, warnings = np.ones(rows.table.n, bool), list[MetText](), list[Problem](), list[Problem]()
    for header, said in where.items():
        texts = rows.table.columns[header]
        chosen = codes_of(texts, said)
        counts &= rows_holding(texts, chosen)
        met += _met(header, texts, set(chosen))
        problems += _alike(header, texts, chosen, said, rows)
        warnings += _unmet(header, texts, said)
    return CountingRows(counts, tuple(met), tuple(problems), tuple(warnings))


def _met(header: str, column: TextColumn, chosen: set[int]) -> Iterator[MetText]:
    rows = rows_by_text(column)
    for code in sorted(range(len(column.texts)), key=lambda code: -rows[code]):
        if rows[code]:
            outcome: Outcome = "counted" if code in chosen else "not_counted"
            yield MetText(column.texts[code], outcome, "", rows[code], header)


def _one_spelling(text: str) -> str:
    """Returns a number in one spelling: 1, 01 and 1.0 are the same code."""
    with suppress(Unreadable):
        return str(read_number(text))
    return text


def _unmet(header: str, column: TextColumn, said: Sequence[str]) -> Iterator[Problem]:
    """Yields a warning for each text of the site file that is in no row."""
    there = {in_one_width(text) for text in column.texts}
    for text in said:
        if in_one_width(text) not in there:
            place = say("data.where.column", column=header)
            yield Problem(place, say("data.warning.where_unmet", text=text), say("data.hint.alike_where"))


def _alike(
    header: str, column: TextColumn, chosen: Sequence[int], said: Sequence[str], rows: ExportRows
) -> Iterator[Problem]:
    near = {_one_spelling(folded(text)) for text in said}
    is_chosen = set(chosen)
    alike = [
        code
        for code, text in enumerate(column.texts)
        if code not in is_chosen and text and _one_spelling(folded(text)) in near
    ]
    in_rows = rows_holding(column, alike)
    if in_rows.any():
        place = say("data.where.column", column=header)
        yield problem_in_rows(place, _ALIKE, rows.table.row_numbers, in_rows, column.quoted)
