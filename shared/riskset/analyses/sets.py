"""Which set of patients an analysis is of, from what its entry of the study file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from riskset.analyses.cohort import ALL, SetId
from riskset.study.entry import AnalysisEntry


def set_of(entry: AnalysisEntry, endpoint: str | None, population: str, variables: Sequence[str]) -> SetId:
    """Returns the endpoint's common set or, with `missing = "by_model"`, the rows complete in `variables`."""
    own = tuple(variables) if entry.missing == "by_model" else None
    return SetId(endpoint, population, own)


def of_all(sets: Iterable[SetId]) -> tuple[SetId, ...]:
    """Returns the sets of every eligible patient, each once: those that a hospital builds from its rows."""
    return tuple(dict.fromkeys(set_id for set_id in sets if set_id.population == ALL))
