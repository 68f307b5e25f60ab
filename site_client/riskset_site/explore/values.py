"""How numbers and levels of eligible rows are distributed, and which numbers are far from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable, Study
from riskset_site.data.column_reading import known
from riskset_site.data.spread import Spread, spread, suspects
from riskset_site.explore.rows import Looked

_FENCE = 3.0
"""Quartile distances from the quartiles, beyond which a number is far out (Tukey 1977)."""
_FEWEST = 8
"""Numbers, for one to be far out."""


@dataclass(frozen=True)
class Numbers:
    """One number variable."""

    name: str
    variable: NumberVariable
    values: NDArray[np.float64]
    """Known ones, (n,), before any transform."""
    missing: int
    spread: Spread | None
    outliers: tuple[tuple[int, float], ...]
    """Row number and value, of what is far out or looks like a code for missing; smallest first."""


@dataclass(frozen=True)
class Levels:
    """One category or boolean: how many rows have each level, by arm."""

    name: str
    levels: tuple[str, ...]
    counts: NDArray[np.int64]
    """(levels + 1, arms): last those without a value."""


def numbers(looked: Looked) -> Iterator[Numbers]:
    """Yields each number of the study, computed ones too."""
    export, eligible = looked.used.export, looked.eligible
    for name, variable in looked.study.variables.items():
        if isinstance(variable, NumberVariable):
            values = export.columns[name].values[eligible]
            is_known = known(values)
            far = _far_out(values, variable)
            rows = zip(export.row_numbers[eligible][far].tolist(), values[far].tolist(), strict=True)
            found, lost = values[is_known], int((~is_known).sum())
            yield Numbers(name, variable, found, lost, spread(found), tuple(sorted(rows, key=lambda row: row[1])))


def _far_out(values: NDArray[np.float64], variable: NumberVariable) -> NDArray[np.bool_]:
    """True where a number is beyond the fences, on the scale that models use, or looks like a missing code."""
    far = np.zeros(len(values), bool)
    for _, rows in suspects(values):
        far |= rows
    scaled = variable.transformed(values)
    found = scaled[known(scaled)]
    if len(found) < _FEWEST:
        return far
    low, high = np.quantile(found, (0.25, 0.75))
    reach = _FENCE * (high - low)
    beyond: NDArray[np.bool_] = (scaled < low - reach) | (scaled > high + reach)
    return far | beyond if reach > 0 else far


def arms_of(study: Study) -> tuple[str, ...]:
    """Returns the levels of the arm; none where the study compares none."""
    return study.levels_of(study.comparison.arm) if study.comparison else ()


def levels(looked: Looked) -> Iterator[Levels]:
    """Yields each category and boolean of the study, computed ones too; the arm first by its place in the study."""
    columns, eligible, arms = looked.used.export.columns, looked.eligible, arms_of(looked.study)
    n = int(eligible.sum())
    comparison = looked.study.comparison
    by = columns[comparison.arm].values[eligible] if comparison else np.zeros(n)
    for name, variable in looked.study.variables.items():
        if isinstance(variable, CategoryVariable | BooleanVariable):
            own, values = looked.study.levels_of(name), columns[name].values[eligible]
            codes = np.where(known(values), values, len(own)).astype(np.int64)
            counts = [
                [int(((codes == code) & (by == arm)).sum()) for arm in range(max(1, len(arms)))]
                for code in range(len(own) + 1)
            ]
            yield Levels(name, own, np.array(counts, np.int64))
