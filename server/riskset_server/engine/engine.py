"""Sends bytes to named sites and collects their replies. No Flower in here: `link` speaks to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from riskset.engine.wire import MAX_MESSAGE_BYTES
from riskset_server.engine.tickets import EngineLost, Mailbox, Reply, SiteSession, Ticket
from riskset_server.link import Desk, FlowerRun

SESSIONS_EVERY_S: Final = 1.0  # asking costs a request; more often than this it tells nothing new
LONGEST_LOOK_S: Final = 1.0  # one question for replies is held this long, so that restarts are noticed in between
PARTS_POLL_S: Final = 0.02  # while a reply is announced and not yet whole


class Engine:
    """The engine behind the SuperLink at `control_address` ("host:port"), whose certificate the authority has signed.

    For one thread. Every method raises EngineLost where the SuperLink is away or the Flower run has ended; `start`
    begins a new one, and what was open is asked again by the caller. Several may run in one process: nothing is global.
    """

    def __init__(self, control_address: str, ca_certificate: bytes, token: str, *, timeout_s: float = 30.0) -> None:
        self._desk = Desk(control_address, ca_certificate, token, timeout_s)
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._known: dict[str, SiteSession] = {}
        self._known_until_s = 0.0
        self._mail = Mailbox()
        self._run: FlowerRun | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def register(self, name: str, node_public_key: EllipticCurvePublicKey) -> None:
        """Lets a site in. Doing it again changes nothing; `start` does it again after the SuperLink lost its memory."""
        self._keys[name] = node_public_key
        self._admit({name: node_public_key})

    def start(self) -> None:
        """Begins a Flower run, after which sites can be asked. Tickets of an earlier one are forgotten."""
        self._end_run()
        self._mail = Mailbox()
        self._admit(self._keys)
        self._run = self._desk.begin_run()

    def online(self) -> dict[str, float]:
        """Returns the sites that are online, each with the Unix time of its last heartbeat; up to a second old."""
        return {name: session.last_seen_s for name, session in self._sessions().items() if session.is_online}

    def send(self, name: str, payload: bytes) -> Ticket:
        """Sends one message to one registered site; `collect` brings the reply, or the failure."""
        return self.send_all({name: payload})[name]

    def send_all(self, payloads: Mapping[str, bytes]) -> dict[str, Ticket]:
        """Sends one message to each site named, in one request; equal payloads pass to the SuperLink once."""
        if any(len(payload) > MAX_MESSAGE_BYTES for payload in payloads.values()):
            raise ValueError(f"a message holds at most {MAX_MESSAGE_BYTES} bytes")
        run, sessions = self._running(), self._sessions()
        known = [name for name in payloads if name in sessions]
        sent = run.push([(sessions[name].node_id, payloads[name]) for name in known]) if known else []
        tickets = {name: Ticket(f"not sent {uuid4().hex}") for name in payloads if name not in sessions}
        for name, ticket in tickets.items():  # the SuperLink has lost these sites since they were let in
            self._mail.not_sent(ticket, name)
        for name, (ticket, is_stored) in zip(known, sent, strict=True):
            tickets[name] = ticket
            if is_stored:
                self._mail.sent(ticket, name, sessions[name])
            else:
                self._mail.not_sent(ticket, name)
        return tickets

    def collect(self, wait_s: float = 0.0) -> list[Reply]:
        """Returns what has come since the last call, as soon as there is anything, at the latest after `wait_s`."""
        until_s = time.monotonic() + wait_s
        while True:
            left_s = until_s - time.monotonic()
            replies = self._look(max(0.0, min(left_s, LONGEST_LOOK_S)))
            if replies or left_s <= 0:
                return replies

    def close(self) -> None:
        """Ends the Flower run and the connections. Never raises."""
        self._end_run()
        self._desk.close()

    def _admit(self, keys: Mapping[str, EllipticCurvePublicKey]) -> None:
        admitted = self._desk.sessions()
        for name, key in keys.items():
            if key.public_numbers() not in admitted:
                self._desk.register(name, key)
        self._known_until_s = 0.0

    def _look(self, wait_s: float) -> list[Reply]:
        run = self._running()
        whole = self._mail.fetch(run.pull)
        replies = [*(run.open_reply(*reply) for reply in whole), *self._mail.take_failed()]
        if replies:
            return replies
        if self._mail.is_receiving:
            wait_s = min(wait_s, PARTS_POLL_S)
        if waiting := self._mail.waiting():
            run.announcements(waiting, self._mail, wait_s)
            self._mail.compare(self._sessions())
        else:
            time.sleep(wait_s)
        return self._mail.take_failed()

    def _sessions(self) -> dict[str, SiteSession]:
        if time.monotonic() >= self._known_until_s:
            by_key = self._desk.sessions()
            numbers = {name: key.public_numbers() for name, key in self._keys.items()}
            self._known = {name: by_key[number] for name, number in numbers.items() if number in by_key}
            self._known_until_s = time.monotonic() + SESSIONS_EVERY_S
        return self._known

    def _running(self) -> FlowerRun:
        if self._run is None or self._run.is_over:
            raise EngineLost("there is no run in the engine", "start one")
        return self._run

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None
