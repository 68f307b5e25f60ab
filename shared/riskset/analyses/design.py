"""From a study's covariates to the columns of a model. Levels come from the study, never from a hospital's data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnySet
from riskset.disclosure.exposure import Column
from riskset.study.spec import NumberVariable, Study

__all__ = ["Column", "columns_of", "level_columns", "matrix", "reference_of"]


def reference_of(study: Study, variable: str) -> str:
    """Returns the reference level of a category or boolean: the study's reference for the arm, otherwise the first."""
    comparison = study.comparison
    if comparison is not None and comparison.arm == variable:
        return comparison.reference
    return study.levels_of(variable)[0]


def columns_of(study: Study, covariates: Sequence[str]) -> tuple[Column, ...]:
    """Returns the columns of the covariates, in their order; a variable with L levels has L - 1."""
    return tuple(column for name in covariates for column in _columns(study, name))


def level_columns(study: Study, name: str) -> tuple[Column, ...]:
    """Returns a column for each level of a category or boolean, in the study's order, including the reference."""
    reference, is_derived = reference_of(study, name), study.variables[name].is_derived
    return tuple(
        Column(name, level, reference, code, is_derived=is_derived) for code, level in enumerate(study.levels_of(name))
    )


def _columns(study: Study, name: str) -> list[Column]:
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        low, high = variable.transformed_range
        return [Column(name, middle=(low + high) / 2, half_range=(high - low) / 2)]
    return [column for column in level_columns(study, name) if column.level != column.reference]


def matrix(columns: Sequence[Column], rows: AnySet) -> NDArray[np.float64]:
    """Returns the design, (n, columns)."""
    design = np.empty((rows.n, len(columns)))
    for j, column in enumerate(columns):
        design[:, j] = column.values(rows)
    return design
