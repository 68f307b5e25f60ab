"""Spread of every covariate column of an analysis set: what the models are scaled by, and what tells a column that is
constant from one that only tells hospitals apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column

_ROUNDING: Final = 1e-12
"""Between-hospital variation below this part of the second moment is rounding, not data."""


@dataclass(frozen=True)
class ColumnMoments:
    sd: float
    """Pooled within-hospital standard deviation (divisor n) in the column's own unit; 0 where constant in every one."""
    is_constant: bool
    """True where all patients of all hospitals have one value."""


@dataclass(frozen=True)
class Moments(Result):
    n: int
    events: int
    columns: dict[Column, ColumnMoments]


@dataclass(frozen=True)
class PooledMoments:
    """The analysis: one round. Summary: n, events, then for each column z = (x - middle) / half_range in [-1, 1]:
    sum z, sum z^2, within-hospital sum of squares; 2 + 3 C numbers."""

    endpoint: str
    columns: tuple[Column, ...]

    needs: tuple[str, ...] = ()
    reveals: str = "how many patients and events the analysis set has, and each covariate's mean and standard deviation"

    @property
    def id(self) -> str:
        return moments_id(self.endpoint)

    def start(self, inputs: Inputs) -> None:
        return None

    def size(self, state: None) -> int:
        return 2 + 3 * len(self.columns)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        rows = cohort.analysis_sets[self.endpoint]
        summary = [float(rows.n), float(rows.event.sum())]
        for column in self.columns:
            z = (column.values(rows) - column.middle) / column.half_range
            shifted = z - z[0] if rows.n else z  # a constant column then has exactly 0, not rounding
            within = float(((shifted - shifted.mean()) ** 2).sum()) if rows.n else 0.0
            summary += [float(z.sum()), float((z * z).sum()), within]
        return np.array(summary)

    def local(self, prepared: NDArray[np.float64], state: None) -> NDArray[np.float64]:
        return prepared

    def combine(self, total: Sequence[float], state: None) -> Moments:
        n = total[0]
        parts = [total[i : i + 3] for i in range(2, len(total), 3)]
        columns = {column: _moments(column, n, *part) for column, part in zip(self.columns, parts, strict=True)}
        return Moments(round(n), round(total[1]), columns)


def moments_id(endpoint: str) -> str:
    return f"moments/{endpoint}"


def _moments(column: Column, n: float, first: float, second: float, within: float) -> ColumnMoments:
    if n == 0.0:
        return ColumnMoments(0.0, is_constant=True)
    between = second - first * first / n - within
    return ColumnMoments(
        sd=column.half_range * sqrt(within / n),
        is_constant=within == 0.0 and between <= _ROUNDING * second,
    )
