"""Holds a request for messages until there are some. No Flower in here.

Flower does not do this: its nodes and its Grid poll, and each poll costs the SuperLink some milliseconds. Ten sites
that poll twenty times a second would leave it no time to work; sites that poll once a second delay every round. A
client sends the longest wait in a header; storage and delivery remain Flower's.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from riskset.engine.wire import WAIT_HEADER, WHOLE_HEADER
from riskset_server.engine.doors import App, Message, Receive, Send, replaying

LONGEST_S: Final = 20.0  # less than a client's timeout of 30 s, and less than proxies allow an idle connection


class Bell:
    """Wakes all waiting tasks, once per ring. For one event loop."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def next_ring(self) -> asyncio.Event:
        """Returns the event of the next ring. Taken before a check, it misses no ring between check and wait."""
        return self._next


class LongPoll:
    """Repeats a request for the path `held` at each ring of `until`, while its answer is empty.

    "Empty" is 200 and an empty body, as protobuf writes a message without content. A request whose header says that it
    completes a message rings `bell` after it has passed, unless it was refused.
    """

    def __init__(self, app: App, *, held: str, until: Bell, bell: Bell) -> None:
        self._app = app
        self._held = held
        self._until = until
        self._bell = bell

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        wait_s = _seconds(headers.get(WAIT_HEADER.encode(), b"0"))
        if scope.get("path") == self._held and wait_s > 0:
            await self._hold(scope, receive, send, time.monotonic() + wait_s)
            return
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, note_status)
        if WHOLE_HEADER.encode() in headers and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._bell.ring()

    async def _hold(self, scope: Message, receive: Receive, send: Send, until_s: float) -> None:
        body = await _read_all(receive)
        disconnected = asyncio.ensure_future(receive())  # after the body this returns only when the client has gone
        try:
            while not disconnected.done():
                ring = self._until.next_ring()
                sent = await self._repeat(scope, body, disconnected)
                if not _is_empty(sent) or time.monotonic() >= until_s:
                    for message in sent:
                        await send(message)
                    return
                await _wait_for_any(ring, disconnected, until_s - time.monotonic())
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
