"""What an analysis sees of a hospital: sets of its patients as plain arrays. Built at the site and never sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.alike import are_alike
from riskset.study.entry import AnalysisEntry
from riskset.study.propensity import ALL

__all__ = ["ALL", "AnalysisSet", "AnySet", "Cohort", "PatientSet", "SetId", "chosen", "of_all", "set_of"]


@dataclass(frozen=True)
class SetId:
    """The patients of an analysis: by endpoint (or none), population, and the variables in which rows are complete."""

    endpoint: str | None
    """None for an analysis without an endpoint."""
    population: str = ALL
    complete_in: tuple[str, ...] | None = None
    """Variables without missing values, where the model has its own set (`missing = "by_model"`); None for the
    endpoint's common set, complete in the covariates of all models that share it."""
    landmark_days: int | None = None
    """Only the rows still at risk after this day, whose days are counted from it; None for all rows."""
    until: str | None = None
    """The box of the flow chart that the rows have reached, whether they meet the rules after it or not; None for
    eligible rows."""
    weighted_by: str | None = None
    """The variable that has each patient's weight; None where every patient counts once, or the population has the
    weights."""
    within_sets: bool = False
    """Only what happens while both patients of a matched set of two are at risk (`within_sets.followed_together`)."""

    @cached_property
    def name(self) -> str:
        """Its key in a cohort, as labels and findings print it: `os`, `os/match`, `os with age and arm`, `os after day
        91`, `os weighted by w`, `os/match within matched sets`."""
        name = self.endpoint or "patients"
        if self.endpoint is None or self.population != ALL:
            name += f"/{self.population}"
        if self.until is not None:
            name += f" at {self.until}"
        if self.landmark_days is not None:
            name += f" after day {self.landmark_days}"
        if self.weighted_by is not None:
            name += f" weighted by {self.weighted_by}"
        if self.within_sets:
            name += " within matched sets"
        return name if self.complete_in is None else f"{name} with {' and '.join(self.complete_in) or 'nothing'}"

    @cached_property
    def of_all(self) -> SetId:
        """The set of all eligible patients of which this one is a part."""
        return replace(self, population=ALL, within_sets=False)

    @cached_property
    def of_any_box(self) -> SetId:
        """Itself, whichever box of the flow chart its rows have reached."""
        return replace(self, until=None)


def set_of(entry: AnalysisEntry, endpoint: str | None, population: str, variables: Sequence[str]) -> SetId:
    """Returns the endpoint's common set or, with `missing = "by_model"`, the rows complete in `variables`."""
    own = tuple(variables) if entry.missing == "by_model" else None
    return SetId(endpoint, population, own)


def of_all(sets: Iterable[SetId]) -> tuple[SetId, ...]:
    """Returns the sets of all eligible patients, each once: those that a hospital builds from its rows."""
    return tuple(dict.fromkeys(set_id for set_id in sets if set_id.population == ALL))


@dataclass(frozen=True)
class PatientSet:
    """Eligible rows without an endpoint. Arrays have one element per patient, (n,), all in the same order."""

    variables: Mapping[str, NDArray[np.float64]]
    """By name of the study's variable: a number after its declared transform, a boolean as 0 or 1, a category as the
    index of its level in the study. No missing values; always finite."""
    patient: NDArray[np.int64]
    """Number of the hospital's patient in each row; the same patient has the same number in every set."""
    weights: NDArray[np.float64] | None = None
    """How much each patient counts, 0 or more; None where every patient counts once."""
    groups: NDArray[np.int64] | None = None
    """For a matched population: the matched set of each patient; None where nobody is matched."""

    @property
    def patients(self) -> NDArray[np.int64]:
        return self.patient

    @property
    def n(self) -> int:
        return len(self.patient)


@dataclass(frozen=True)
class AnalysisSet:
    """The eligible rows of one endpoint, complete in the covariates of its models.

    All arrays have one element per patient, (n,), all in the same order.
    """

    days: NDArray[np.int64]
    """Whole days from origin to event or censoring, >= 0."""
    event: NDArray[np.bool_]
    """True where the event occurred."""
    entry_days: NDArray[np.int64] | None
    """Day from which the patient is at risk (left truncation), < days; None where the study has none."""
    variables: Mapping[str, NDArray[np.float64]]
    """As in a `PatientSet`."""
    patient: NDArray[np.int64] | None = None
    """As in a `PatientSet`; None where there is no other set to compare with, so that row i is patient i."""
    weights: NDArray[np.float64] | None = None
    """As in a `PatientSet`."""
    groups: NDArray[np.int64] | None = None
    """As in a `PatientSet`."""
    cause: NDArray[np.int64] | None = None
    """0 where censored, 1 where the event occurred, 2 and 3 where a competing event did, in the endpoint's order; None
    where the endpoint has none."""

    @property
    def patients(self) -> NDArray[np.int64]:
        """Returns the patients of the rows, (n,)."""
        return np.arange(self.n) if self.patient is None else self.patient

    @property
    def n(self) -> int:
        return len(self.days)


AnySet = AnalysisSet | PatientSet


def chosen(rows: AnySet, which: NDArray[np.bool_]) -> AnySet:
    """Returns the rows of some patients."""
    names = [
        field.name for field in fields(rows) if field.name != "variables" and getattr(rows, field.name) is not None
    ]
    values: dict[str, Any] = {name: getattr(rows, name)[which] for name in names}
    variables = {name: of[which] for name, of in rows.variables.items()}
    return replace(rows, variables=variables, **values | {"patient": rows.patients[which]})


@dataclass(frozen=True)
class Cohort:
    """One hospital's part of the study."""

    site: str
    analysis_sets: Mapping[str, AnySet]
    """By `SetId.name`; includes the common set of every endpoint of the study, possibly without rows."""
    excluded: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Eligible patients who are not analysed, by the key of a `Reason`."""
    eligible: tuple[int, ...] = ()
    """Numbers of all eligible patients, whose reasons are counted; empty where those in a set are all."""

    @property
    def n_patients(self) -> int:
        """One more than the largest patient number."""
        return int(self.counted.max(initial=-1)) + 1

    @cached_property
    def alike(self) -> Mapping[str, frozenset[str]]:
        """By variable of any set: it, and those that are nearly the same by their values here."""
        values: dict[str, NDArray[np.float64]] = {}
        for rows in self.analysis_sets.values():
            for name, known in rows.variables.items():
                values.setdefault(name, np.full(self.n_patients, np.nan))[rows.patients] = known
        found = {name: {name} for name in values}
        for (a, one), (b, other) in combinations(values.items(), 2):
            if are_alike(one, other):
                found[a].add(b)
                found[b].add(a)
        return {name: frozenset(names) for name, names in found.items()}

    @cached_property
    def analysed(self) -> NDArray[np.int64]:
        """Numbers of the patients in any set, ascending."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *(s.patients for s in self.analysis_sets.values())]))

    @cached_property
    def counted(self) -> NDArray[np.int64]:
        """Numbers of the patients who are in a set, or whose reason not to be is counted, ascending."""
        return np.union1d(self.analysed, np.array(self.eligible, np.int64))

    def apart(self, a: str, b: str) -> int:
        """Returns how many patients are in only one of two sets."""
        return len(np.setxor1d(self.analysis_sets[a].patients, self.analysis_sets[b].patients))

    def outcomes(self, name: str) -> AnalysisSet:
        """Returns a set that has an endpoint; TypeError for one without."""
        rows = self.analysis_sets[name]
        if not isinstance(rows, AnalysisSet):
            raise TypeError(f"the set {name} has no endpoint")
        return rows
