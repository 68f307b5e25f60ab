"""Runs the middlewares of an application in one task. No Flower in here.

Starlette gives each of them a task group, a task and a stream of its own, so that an answer may be streamed. Flower has
eight, most of which do nothing for our calls, and together they cost more than everything else in a request
(benchmarks/README.md). Which there are, their order and what each does remain Flower's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response

from riskset_server.engine.doors import App, Message, Receive, Send, replaying

Next: TypeAlias = Callable[[Request], Awaitable[Response]]
Dispatch: TypeAlias = Callable[[Request, Next], Awaitable[Response]]


class InOneTask:
    """The middlewares, outermost first, around `app`; takes the place of all of them. Raises TypeError for one that is
    not of Starlette's kind, as none may be left out."""

    def __init__(self, app: App, middlewares: Sequence[Middleware]) -> None:
        self._app = app
        self._call: Next = self._innermost
        for dispatch in reversed([_dispatch(app, one) for one in middlewares]):
            self._call = _around(dispatch, self._call)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = await self._call(Request(scope, receive))
        await response(scope, receive, send)

    async def _innermost(self, request: Request) -> Response:
        """Returns the complete answer of the application."""
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._app(request.scope, replaying(await request.body(), request.receive), keep)
        response = Response(b"".join(message.get("body", b"") for message in sent[1:]), sent[0]["status"])
        response.raw_headers = list(sent[0]["headers"])
        return response


def _dispatch(app: App, middleware: Middleware) -> Dispatch:
    made: Any = middleware.cls(app, *middleware.args, **middleware.kwargs)
    if not isinstance(made, BaseHTTPMiddleware):
        raise TypeError(f"{middleware!r} is not a BaseHTTPMiddleware")
    return made.dispatch_func


def _around(dispatch: Dispatch, following: Next) -> Next:
    async def call(request: Request) -> Response:
        return await dispatch(request, following)

    return call
