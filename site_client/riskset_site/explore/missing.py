"""Which variables are missing, and which are missing together, in eligible rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset_site.data.column_reading import known
from riskset_site.explore.rows import Looked


@dataclass(frozen=True)
class Missingness:
    """Counts of eligible rows."""

    n: int
    by_variable: Mapping[str, int]
    """Rows without a value, of variables that lack one somewhere; most first."""
    patterns: tuple[tuple[frozenset[str], int], ...]
    """Which variables are missing together, and in how many rows; most frequent first, rows that lack nothing too."""


def missingness(looked: Looked) -> Missingness:
    """Returns what is missing of the variables that are read from the export."""
    eligible = looked.eligible
    columns = looked.used.export.columns
    blank = {name: ~known(columns[name].values)[eligible] for name in looked.study.read_variables}
    counts = {name: int(rows.sum()) for name, rows in blank.items()}
    names = sorted((name for name, n in counts.items() if n), key=lambda name: -counts[name])
    n = int(eligible.sum())
    grid = np.column_stack([blank[name] for name in names]) if names else np.zeros((n, 0), bool)
    patterns = Counter(tuple(row) for row in grid.tolist())
    together = [(frozenset(name for name, is_blank in zip(names, row, strict=True) if is_blank), k)
                for row, k in patterns.most_common()]  # fmt: skip
    return Missingness(n, {name: counts[name] for name in names}, tuple(together))
