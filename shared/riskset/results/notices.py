"""What must accompany every number of a run: how it was computed, and who could see what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from riskset.catalogue import Message, say
from riskset.protocol.coordinator import Outcome
from riskset.study.spec import Study

NOT_RELEASED: Final = say("server.run.notice_not_released")
"""The results as they are: what is released is made of them by the release gate, and does not say so."""

_WITHIN: Final = frozenset(
    {
        NOT_RELEASED.code,
        "server.run.notice_clear",
        "server.run.notice_two",
        "server.run.notice_masked",
        "server.run.notice_told",
    }
)


def notices(study: Study, outcome: Outcome) -> list[str]:
    """Returns what a reader of the results must know about how they were computed."""
    found, told = [_on_sums(study, outcome.history.opening.participants)], tuple(sorted(outcome.history.tellers))
    if told:
        found.append(say("server.run.notice_told", n=len(told), sites=told))
    return [*found, NOT_RELEASED]


def for_readers(found: Sequence[str]) -> tuple[str, ...]:
    """Returns the notices that stand in a publication: not who saw which sums, nor that nothing is
    released yet."""
    return tuple(one for one in found if getattr(one, "code", "") not in _WITHIN)


def _on_sums(study: Study, sites: Sequence[str]) -> Message:
    if study.disclosure.secure_sum == "off":
        return say("server.run.notice_clear")
    return say("server.run.notice_two") if len(sites) == 2 else say("server.run.notice_masked")
