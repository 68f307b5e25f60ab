"""Holds a question for news until there is some. No Flower in here.

Flower has no such thing: its nodes and its Grid ask, sleep and ask again, and each asking costs the SuperLink some
milliseconds. Ten sites that ask twenty times a second would leave it no time to work; sites that ask once a second
make every round wait. A client says in a header how long it would wait; storing and delivering stay Flower's.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from riskset.engine.wire import WAIT_HEADER, WHOLE_HEADER
from riskset_server.engine.front_door import App, Message, Receive, Send

LONGEST_S: Final = 20.0  # below the 30 s after which a client gives up, and what proxies allow a silent line


class Bell:
    """Wakes whoever waits, once for each ring. For one event loop."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def next_ring(self) -> asyncio.Event:
        """Returns what the next ring sets: taken before a look, nothing between look and wait is missed."""
        return self._next


class LongPoll:
    """Asks the application again at each ring of `until` while a call of `held` is answered with nothing.

    "Nothing" is 200 and an empty body, as protobuf writes a message without content. A request that is said to make a
    message whole rings `bell` after it has passed, unless it was refused.
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

        async def heard(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, heard)
        if WHOLE_HEADER.encode() in headers and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._bell.ring()

    async def _hold(self, scope: Message, receive: Receive, send: Send, until_s: float) -> None:
        body = await _whole(receive)
        hung_up = asyncio.ensure_future(receive())  # after a whole body this returns only when the client has gone
        try:
            while not hung_up.done():
                ring = self._until.next_ring()
                said = await self._ask(scope, body, hung_up)
                if not _is_nothing(said) or time.monotonic() >= until_s:
                    for message in said:
                        await send(message)
                    return
                await _wait_for_any(ring, hung_up, until_s - time.monotonic())
        finally:
            hung_up.cancel()

    async def _ask(self, scope: Message, body: bytes, hung_up: asyncio.Future[Message]) -> list[Message]:
        """Returns what the application sends in answer to one fresh copy of the request."""
        said: list[Message] = []
        waiting = [body]

        async def replay() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await asyncio.shield(hung_up)

        async def keep(message: Message) -> None:
            said.append(message)

        await self._app({**scope, "state": dict(scope.get("state", {}))}, replay, keep)
        return said


def _is_nothing(said: list[Message]) -> bool:
    return said[0]["status"] == HTTPStatus.OK and not any(message.get("body") for message in said)


def _seconds(value: bytes) -> float:
    """Returns how long to hold; a negative number, NaN or no number at all is no wait."""
    with suppress(ValueError):
        return min(float(value), LONGEST_S)
    return 0.0


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _wait_for_any(ring: asyncio.Event, hung_up: asyncio.Future[Message], seconds: float) -> None:
    ringing = asyncio.ensure_future(ring.wait())
    try:
        await asyncio.wait((ringing, hung_up), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ringing.cancel()
