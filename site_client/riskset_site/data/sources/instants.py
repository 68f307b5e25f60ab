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
_HALF_HOURS = ("13:30", "14:30", "17:30", "18:30", "19:30", "20:30", "21:30", "10:15", "11:15", "15:15", "18:15")
_MIDNIGHTS = frozenset((*(f"{hour}:00" for hour in range(10, 24)), *_HALF_HOURS))
"""The times in UTC at which it is midnight, and another day, somewhere; nobody's day changes at 14:20."""
_SAME_TIME = Fault("same_time", say("data.source.same_time"))
_WITH_TIME = re.compile(
    r"\d{4}(?:[-/.]\d{1,2}[-/.]\d{1,2}|\d{4})[T ]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.0+)?)?"
)
_DIGITS_WITH_TIME = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?"
)
_WITH_ZONE = re.compile(
    r"(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?|\d{8}T?\d{4}(?:\d\d(?:\.\d{1,6})?)?) ?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d){0,2})"
)
"""Of ISO 8601, and of HL7: `20240130150000+0900`."""
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


def _marked(column: TextColumn) -> TextColumn | None:
    """Returns the column with the mark of an instant before its texts that are one; None where none is."""
    if column.values is not None or not any(map(_WITH_ZONE.fullmatch, column.texts)):
        return None
    return replace(column, texts=tuple(INSTANT + text if _moment(text) else text for text in column.texts))


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
        found = _WITH_TIME.fullmatch(text) or _DIGITS_WITH_TIME.fullmatch(text)
        if found is None and any(map(str.isdigit, text)):
            return None
        if found is not None:
            dated[code] = True
            seconds = "" if not int(found["second"] or 0) else f":{found['second']}"
            times.add(f"{int(found['hour'])}:{found['minute']}{seconds}")
    chosen = dated[column.codes]
    if len(times) != 1 or not times <= _MIDNIGHTS or chosen.sum() < _FEWEST:
        return None
    where = say("data.where.column", column=name)
    return problem_in_rows(where, _SAME_TIME, row_numbers, chosen, column.quoted)


def _instants(column: TextColumn) -> dict[int, datetime]:
    if column.values is not None:
        return {}  # numbers, whose texts are made when they are asked for
    marked = ((code, text) for code, text in enumerate(column.texts) if text.startswith(INSTANT))
    found = {code: _moment(text.lstrip(INSTANT)) for code, text in marked}
    return {code: moment for code, moment in found.items() if moment}  # a text of an export may begin so, too


def _moment(text: str) -> datetime | None:
    """Returns the point in time; None for a text that is none, or does not name its zone."""
    match = _WITH_ZONE.fullmatch(text)
    if match is None:
        return None
    plain = text[: match.start("zone")].rstrip().replace(" ", "T", 1)
    if "T" not in plain:
        plain = f"{plain[:8]}T{plain[8:]}"
    with suppress(ValueError):
        return datetime.fromisoformat(plain + match["zone"])
    return None


def _with_texts(column: TextColumn, instants: dict[int, datetime]) -> TextColumn:
    if not instants:
        return column
    texts = (cell_text(instants[code]) if code in instants else text for code, text in enumerate(column.texts))
    return replace(column, texts=tuple(texts))
