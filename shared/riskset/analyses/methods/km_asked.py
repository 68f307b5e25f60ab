"""The curves of an entry of the study file: of patients who count once each, and of a weighted population."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import TypeVar

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import ALL, set_of
from riskset.analyses.counts_in_time import counts_of
from riskset.analyses.design import columns_of
from riskset.analyses.methods.km import KaplanMeier
from riskset.analyses.methods.km_weighted import WeightedKaplanMeier
from riskset.analyses.methods.km_weighted_errors import errors_at_landmarks
from riskset.disclosure.rules import LIMITS
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.entry import EndpointEntry
from riskset.study.spec import Study

E = TypeVar("E", bound=EndpointEntry)


def planned(study: Study, name: str, entry: KaplanMeierEntry) -> Iterator[Analysis]:
    """Yields the curves of an entry, one analysis per endpoint and population, and the errors of weighted ones."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        if study.is_weighted(population):
            weighted = _weighted(study, name, entry, endpoint, population)
            yield weighted
            yield from errors_at_landmarks(weighted, _of_all_curves(study, endpoint, population))
        else:
            yield _curves(study, name, entry, endpoint, population)


def _weighted(study: Study, name: str, entry: KaplanMeierEntry, endpoint: str, population: str) -> WeightedKaplanMeier:
    """Returns the curves of a weighted population. With several endpoints patients are in several blocks: a block has
    the fewest patients that rule R9 permits for each."""
    of_all, own = (_curves(study, name, entry, endpoint, of) for of in (ALL, population))
    fewest = int(_fewest_of_a_block(study))
    return WeightedKaplanMeier(
        id=own.id,
        name=name,
        set_id=own.set_id,
        of_all=of_all,
        least=fewest * len(_weighted_endpoints(study)),
        followed=fewest,
    )


def _of_all_curves(study: Study, endpoint: str, population: str) -> tuple[float, ...]:
    """Returns the days of the landmarks of all curves of an endpoint in a population that a study asks for."""
    asked = entries_of(study, KaplanMeierEntry, endpoint, population)
    return tuple(time * study.days_per_unit for one in asked for time in one.landmarks)


def entries_of(study: Study, kind: type[E], endpoint: str, population: str) -> Iterator[E]:
    """Yields the entries of a kind that are of an endpoint, under any of its names, in a population. Competing events
    count as censorings in curves."""
    by_name = {name: one.model_dump(exclude={"label", "competing"}) for name, one in study.endpoints.items()}
    names = {name for name, one in by_name.items() if one == by_name[endpoint]}
    for one in study.analyses.values():
        if isinstance(one, kind) and names.intersection(one.endpoints) and population in one.populations:
            yield one


def weighted_curves_of(study: Study, endpoint: str, population: str) -> WeightedKaplanMeier:
    """Returns the curves of a weighted population that the first entry with these asks for; LookupError where none
    does, which `riskset study check` says before."""
    for name, entry in study.analyses.items():
        if isinstance(entry, KaplanMeierEntry) and endpoint in entry.endpoints and population in entry.populations:
            return _weighted(study, name, entry, endpoint, population)
    raise LookupError(f"the study has no curves of {endpoint}, {population}")


def _fewest_of_a_block(study: Study) -> Fraction:
    """Returns how many patients of an arm rule R9 demands of a block in which weights are added up."""
    fewest = LIMITS["R9.block"].default("pooled", study.disclosure.min_cell)
    assert fewest is not None
    return fewest


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
