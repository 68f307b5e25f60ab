"""Frames with columns of fixed types, whatever the rows are: an empty result has the columns of a full one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

Json = Mapping[str, Any]

NUMBER: Final = "float64"
"""Missing: NaN."""
COUNT: Final = "Int64"
"""A whole number; missing: <NA>."""
TEXT: Final = "string"
"""Missing: <NA>."""
TRUTH: Final = "boolean"
"""Missing: <NA>."""

Columns = Mapping[str, str]
"""From a name to its type, in the order of the frame."""

REASON: Final[Columns] = {"reason": TEXT}
"""The last column of a frame: why a number of the row is missing, as a sentence."""


def frame_of(rows: Iterable[Json], columns: Columns) -> pd.DataFrame:
    """Returns the rows (len(rows), len(columns)); what a row lacks is missing."""
    listed = list(rows)
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in listed], dtype=type_) for name, type_ in columns.items()}
    )
