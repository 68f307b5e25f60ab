"""Holds a request for messages until there are some. No Flower in here.

Flower does not do this: its nodes and its Grid poll, and each poll costs the SuperLink some milliseconds. Ten sites
that poll twenty times a second would leave it no time to work; sites that poll once a second delay every round. A
client sends the longest wait in a header; storage and delivery remain Flower's.

What a request costs must not grow with the number of sites, or a round of all would grow with its square. So a message
wakes only those to whom it is sent, and the application is asked about messages only when all their parts are there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from weakref import WeakValueDictionary

from riskset.engine.wire import AT_RING_HEADER, EVERYONE, NODE_HEADER, WAIT_HEADER, WHOLE_HEADER
from riskset_server.engine.doors import App, Message, Receive, Send, replaying

LONGEST_S: Final = 20.0  # less than a client's timeout of 30 s, and less than proxies allow an idle connection
ARRIVAL_S: Final = 5.0  # the parts of a message follow at once, unless the coordinator's process has ended


class Bell:
    """Wakes the tasks that wait for messages. For one event loop."""

    def __init__(self) -> None:
        self._next: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()  # of those who wait, and no others
        self._complete = asyncio.Event()
        self._complete.set()

    def ring(self, names: Collection[str] = (EVERYONE,)) -> None:
        """Wakes those who wait under one of the names, or all of them; what was announced has arrived."""
        self._complete.set()
        for name in [*self._next] if EVERYONE in names else [EVERYONE, *names]:
            if (event := self._next.pop(name, None)) is not None:
                event.set()

    def next_ring(self, name: str = EVERYONE) -> asyncio.Event:
        """Returns the event of the next ring for a name. Taken before a check, it misses no ring between check and
        wait. Who waits for everyone's rings is woken by each."""
        event = self._next.get(name)
        if event is None:
            event = self._next[name] = asyncio.Event()
        return event

    def announce(self) -> None:
        """Notes that messages are announced whose parts follow, until the next ring."""
        self._complete.clear()

    async def arrived(self) -> None:
        """Returns when no announced message is incomplete, at the latest after `ARRIVAL_S`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_S):
                await self._complete.wait()


class LongPoll:
    """Repeats a request for the path `held` at each ring of `until` for its node, while its answer is empty.

    "Empty" is 200 and an empty body, as protobuf writes a message without content. A request whose header says that it
    completes a message rings `bell` after it has passed, unless it was refused. Between a request for the path
    `announces` and that ring, the requests that wait for `bell` are not repeated: the parts are still missing.
    """

    def __init__(self, app: App, *, held: str, until: Bell, bell: Bell, announces: str = "") -> None:
        self._app = app
        self._held = held
        self._until = until
        self._bell = bell
        self._announces = announces

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        wait_s = _seconds(headers.get(WAIT_HEADER.encode(), b"0"))
        path = scope.get("path")
        if path == self._held and wait_s > 0:
            await self._hold(scope, receive, send, time.monotonic() + wait_s)
            return
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        if path == self._announces:
            self._bell.announce()
        await self._app(scope, receive, note_status)
        passed = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if passed and (names := headers.get(WHOLE_HEADER.encode())):
            self._bell.ring(names.decode("ascii", "replace").split(","))
        elif path == self._announces and not passed:
            self._bell.ring(())  # refused: nothing will follow

    async def _hold(self, scope: Message, receive: Receive, send: Send, until_s: float) -> None:
        body, headers = await _read_all(receive), dict(scope["headers"])
        node = headers.get(NODE_HEADER.encode(), EVERYONE.encode()).decode("ascii", "replace")
        disconnected = asyncio.ensure_future(receive())  # after the body this returns only when the client has gone
        try:
            while not disconnected.done():
                ring = self._until.next_ring(node)
                await self._until.arrived()
                sent = await self._repeat(scope, body, disconnected)
                if _is_empty(sent):
                    await _wait_for_any(ring, disconnected, until_s - time.monotonic())
                    if ring.is_set() and AT_RING_HEADER.encode() not in headers:
                        continue
                if not disconnected.done():
                    for message in sent:
                        await send(message)
                return
        finally:
            disconnected.cancel()

    async def _repeat(self, scope: Message, body: bytes, disconnected: asyncio.Future[Message]) -> list[Message]:
        """Returns what the application sends in answer to a new copy of the request."""
        sent: list[Message] = []
        receive = replaying(body, lambda: asyncio.shield(disconnected))

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._app({**scope, "state": dict(scope.get("state", {}))}, receive, keep)
        return sent


def _is_empty(sent: list[Message]) -> bool:
    return sent[0]["status"] == HTTPStatus.OK and not any(message.get("body") for message in sent)


def _seconds(value: bytes) -> float:
    """Returns how long to hold the request; a negative number, NaN or no number means not at all."""
    with suppress(ValueError):
        return min(float(value), LONGEST_S)
    return 0.0


async def _read_all(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _wait_for_any(ring: asyncio.Event, disconnected: asyncio.Future[Message], seconds: float) -> None:
    ringing = asyncio.ensure_future(ring.wait())
    try:
        await asyncio.wait((ringing, disconnected), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ringing.cancel()
