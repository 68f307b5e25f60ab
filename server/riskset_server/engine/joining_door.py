"""The one path of the public port that is not Flower's: where a site that holds a token leaves its request.

A stranger costs one look into the list and learns nothing. Only who shows a token is read, 8 kB at most, and told why
not.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from pathlib import Path

from riskset.errors import DataError, Refused, RisksetError, VerificationError
from riskset.joining.request import JOIN_PATH, MAX_REQUEST_BYTES
from riskset_server.engine.front_door import App, Limits, Message, Receive, Send, Turned, answer, read_body
from riskset_server.engine.recording import ANSWER, REQUEST, Recorder
from riskset_server.joining.book import JoiningBook
from riskset_server.joining.desk import JoiningDesk

_BEARER = b"Bearer "


class JoiningDoor:
    """Takes what is for `JOIN_PATH` and passes everything else on. `book` is the list of invites."""

    def __init__(self, app: App, book: Path, limits: Limits, recorder: Recorder | None = None) -> None:
        self._app = app
        self._book = book
        self._deadline_s = min(limits.body_s, limits.header_s)
        self._recorder = recorder

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != JOIN_PATH:
            await self._app(scope, receive, send)
            return
        try:
            token = await self._token(scope)
            body = await read_body(scope, receive, MAX_REQUEST_BYTES, self._deadline_s)
        except Turned as turned:
            if turned.status is not None:
                await answer(send, turned.status)
            return
        status, words = await asyncio.to_thread(self._receive, body, token)
        if self._recorder is not None:
            self._recorder.write(REQUEST, JOIN_PATH, body)
            self._recorder.write(ANSWER, JOIN_PATH, words)
        await answer(send, status, words)

    async def _token(self, scope: Message) -> str:
        """Returns the token if an invite holds it. Raises Turned before a byte of the body is read."""
        shown: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
        if scope["method"] != "POST":
            raise Turned(HTTPStatus.NOT_FOUND)
        if len(shown) != 1 or not shown[0].startswith(_BEARER):
            raise Turned(HTTPStatus.UNAUTHORIZED)
        token = shown[0].removeprefix(_BEARER).decode("latin-1")
        if not await asyncio.to_thread(self._knows, token):
            raise Turned(HTTPStatus.UNAUTHORIZED)
        return token

    def _knows(self, token: str) -> bool:
        try:
            with JoiningBook(self._book) as book:
                return JoiningDesk(book).knows(token)
        except DataError:
            raise Turned(HTTPStatus.SERVICE_UNAVAILABLE) from None

    def _receive(self, body: bytes, token: str) -> tuple[HTTPStatus, bytes]:
        try:
            with JoiningBook(self._book) as book:
                found = JoiningDesk(book).receive(body, token)
        except Refused as refused:
            return HTTPStatus.CONFLICT, _told(refused, code=refused.code)
        except (DataError, VerificationError) as error:
            if error.__cause__ is not None:  # of our disk, and with its paths; not for the sender
                return HTTPStatus.SERVICE_UNAVAILABLE, b""
            return HTTPStatus.UNPROCESSABLE_ENTITY, _told(error)
        return HTTPStatus.OK, json.dumps({"received": found.invite.site}).encode()


def _told(error: RisksetError, **more: str) -> bytes:
    return json.dumps({"error": str(error), "hint": error.hint, **more}).encode()
