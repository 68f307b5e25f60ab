"""Proportions of patients with a response, and with adverse events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.catalogue import Message, say
from riskset.study.asked.response import ResponseEntry
from riskset_report.methods.done import Done, Given, each_once


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields rates of response, how arms are compared within hospitals, and adverse events."""
    found = done.of("response")
    pooled = [one for one in found if any("overall" in rate for rate in one.said["rates"])]
    yield _response(pooled, done)
    yield _by_site([one for one in found if one not in pooled], done)
    yield _safety(done.of("adverse-events"), done)


def _response(found: Sequence[Given], done: Done) -> Iterator[Message]:
    for name in each_once(one.entry.analysis.name for one in found):
        of_entry = [one for one in found if one.entry.analysis.name == name]
        asked = cast(ResponseEntry | None, done.study.analyses.get(name))
        outcomes = done.names(each_once(one.said["outcome"] for one in of_entry))
        populations = done.populations(one.about[1] for one in of_entry)
        yield say("methods.rates.response", outcomes=outcomes, populations=populations)
        for rate, levels in (asked.rates if asked else {}).items():
            yield say(f"methods.rates.rate.{rate}", levels=levels)
        evaluable = of_entry[0].said["not_evaluable"]
        for key in ("as_no_response", "left_out"):
            if evaluable[key]:
                yield say(f"methods.rates.{key}", levels=tuple(evaluable[key]))
    if found:
        yield say("methods.rates.limits", exact=done.cite("clopper"), score=done.cite("wilson"))
    if any(rate["comparisons"] for one in found for rate in one.said["rates"]):
        yield say("methods.rates.compared", ref=done.cite("newcombe"))


def _by_site(found: Sequence[Given], done: Done) -> Iterator[Message]:
    if found:
        refs = {"mantel": done.cite("mantel_haenszel"), "breslow": done.cite("breslow_day", "tarone")}
        outcomes = done.names(each_once(one.said["outcome"] for one in found))
        yield say("methods.rates.by_site", outcomes=outcomes, **refs)


def _safety(found: Sequence[Given], done: Done) -> Iterator[Message]:
    if not found:
        return
    yield say("methods.rates.safety", grading=found[0].said["grading"])
    if any(grade["comparisons"] for one in found for term in one.said["terms"] for grade in term["grades"]):
        yield say("methods.rates.safety_compared", ref=done.cite("newcombe"))
