"""What an analysis sees of a hospital: its analysis sets as plain arrays. Built at the site, never sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AnalysisSet:
    """The eligible rows of one endpoint that are complete in every covariate the study's models of it name.

    All arrays have one element a patient, in any one order (n,).
    """

    days: NDArray[np.int64]
    """Whole days from origin to event or censoring, >= 0."""
    event: NDArray[np.bool_]
    """True where the endpoint was reached."""
    entry_days: NDArray[np.int64] | None
    """Day from which the patient is at risk (left truncation), < days; None where the study has none."""
    variables: Mapping[str, NDArray[np.float64]]
    """By name of the study's variable: a number after its declared transform, a boolean as 0 or 1, a category as the
    index of its level in the study's list. Never missing, always finite."""
    patient: NDArray[np.int64] | None = None
    """Which of the hospital's patients each row is, the same number in every endpoint's set; None where there is no
    other set to compare with: then row i is patient i."""

    @property
    def patients(self) -> NDArray[np.int64]:
        """Returns the patients of the rows, (n,)."""
        return np.arange(self.n) if self.patient is None else self.patient

    @property
    def n(self) -> int:
        return len(self.days)


@dataclass(frozen=True)
class Cohort:
    """One hospital's part of the study."""

    site: str
    analysis_sets: Mapping[str, AnalysisSet]
    """By name of the endpoint; every endpoint of the study is there, possibly with no rows."""

    @property
    def n_patients(self) -> int:
        """Returns one more than the largest number of a patient."""
        return max((int(rows.patients.max()) + 1 for rows in self.analysis_sets.values() if rows.n), default=0)
