"""What became of missing values, and how many patients were analysed."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.excluded import INCOMPLETE, NO_FOLLOW_UP
from riskset.catalogue import Message, say
from riskset_report.blocks import Shown
from riskset_report.methods.done import Done, Given, listed

_LEFT_OUT = {NO_FOLLOW_UP: "no_follow_up", INCOMPLETE: "incomplete"}


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields who was analysed and who was not, for want of a value."""
    yield _missing(done)


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
