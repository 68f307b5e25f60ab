"""Who was eligible, what was compared, and which endpoints there are."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.study.spec import DateEndpoint, DaysEndpoint
from riskset_report.methods.done import Done, each_once


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields eligibility and arms, then the endpoints."""
    yield _eligible(done)
    yield _endpoints(done)


def _eligible(done: Done) -> Iterator[Message]:
    study, header = done.study, done.study.header
    origins = each_once(one.origin for one in study.endpoints.values() if isinstance(one, DateEndpoint))
    if header.enrolled and origins:
        of = {"first": header.enrolled.from_.isoformat(), "last": header.enrolled.to.isoformat()}
        yield say("methods.patients.enrolled", origins=tuple(done.named(name) for name in origins), **of)
    if header.data_cutoff:
        yield say("methods.patients.cutoff", date=header.data_cutoff.isoformat())
    if study.eligibility:
        criteria = tuple(rule.label or rule.rule for rule in study.eligibility)
        yield say("methods.patients.criteria", n=len(criteria), criteria=criteria)
    if done.of("flow"):
        yield say("methods.patients.flow")
    if (comparison := study.comparison) is not None:
        levels = study.levels_of(comparison.arm)
        others = tuple(done.labels.level(comparison.arm, one) for one in levels if one != comparison.reference)
        reference = done.labels.level(comparison.arm, comparison.reference)
        arm = done.labels.plain_variable(comparison.arm)
        yield say("methods.patients.arms", others=others, reference=reference, arm=arm)


def _endpoints(done: Done) -> Iterator[Message]:
    """Yields the definition of each endpoint that has a result."""
    study = done.study
    for name in each_once(one.about[0] for one in done.given if one.about[0] in study.endpoints):
        endpoint, label = study.endpoints[name], done.labels.endpoint(name)
        if isinstance(endpoint, DateEndpoint):
            origin, events, censor = (
                done.named(endpoint.origin),
                tuple(done.named(one) for one in endpoint.event),
                done.named(endpoint.censor),
            )
            of = {"origin": origin, "events": events, "censor": censor}
            yield say("methods.patients.dates", endpoint=label, n=len(events), **of)
        else:
            of = {"days": done.named(endpoint.days), "event": done.named(endpoint.event)}
            yield say("methods.patients.days", endpoint=label, **of)
        if endpoint.competing:
            events = tuple(done.named(one) for one in endpoint.competing)
            yield say("methods.patients.competing", endpoint=done.endpoint(name), events=events)
        if isinstance(endpoint, DaysEndpoint) and endpoint.entry is not None:
            yield say("methods.patients.entry", entry=done.named(endpoint.entry))
