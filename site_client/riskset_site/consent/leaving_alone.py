"""What the curves of a study would tell of a patient who leaves alone in a step, for the committee of a site."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from riskset.analyses.cohort import Cohort
from riskset.analyses.leaving import curves_of
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.disclosure.curves import Curve, n_alone, shares_a_clock
from riskset.disclosure.exposure import COMPETING
from riskset.study.spec import Study


def leaving_alone(study: Study, cohort: Cohort) -> tuple[Message, ...]:
    """Returns a sentence for each endpoint with a curve: what is told, and of how many of the site's own patients, who
    are alone among themselves. Never leaves the site."""
    analyses = plan(study).reported
    endpoints = {analysis.id: str(analysis.endpoint) for analysis in analyses}
    curves = {endpoints[curve.name]: curve for curve in curves_of(cohort, analyses) if not curve.weighted}
    by_cause = {str(a.endpoint) for a in analyses if (t := a.exposure.in_time) and t.status.intersection(COMPETING)}
    return tuple(_sentences(study, curves, by_cause))


def _sentences(study: Study, curves: dict[str, Curve], by_cause: Collection[str]) -> Iterator[Message]:
    for endpoint, curve in curves.items():
        width = curve.grid.width_days
        told = say(f"site.review.leaving.{'step_and_cause' if endpoint in by_cause else 'step'}", n=width)
        if study.comparison:
            told = say("site.review.leaving.arm", arm=study.label_of(study.comparison.arm), step=told)
        others = (name for name, other in curves.items() if other is not curve and shares_a_clock(curve, other))
        if labels := tuple(study.endpoint_label(name) for name in others):
            told = say("site.review.leaving.others", told=told, endpoints=labels)
        label, patients = study.endpoint_label(endpoint), int(curve.is_in.sum())
        yield say("site.review.leaving.endpoint", n=n_alone(curve), endpoint=label, told=told, patients=patients)
