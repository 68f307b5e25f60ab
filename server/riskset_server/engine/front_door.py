"""What stands before Flower's app, on either port. No Flower in here.

Flower reads and parses a whole body before it asks who sent it, and its control and runtime calls are open to whoever
reaches them. So the public port passes only the calls that a site needs, with a bound on every size and time, and the
loopback port passes nothing without the token.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

from riskset.engine.wire import LEASE_HEADER
from riskset_server.engine.recording import ANSWER, REQUEST, Recorder

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

LeaseLeft: TypeAlias = Callable[[Mapping[bytes, bytes]], float | None]

SITE_CALLS: Final = frozenset(
    f"/v1/fleet/{call}"
    for call in (
        "activate-node",
        "deactivate-node",
        "send-node-heartbeat",
        "pull-messages",
        "push-messages",
        "pull-object",
        "push-object",
        "confirm-message-received",
    )
)
"""All that a site asks. Flower's registration by the node itself, its run records and its bundles are not among it."""
ACTIVATION: Final = "/v1/fleet/activate-node"


@dataclass(frozen=True)
class Limits:
    """Bounds on what a stranger can make the public port hold; beyond them the answer is no, or the line is cut."""

    body_bytes: int = 32 * 2**20
    header_s: float = 10.0
    body_s: float = 120.0
    connections_per_address: int = 64  # the demo's sites all come from one address; a hospital needs two


class Turned(Exception):
    """A request that does not pass; `status` is the answer, None where nobody waits for one any more."""

    def __init__(self, status: HTTPStatus | None) -> None:
        super().__init__(status)
        self.status = status


class FrontDoor:
    """The public port: passes the calls of `SITE_CALLS`, whole and in time, and records them if asked to."""

    def __init__(self, app: App, limits: Limits, recorder: Recorder | None = None) -> None:
        self._app = app
        self._limits = limits
        self._recorder = recorder

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await self._admit(scope, receive)
        except Turned as turned:
            if turned.status is not None:
                await answer(send, turned.status)
        else:
            await self._pass(scope, body, receive, send)

    async def _admit(self, scope: Message, receive: Receive) -> bytes:
        """Returns the whole body of a request that may pass. Raises Turned."""
        if scope["method"] != "POST" or scope["path"] not in SITE_CALLS:
            raise Turned(HTTPStatus.NOT_FOUND)
        return await read_body(scope, receive, self._limits.body_bytes, self._limits.body_s)

    async def _pass(self, scope: Message, body: bytes, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._recorder is None:
            await self._app(scope, _replaying(body, receive), send)
            return
        said = bytearray()
        self._recorder.write(REQUEST, path, body)
        await self._app(scope, _replaying(body, receive), _overheard(said, send))
        self._recorder.write(ANSWER, path, bytes(said))


class LeaseTeller:
    """Tells a site that is refused because its earlier session still lives how long that will be, in a header.

    Flower's answer is the same for a key it does not know. `lease_left_s` takes the request's headers and returns the
    seconds, or None. It is asked only after Flower has verified that the request was signed with the key: nobody
    learns of other keys.
    """

    def __init__(self, app: App, lease_left_s: LeaseLeft) -> None:
        self._app = app
        self._lease_left_s = lease_left_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.PRECONDITION_FAILED:
                left_s = await asyncio.to_thread(self._lease_left_s, dict(scope["headers"]))
                if left_s is not None:
                    message["headers"] = [*message["headers"], (LEASE_HEADER.encode(), f"{left_s:.1f}".encode())]
            await send(message)

        await self._app(scope, receive, tell if scope["path"] == ACTIVATION else send)


class TokenDoor:
    """The loopback port: passes what carries `token` as a bearer token, whatever the path, and nothing else."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(shown) == 1 and hmac.compare_digest(shown[0], self._expected):
            await self._app(scope, receive, send)
        else:
            await answer(send, HTTPStatus.UNAUTHORIZED)


async def answer(send: Send, status: HTTPStatus, body: bytes = b"") -> None:
    """Sends a status, and a body if there is one. What is unread of the request is thrown away, until the headers'
    deadline."""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(scope: Message, receive: Receive, most_bytes: int, within_s: float) -> bytes:
    """Returns the whole body of a request. Raises Turned where it is too large, too slow or cut off."""
    if _announced_bytes(scope) > most_bytes:
        raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return await asyncio.wait_for(_read(receive, most_bytes), within_s)
    except TimeoutError:
        raise Turned(HTTPStatus.REQUEST_TIMEOUT) from None


async def _read(receive: Receive, most_bytes: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Turned(None)  # the client hung up
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not message.get("more_body", False):
            return bytes(body)


def guarded_protocol(limits: Limits) -> type[H11Protocol]:
    """Returns uvicorn's HTTP protocol, with a deadline for headers (which uvicorn has not) and a count by address.

    TLS handshakes come before it; asyncio ends those that take more than a minute.
    """
    open_from: Counter[str] = Counter()

    class Guarded(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None
        _address: str = ""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._address = self.client[0] if self.client else ""
            open_from[self._address] += 1
            if open_from[self._address] > limits.connections_per_address:
                transport.abort()
            else:
                self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, error: Exception | None) -> None:
            open_from[self._address] -= 1
            if not open_from[self._address]:
                del open_from[self._address]
            self._forget()
            super().connection_lost(error)

        def _watch(self) -> None:
            """Runs the deadline while a request has begun whose headers are not whole; uvicorn ends silent lines."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget()
            elif self._deadline is None:
                self._deadline = self.loop.call_later(limits.header_s, self.transport.abort)

        def _forget(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Guarded


def _announced_bytes(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # h11 has checked that it is a number
    return 0


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that gives the body, once, and then what the server gives: the end of the connection."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay


def _overheard(said: bytearray, send: Send) -> Send:
    async def overhear(message: Message) -> None:
        if message["type"] == "http.response.body":
            said.extend(message.get("body", b""))
        await send(message)

    return overhear
