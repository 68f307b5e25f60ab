"""Days that are stored as instants: which day one is depends on the zone in which it is read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.sources.cells import cell_text
from riskset_site.data.sources.table import INSTANT, TextColumn

_FEWEST = 3
"""Dates, of which one time is no accident."""
_SAME_TIME = Fault("same_time", say("data.source.same_time"))
_WITH_TIME = re.compile(r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)")
_INSTANT = Fault("instant", say("data.source.instant"))


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
    times = set()
    for text in filter(None, column.texts):
        found = _WITH_TIME.fullmatch(text)
        if found is None:
            return None
        times.add(found[1])
    chosen = np.array([bool(text) for text in column.texts], bool)[column.codes]
    if len(times) != 1 or chosen.sum() < _FEWEST:
        return None
    where = say("data.where.column", column=name)
    return problem_in_rows(where, _SAME_TIME, row_numbers, chosen, column.quoted)


def _instants(column: TextColumn) -> dict[int, datetime]:
    if column.values is not None:
        return {}  # numbers, whose texts are made when they are asked for
    marked = ((code, text) for code, text in enumerate(column.texts) if text.startswith(INSTANT))
    return {code: datetime.fromisoformat(text.lstrip(INSTANT)) for code, text in marked}


def _with_texts(column: TextColumn, instants: dict[int, datetime]) -> TextColumn:
    if not instants:
        return column
    texts = (cell_text(instants[code]) if code in instants else text for code, text in enumerate(column.texts))
    return replace(column, texts=tuple(texts))
