"""Days that are stored as instants: which day one is depends on the zone in which it is read."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.sources.cells import cell_text
from riskset_site.data.sources.table import INSTANT, SourceTable, TextColumn

_FEWEST = 3
"""Dates, of which one time is no accident."""
_EARLIEST = 10
"""The hour in UTC of the first midnight on Earth; a time before it is on no other day."""
_SAME_TIME = Fault("same_time", say("data.source.same_time"))
_WITH_TIME = re.compile(r"\d{4}(?:[-/.]\d{1,2}[-/.]\d{1,2}|\d{4})[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?")
_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)? ?(?:Z|[+-]\d\d(?::?\d\d)?)")
_INSTANT = Fault("instant", say("data.source.instant"))


def days_of_texts(table: SourceTable, zone: str | None, asked: Collection[str]) -> SourceTable:
    """Returns a table with the texts of instants, `2024-01-30T15:00:00Z`, as days and times in `zone`, in columns where
    some are not at midnight. What is not asked for is not judged."""
    columns, problems = dict(table.columns), list(table.problems)
    for name in dict.fromkeys(asked):
        marked = _marked(columns[name]) if name in columns else None
        if marked and any(one.time() != time.min for one in _instants(marked).values()):
            columns[name], problem = as_days(name, marked, zone, table.row_numbers)
            problems += [problem] if problem else []
    return replace(table, columns=columns, problems=tuple(problems))


def told_of_one_time(table: SourceTable, asked: Collection[str]) -> SourceTable:
    """Returns a table with a warning of each column asked for whose days all have one time."""
    names = [name for name in dict.fromkeys(asked) if name in table.columns]
    found = (one_time(name, table.columns[name], table.row_numbers) for name in names)
    return replace(table, warnings=(*table.warnings, *filter(None, found)))


def _marked(column: TextColumn) -> TextColumn:
    """Returns the column with the mark of an instant before its texts that are one."""
    if column.values is not None or not any(map(_WITH_ZONE.fullmatch, column.texts)):
        return column
    return replace(column, texts=tuple(INSTANT + text if _is_instant(text) else text for text in column.texts))


def _is_instant(text: str) -> bool:
    if _WITH_ZONE.fullmatch(text) is None:
        return False
    with suppress(ValueError):
        return bool(_moment(text))
    return False


def as_days(
    name: str, column: TextColumn, zone: str | None, row_numbers: NDArray[np.int64]
) -> tuple[TextColumn, Problem | None]:
    """Returns the column with its instants as texts of days and times in `zone`, and the problem where none is named.

    Where all of them are at midnight in their own zone they are days already, whatever `zone` is: midnight in Tokyo is
    15:00 of the day before in UTC.
    """
    instants = _instants(column)
    if all(one.time() == time.min for one in instants.values()):
        return _with_texts(column, instants), None
    if zone is not None:
        return _with_texts(column, {code: one.astimezone(ZoneInfo(zone)) for code, one in instants.items()}), None
    other = [code for code, one in instants.items() if one.time() != time.min]
    where, chosen = say("data.where.column", column=name), np.isin(column.codes, other)

    def shown(row: int) -> str:
        return repr(instants[int(column.codes[row])].isoformat(" "))

    return _with_texts(column, instants), problem_in_rows(where, _INSTANT, row_numbers, chosen, shown)


def one_time(name: str, column: TextColumn, row_numbers: NDArray[np.int64]) -> Problem | None:
    """Returns the warning of days that all have the same time: midnight of another time zone, without its name."""
    if column.values is not None:
        return None
    times, dated = set(), np.zeros(len(column.texts), bool)
    for code, text in enumerate(column.texts):
        found = _WITH_TIME.fullmatch(text)
        if found is None and any(map(str.isdigit, text)):
            return None
        if found is not None:
            dated[code] = True
            times.add(tuple(int(part or 0) for part in found.groups()))
    chosen = dated[column.codes]
    if len(times) != 1 or not _EARLIEST <= next(iter(times))[0] < 24 or chosen.sum() < _FEWEST:
        return None
    where = say("data.where.column", column=name)
    return problem_in_rows(where, _SAME_TIME, row_numbers, chosen, column.quoted)


def _instants(column: TextColumn) -> dict[int, datetime]:
    if column.values is not None:
        return {}  # numbers, whose texts are made when they are asked for
    marked = ((code, text) for code, text in enumerate(column.texts) if text.startswith(INSTANT))
    return {code: _moment(text.lstrip(INSTANT)) for code, text in marked}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))


def _with_texts(column: TextColumn, instants: dict[int, datetime]) -> TextColumn:
    if not instants:
        return column
    texts = (cell_text(instants[code]) if code in instants else text for code, text in enumerate(column.texts))
    return replace(column, texts=tuple(texts))
