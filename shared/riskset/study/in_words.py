"""A study in sentences for an ethics committee: what is computed, and on which patients. A hospital's review and the
dossier of the study say the same."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.study.spec import DaysEndpoint, Endpoint, Release, Study


def questions(study: Study) -> tuple[str, ...]:
    """Returns what is computed, in sentences, in the study's order; then how each derived variable is."""
    asked = (sentence for analysis in study.analyses.values() for sentence in analysis.sentences(study))
    return (*asked, *(_derived(name, study) for name in study.derivations))


def _derived(name: str, study: Study) -> Message:
    derived, label = study.derivations[name], study.label_of(name)
    levels = {"levels": study.levels_of(name)} if derived.key == "cut" else {}
    how = say(f"site.review.derived.{derived.key}", label=label, how=derived.in_words, **levels)
    return say("site.review.derived.combined", how=how) if study.is_combined(name) else how


def populations(study: Study) -> tuple[Message, ...]:
    """Returns which patients are counted, and how each endpoint is defined, in sentences."""
    return (*_eligible(study), *(endpoint_in_words(name, study) for name in study.endpoints))


def _eligible(study: Study) -> Iterator[Message]:
    period, cutoff = study.header.enrolled, study.header.data_cutoff
    if period:
        yield say("site.review.population.enrolled", first=str(period.from_), last=str(period.to))
    else:
        yield say("site.review.population.eligible") if study.eligibility else say("site.review.population.all")
    for rule in study.eligibility:
        if rule.label:
            yield say("site.review.population.rule", label=rule.label, rule=str(rule.rule))
    if cutoff:
        yield say("site.review.population.cutoff", cutoff=str(cutoff))


def endpoint_in_words(name: str, study: Study) -> Message:
    """Returns how an endpoint is defined, in a sentence."""
    endpoint = study.endpoints[name]
    told = _event(name, endpoint, study)
    if not endpoint.competing:
        return told
    labels = tuple(map(study.label_of, endpoint.competing))
    return say("site.review.population.competing", told=told, events=labels)


def _event(name: str, endpoint: Endpoint, study: Study) -> Message:
    label = study.endpoint_label(name)
    if isinstance(endpoint, DaysEndpoint):
        days, event = study.label_of(endpoint.days), study.label_of(endpoint.event)
        if not endpoint.entry:
            return say("site.review.population.days", endpoint=label, days=days, event=event)
        entry = study.label_of(endpoint.entry)
        return say("site.review.population.days_from_entry", endpoint=label, days=days, event=event, entry=entry)
    events = tuple(study.label_of(event) for event in endpoint.event)
    return say(
        "site.review.population.dates",
        n=len(events),
        endpoint=label,
        origin=study.label_of(endpoint.origin),
        events=events,
        censor=study.label_of(endpoint.censor),
    )


def decided_by(study: Study) -> tuple[Message, ...]:
    """Returns who decides what is published, in sentences; none where the study does not say it."""
    return () if study.release is None else tuple(_decided(study.release))


def _decided(release: Release) -> Iterator[Message]:
    yield say("study.release.accepts", n=release.accepts)
    if release.requesters:
        yield say("study.release.requesters", names=release.requesters)
    days = release.veto_days
    yield say("study.release.no_veto_days") if days is None else say("study.release.veto", n=days)
