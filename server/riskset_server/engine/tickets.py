"""Which messages are open and what became of them, for whoever drives rounds. No Flower in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NewType

from riskset.errors import Unreachable

Ticket = NewType("Ticket", str)
"""Names one message to one site until its reply is collected."""

ARRIVAL_S: Final = 180.0  # Flower forgets a reply whose parts do not come within this time


class EngineLost(Unreachable):
    """The SuperLink is away, or the Flower run in it has ended. `Engine.start` begins another; tickets are void."""


@dataclass(frozen=True)
class Reply:
    """A site's answer, or why there is none. `payload` is not yet verified."""

    ticket: Ticket
    name: str
    payload: bytes | None = field(default=None, repr=False)
    failure: str | None = None
    """Plain words that follow the site's name. The remedy is always to ask again, once the site is online."""


@dataclass(frozen=True)
class SiteSession:
    """A node as the SuperLink knows it. `begun` changes with each new session of the site; empty before the first."""

    node_id: int
    is_online: bool
    last_seen_s: float
    """Unix time, by the SuperLink's clock."""
    begun: str


@dataclass
class _Arriving:
    """A reply that has been announced and whose parts are on their way."""

    message_id: str
    missing: list[str]
    parts: list[bytes] = field(default_factory=list)
    since_s: float = field(default_factory=time.monotonic)


class Mailbox:
    """Which messages are open, and which replies are half here. Values in, values out: the engine asks Flower."""

    def __init__(self) -> None:
        self._open: dict[Ticket, tuple[str, SiteSession]] = {}
        self._arriving: dict[Ticket, _Arriving] = {}
        self._failed: list[Reply] = []

    def sent(self, ticket: Ticket, name: str, session: SiteSession) -> None:
        """Notes a message that the SuperLink took, and the session in which its site was then."""
        self._open[ticket] = (name, session)

    def not_sent(self, ticket: Ticket, name: str) -> None:
        """Notes one that it did not take."""
        self._failed.append(Reply(ticket, name, failure="has never been online"))

    def failed(self, ticket: Ticket, failure: str) -> None:
        """Notes that no reply will come; `failure` follows the site's name."""
        name, _ = self._open.pop(ticket)
        self._arriving.pop(ticket, None)
        self._failed.append(Reply(ticket, name, failure=failure))

    def announced(self, ticket: Ticket, message_id: str, parts: list[str]) -> None:
        """Notes that a reply is there, whose parts `fetch` is to ask for."""
        self._arriving[ticket] = _Arriving(message_id, parts)

    @property
    def is_receiving(self) -> bool:
        """Whether a reply has been announced of which parts are still missing."""
        return bool(self._arriving)

    def waiting(self) -> list[Ticket]:
        """Returns the tickets of which nothing has come yet."""
        return [ticket for ticket in self._open if ticket not in self._arriving]

    def fetch(self, pull: Callable[[str], bytes | None]) -> list[tuple[Ticket, str, str, list[bytes]]]:
        """Asks `pull` for each missing part, and returns what became whole: ticket, site, Flower's id, parts.

        Never waits: a part that is not there yet is asked for next time, so that one slow line holds up nobody.
        """
        whole = []
        for ticket, reply in list(self._arriving.items()):
            while reply.missing and (part := pull(reply.missing[0])) is not None:
                reply.parts.append(part)
                del reply.missing[0]
            if not reply.missing:
                del self._arriving[ticket]
                name, _ = self._open.pop(ticket)
                whole.append((ticket, name, reply.message_id, reply.parts))
            elif time.monotonic() - reply.since_s > ARRIVAL_S:
                self.failed(ticket, "was cut off in the middle of its answer")
        return whole

    def compare(self, sessions: Mapping[str, SiteSession]) -> None:
        """Fails the tickets of sites that began a new session since: a killed site loses the message it had taken."""
        for ticket in self.waiting():
            name, then = self._open[ticket]
            if name in sessions and sessions[name].begun != then.begun:
                self.failed(ticket, "has started anew; it may have lost the question")

    def take_failed(self) -> list[Reply]:
        """Returns the failures since the last call."""
        failed, self._failed = self._failed, []
        return failed
