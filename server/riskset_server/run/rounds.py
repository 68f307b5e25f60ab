"""Conducts a run over a transport: sends requests, waits for replies, repeats requests. No Flower, files or terminal
here.

The run waits for a site that is offline or whose approval is paused or expired: continuing without it would be a
different run. The record of the run is complete at every moment, so the command can be stopped without loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Protocol

from riskset.catalogue import Message, say
from riskset.errors import ProtocolError, Refused, Unreachable, VerificationError
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.program import NEWER_METHOD, NEWER_PROTOCOL
from riskset.secure.envelope import claimed_head

ASK_AGAIN_S = 15.0
"""A request is repeated to a site that is online and silent for this long. The site answers a repeat from its outbox,
so an unneeded repeat costs one message and never a second computation."""

WAITED_FOR: Final = frozenset({"approval"})
"""Codes of refusals that a person at the site can lift during the run; the run waits. Any other ends the command."""

ENDS_A_RUN: Final = {
    NEWER_PROTOCOL: say("run.ended"),
    NEWER_METHOD: say("run.ended"),
    "participants": say("run.ended"),
    "rows": say("run.ended_rows"),
    "earlier": say("run.ended"),
    "fields": say("run.ended_fields"),
    "subtraction": say("run.ended_subtraction"),
}
"""Refusals that follow from how the run was begun, so that no later reply can withdraw them: what to do instead."""

POLL_S = 0.02
RETRY_S = 1.0


@dataclass(frozen=True)
class Arrival:
    """What the transport delivered: a payload, or why there is none."""

    site: str
    payload: bytes | None
    failure: str = ""


class Transport(Protocol):
    """Carries bytes to sites and back. It may lose messages; altered ones are detected by their signatures."""

    def online(self) -> AbstractSet[str]:
        """Returns the names of the sites that are connected now. Raises Unreachable if the network engine is
        offline."""

    def send(self, sites: Sequence[str], payload: bytes) -> None:
        """Sends one message to each of the sites."""

    def collect(self) -> Sequence[Arrival]:
        """Returns what has arrived since the last call; may wait briefly for it. Raises Unreachable."""

    def restart(self) -> None:
        """Connects, also again after Unreachable; raises Unreachable while the engine is offline."""


class Clock(Protocol):
    """Time as a run needs it; tests replace it."""

    def now(self) -> float:
        """Returns seconds since any origin; never decreases."""

    def sleep(self, seconds: float) -> None:
        """Returns after `seconds`."""


class Watch(Protocol):
    """Receives the progress of a run."""

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        """Called often while a round is open. The `unwilling` have no approval in force; they are asked again."""

    def answered(self, site: str, round_: int, seconds: float) -> None:
        """A reply was accepted, `seconds` after the round began."""

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        """All sites have answered."""

    def trouble(self, message: Message | str) -> None:
        """Something that a person may want to fix; the run continues."""


@dataclass
class Conductor:
    """One run in progress."""

    coordinator: Coordinator
    transport: Transport
    clock: Clock
    watch: Watch
    _asked_at: dict[str, float] = field(default_factory=dict)
    _unwilling: set[str] = field(default_factory=set)
    _reported: set[Message | str] = field(default_factory=set)

    def run(self) -> Outcome:
        """Returns the outcome. Raises Refused if a site refuses for a reason that is not waited for; the run is kept,
        and the next call continues it."""
        if not self.coordinator.is_finished:
            self._begin()
        while not self.coordinator.is_finished:
            self._round()
        return self.coordinator.outcome()

    def _round(self) -> None:
        number, began = self.coordinator.round, self.clock.now()
        self._asked_at.clear()
        request = self.coordinator.request()
        while self.coordinator.round == number:
            try:
                arrived = self._exchange(request, began)
            except Unreachable as away:
                self._report_once(away.message)
                self._begin()
                continue
            if not arrived:
                self.clock.sleep(POLL_S)
        self._reported.clear()
        self._unwilling.clear()
        self.watch.round_done(number, self.clock.now() - began, len(self.coordinator.participants))

    def _exchange(self, request: bytes, began: float) -> bool:
        """Sends the request to each site that is online and due, and takes what arrived; returns whether anything
        did."""
        online = self.transport.online()
        self.watch.waiting(self.coordinator, online, self._unwilling)
        if due := [site for site in self.coordinator.waiting_for if site in online and self._is_due(site)]:
            self.transport.send(due, request)
            self._asked_at.update(dict.fromkeys(due, self.clock.now()))
        arrivals = self.transport.collect()
        for arrival in arrivals:
            self._take(arrival, began)
        return bool(arrivals)

    def _is_due(self, site: str) -> bool:
        asked_at = self._asked_at.get(site)
        return asked_at is None or self.clock.now() - asked_at > ASK_AGAIN_S

    def _take(self, arrival: Arrival, began: float) -> None:
        if arrival.payload is None:
            self._asked_at.pop(arrival.site, None)
            self._report_once(say("run.no_reply", site=arrival.site, failure=arrival.failure))
            return
        number = self.coordinator.round
        try:
            site = self.coordinator.accept(arrival.payload)
        except (VerificationError, ProtocolError) as wrong:
            self._report_once(say("run.reply_ignored", site=arrival.site, error=wrong.message))
            return
        except Refused as no:
            if no.code not in WAITED_FOR:
                hint = no.hint or ENDS_A_RUN.get(no.code, say("run.kept"))
                raise Refused(no.code, no.message, hint) from None
            self._unwilling.add(claimed_head(arrival.payload).sender)  # `accept` has verified who signed it
            self._report_once(say("run.waits_for_approval", refusal=no.message))
            return
        if site is not None:
            self._unwilling.discard(site)
            self.watch.answered(site, number, self.clock.now() - began)

    def _begin(self) -> None:
        """Waits until the engine accepts the connection; unanswered requests are then sent again."""
        self._asked_at.clear()
        while True:
            try:
                return self.transport.restart()
            except Unreachable as away:
                self._report_once(say("run.trying_again", error=away.message))
                self.clock.sleep(RETRY_S)

    def _report_once(self, message: Message | str) -> None:
        """Once per round."""
        if message not in self._reported:
            self._reported.add(message)
            self.watch.trouble(message)
