"""The site's only process: fetches messages from the coordinator's server, answers them, waits when it is down.

It opens no port and runs only installed code. No error leaves the site: the coordinator receives one word of a closed
list, and this machine's log the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event
from typing import Protocol, TypeVar

from riskset.catalogue import Message, say, verbatim
from riskset.error_pages import with_code
from riskset.errors import ProtocolError, RisksetError, Unreachable, fault_of
from riskset.protocol.messages import REFUSED, own_refusal, read_refusal
from riskset.secure.envelope import claimed_head, unframe

ACTIVE_S = 30.0
"""A run with a message within this time is polled fast."""
FAST_POLL_S = 0.05
IDLE_POLL_S = 0.5
LONGEST_PAUSE_S = 2.0

D = TypeVar("D", bound="Delivery")


class Delivery(Protocol):
    """A message as received, and what its answer needs."""

    @property
    def payload(self) -> bytes:
        """Not verified yet."""


class Link(Protocol[D]):
    """The connection to the coordinator: `riskset_site.link.FleetLink` over Flower, or a test's own."""

    def receive(self) -> D | None:
        """Returns the next message, or None. Raises Unreachable, or ProtocolError for an unreadable message."""

    def reply(self, delivery: D, payload: bytes) -> bool:
        """Sends the answer; False where it is no longer expected. Raises Unreachable."""


class Answers(Protocol):
    """What answers a message: a site."""

    def answer(self, request: bytes) -> bytes:
        """Returns the signed reply, which may be a refusal."""

    def refusal(self, code: str) -> bytes:
        """Returns a signed refusal, for a message that could not be answered."""


def serve(
    site: Answers,
    link: Link[D],
    stop: Event,
    log: Callable[[str], None],
    look: Callable[[], Iterable[Message]] = tuple,
) -> None:
    """Answers messages until `stop` is set. `log` gets each line of the log, repeated ones once. `look` is called
    between messages, and returns what a person at this site should know."""
    last_active, pause = 0.0, 1.0
    lines = _WithoutRepeats(log)
    while not stop.is_set():
        _look(look, lines.add)
        try:
            delivery = link.receive()
            lines.reached()
            if delivery is not None:
                link.reply(delivery, _answer(site, delivery.payload, lines.add))
                last_active = time.monotonic()
        except Unreachable as away:
            lines.away(away)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            continue
        except ProtocolError as malformed:
            lines.add(with_code(say("server.serve.not_read", error=malformed.message), malformed.message))
            stop.wait(1.0)  # a sender of nonsense does not keep this machine busy
            continue
        pause = 1.0
        if delivery is None:
            stop.wait(FAST_POLL_S if time.monotonic() - last_active < ACTIVE_S else IDLE_POLL_S)


def _look(look: Callable[[], Iterable[Message]], log: Callable[[Message], None]) -> None:
    """Whatever looking meets, messages are answered: the answer meets it again where it matters."""
    try:
        for message in look():
            log(message)
    except RisksetError as error:
        log(with_code(say("server.serve.not_looked", error=error.message), error.message))
    except Exception as error:
        log(say("server.serve.not_looked", error=fault_of(error)))


class _WithoutRepeats:
    """Keeps repeated lines out of a log: a paused site is asked again for days."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._last = ""
        self._away: tuple[type, str] | None = None

    def add(self, message: Message) -> None:
        self._print(message)

    def away(self, why: Unreachable) -> None:
        """Once per kind and remedy: the seconds in a message change each time."""
        kind = (type(why), why.hint or str(why))
        if kind != self._away:
            self._away = kind
            said = say("server.serve.away", reason=why.message, hint=why.hint) if why.hint else verbatim(why.message)
            self._print(with_code(said, why.message))

    def reached(self) -> None:
        if self._away is not None:
            self._away = None
            self.add(say("server.serve.connected"))

    def _print(self, line: Message) -> None:
        if line != self._last:
            self._log(line)
            self._last = line


def _answer(site: Answers, request: bytes, log: Callable[[Message], None]) -> bytes:
    """Returns the reply. An internal error becomes a refusal of one word; the log contains no patient's value either,
    since people send logs when they ask for help."""
    began = time.monotonic()
    try:
        reply = site.answer(request)
    except RisksetError as error:
        log(with_code(say("server.serve.not_answered", error=error.message), error.message))
        return site.refusal("site")
    except Exception as error:
        log(say("server.serve.not_answered", error=fault_of(error)))
        return site.refusal("site")
    log(_answered(reply, time.monotonic() - began))
    return reply


def _answered(reply: bytes, seconds: float) -> Message:
    head = claimed_head(reply)
    if head.type == REFUSED:
        reason = own_refusal(read_refusal("this site", unframe(reply)[1]).code)
        return with_code(say("server.serve.refused", reason=reason), reason)
    values = {"run": head.run[:8], "round": head.round, "type": head.type, "bytes": len(reply), "seconds": seconds}
    return say("server.serve.answered", **values)
