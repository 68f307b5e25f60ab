"""The texts of one column as values, as the site file says; each distinct text is read once.

What was read, dropped or not understood is listed text by text, so that nothing leaves a study unseen. Nothing here
leaves the site.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset.visible_text import quoted
from riskset_site.data.faults import MOST_ROWS, Fault, problem_in_rows, texts_and_rows
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.text_meanings import TWO_PATTERNS, Reading, TextMeanings, values_said
from riskset_site.data.value_kinds import NOT_BOOLEAN, ValueKind
from riskset_site.data.width import in_one_width

_ALIKE = Fault("alike", say("data.hint.alike"))

Outcome = Literal[
    "read",
    "missing",
    "excluded",
    "proposed",
    "invalid",
    "unmet",
    "computed",
    "counted",
    "not_counted",
    "first_box",
]


@dataclass(frozen=True)
class MetText:
    """A distinct text of a column, and what became of its rows."""

    text: str
    outcome: Outcome
    """`proposed`: a problem until the site file says whether it means `meaning`; `unmet`: recoded, but in no row;
    `computed`: a level of a derived variable, no text of the export; `counted` and `not_counted`: by `where` of the
    site file; `first_box`: as the first of several checked boxes."""
    meaning: str
    """In the study's terms; empty where there is none."""
    rows: int
    column: str = ""
    """Its column, where that is not the variable's own."""


@dataclass(frozen=True)
class VariableColumn:
    """One variable of an export, (n,) in the order of the file."""

    values: NDArray[Any]
    """Number: float64, raw, NaN where missing. Boolean: float64 0, 1, NaN. Category: int64 index of its level, -1.
    Date: datetime64[D], NaT. A value with a problem is blank too."""
    missing: NDArray[np.bool_]
    """True where the row has a missing code or nothing."""
    excluded: NDArray[np.bool_]
    """True where the site file excludes the row from the study (`other = "exclude"`)."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    is_present: bool = True
    """False where the export has no such column."""
    met: tuple[MetText, ...] = ()
    """Of a category or boolean every text, else those that the site file recodes or names as missing; most frequent
    first."""


def known(values: NDArray[Any]) -> NDArray[np.bool_]:
    """True where a value is known, for the four kinds of `VariableColumn.values`."""
    is_known: NDArray[np.bool_]
    if values.dtype.kind == "i":
        is_known = values >= 0
    else:
        is_known = ~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))
    return is_known


def absent(kind: ValueKind, n: int) -> VariableColumn:
    """Returns a variable that the export lacks: missing in all n rows."""
    return VariableColumn(kind.array([kind.blank] * n), np.ones(n, bool), np.zeros(n, bool), is_present=False)


def read_column(
    column: TextColumn, kind: ValueKind, reading: Reading, where: Message, row_numbers: NDArray[np.int64]
) -> VariableColumn:
    """Returns the values of a column.

    A text that is not a value is a problem or, with `excludes_other`, excludes its rows; never one that only the
    width, case or spaces of its characters distinguish from a known text. A column of which some texts are true or
    false by themselves, and others are not, is not read at all: 1 may mean censored where 2 means an event.
    """
    if column.values is not None and kind.is_of_numbers and not reading.pattern:
        return _read_numbers(column, column.values, kind, reading, where, row_numbers)
    texts = TextMeanings(column.texts, kind, reading, column.numbers)
    problems = [_alike(where, column, texts, row_numbers)] if texts.proposals else []
    faults = texts.faults()
    if texts.half_understood:
        fault = texts.half_fault()
        problems.append(_of_texts(where, fault, column, row_numbers, texts.half_understood, texts.by_itself))
        faults.pop(NOT_BOOLEAN, None)
    excluded = np.zeros(len(column.codes), bool)
    for fault, codes in faults.items():
        chosen = rows_holding(column, codes)
        if reading.excludes_other and fault is not TWO_PATTERNS:
            excluded |= chosen
        else:
            problems.append(problem_in_rows(where, fault, row_numbers, chosen, column.quoted))
    values = kind.array(texts.values)[column.codes]
    return VariableColumn(
        values, rows_holding(column, texts.missing), excluded, tuple(problems), met=tuple(_met(column, texts))
    )


def _read_numbers(
    column: TextColumn,
    numbers: NDArray[Any],
    kind: ValueKind,
    reading: Reading,
    where: Message,
    row_numbers: NDArray[np.int64],
) -> VariableColumn:
    """Returns as `read_column` does the values of a column that holds numbers: all but those that the site file names,
    and those that are none, are what they are."""
    named = list(values_said(kind, reading))
    rows = np.flatnonzero(~np.isfinite(numbers) | np.isin(numbers, np.array(named, np.float64)))
    texts, codes = np.unique([column.by_row[row] for row in rows.tolist()] or [""], return_inverse=True)
    some = TextColumn(codes.reshape(-1)[: len(rows)], tuple(texts.tolist()), frozenset(range(len(texts))))
    read = read_column(some, kind, reading, where, row_numbers[rows])
    values = numbers.astype(np.float64)
    values[rows] = read.values
    missing, excluded = np.zeros(len(values), bool), np.zeros(len(values), bool)
    missing[rows], excluded[rows] = read.missing, read.excluded
    return replace(read, values=values, missing=missing, excluded=excluded)


def codes_of(column: TextColumn, said: Collection[str]) -> list[int]:
    """Returns the codes of the texts that are, in one width, one of those of a site file."""
    wanted = {in_one_width(text) for text in said}
    return [code for code, text in enumerate(column.texts) if in_one_width(text) in wanted]


def rows_holding(column: TextColumn, codes: Sequence[int]) -> NDArray[np.bool_]:
    """True where the row has one of the texts."""
    chosen = np.zeros(len(column.texts), bool)
    chosen[list(codes)] = True
    of_row: NDArray[np.bool_] = chosen[column.codes]
    return of_row


def _alike(where: Message, column: TextColumn, texts: TextMeanings, row_numbers: NDArray[np.int64]) -> Problem:
    """Returns the problem, with the lines of a recode as they would be written."""

    def proposal(row: int) -> str:
        code = int(column.codes[row])
        return say("data.detail.proposal", text=column.texts[code], meaning=texts.proposals[code])

    chosen = rows_holding(column, list(texts.proposals))
    return problem_in_rows(where, _ALIKE, row_numbers, chosen, proposal)


def _of_texts(
    where: Message,
    fault: Fault,
    column: TextColumn,
    row_numbers: NDArray[np.int64],
    shown: Sequence[int],
    counted: Sequence[int],
) -> Problem:
    """Returns the problem of the rows of the `counted` texts, with the `shown` ones."""
    rows = rows_by_text(column)
    detail = texts_and_rows([(quoted(column.texts[code]), rows[code]) for code in shown])
    numbers: list[int] = row_numbers[rows_holding(column, shown)][:MOST_ROWS].tolist()
    message = fault.message(sum(rows[code] for code in counted))
    return Problem(where, message, fault.hint, detail=detail, rows=tuple(numbers))


def rows_by_text(column: TextColumn) -> list[int]:
    rows: list[int] = np.bincount(column.codes, minlength=len(column.texts)).tolist()
    return rows


def _met(column: TextColumn, texts: TextMeanings) -> Iterator[MetText]:
    rows = rows_by_text(column)
    missing = set(texts.missing)
    codes = [code for code in range(len(column.texts)) if rows[code] and _is_listed(code, texts, missing)]
    outcomes: dict[tuple[str, Any, str], int] = {}
    for code in codes:
        key = (column.texts[code], *_outcome(code, texts, missing))
        outcomes[key] = outcomes.get(key, 0) + rows[code]
    for (text, outcome, meaning), n in sorted(outcomes.items(), key=lambda item: -item[1]):
        yield MetText(text, outcome, meaning, n)
    met = {in_one_width(column.texts[code]) for code in codes}
    for text, meaning in texts.reading.recode.items():
        if in_one_width(text) not in met:
            yield MetText(text, "unmet", meaning, 0)


def _is_listed(code: int, texts: TextMeanings, missing: Collection[int]) -> bool:
    """True for every text of a category or boolean, and for one of which something else was made than it says."""
    text = texts.texts[code]
    if texts.kind.words or texts.reading.is_recoded(text) or (code in missing and text):
        return True
    return code not in texts.unread and (texts.kind.says_less(text) or in_one_width(text) != text)


def _outcome(code: int, texts: TextMeanings, missing: Collection[int]) -> tuple[str, str]:
    if code in missing:
        return "missing", ""
    if code in texts.proposals:
        return "proposed", texts.proposals[code]
    if code in texts.unread:
        is_excluded = texts.reading.excludes_other and texts.unread[code] is not TWO_PATTERNS
        return ("excluded" if is_excluded and not texts.half_understood else "invalid"), ""
    if texts.half_understood:
        return "invalid", ""
    return "read", texts.word(code)
