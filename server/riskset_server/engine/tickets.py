"""Which messages are open and what became of them, for the code that drives the rounds. No Flower in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NewType

from riskset.catalogue import Message, say
from riskset.errors import Unreachable

Ticket = NewType("Ticket", str)
"""Identifies one message to one site until its reply is collected."""

ARRIVAL_S: Final = 180.0  # Flower drops a reply whose parts do not arrive within this time


class EngineLost(Unreachable):
    """The SuperLink is down, or its Flower run has ended. `Engine.start` begins a new run; open tickets are void.

    `status` is the HTTP status, where there was an answer.
    """

    def __init__(self, message: Message, hint: Message, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass(frozen=True)
class Reply:
    """A site's answer, or why there is none. `payload` is not yet verified."""

    ticket: Ticket
    name: str
    payload: bytes | None = field(default=None, repr=False)
    failure: Message | None = None
    """A predicate that follows the site's name. The remedy is always to ask again, once the site is online."""


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
    """A reply that has been announced and whose parts are in transit."""

    message_id: str
    missing: list[str]
    parts: list[bytes] = field(default_factory=list)
    since_s: float = field(default_factory=time.monotonic)


class Mailbox:
    """Which messages are open, and which replies have arrived in part. Takes and returns values; the engine does the
    calls."""

    def __init__(self) -> None:
        self._open: dict[Ticket, tuple[str, SiteSession]] = {}
        self._arriving: dict[Ticket, _Arriving] = {}
        self._failed: list[Reply] = []

    def sent(self, ticket: Ticket, name: str, session: SiteSession) -> None:
        """Notes a message that the SuperLink accepted, and the session its site had then."""
        self._open[ticket] = (name, session)

    def not_sent(self, ticket: Ticket, name: str) -> None:
        """Notes one that it did not accept."""
        self._failed.append(Reply(ticket, name, failure=say("server.reply.never_online")))

    def failed(self, ticket: Ticket, failure: Message) -> None:
        """Notes that no reply will come; `failure` follows the site's name."""
        name, _ = self._open.pop(ticket)
        self._arriving.pop(ticket, None)
        self._failed.append(Reply(ticket, name, failure=failure))

    def announced(self, ticket: Ticket, message_id: str, parts: list[str]) -> None:
        """Notes that a reply exists, whose parts `fetch` will request."""
        self._arriving[ticket] = _Arriving(message_id, parts)

    @property
    def is_receiving(self) -> bool:
        """Whether parts of an announced reply are still missing."""
        return bool(self._arriving)

    def waiting(self) -> list[Ticket]:
        """Returns the tickets without any sign of a reply."""
        return [ticket for ticket in self._open if ticket not in self._arriving]

    def fetch(self, pull: Callable[[str], bytes | None]) -> list[tuple[Ticket, str, str, list[bytes]]]:
        """Calls `pull` for each missing part, and returns the replies now complete: ticket, site, Flower's id, parts.

        Never waits: a part that has not arrived is requested next time, so that one slow site delays no other.
        """
        complete = []
        for ticket, reply in list(self._arriving.items()):
            while reply.missing and (part := pull(reply.missing[0])) is not None:
                reply.parts.append(part)
                del reply.missing[0]
            if not reply.missing:
                del self._arriving[ticket]
                name, _ = self._open.pop(ticket)
                complete.append((ticket, name, reply.message_id, reply.parts))
            elif time.monotonic() - reply.since_s > ARRIVAL_S:
                self.failed(ticket, say("server.reply.cut_off"))
        return complete

    def compare(self, sessions: Mapping[str, SiteSession]) -> None:
        """Fails the tickets of sites that have begun a new session: a killed site loses the message it had taken."""
        for ticket in self.waiting():
            name, then = self._open[ticket]
            if name in sessions and sessions[name].begun != then.begun:
                self.failed(ticket, say("server.reply.restarted"))

    def take_failed(self) -> list[Reply]:
        """Returns the failures since the last call."""
        failed, self._failed = self._failed, []
        return failed
