"""Sends bytes to named sites and collects their replies. No Flower in here: `riskset_server.link` implements
`SuperLink` and `Run` with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Protocol, Self
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey, EllipticCurvePublicNumbers

from riskset.catalogue import say
from riskset.engine.wire import MAX_MESSAGE_BYTES
from riskset_server.engine.tickets import EngineLost, Mailbox, Reply, SiteSession, Ticket

SESSIONS_EVERY_S: Final = 1.0  # each refresh costs a request, and sessions change no faster
LONGEST_LOOK_S: Final = 1.0  # one request for replies is held this long, so that restarts are noticed in between
PARTS_LOOK_S: Final = 0.25  # the same, while an announced reply is incomplete: its last part may just have arrived


class Run(Protocol):
    """One run in the SuperLink. Every method but `end` raises EngineLost."""

    is_over: bool
    """True once the SuperLink has ended the run."""

    def push(self, messages: Sequence[tuple[int, bytes]]) -> list[tuple[Ticket, bool]]:
        """Stores one message for each (node, payload). Returns its ticket, and whether the SuperLink accepted it."""

    def announcements(self, waiting: Iterable[Ticket], mail: Mailbox, wait_s: float) -> None:
        """Reports to the mailbox which of `waiting` have a reply; waits up to `wait_s` while nothing arrives."""

    def pull(self, object_id: str) -> bytes | None:
        """Returns a part of a reply, or None where it has not arrived yet."""

    def open_reply(self, ticket: Ticket, name: str, message_id: str, parts: list[bytes]) -> Reply:
        """Returns the reply made of the parts; the SuperLink may then delete it."""

    def end(self) -> None:
        """Ends the run where the SuperLink can be reached. Never raises."""


class SuperLink(Protocol):
    """The SuperLink as the coordinator calls it. Every method but `close` raises EngineLost."""

    def register(self, name: str, key: EllipticCurvePublicKey) -> None:
        """Admits a node; admitting it again changes nothing."""

    def sessions(self) -> dict[EllipticCurvePublicNumbers, SiteSession]:
        """Returns every admitted node, by its key."""

    def begin_run(self) -> Run:
        """Returns a new run that belongs to this client."""

    def close(self) -> None:
        """Closes the connections. Never raises."""


class Engine:
    """The coordinator's client of one SuperLink; closing the engine closes `superlink`.

    For one thread. Every method raises EngineLost where the SuperLink is down or its run has ended; `start` begins a
    new run, and the caller repeats what was open. Several may run in one process: nothing is global.
    """

    def __init__(self, superlink: SuperLink) -> None:
        self._superlink = superlink
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._known: dict[str, SiteSession] = {}
        self._known_until_s = 0.0
        self._mail = Mailbox()
        self._run: Run | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def register(self, name: str, node_public_key: EllipticCurvePublicKey) -> None:
        """Admits a site. Repeating it changes nothing; `start` repeats it, as the SuperLink may have lost its state."""
        self._keys[name] = node_public_key
        self._admit({name: node_public_key})

    def start(self) -> None:
        """Begins a run in the SuperLink, after which `send` works. Tickets of an earlier run are dropped."""
        self._end_run()
        self._mail = Mailbox()
        self._admit(self._keys)
        self._run = self._superlink.begin_run()

    def online(self) -> dict[str, float]:
        """Returns the sites that are online, each with the Unix time of its last heartbeat; up to a second old."""
        return {name: session.last_seen_s for name, session in self._sessions().items() if session.is_online}

    def send(self, name: str, payload: bytes) -> Ticket:
        """Sends one message to one registered site; `collect` returns the reply, or the failure."""
        return self.send_all({name: payload})[name]

    def send_all(self, payloads: Mapping[str, bytes]) -> dict[str, Ticket]:
        """Sends one message to each site named, in one request; equal payloads are sent to the SuperLink once."""
        if any(len(payload) > MAX_MESSAGE_BYTES for payload in payloads.values()):
            raise ValueError(f"a message holds at most {MAX_MESSAGE_BYTES} bytes")
        run, sessions = self._running(), self._sessions()
        known = [name for name in payloads if name in sessions]
        sent = run.push([(sessions[name].node_id, payloads[name]) for name in known]) if known else []
        tickets = {name: Ticket(f"not sent {uuid4().hex}") for name in payloads if name not in sessions}
        for name, ticket in tickets.items():  # the SuperLink has lost these sites since they were admitted
            self._mail.not_sent(ticket, name)
        for name, (ticket, is_stored) in zip(known, sent, strict=True):
            tickets[name] = ticket
            if is_stored:
                self._mail.sent(ticket, name, sessions[name])
            else:
                self._mail.not_sent(ticket, name)
        return tickets

    def collect(self, wait_s: float = 0.0) -> list[Reply]:
        """Returns what has arrived since the last call, as soon as there is anything, at the latest after `wait_s`."""
        until_s = time.monotonic() + wait_s
        while True:
            left_s = until_s - time.monotonic()
            replies = self._look(max(0.0, min(left_s, LONGEST_LOOK_S)))
            if replies or left_s <= 0:
                return replies

    def close(self) -> None:
        """Ends the run and closes the connections. Never raises."""
        self._end_run()
        self._superlink.close()

    def _admit(self, keys: Mapping[str, EllipticCurvePublicKey]) -> None:
        admitted = self._superlink.sessions()
        for name, key in keys.items():
            if key.public_numbers() not in admitted:
                self._superlink.register(name, key)
        self._known_until_s = 0.0

    def _look(self, wait_s: float) -> list[Reply]:
        run = self._running()
        complete = self._mail.fetch(run.pull)
        replies = [*(run.open_reply(*reply) for reply in complete), *self._mail.take_failed()]
        if replies:
            return replies
        if self._mail.is_receiving:
            wait_s = min(wait_s, PARTS_LOOK_S)
        waiting = self._mail.waiting()
        if waiting or self._mail.is_receiving:
            run.announcements(waiting, self._mail, wait_s)
            self._mail.compare(self._sessions())
        else:
            time.sleep(wait_s)
        return self._mail.take_failed()

    def _sessions(self) -> dict[str, SiteSession]:
        if time.monotonic() >= self._known_until_s:
            by_key = self._superlink.sessions()
            numbers = {name: key.public_numbers() for name, key in self._keys.items()}
            self._known = {name: by_key[number] for name, number in numbers.items() if number in by_key}
            self._known_until_s = time.monotonic() + SESSIONS_EVERY_S
        return self._known

    def _running(self) -> Run:
        if self._run is None or self._run.is_over:
            raise EngineLost(say("server.engine.no_run"), say("server.engine.no_run_hint"))
        return self._run

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None
