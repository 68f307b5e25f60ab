"""Drives a run over a transport to its end: asks, waits, asks again. Knows nothing of Flower, of files or of the
terminal.

A site that is away is waited for, and so is one whose approval is paused or has ended: going on without it would be
another run. The run's record is complete at every moment, so that stopping here loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Protocol

from riskset.errors import ProtocolError, Refused, Unreachable, VerificationError
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.program import NEWER_METHOD, NEWER_PROTOCOL
from riskset.secure.envelope import claimed_head

ASK_AGAIN_S = 15.0
"""A site that is online and silent for this long is asked again. It answers a repeat from its outbox, so an unneeded
repeat costs a message and never a second computation. (A long local computation delays the answer, not the sums.)"""

WAITED_FOR: Final = {"approval": "who signs there can end this: riskset site resume, or riskset site approve"}
"""Refusals that a person at the site ends while the run stands, by code, and how. Any other ends the command."""

MENDED = "the run is kept: the same command goes on with it once this is mended"
ENDED = "this run cannot go on; another begins with: riskset run --new"
ENDS_A_RUN: Final = {
    NEWER_PROTOCOL: "",
    NEWER_METHOD: "",
    "participants": "",
    "rows": " --without that site",
    "earlier": "",
    "subtraction": ", with the sites of the earlier runs, or after the missing ones signed --may-be-subtracted",
}
"""Refusals that no later answer can take back: they follow from how the run was begun. What else the next one needs."""

POLL_S = 0.02
RETRY_S = 1.0


@dataclass(frozen=True)
class Arrival:
    """What the transport brought: a payload, or in plain words why there is none."""

    site: str
    payload: bytes | None
    failure: str = ""


class Transport(Protocol):
    """Carries bytes to sites and back. Losing a message is lawful; altering one is noticed above."""

    def online(self) -> AbstractSet[str]:
        """Returns the names of the sites that can be asked now; Unreachable where the network engine is away."""

    def send(self, sites: Sequence[str], payload: bytes) -> None:
        """Sends one message to each of the sites."""

    def collect(self) -> Sequence[Arrival]:
        """Returns what has come since the last call; may wait a moment for it. Raises Unreachable."""

    def restart(self) -> None:
        """Begins, or begins anew after Unreachable; raises it while the engine is away."""


class Clock(Protocol):
    """Time as a run needs it; a test has its own."""

    def now(self) -> float:
        """Returns seconds from any origin, never going back."""

    def sleep(self, seconds: float) -> None:
        """Returns after so long."""


class Watch(Protocol):
    """Who is told how the run goes."""

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        """Called often while a round is open. The `unwilling` have no approval in force, and are asked again."""

    def answered(self, site: str, round_: int, seconds: float) -> None:
        """A reply was taken in, so many seconds after the round began."""

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        """All sites have answered."""

    def trouble(self, message: str) -> None:
        """Something a person may want to mend; the run goes on."""


@dataclass
class Conductor:
    """One run on its way."""

    coordinator: Coordinator
    transport: Transport
    clock: Clock
    watch: Watch
    _asked_at: dict[str, float] = field(default_factory=dict)
    _unwilling: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def run(self) -> Outcome:
        """Returns the outcome. Raises Refused where a site says no for good; the run is kept and goes on at the next
        call."""
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
                self._tell_once(str(away))
                self._begin()
                continue
            if not arrived:
                self.clock.sleep(POLL_S)
        self._told.clear()
        self._unwilling.clear()
        self.watch.round_done(number, self.clock.now() - began, len(self.coordinator.participants))

    def _exchange(self, request: bytes, began: float) -> bool:
        """Asks whoever is online and due, takes in what came; returns whether anything came."""
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
            self._tell_once(f"{arrival.site}: {arrival.failure}; asking again")
            return
        number = self.coordinator.round
        try:
            site = self.coordinator.accept(arrival.payload)
        except (VerificationError, ProtocolError) as wrong:
            self._tell_once(f"a reply that came from {arrival.site} was ignored: {wrong}")
            return
        except Refused as no:
            if no.code not in WAITED_FOR:
                hint = no.hint or (ENDED + ENDS_A_RUN[no.code] if no.code in ENDS_A_RUN else MENDED)
                raise Refused(no.code, str(no), hint) from None
            self._unwilling.add(claimed_head(arrival.payload).sender)  # `accept` has verified who signed it
            self._tell_once(f"{no}; {WAITED_FOR[no.code]}")
            return
        if site is not None:
            self._unwilling.discard(site)
            self.watch.answered(site, number, self.clock.now() - began)

    def _begin(self) -> None:
        """Waits until the engine lets us in; what was asked and not answered is asked anew."""
        self._asked_at.clear()
        while True:
            try:
                return self.transport.restart()
            except Unreachable as away:
                self._tell_once(f"{away}; trying again")
                self.clock.sleep(RETRY_S)

    def _tell_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self.watch.trouble(message)
