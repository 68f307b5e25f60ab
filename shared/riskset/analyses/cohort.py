"""What an analysis sees of a hospital: sets of its patients as plain arrays. Built at the site, never sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.study.entry import AnalysisEntry

ALL = "all"
"""The population of every eligible patient."""


@dataclass(frozen=True)
class SetId:
    """Which set of patients an analysis is of: by endpoint (or none), population, and what its rows are complete in."""

    endpoint: str | None
    """None for an analysis without an endpoint."""
    population: str = ALL
    complete_in: tuple[str, ...] | None = None
    """Variables without a missing value in the rows, where the set is one model's own (`missing = "by_model"`); None
    for the endpoint's common set, complete in the covariates of all models that share it."""

    @property
    def name(self) -> str:
        """Returns its key in a cohort, which labels and findings print: `os`, `os/match`, `os with age and arm`."""
        name = self.endpoint or "patients"
        if self.endpoint is None or self.population != ALL:
            name += f"/{self.population}"
        return name if self.complete_in is None else f"{name} with {' and '.join(self.complete_in) or 'nothing'}"

    @property
    def of_all(self) -> SetId:
        """Returns the set of every eligible patient that this one is a part of."""
        return SetId(self.endpoint, ALL, self.complete_in)


def set_of(entry: AnalysisEntry, endpoint: str | None, population: str, variables: Sequence[str]) -> SetId:
    """Returns the endpoint's common set or, with `missing = "by_model"`, the rows complete in `variables`."""
    own = tuple(variables) if entry.missing == "by_model" else None
    return SetId(endpoint, population, own)


def of_all(sets: Iterable[SetId]) -> tuple[SetId, ...]:
    """Returns the sets of every eligible patient, each once: those that a hospital builds from its rows."""
    return tuple(dict.fromkeys(set_id for set_id in sets if set_id.population == ALL))


@dataclass(frozen=True)
class PatientSet:
    """Eligible rows without an endpoint. Arrays have one element a patient, in any one order (n,)."""

    variables: Mapping[str, NDArray[np.float64]]
    """By name of the study's variable: a number after its declared transform, a boolean as 0 or 1, a category as the
    index of its level in the study's list. Never missing, always finite."""
    patient: NDArray[np.int64]
    """Which of the hospital's patients each row is, the same number in every set."""
    weights: NDArray[np.float64] | None = None
    """Of a weighted population; None where every patient counts once."""

    @property
    def patients(self) -> NDArray[np.int64]:
        return self.patient

    @property
    def n(self) -> int:
        return len(self.patient)


@dataclass(frozen=True)
class AnalysisSet:
    """The eligible rows of one endpoint, complete in the covariates that its models name.

    All arrays have one element a patient, in any one order (n,).
    """

    days: NDArray[np.int64]
    """Whole days from origin to event or censoring, >= 0."""
    event: NDArray[np.bool_]
    """True where the endpoint was reached."""
    entry_days: NDArray[np.int64] | None
    """Day from which the patient is at risk (left truncation), < days; None where the study has none."""
    variables: Mapping[str, NDArray[np.float64]]
    """As of a `PatientSet`."""
    patient: NDArray[np.int64] | None = None
    """As of a `PatientSet`; None where there is no other set to compare with: then row i is patient i."""
    weights: NDArray[np.float64] | None = None
    """As of a `PatientSet`."""

    @property
    def patients(self) -> NDArray[np.int64]:
        """Returns the patients of the rows, (n,)."""
        return np.arange(self.n) if self.patient is None else self.patient

    @property
    def n(self) -> int:
        return len(self.days)


AnySet = AnalysisSet | PatientSet


@dataclass(frozen=True)
class Cohort:
    """One hospital's part of the study."""

    site: str
    analysis_sets: Mapping[str, AnySet]
    """By `SetId.name`; the common set of every endpoint of the study is there, possibly with no rows."""

    @property
    def n_patients(self) -> int:
        """Returns one more than the largest number of a patient."""
        return max((int(rows.patients.max()) + 1 for rows in self.analysis_sets.values() if rows.n), default=0)

    def outcomes(self, name: str) -> AnalysisSet:
        """Returns a set with an endpoint; TypeError where it has none."""
        rows = self.analysis_sets[name]
        if not isinstance(rows, AnalysisSet):
            raise TypeError(f"the set {name} has no endpoint")
        return rows
