"""The engine as the transport that rounds are driven over: names in, replies out, tickets kept here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from riskset.protocol.roster import Roster
from riskset_server.engine import Engine
from riskset_server.rounds import Arrival
from riskset_server.tickets import Ticket

ONLINE_EVERY_S = 0.5
"""Asking who is online costs a request; more often than this it tells nothing new."""
COLLECT_S = 0.25
"""A question for replies is held at the server this long, and answered as soon as there is one."""


class EngineTransport:
    """`riskset_server.rounds.Transport` over Flower."""

    def __init__(self, engine: Engine, roster: Roster) -> None:
        self._engine = engine
        self._roster = roster
        self._tickets: dict[Ticket, str] = {}
        self._online: dict[str, float] = {}
        self._online_due = 0.0

    def online(self) -> AbstractSet[str]:
        if time.monotonic() >= self._online_due:
            self._online = self._engine.online()
            self._online_due = time.monotonic() + ONLINE_EVERY_S
        return self._online.keys()

    def send(self, site: str, payload: bytes) -> None:
        self._tickets[self._engine.send(site, payload)] = site

    def collect(self) -> Sequence[Arrival]:
        replies = [reply for reply in self._engine.collect(COLLECT_S) if self._tickets.pop(reply.ticket, None)]
        return [Arrival(reply.name, reply.payload, reply.failure or "") for reply in replies]

    def restart(self) -> None:
        self._tickets.clear()
        self._online_due = 0.0
        for name, key in self._roster.node_keys.items():
            self._engine.register(name, key)
        self._engine.start()
