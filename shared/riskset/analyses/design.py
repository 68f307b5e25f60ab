"""From a study's covariates to the columns of a model. Levels come from the study, never from a hospital's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnySet
from riskset.disclosure.composed import product, spline
from riskset.disclosure.exposure import Column
from riskset.study.spec import NumberVariable, Study

__all__ = ["Column", "columns_of", "level_columns", "matrix", "reference_of", "strata_of"]


def reference_of(study: Study, variable: str) -> str:
    """Returns the reference level of a category or boolean: the study's reference for the arm, otherwise the first."""
    comparison = study.comparison
    if comparison is not None and comparison.arm == variable:
        return comparison.reference
    return study.levels_of(variable)[0]


def columns_of(
    study: Study, terms: Sequence[str], splines: Mapping[str, Sequence[float]] | None = None
) -> tuple[Column, ...]:
    """Returns the columns of the terms, in their order; a variable with L levels has L - 1, an interaction `a:b` the
    products of the columns of both. A number in `splines`, which gives its knots in its own unit, has its curved parts
    after it."""
    columns: list[Column] = []
    for term in terms:
        first, *second = (_columns(study, name) for name in term.split(":"))
        columns += [product(a, b) for a in first for b in second[0]] if second else first
        if knots := (splines or {}).get(term):
            columns += spline(first[0], knots_of(study, term, knots))
    return tuple(columns)


def knots_of(study: Study, name: str, knots: Sequence[float]) -> tuple[float, ...]:
    """Returns the knots of a number on the scale of the model."""
    variable = study.variables[name]
    assert isinstance(variable, NumberVariable)
    return tuple(map(float, variable.transformed(np.asarray(knots, np.float64))))


def level_columns(study: Study, name: str) -> tuple[Column, ...]:
    """Returns a column for each level of a category or boolean, in the study's order, including the reference."""
    reference, combines = reference_of(study, name), study.is_combined(name)
    is_derived = study.variables[name].is_derived
    return tuple(
        Column(name, level, reference, code, is_combined=combines, is_derived=is_derived)
        for code, level in enumerate(study.levels_of(name))
    )


def _columns(study: Study, name: str) -> list[Column]:
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        terms = tuple(_number(term.name, term.scale) for term in study.terms_of(name))
        return [replace(_number(name, variable), terms=terms, is_combined=study.is_combined(name))]
    return [column for column in level_columns(study, name) if column.level != column.reference]


def _number(name: str, variable: NumberVariable) -> Column:
    low, high = variable.transformed_range
    return Column(name, middle=(low + high) / 2, half_range=(high - low) / 2)


def matrix(columns: Sequence[Column], rows: AnySet) -> NDArray[np.float64]:
    """Returns the design, (n, columns)."""
    design = np.empty((rows.n, len(columns)))
    for j, column in enumerate(columns):
        design[:, j] = column.values(rows)
    return design


def strata_of(columns: Sequence[Column], rows: AnySet) -> NDArray[np.int64]:
    """Returns one code for each combination of the levels, from 0, (n,); 0 for all without columns."""
    if not columns:
        return np.zeros(rows.n, np.int64)
    _, codes = np.unique(matrix(columns, rows), axis=0, return_inverse=True)
    return np.asarray(codes, np.int64).reshape(-1)
