"""Which rows of an export are of which patient, where a patient has several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem
from riskset_site.data.site_mapping import Take


@dataclass(frozen=True)
class Patients:
    """The rows (n,) of patients, who are in the order of their first rows."""

    of_row: NDArray[np.int64]
    """(n,) the patient of each row."""
    first_row: NDArray[np.int64]
    """(patients,) positions of their first rows in the export."""
    place: NDArray[np.float64]
    """(n,) by what the rows of a patient are ordered."""
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def n(self) -> int:
        return len(self.first_row)

    def in_any(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """True (patients,) where one of the patient's rows is chosen."""
        in_any: NDArray[np.bool_] = np.bincount(self.of_row, rows, self.n) > 0
        return in_any

    def chosen(self, values: NDArray[Any], has_value: NDArray[np.bool_], take: Take) -> NDArray[np.int64]:
        """Returns the position (patients,) of the row whose value counts; -1 where no row has one."""
        rows = np.flatnonzero(has_value)
        by = values[rows].astype(np.float64) if take in ("max", "min") else self.place[rows]
        by = np.where(np.isnan(by), np.inf if take == "min" else -np.inf, by)  # excluded: only where nothing else is
        order = np.lexsort((by if take in ("last", "max") else -by, self.of_row[rows]))  # the last of each counts
        chosen = np.full(self.n, -1)
        chosen[self.of_row[rows][order]] = rows[order]
        return chosen
