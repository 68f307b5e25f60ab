"""A frame of patients as the table of texts that a hospital's reader takes: one text for each distinct value.

Nothing here converts a value to the study's terms: whether a text is a level, a date or in a range is judged as in an
export. A column of another type than texts, numbers, truth values and dates is refused, and no message holds a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from riskset.catalogue import NOTHING, say
from riskset.errors import DataError, Problem, did_you_mean
from riskset.study.spec import Study
from riskset_site.data.sources.table import SourceTable, TextColumn


def table_of(frame: pd.DataFrame, study: Study) -> SourceTable:
    """Returns the columns of `frame` that are variables of the study. Raises DataError with every problem: no rows, an
    index that repeats, a column that is missing, is there twice, or has values of no type of the study's."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"expected a pandas DataFrame for each site, found {type(frame).__name__}")
    headers = tuple(map(str, frame.columns))
    problems = [*_of_rows(frame), *_of_headers(headers, study)]
    columns: dict[str, TextColumn] = {}
    for name in study.read_variables:
        if headers.count(name) == 1:
            found = _column(frame.iloc[:, headers.index(name)])
            if isinstance(found, str):
                message = say("notebook.frames.other_type", type=found)
                problems.append(Problem(_where(name), message, say("notebook.frames.types")))
            else:
                columns[name] = found
    if problems:
        raise DataError(say("data.cohort.does_not_fit"), NOTHING, problems)
    return SourceTable(headers, np.arange(1, len(frame) + 1), columns)


def _of_rows(frame: pd.DataFrame) -> Iterator[Problem]:
    if frame.empty:
        yield Problem(say("data.where.rows"), say("notebook.frames.no_rows"), say("notebook.frames.no_rows_hint"))
    elif not frame.index.is_unique:
        n = int(frame.index.duplicated(keep=False).sum())
        yield Problem(say("data.where.rows"), say("notebook.frames.index", n=n), say("notebook.frames.index_hint"))


def _of_headers(headers: tuple[str, ...], study: Study) -> Iterator[Problem]:
    others = [name for name in headers if name not in study.variables]
    for name, variable in study.read_variables.items():
        if headers.count(name) > 1:
            yield Problem(_where(name), say("notebook.frames.twice"), say("notebook.frames.twice_hint"))
        elif name not in headers:
            near = did_you_mean(name, others)
            if variable.required or near:
                hint = near or say("notebook.frames.columns", columns=tuple(study.read_variables))
                yield Problem(_where(name), say("notebook.frames.no_column"), hint)


def _where(name: str) -> str:
    return say("data.where.column", column=name)


def _column(values: pd.Series) -> TextColumn | str:
    """Returns the column, or the name of a type of values that no variable has."""
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    texts = []
    for value in distinct:
        text = text_of(value)
        if text is None:
            return type(value).__name__
        texts.append(text)
    return TextColumn(np.where(codes < 0, len(texts), codes).astype(np.int32), (*texts, ""))


def text_of(value: Any) -> str | None:  # noqa: ANN401 - whatever a frame holds
    """Returns a value as an export would write it; None for a type that no variable has."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return str(int(value)) if isfinite(value) and value == int(value) else str(value)
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]"))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else None
