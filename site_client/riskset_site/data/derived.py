"""The variables that a study derives from others, computed from the values that were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset_site.data.column_reading import MetText, VariableColumn, known
from riskset_site.data.variables import ExportRows


def with_derived(read: Mapping[str, VariableColumn], rows: ExportRows) -> dict[str, VariableColumn]:
    """Returns all variables in the study's order, from those that were read."""
    study, columns = rows.study, dict(read)
    no_row = np.zeros(rows.table.n, bool)
    for name, derived in study.derivations.items():
        values = derived.compute({of: columns[of].values for of in derived.names})
        met = tuple(_met(values, study.levels_of(name)))
        columns[name] = VariableColumn(values, ~known(values), no_row, met=met)
    return {name: columns[name] for name in study.variables}


def _met(values: NDArray[Any], levels: Sequence[str]) -> Iterator[MetText]:
    """Yields how many rows have each level."""
    for code, level in enumerate(levels):
        yield MetText(level, "computed", level, int((values == code).sum()))
