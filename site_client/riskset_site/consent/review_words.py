"""A study in sentences that a committee reads: what is computed, and of whom."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.study.spec import DaysEndpoint, Endpoint, Study


def questions(study: Study) -> tuple[str, ...]:
    """Returns a sentence for everything that is computed, in the study's order."""
    return tuple(str(sentence) for analysis in study.analyses.values() for sentence in analysis.sentences(study))


def populations(study: Study) -> tuple[str, ...]:
    """Returns who is counted, and how each endpoint comes about."""
    return (*_enrolled(study), *(_endpoint(name, endpoint, study) for name, endpoint in study.endpoints.items()))


def _enrolled(study: Study) -> Iterator[str]:
    period, cutoff = study.header.enrolled, study.header.data_cutoff
    if period:
        yield f"Patients enrolled from {period.from_} to {period.to} who fulfil the rules below."
    else:
        yield "Patients who fulfil the rules below." if study.eligibility else "All patients of the export."
    yield from (f"{rule.label}: {rule.rule}" for rule in study.eligibility if rule.label)
    if cutoff:
        yield f"What happened after {cutoff} is not counted."


def _endpoint(name: str, endpoint: Endpoint, study: Study) -> str:
    if isinstance(endpoint, DaysEndpoint):
        entry = f", at risk from the day in {study.label_of(endpoint.entry)}" if endpoint.entry else ""
        days, event = study.label_of(endpoint.days), study.label_of(endpoint.event)
        return f"{study.endpoint_label(name)}: the days in {days}, with the event in {event}{entry}."
    events = " or ".join(study.label_of(event) for event in endpoint.event)
    first = ", whichever is first," if len(endpoint.event) > 1 else ""
    start, censor = study.label_of(endpoint.origin), study.label_of(endpoint.censor)
    return f"{study.endpoint_label(name)}: from {start} to {events}{first} or, without it, to {censor}."
