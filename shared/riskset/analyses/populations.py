"""Populations derived from results: which of a hospital's patients belong, and with what weight.

A derived population is a pure function of the hospital's cohort and of results that all parties have. It is computed
once per run, frozen in the site's journal before any number about it leaves, and judged like any set of patients.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet, AnySet, Cohort, SetId, chosen
from riskset.analyses.within_sets import followed_together
from riskset.strict_json import read_json

NO_LEVEL: Final = -1
"""The code of a patient who has no level of a category."""


@dataclass(frozen=True)
class Members:
    """The members of a population at one hospital. Never leaves."""

    patients: NDArray[np.int64]
    """Their numbers, increasing, (m,)."""
    weights: NDArray[np.float64] | None = None
    """(m,); None where each counts once."""
    groups: NDArray[np.int64] | None = None
    """The matched set of each, (m,); None where nobody is matched."""
    codes: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    """By name of a category that follows from the same results: the level of each, (m,); `NO_LEVEL` of who has none.
    No variable of a study has such a name."""

    def to_bytes(self) -> bytes:
        """Returns the members exactly, for the journal."""
        weights = None if self.weights is None else [weight.hex() for weight in self.weights.tolist()]
        groups = None if self.groups is None else self.groups.tolist()
        content = {"patients": self.patients.tolist(), "weights": weights, "groups": groups}
        if self.codes:
            content["codes"] = {name: of.tolist() for name, of in self.codes.items()}
        return json.dumps(content).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Members:
        content = read_json(data)
        weights, groups = content["weights"], content["groups"]
        return cls(
            np.array(content["patients"], np.int64),
            None if weights is None else np.array([float.fromhex(weight) for weight in weights]),
            None if groups is None else np.array(groups, np.int64),
            {name: np.array(of, np.int64) for name, of in content.get("codes", {}).items()},
        )


class Population(Protocol):
    """A derived population."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the analyses from whose results it is derived."""

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        """Returns the members at this hospital; the order of rows does not matter."""


def with_population(cohort: Cohort, members: Members, sets: Iterable[SetId]) -> Cohort:
    """Returns the cohort with `sets` added, each with the members' rows of the set of all patients."""
    added = {}
    for set_id in sets:
        rows = _chosen(cohort.analysis_sets[set_id.of_all.name], members)
        is_together = set_id.within_sets and isinstance(rows, AnalysisSet)
        added[set_id.name] = followed_together(rows) if is_together else rows  # type: ignore[arg-type]
    return replace(cohort, analysis_sets={**cohort.analysis_sets, **added})


def _chosen(rows: AnySet, members: Members) -> AnySet:
    of_members = chosen(rows, np.isin(rows.patients, members.patients))
    at = np.searchsorted(members.patients, of_members.patients)
    weights = None if members.weights is None else members.weights[at]
    groups = None if members.groups is None else members.groups[at]
    codes = {name: of[at].astype(np.float64) for name, of in members.codes.items()}
    return replace(of_members, weights=weights, groups=groups, variables={**of_members.variables, **codes})
