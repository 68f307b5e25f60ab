"""The variables that a study derives from others, computed from the values that were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.derived import Derivation
from riskset.study.spec import NumberVariable
from riskset.study.truth import Columns
from riskset_site.data.column_reading import MetText, VariableColumn, known
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.variables import allowed_numbers

_UNDEFINED = Fault("undefined", say("data.hint.undefined"))


def with_derived(read: Mapping[str, VariableColumn], rows: ExportRows) -> dict[str, VariableColumn]:
    """Returns all variables in the study's order, from those that were read."""
    columns = dict(read)
    for name, derived in rows.study.derivations.items():
        columns[name] = _computed(name, derived, {of: columns[of].values for of in derived.names}, rows)
    return {name: columns[name] for name in rows.study.variables}


def _computed(name: str, derived: Derivation, of: Columns, rows: ExportRows) -> VariableColumn:
    """Returns the values; those outside the study's range are problems, as where they are read, and those that are not
    defined a warning."""
    variable, values = rows.study.variables[name], derived.compute(of)
    met = tuple(_met(values, rows.study.levels_of(name)))
    warnings = tuple(_not_defined(name, derived, of, rows))
    column = VariableColumn(values, ~known(values), np.zeros(rows.table.n, bool), warnings=warnings, met=met)
    if not isinstance(variable, NumberVariable):
        return column
    return allowed_numbers(say("data.where.a_variable", name=name), name, variable, column, rows)


def _not_defined(name: str, derived: Derivation, of: Columns, rows: ExportRows) -> Iterator[Problem]:
    """Yields a warning with the rows in which the formula has no value though nothing is missing."""
    wrong = np.zeros(rows.table.n, bool) if derived.formula is None else derived.formula.undefined(of)
    if wrong.any():
        where, numbers = say("data.where.a_variable", name=name), rows.table.row_numbers
        yield problem_in_rows(where, _UNDEFINED, numbers, wrong, lambda row: _inputs(of, row))


def _inputs(of: Columns, row: int) -> str:
    """Returns the values behind one row, for the site's own eyes."""
    return " ".join(f"{name}={values[row]:.15g}" for name, values in of.items())


def _met(values: NDArray[Any], levels: Sequence[str]) -> Iterator[MetText]:
    """Yields how many rows have each level."""
    for code, level in enumerate(levels):
        yield MetText(level, "computed", level, int((values == code).sum()))
