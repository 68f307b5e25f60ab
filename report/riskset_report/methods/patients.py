"""Who was eligible, what was compared, which endpoints there are, and what became of missing values."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.excluded import INCOMPLETE, NO_FOLLOW_UP
from riskset.catalogue import Message, say
from riskset.study.spec import DateEndpoint, DaysEndpoint
from riskset_report.blocks import Shown
from riskset_report.labels import inside
from riskset_report.methods.done import Done, Given, each_once, listed

_LEFT_OUT = {NO_FOLLOW_UP: "no_follow_up", INCOMPLETE: "incomplete"}


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields eligibility and arms, endpoints, and missing values with the numbers of patients analysed."""
    yield _eligible(done)
    yield _endpoints(done)
    yield _missing(done)


def _eligible(done: Done) -> Iterator[Message]:
    study, header = done.study, done.study.header
    origins = each_once(one.origin for one in study.endpoints.values() if isinstance(one, DateEndpoint))
    if header.enrolled and origins:
        of = {"first": header.enrolled.from_.isoformat(), "last": header.enrolled.to.isoformat()}
        yield say("methods.patients.enrolled", origins=tuple(inside(study.label_of(name)) for name in origins), **of)
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
                inside(study.label_of(endpoint.origin)),
                tuple(inside(study.label_of(one)) for one in endpoint.event),
                inside(study.label_of(endpoint.censor)),
            )
            of = {"origin": origin, "events": events, "censor": censor}
            yield say("methods.patients.dates", endpoint=label, n=len(events), **of)
        else:
            of = {"days": inside(study.label_of(endpoint.days)), "event": inside(study.label_of(endpoint.event))}
            yield say("methods.patients.days", endpoint=label, **of)
        if endpoint.competing:
            events = tuple(inside(study.label_of(one)) for one in endpoint.competing)
            yield say("methods.patients.competing", endpoint=done.endpoint(name), events=events)
        if isinstance(endpoint, DaysEndpoint) and endpoint.entry is not None:
            yield say("methods.patients.entry", entry=inside(study.label_of(endpoint.entry)))


def _missing(done: Done) -> Iterator[Message]:
    common = {one.about[0]: one for one in reversed(done.given) if _is_common(one)}
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in (name for name in done.study.endpoints if name in common):
        alike.setdefault(done.study.covariates_of(name), []).append(name)
    for covariates, names in alike.items():
        if covariates:
            endpoints = listed(tuple(map(done.endpoint, names)))
            yield say("methods.missing.complete", endpoints=endpoints, covariates=done.names(covariates))
        for name in names:
            yield from _analysed(common[name], name, done)
    own = [one for one in done.given if one.about[0] and _has_own_rows(one)]
    for group in done.grouped(own):
        yield say("methods.missing.by_model", endpoints=group.endpoints)
    if own or any(alike):
        yield say("methods.missing.not_imputed")


def _is_common(one: Given) -> bool:
    """Whether a result is of the patients whom the endpoint's analyses share."""
    return bool(one.about[0]) and one.entry.analysis.analysis_set == one.about[0]


def _has_own_rows(one: Given) -> bool:
    return one.entry.analysis.set_id.complete_in is not None


def _analysed(one: Given, endpoint: str, done: Done) -> Iterator[Message]:
    """Yields how many patients were analysed for an endpoint, and how many were not and why."""
    entry, of = one.entry, {"endpoint": done.endpoint(endpoint)}
    n = done.count(entry.id, "analysed")
    if entry.analysed is None or n is None:
        return
    left = dict(_left_out(one, done))
    if len(left) == len(_LEFT_OUT):
        yield say("methods.missing.analysed.both", n=n, **of, **left)
    elif left:
        (name,) = left
        yield say(f"methods.missing.analysed.{name}", n=n, **of, **left)
    else:
        yield say("methods.missing.analysed.all", n=n, **of)


def _left_out(one: Given, done: Done) -> Iterator[tuple[str, Shown]]:
    """Yields the reasons for which patients are not in the common set, each with how many they are."""
    excluded = one.entry.excluded
    for at, code in enumerate(excluded.by_reason if excluded else ()):
        left = done.count(one.entry.id, f"excluded[{at}].n")
        if code in _LEFT_OUT and left is not None and excluded and excluded.any(code):
            yield _LEFT_OUT[code], left
