"""From a study's covariates to the columns of a model. Levels come from the study, never from a hospital's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet
from riskset.study.spec import NumberVariable, Study


@dataclass(frozen=True)
class Column:
    """One column of a design: a number, or the indicator of a level against its reference."""

    variable: str
    level: str | None = None
    """None for a number."""
    reference: str | None = None
    code: int | None = None
    """Index of the level among the study's levels; None for a number."""
    middle: float = 0.0
    half_range: float = 1.0
    """The study's range of a number after its transform: (value - middle) / half_range lies in [-1, 1]."""

    @property
    def name(self) -> str:
        return self.variable if self.level is None else f"{self.variable} = {self.level}"

    def values(self, rows: AnalysisSet) -> NDArray[np.float64]:
        """Returns the column for a hospital's rows, (n,), in its own unit."""
        values = rows.variables[self.variable]
        return values if self.code is None else (values == self.code).astype(np.float64)


def reference_of(study: Study, variable: str) -> str:
    """Returns the level a category or boolean is compared with: the study's reference for the arm, else the first."""
    comparison = study.comparison
    if comparison is not None and comparison.arm == variable:
        return comparison.reference
    return study.levels_of(variable)[0]


def columns_of(study: Study, covariates: Sequence[str]) -> tuple[Column, ...]:
    """Returns the columns of the covariates in their order; a variable of L levels has L - 1."""
    return tuple(column for name in covariates for column in _columns(study, name))


def _columns(study: Study, name: str) -> list[Column]:
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        low, high = variable.transformed_range
        return [Column(name, middle=(low + high) / 2, half_range=(high - low) / 2)]
    reference = reference_of(study, name)
    return [
        Column(name, level, reference, code) for code, level in enumerate(study.levels_of(name)) if level != reference
    ]


def matrix(columns: Sequence[Column], rows: AnalysisSet) -> NDArray[np.float64]:
    """Returns the design, (n, columns)."""
    design = np.empty((rows.n, len(columns)))
    for j, column in enumerate(columns):
        design[:, j] = column.values(rows)
    return design
