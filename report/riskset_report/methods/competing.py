"""Competing events: as censorings where the hazard is cause-specific, and as kinds of event of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.catalogue import Message, say
from riskset_report.methods import ties
from riskset_report.methods.done import Done, Given, each_once, numbers
from riskset_report.methods.survival import limits_of

_INCIDENCE = "cumulative-incidence"


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields what a competing event is in other analyses; the incidences; the Fine-Gray models."""
    yield _censored(done)
    found = done.of(_INCIDENCE)
    yield _incidence([one for one in found if "gray" in one.said], done)
    yield _fine_gray([one for one in found if one.said.get("model") == "fine-gray"], done)


def _censored(done: Done) -> Iterator[Message]:
    kinds = ("km", "cox", "rmst", "follow-up", "subgroup", "site-heterogeneity")
    of = each_once(one.about[0] for one in done.of(*kinds) if done.labels.competing.get(one.about[0]))
    for name in of:
        events = tuple(map(done.inside, done.labels.competing[name]))
        yield say("methods.competing.censored", endpoint=done.endpoint(name), events=events)


def _incidence(found: Sequence[Given], done: Done) -> Iterator[Message]:
    for group in done.grouped(found):
        yield say("methods.competing.incidence", ref=done.cite("aalen"), **group.values)
    yield from limits_of(found)
    if times := each_once(mark["time"] for one in found for mark in _landmarks(one)):
        units = say(f"report.unit.{done.study.time.unit}", n=2)
        yield say("methods.competing.landmarks", times=numbers(sorted(times)), units=units)
    if any(test.get("p") is not None for one in found for test in one.said["gray"]):
        yield say("methods.competing.gray", ref=done.cite("gray"))


def _landmarks(one: Given) -> list[dict[str, float]]:
    return [mark for cause in one.said["overall"]["causes"] for mark in cause["landmarks"]]


def _fine_gray(found: Sequence[Given], done: Done) -> Iterator[Message]:
    for one in found:
        of = {"endpoint": done.endpoint(one.about[0]), "population": done.labels.population(one.about[1])}
        covariates = done.names(one.said["covariates"])
        yield say("methods.competing.fine_gray", covariates=covariates, ref=done.cite("fine"), **of)
    if found:
        yield from ties.of_entry(found, done)
        yield say("methods.competing.fine_gray_errors")
