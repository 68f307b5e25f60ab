"""The rows in which a value counts, as other columns say: the date of death of those whose outcome is death, the
laboratory values of one visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset_site.data.column_reading import MetText, Outcome, VariableColumn, rows_by_text, rows_holding
from riskset_site.data.export_rows import ExportRows, blanked
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.site_mapping import Where
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.text_meanings import folded
from riskset_site.data.width import in_one_width

_ALIKE = Fault("alike_where", say("data.hint.alike_where"))


def rows_where(
    column: VariableColumn, where: Where, rows: ExportRows, place: Message
) -> tuple[VariableColumn, NDArray[np.bool_]]:
    """Returns the column, missing in the rows that do not count, and which rows (n,) count.

    Every text of the other columns is listed, with what became of its rows. One that only case, spaces or the size of
    kana distinguish from a text of the site file is a problem.
    """
    counts, problems, met = np.ones(rows.table.n, bool), list(column.problems), list(column.met)
    for header, said in where.items():
        texts = rows.table.columns[header]
        wanted = {in_one_width(text) for text in said}
        chosen = [code for code, text in enumerate(texts.texts) if in_one_width(text) in wanted]
        counts &= rows_holding(texts, chosen)
        met += _met(header, texts, set(chosen))
        problems += _alike(header, texts, chosen, said, rows)
    values = blanked(column.values, ~counts)
    missing, excluded = column.missing | ~counts, column.excluded & counts
    found = replace(column, values=values, missing=missing, excluded=excluded, problems=tuple(problems), met=tuple(met))
    return found, counts


def _met(header: str, column: TextColumn, chosen: set[int]) -> Iterator[MetText]:
    rows = rows_by_text(column)
    for code in sorted(range(len(column.texts)), key=lambda code: -rows[code]):
        if rows[code]:
            outcome: Outcome = "counted" if code in chosen else "not_counted"
            yield MetText(column.texts[code], outcome, "", rows[code], header)


def _alike(
    header: str, column: TextColumn, chosen: Sequence[int], said: Sequence[str], rows: ExportRows
) -> Iterator[Problem]:
    near = {folded(text) for text in said}
    alike = [code for code, text in enumerate(column.texts) if code not in chosen and folded(text) in near]
    in_rows = rows_holding(column, alike)
    if in_rows.any():
        place = say("data.where.column", column=header)
        yield problem_in_rows(place, _ALIKE, rows.table.row_numbers, in_rows, column.quoted)
