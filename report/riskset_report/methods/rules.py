"""The rules of disclosure: which limits were in force, and who signed exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from riskset.catalogue import Message, say
from riskset.results import Conduct
from riskset_report.methods.done import Done, each_once

_TOLD = (
    "R1.population_rows",
    "R3.events",
    "R3.events_per_parameter",
    "R4.leverage",
    "R4.level",
    "R4.cell",
    "R12.contributors",
)
"""The limits that decide most: how many patients, events and hospitals a number needs."""


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields how the rules were applied, and the limits."""
    yield _rules(done)


def _rules(done: Done) -> Iterator[Message]:
    conduct = done.results.conduct
    if any(entry.gate == "ignored" for entry in done.results.entries):
        yield say("methods.rules.ignored")
    if conduct is None:
        return
    yield say(f"methods.rules.applied.{conduct.column}", k=conduct.smallest_cell)
    limits = dict(conduct.limits)
    told = tuple(say(f"methods.rules.limit.{name}", value=str(limits[name])) for name in _TOLD if name in limits)
    yield say("methods.rules.in_force", limits=told)
    yield from _changed(conduct)
    yield from _signed(conduct, done)


def _changed(conduct: Conduct) -> Iterator[Message]:
    """Yields the limits of the run that are not the default."""
    for is_looser, code in ((False, "stricter"), (True, "looser")):
        if limits := _unlike_default(conduct, is_looser=is_looser):
            yield say(f"methods.rules.{code}", limits=limits)


def _unlike_default(conduct: Conduct, *, is_looser: bool) -> tuple[str, ...]:
    return tuple(_limit(name, value) for name, value, looser in conduct.unlike_default if looser == is_looser)


def _signed(conduct: Conduct, done: Done) -> Iterator[Message]:
    """Yields who signed which exceptions, which are named again only where they are not just the loosened limits; in a
    rehearsal nobody signed."""
    told = set(_unlike_default(conduct, is_looser=True))
    by_site = {
        site: tuple(_limit(one.limit, Fraction(one.value)) for one in conduct.exceptions if one.site == site)
        for site in each_once(one.site for one in conduct.exceptions)
    }
    if done.recorded is None:
        if limits := each_once(limit for own in by_site.values() for limit in own):
            is_told = set(limits) == told
            yield say("methods.rules.assumed") if is_told else say("methods.rules.assumed_of", limits=limits)
        return
    by = {one.site: one.by for one in conduct.exceptions}
    if alike := tuple(f"{done.site(site)} ({by[site]})" for site, own in by_site.items() if set(own) == told):
        yield say("methods.rules.signed", by=alike)
    for site, own in by_site.items():
        if set(own) != told:
            yield say("methods.rules.signed_of", site=done.site(site), by=by[site], limits=own)


def _limit(name: str, value: Fraction) -> str:
    return f"{name} = {value}"
