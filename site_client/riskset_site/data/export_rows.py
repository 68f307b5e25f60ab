"""What the variables of a study are read from, and the problems of its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.study.spec import Study
from riskset_site.data.column_reading import VariableColumn
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.latest_day import LatestDay
from riskset_site.data.patients import Patients
from riskset_site.data.site_file import SiteFile
from riskset_site.data.sources.table import SourceTable


@dataclass(frozen=True)
class ExportRows:
    """What the variables of a study are read from."""

    site: SiteFile
    study: Study
    table: SourceTable
    latest: LatestDay
    patients: Patients | None = None
    """Whose rows they are, where a patient has several."""

    def in_rows(
        self, column: VariableColumn, where: Message, fault: Fault, wrong: NDArray[np.bool_], has_value: bool = True
    ) -> VariableColumn:
        """Returns the column with the problem of the `wrong` rows, whose values are then blank."""
        if not wrong.any():
            return column
        value_at = printed(column.values) if has_value else None
        problem = problem_in_rows(where, fault, self.table.row_numbers, wrong, value_at)
        return replace(column, values=blanked(column.values, wrong), problems=(*column.problems, problem))

    def not_too_late(self, where: Message, column: VariableColumn) -> VariableColumn:
        """Returns a column of dates with those after the latest possible day as a problem."""
        return self.in_rows(column, where, self.latest.fault, column.values > np.datetime64(self.latest.day))


def blanked(values: NDArray[Any], chosen: NDArray[np.bool_]) -> NDArray[Any]:
    """Returns values (n,) that are blank where they are chosen."""
    blank: Any = {"M": np.datetime64("NaT"), "i": -1}.get(values.dtype.kind, np.nan)
    return np.where(chosen, blank, values)


def printed(values: NDArray[Any]) -> Callable[[int], str]:
    """Returns how row i's value is printed for the site's own eyes."""
    return lambda row: str(values[row]) if values.dtype.kind == "M" else f"{values[row]:.15g}"


def where_of(name: str, header: str) -> Message:
    """Returns the place of a variable that is read from a column."""
    return say("data.where.variable", column=header, name=name)
