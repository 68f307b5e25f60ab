"""The site's only process: asks the coordinator's server for messages, answers them, waits when the server is away.

It opens no port and runs only installed code. Nothing that goes wrong here travels: the coordinator hears one word of a
closed list, this machine's log hears the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Protocol, TypeVar

from riskset.errors import ProtocolError, RisksetError, Unreachable, fault_of
from riskset.protocol.messages import REFUSED, read_refusal
from riskset.secure.envelope import claimed_head, unframe

ACTIVE_S = 30.0
"""A run that said something within this time is polled fast."""
FAST_POLL_S = 0.05
IDLE_POLL_S = 0.5
LONGEST_PAUSE_S = 2.0

D = TypeVar("D", bound="Delivery")


class Delivery(Protocol):
    """A message as it came, and the way back to whoever sent it."""

    @property
    def payload(self) -> bytes:
        """Nobody has verified it yet."""


class Link(Protocol[D]):
    """The network seam; `riskset_site.link.FleetLink` over Flower, or a test's own."""

    def receive(self) -> D | None:
        """Returns the next message, None where none came. Unreachable, or ProtocolError for what is no message."""

    def reply(self, delivery: D, payload: bytes) -> bool:
        """Sends the answer; False where nobody waits for it any more. Raises Unreachable."""


class Answers(Protocol):
    """What a message is given to: a site."""

    def answer(self, request: bytes) -> bytes:
        """Returns the signed reply, which may be a refusal."""

    def refusal(self, code: str) -> bytes:
        """Returns a signed no, for a message that could not be answered."""


def serve(site: Answers, link: Link[D], stop: Event, tell: Callable[[str], None]) -> None:
    """Answers messages until `stop` is set. `tell` hears, in plain words and once each, what a person may want to
    know."""
    last_active, pause = 0.0, 1.0
    once = _Once(tell)
    while not stop.is_set():
        try:
            delivery = link.receive()
            once.reached()
            if delivery is not None:
                link.reply(delivery, _answer(site, delivery.payload, once.tell))
                last_active = time.monotonic()
        except Unreachable as away:
            once.away(away)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            continue
        except ProtocolError as malformed:
            once.tell(f"a message of the coordinator was not read: {malformed}")
            stop.wait(1.0)  # whoever sends nonsense does not keep this machine busy
            continue
        pause = 1.0
        if delivery is None:
            stop.wait(FAST_POLL_S if time.monotonic() - last_active < ACTIVE_S else IDLE_POLL_S)


class _Once:
    """Keeps what repeats out of a log: a site that is paused is asked again for days."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last = ""
        self._away: tuple[type, str] | None = None

    def tell(self, line: str) -> None:
        if line != self._last:
            self._tell(line)
            self._last = line

    def away(self, why: Unreachable) -> None:
        """Told once a kind and remedy: the seconds left in a message change each time."""
        kind = (type(why), why.hint or str(why))
        if kind != self._away:
            self._away = kind
            self.tell(f"{why} ({why.hint})" if why.hint else str(why))

    def reached(self) -> None:
        if self._away is not None:
            self._away = None
            self.tell("connected")


def _answer(site: Answers, request: bytes, tell: Callable[[str], None]) -> bytes:
    """Returns the reply. An error of our own becomes a refusal of one word; what is told here holds no patient's value
    either, since logs are sent to whoever helps."""
    began = time.monotonic()
    try:
        reply = site.answer(request)
    except RisksetError as error:
        tell(f"a message could not be answered, and nothing was sent: {error}")
        return site.refusal("site")
    except Exception as error:
        tell(f"a message could not be answered, and nothing was sent: {fault_of(error)}")
        return site.refusal("site")
    tell(_told(reply, time.monotonic() - began))
    return reply


def _told(reply: bytes, seconds: float) -> str:
    head = claimed_head(reply)
    if head.type == REFUSED:
        return f"said no: {read_refusal('this site', unframe(reply)[1])}"
    return f"run {head.run[:8]}, round {head.round}: {head.type}, {len(reply):,} bytes sent in {seconds:.2f} s"
