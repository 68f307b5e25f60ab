"""The checks before Flower's application, on either port. No Flower in here.

Flower reads and parses a whole body before it checks the sender, and its control and runtime calls are open to anyone
who reaches them. Therefore the public port passes only the calls that a site needs, with a limit on every size and
time, and the loopback port passes nothing without the token.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

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
"""All calls a site makes. They exclude Flower's registration by the node itself, its run records and its bundles."""
ACTIVATION: Final = "/v1/fleet/activate-node"


@dataclass(frozen=True)
class Limits:
    """Limits on what a stranger can make the public port hold; beyond them it refuses, or closes the connection."""

    body_bytes: int = 32 * 2**20
    held_bytes: int = 256 * 2**20
    """Of all bodies at once, from all addresses, until each has been answered: eight of the longest. Flower reads a
    body before it knows its sender."""
    header_s: float = 10.0
    body_s: float = 120.0
    connections_per_address: int = 64
    """A site needs two, one of which waits for messages, and two more for a moment when its network was interrupted:
    16 sites of a hospital group may share an address, and a stranger takes no more than they."""


class Room:
    """How many bytes of bodies the port may still take in."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes

    def take(self, n: int) -> None:
        """Raises Rejected where there is no room for n more bytes."""
        if n > self.left:
            raise Rejected(HTTPStatus.SERVICE_UNAVAILABLE)
        self.left -= n

    def give_back(self, n: int) -> None:
        self.left += n


class Rejected(Exception):
    """A request that does not pass; `status` is the answer, None where the client has disconnected."""

    def __init__(self, status: HTTPStatus | None) -> None:
        super().__init__(status)
        self.status = status


class FrontDoor:
    """The public port: passes the calls in `SITE_CALLS`, complete and in time; records them if asked."""

    def __init__(self, app: App, limits: Limits, room: Room, recorder: Recorder | None = None) -> None:
        self._app = app
        self._limits = limits
        self._room = room
        self._recorder = recorder

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await self._admit(scope, receive)
        except Rejected as rejected:
            if rejected.status is not None:
                await answer(send, rejected.status)
            return
        try:
            await self._pass(scope, body, receive, send)
        finally:
            self._room.give_back(len(body))

    async def _admit(self, scope: Message, receive: Receive) -> bytes:
        """Returns the complete body of a request that may pass. Raises Rejected."""
        if scope["method"] != "POST" or scope["path"] not in SITE_CALLS:
            raise Rejected(HTTPStatus.NOT_FOUND)
        return await read_body(scope, receive, self._limits.body_bytes, self._limits.body_s, self._room)

    async def _pass(self, scope: Message, body: bytes, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._recorder is None:
            await self._app(scope, replaying(body, receive), send)
            return
        sent = bytearray()
        self._recorder.write(REQUEST, path, body)
        await self._app(scope, replaying(body, receive), _copying(sent, send))
        self._recorder.write(ANSWER, path, bytes(sent))


class LeaseDoor:
    """Adds a header with the seconds left where a site is refused because its earlier session is still active.

    Flower's answer is the same for a key it does not know. `lease_left_s` takes the request's headers and returns the
    seconds, or None. It is called only after Flower has verified that the request was signed with the key, so that no
    one learns about other keys.
    """

    def __init__(self, app: App, lease_left_s: LeaseLeft) -> None:
        self._app = app
        self._lease_left_s = lease_left_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def add_header(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.PRECONDITION_FAILED:
                left_s = await asyncio.to_thread(self._lease_left_s, dict(scope["headers"]))
                if left_s is not None:
                    message["headers"] = [*message["headers"], (LEASE_HEADER.encode(), f"{left_s:.1f}".encode())]
            await send(message)

        await self._app(scope, receive, add_header if scope["path"] == ACTIVATION else send)


class TokenDoor:
    """The loopback port: passes requests with `token` as bearer token, whatever the path, and nothing else."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) == 1 and hmac.compare_digest(given[0], self._expected):
            await self._app(scope, receive, send)
        else:
            await answer(send, HTTPStatus.UNAUTHORIZED)


async def answer(send: Send, status: HTTPStatus, body: bytes = b"") -> None:
    """Sends a status, and a body if there is one. Unread parts of the request are discarded, until the headers'
    deadline."""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(scope: Message, receive: Receive, most_bytes: int, within_s: float, room: Room) -> bytes:
    """Returns the complete body of a request, whose bytes the caller gives back to the room. Raises Rejected, and then
    holds nothing, where it is too large, too slow or cut off, or there is no room."""
    if _announced_bytes(scope) > most_bytes:
        raise Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        async with asyncio.timeout(within_s):  # unlike wait_for it costs no task
            return await _read(receive, most_bytes, room)
    except TimeoutError:
        raise Rejected(HTTPStatus.REQUEST_TIMEOUT) from None


async def _read(receive: Receive, most_bytes: int, room: Room) -> bytes:
    body, more = bytearray(), True
    try:
        while more:
            part, more = await _next_part(receive, most_bytes - len(body))
            room.take(len(part))
            body += part
    except BaseException:  # also a deadline, which cancels this
        room.give_back(len(body))
        raise
    return bytes(body)


async def _next_part(receive: Receive, most_bytes: int) -> tuple[bytes, bool]:
    """Returns a part of a body, and whether there is more."""
    message = await receive()
    if message["type"] != "http.request":
        raise Rejected(None)  # the client disconnected
    part = message.get("body", b"")
    if len(part) > most_bytes:
        raise Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return part, message.get("more_body", False)


def _announced_bytes(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # h11 has checked that it is a number
    return 0


def replaying(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that returns the body once, then what the server returns: the end of the connection."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay


def _copying(into: bytearray, send: Send) -> Send:
    async def copy(message: Message) -> None:
        if message["type"] == "http.response.body":
            into.extend(message.get("body", b""))
        await send(message)

    return copy
