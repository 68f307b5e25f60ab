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
        if limits := tuple(
            _limit(name, value) for name, value, looser in conduct.unlike_default if looser == is_looser
        ):
            yield say(f"methods.rules.{code}", limits=limits)


def _signed(conduct: Conduct, done: Done) -> Iterator[Message]:
    """Yields who signed which exceptions; in a rehearsal nobody did."""
    if done.recorded is None:
        if limits := each_once(f"{one.limit} = {one.value}" for one in conduct.exceptions):
            yield say("methods.rules.assumed", limits=limits)
        return
    for site in each_once(one.site for one in conduct.exceptions):
        own = [one for one in conduct.exceptions if one.site == site]
        limits = tuple(f"{one.limit} = {one.value}" for one in own)
        yield say("methods.rules.signed", site=done.site(site), by=own[0].by, limits=limits)


def _limit(name: str, value: Fraction) -> str:
    return f"{name} = {value}"
