"""The distinct values of a column, numbered, and those that occur more than once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset_site.data.number_forms import is_number
from riskset_site.data.sources.table import TextColumn


def numbered(texts: Sequence[str], missing: Collection[str]) -> NDArray[np.int64]:
    """Returns a number for each distinct text, -1 for none."""
    number: dict[str, int] = {}
    empty = {"", *missing}
    return np.array([-1 if text in empty else number.setdefault(text, len(number)) for text in texts], np.int64)


def ids(column: TextColumn, missing: Collection[str] = ()) -> NDArray[np.int64]:
    """Returns (n,) a number for each distinct text, -1 for none."""
    if column.values is None:
        of_row: NDArray[np.int64] = numbered(column.texts, missing)[column.codes]
        return of_row
    distinct, ids = np.unique(column.values, return_inverse=True)
    named = [float(text) for text in missing if is_number(text)]
    none = np.isnan(distinct) | np.isin(distinct, np.array(named, np.float64))
    return np.where(none[ids], -1, ids)


def repeats(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where a number (n,) occurs more than once."""
    _, at, counts = np.unique(ids, return_inverse=True, return_counts=True)
    repeats: NDArray[np.bool_] = counts[at] > 1
    return repeats
