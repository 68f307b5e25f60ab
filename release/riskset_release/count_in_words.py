"""A count of patients as a committee reads it: what is counted, and in whom, with the labels of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from riskset.analyses.excluded import BEFORE_LANDMARK, INCOMPLETE, MISSING, NO_FOLLOW_UP, NOT_ADJUSTED
from riskset.catalogue import Message, say
from riskset.study.spec import Study
from riskset_release.gate.counted import CENSORED, EVENTS, EXCLUDED, KNOWN, ROWS, Count

_REASONS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        NO_FOLLOW_UP: say("release.count_of.no_follow_up"),
        INCOMPLETE: say("release.count_of.incomplete"),
        BEFORE_LANDMARK: say("release.count_of.before_landmark"),
        NOT_ADJUSTED: say("release.count_of.not_adjusted"),
    }
)
"""By why patients are not analysed."""


def count_in_words(count: Count, study: Study) -> Message:
    """Returns what a count counts. A kind or a level that the study has no label for keeps its own name."""
    where = tuple(_where(count, study))
    what = _what(count, study)
    return say("release.count_of.in_those", what=what, where=where) if where else what


def _what(count: Count, study: Study) -> Message:
    kind, _, endpoint = count.what.partition(" (")
    of = {"endpoint": study.endpoint_label(name)} if (name := endpoint.rstrip(")")) in study.endpoints else None
    places = dict(count.where)
    if count.what == ROWS:
        return say("release.count_of.patients")
    if count.what == EXCLUDED:
        return _REASONS.get(places.get("reason", ""), say("release.count_of.other", what=count.what))
    if count.what in (MISSING, KNOWN) and places.get("variable") in study.variables:
        of_value = {"label": study.label_of(places["variable"])}
        is_missing = count.what == MISSING
        return say("release.count_of.missing", **of_value) if is_missing else say("release.count_of.known", **of_value)
    if of and kind == EVENTS:
        return say("release.count_of.events", **of)
    if of and kind == CENSORED:
        return say("release.count_of.no_event", **of)
    if of and kind.startswith(f"{EVENTS}: "):
        return say("release.count_of.events_of_kind", kind=kind.removeprefix(f"{EVENTS}: "), **of)
    return say("release.count_of.other", what=count.what)


def _where(count: Count, study: Study) -> Iterator[str]:
    for variable, level in count.where:
        if variable in study.variables:
            yield f"{study.label_of(variable)}: {level}"
        elif variable not in ("reason", "variable"):
            yield f"{variable}: {level}"
