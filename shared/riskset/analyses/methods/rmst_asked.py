"""The restricted means of an entry of the study file: of patients who count once each, and of a weighted population."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import set_of
from riskset.analyses.counts_in_time import counts_of
from riskset.analyses.methods.km_asked import entries_of, weighted_curves_of
from riskset.analyses.methods.rmst import RestrictedMean
from riskset.analyses.methods.rmst_weighted import weighted_means
from riskset.study.asked.rmst import RestrictedMeanEntry
from riskset.study.spec import Study


def planned(study: Study, name: str, entry: RestrictedMeanEntry) -> Iterator[Analysis]:
    """Yields an analysis for each endpoint, population and tau of an entry, and the errors of weighted ones."""
    for endpoint, population, tau in product(entry.endpoints, entry.populations, entry.tau):
        counts, days = counts_of(study, endpoint), tau * study.days_per_unit
        id_ = f"rmst/{endpoint}/{population}/{repr(tau).removesuffix('.0')}"
        if study.is_weighted(population):
            curves = weighted_curves_of(study, endpoint, population)
            yield from weighted_means(curves, id_, name, days, _of_all_means(study, endpoint, population))
        else:
            set_id = set_of(entry, endpoint, population, counts.variables)
            yield RestrictedMean(id=id_, name=name, set_id=set_id, counts=counts, tau_days=days)


def _of_all_means(study: Study, endpoint: str, population: str) -> tuple[float, ...]:
    """Returns the days up to which a study asks for means of an endpoint in a population."""
    asked = entries_of(study, RestrictedMeanEntry, endpoint, population)
    return tuple(time * study.days_per_unit for one in asked for time in one.tau)
