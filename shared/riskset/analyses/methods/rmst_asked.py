"""The restricted means of an entry of the study file: of patients who count once each, and of a weighted population."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import set_of
from riskset.analyses.counts_in_time import counts_of
from riskset.analyses.methods.km_asked import weighted_curves_of
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
            yield from weighted_means(weighted_curves_of(study, endpoint, population), id_, name, days)
        else:
            set_id = set_of(entry, endpoint, population, counts.variables)
            yield RestrictedMean(id=id_, name=name, set_id=set_id, counts=counts, tau_days=days)
