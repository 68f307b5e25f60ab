"""The curves of an entry of the study file: of patients who count once each, and of a weighted population."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import ALL, set_of
from riskset.analyses.counts_in_time import counts_of
from riskset.analyses.design import columns_of
from riskset.analyses.methods.km import KaplanMeier
from riskset.analyses.methods.km_weighted import weighted_curves
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.spec import Study

_FEWEST: Final = 20
"""Patients of a block in which weights are added up, if four times `min_cell` is fewer: as rule R9 has it."""


def planned(study: Study, name: str, entry: KaplanMeierEntry) -> Iterator[Analysis]:
    """Yields the curves of an entry, one analysis per endpoint and population, and the errors of weighted ones."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        curves, id_ = _curves(study, name, entry, endpoint, population), f"km/{endpoint}/{population}"
        if study.is_weighted(population):
            of_all = _curves(study, name, entry, endpoint, ALL)
            fewest = max(4 * study.disclosure.min_cell, _FEWEST)
            yield from weighted_curves(of_all, curves.set_id, id_, fewest, len(_weighted_endpoints(study)))
        else:
            yield curves


def _weighted_endpoints(study: Study) -> set[str]:
    """Returns the endpoints of all weighted curves of a study."""
    entries = (one for one in study.analyses.values() if isinstance(one, KaplanMeierEntry))
    return {name for one in entries if any(map(study.is_weighted, one.populations)) for name in one.endpoints}


def _curves(study: Study, name: str, entry: KaplanMeierEntry, endpoint: str, population: str) -> KaplanMeier:
    counts = counts_of(study, endpoint)
    return KaplanMeier(
        id=f"km/{endpoint}/{population}",
        name=name,
        set_id=set_of(entry, endpoint, population, (*counts.variables, *entry.strata)),
        counts=counts,
        limits_kind=entry.limits,
        landmarks=tuple((time, time * study.days_per_unit) for time in entry.landmarks),
        rho=entry.rho,
        strata=columns_of(study, entry.strata),
    )
