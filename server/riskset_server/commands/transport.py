"""What a run needs of this machine: the network engine as its transport, and time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from riskset.catalogue import say
from riskset.errors import Unreachable
from riskset.protocol.roster import Roster
from riskset_server.engine.engine import Engine
from riskset_server.run.rounds import Arrival

COLLECT_S: Final = 0.25
"""How long the server holds a request for replies; it answers as soon as there is one."""


class EngineTransport:
    """`riskset_server.run.rounds.Transport` over the network engine."""

    def __init__(self, engine: Engine, roster: Roster, folder: Path) -> None:
        self._engine = engine
        self._roster = roster
        self._folder = folder

    def online(self) -> AbstractSet[str]:
        return self._engine.online().keys()

    def send(self, sites: Sequence[str], payload: bytes) -> None:
        self._engine.send_all(dict.fromkeys(sites, payload))

    def collect(self) -> Sequence[Arrival]:
        return [
            Arrival(reply.name, reply.payload, str(reply.failure or "")) for reply in self._engine.collect(COLLECT_S)
        ]

    def restart(self) -> None:
        try:
            for name, key in self._roster.node_keys.items():
                self._engine.register(name, key)
            self._engine.start()
        except Unreachable as away:
            is_down = away.message.code == "server.engine.silent"
            hint = say("server.run.start_server", folder=self._folder) if is_down else away.hint
            raise Unreachable(away.message, hint) from None


class SystemClock:
    """`riskset_server.run.rounds.Clock` in real time."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
