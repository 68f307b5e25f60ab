"""Spread of every covariate column of an analysis set: it scales the models, and distinguishes a constant column from
one that is constant within each hospital only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Result
from riskset.analyses.cohort import AnySet
from riskset.analyses.design import Column
from riskset.analyses.weights import Weights
from riskset.disclosure.span import SMALL

_ROUNDING: Final = 1e-12
"""Between-hospital variation below this share of the second moment is rounding."""

SMALLEST: Final = SMALL
"""The least sum of squares within hospitals that is told from rounding: S hospitals cut off less than S x 2^-64 of it,
and each z is exact to 2^-52, so that it is exact to (S x 6e-8 + 1e-8) of itself. Any smaller one of a number that
varies somewhere is lost."""

MOMENTS: Final = "moments"
NUMBERS: Final = ("sum", "sum of squares", "sum of squares within hospitals")
"""A hospital's summary of each column z = (x - middle) / half_range, in [-1, 1]."""


@dataclass(frozen=True)
class ColumnMoments:
    sd: float
    """Pooled within-hospital standard deviation (divisor n), in the column's unit; 0 if constant in every hospital."""
    is_constant: bool
    """True where all patients of all hospitals have the same value."""
    within: float
    """Sum of squares of z = (x - middle) / half_range about each hospital's mean."""
    is_lost: bool = False
    """True where patients of a hospital differ, but so little compared with the study's range that `within` cannot be
    told from rounding."""
    mean: float = 0.0
    """Pooled mean, in the column's unit."""


@dataclass(frozen=True)
class Moments(Result):
    """Moments of one analysis set over all hospitals."""

    n: int
    events: int
    """0 in a weighted set, whose events are not counted."""
    columns: dict[Column, ColumnMoments]
    """Of a weighted set w (x - mean) in place of each column."""
    weights: Weights | None = None
    """Of all patients of a weighted set."""
    weights_of_events: Weights | None = None
    """Of those with an event."""

    @property
    def counted_events(self) -> int | None:
        """Returns how many events there are; None in a weighted set."""
        return None if self.weights is not None else self.events

    @property
    def weight_of_events(self) -> float:
        """Returns what all events count together: their number, or the sum of their weights."""
        return float(self.events) if self.weights_of_events is None else self.weights_of_events.total


def scaled(column: Column, rows: AnySet) -> NDArray[np.float64]:
    """Returns the column as (x - middle) / half_range, (n,), which the study's range keeps in [-1, 1]."""
    return (column.values(rows) - column.middle) / column.half_range


def summary(columns: Sequence[Column], rows: AnySet) -> NDArray[np.float64]:
    """Returns a hospital's `NUMBERS` for each column, (3 x columns,)."""
    numbers: list[float] = []
    for column in columns:
        z = scaled(column, rows)
        shifted = z - z[0] if rows.n else z  # so that a constant column has exactly 0
        within = float(((shifted - shifted.mean()) ** 2).sum()) if rows.n else 0.0
        numbers += [float(z.sum()), float((z * z).sum()), within]
    return np.array(numbers)


def pooled(n: int, events: int, totals: Mapping[Column, Sequence[float]], varying: Collection[Column]) -> Moments:
    """Returns the moments from each column's `NUMBERS` summed over hospitals; `varying` are the columns in which the
    patients of some hospital differ."""
    found = {column: _moments(column, n, *total) for column, total in totals.items()}
    return Moments(
        n,
        events,
        {column: replace(of, is_lost=column in varying and of.within < SMALLEST) for column, of in found.items()},
    )


def with_sum(known: Moments, column: Column, within: float, varies: bool) -> Moments:
    """Returns the moments with those of a sum of terms, of which only the sum of squares within hospitals is told."""
    of = ColumnMoments(
        sd=column.half_range * sqrt(within / known.n) if known.n else 0.0,
        is_constant=within == 0.0,
        within=within,
        is_lost=varies and within < SMALLEST,
    )
    return replace(known, columns={**known.columns, column: of})


def moments_id(analysis_set: str) -> str:
    """Returns the id under which the moments of an analysis set are among the results."""
    return f"{MOMENTS}/{analysis_set}"


def _moments(column: Column, n: int, first: float, second: float, within: float) -> ColumnMoments:
    if n == 0:
        return ColumnMoments(0.0, is_constant=True, within=0.0)
    between = second - first * first / n - within
    return ColumnMoments(
        sd=column.half_range * sqrt(within / n),
        is_constant=within == 0.0 and between <= _ROUNDING * second,
        within=within,
        mean=column.middle + column.half_range * (first / n),
    )
