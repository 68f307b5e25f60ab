"""Chi-square tests of a table of counts, as R's `chisq.test`: with and without the correction of Yates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from riskset.stats.tails import chi2_sf

Counts = Sequence[Sequence[int]]
_YATES: Final = 0.5


@dataclass(frozen=True)
class ChiSquare:
    chi2: float
    df: int
    p: float


def without_empty(table: Counts) -> tuple[tuple[int, ...], ...]:
    """Returns the rows and columns of a table in which anybody is counted."""
    columns = [j for j, column in enumerate(zip(*table, strict=True)) if any(column)]
    return tuple(tuple(row[j] for j in columns) for row in table if any(row))


def chi_square(table: Counts, *, is_corrected: bool = False) -> ChiSquare | None:
    """Returns Pearson's test of independence over rows and columns with anybody in them; None where fewer than two of
    either are left. `is_corrected` is Yates's correction for continuity of a 2 x 2 table."""
    counts = without_empty(table)
    if len(counts) < 2 or len(counts[0]) < 2:
        return None
    rows, columns = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    n = sum(rows)
    differences = [
        (abs(count - rows[i] * columns[j] / n), rows[i] * columns[j] / n)
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
    ]
    is_2x2 = len(rows) == len(columns) == 2
    less = min(_YATES, *(apart for apart, _ in differences)) if is_corrected and is_2x2 else 0.0
    found = sum((apart - less) ** 2 / expected for apart, expected in differences)
    df = (len(rows) - 1) * (len(columns) - 1)
    return ChiSquare(found, df, chi2_sf(found, df))
