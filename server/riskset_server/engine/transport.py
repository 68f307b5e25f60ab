"""The engine as the transport that rounds are driven over."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from riskset.protocol.roster import Roster
from riskset_server.engine.engine import Engine
from riskset_server.run.rounds import Arrival

COLLECT_S = 0.25
"""A question for replies is held at the server this long, and answered as soon as there is one."""


class EngineTransport:
    """`riskset_server.run.rounds.Transport` over Flower."""

    def __init__(self, engine: Engine, roster: Roster) -> None:
        self._engine = engine
        self._roster = roster

    def online(self) -> AbstractSet[str]:
        return self._engine.online().keys()

    def send(self, sites: Sequence[str], payload: bytes) -> None:
        self._engine.send_all(dict.fromkeys(sites, payload))

    def collect(self) -> Sequence[Arrival]:
        return [Arrival(reply.name, reply.payload, reply.failure or "") for reply in self._engine.collect(COLLECT_S)]

    def restart(self) -> None:
        for name, key in self._roster.node_keys.items():
            self._engine.register(name, key)
        self._engine.start()
