"""The only path of the public port that is not Flower's: sites with an invite's token send their join requests there.

A stranger costs one lookup in the list and learns nothing. Only a request with a valid token is read, at most 8 kB,
and only such a request is refused with a reason.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from pathlib import Path

from riskset.errors import DataError, Refused, RisksetError, VerificationError
from riskset.joining.request import JOIN_PATH, MAX_REQUEST_BYTES
from riskset_server.engine.doors import App, Limits, Message, Receive, Rejected, Room, Send, answer, read_body
from riskset_server.engine.recording import ANSWER, REQUEST, Recorder
from riskset_server.joining.enrolment import EnrolmentDesk
from riskset_server.joining.invites import InviteList

_BEARER = b"Bearer "


class JoiningDoor:
    """Handles requests for `JOIN_PATH` and passes all others on. `invites` is the file of the list of invites."""

    def __init__(self, app: App, invites: Path, limits: Limits, room: Room, recorder: Recorder | None = None) -> None:
        self._app = app
        self._invites = invites
        self._room = room
        self._deadline_s = min(limits.body_s, limits.header_s)
        self._recorder = recorder

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != JOIN_PATH:
            await self._app(scope, receive, send)
            return
        try:
            token = await self._token(scope)
            body = await read_body(scope, receive, MAX_REQUEST_BYTES, self._deadline_s, self._room)
        except Rejected as rejected:
            if rejected.status is not None:
                await answer(send, rejected.status)
            return
        try:
            status, reply = await asyncio.to_thread(self._receive, body, token)
        finally:
            self._room.give_back(len(body))
        if self._recorder is not None:
            self._recorder.write(REQUEST, JOIN_PATH, body)
            self._recorder.write(ANSWER, JOIN_PATH, reply)
        await answer(send, status, reply)

    async def _token(self, scope: Message) -> str:
        """Returns the token if it belongs to an invite. Raises Rejected before a byte of the body is read."""
        given: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
        if scope["method"] != "POST":
            raise Rejected(HTTPStatus.NOT_FOUND)
        if len(given) != 1 or not given[0].startswith(_BEARER):
            raise Rejected(HTTPStatus.UNAUTHORIZED)
        token = given[0].removeprefix(_BEARER).decode("latin-1")
        if not await asyncio.to_thread(self._knows, token):
            raise Rejected(HTTPStatus.UNAUTHORIZED)
        return token

    def _knows(self, token: str) -> bool:
        try:
            with InviteList(self._invites) as invites:
                return EnrolmentDesk(invites).knows(token)
        except DataError:
            raise Rejected(HTTPStatus.SERVICE_UNAVAILABLE) from None

    def _receive(self, body: bytes, token: str) -> tuple[HTTPStatus, bytes]:
        try:
            with InviteList(self._invites) as invites:
                found = EnrolmentDesk(invites).receive(body, token)
        except Refused as refused:
            return HTTPStatus.CONFLICT, _error_json(refused, code=refused.code)
        except (DataError, VerificationError) as error:
            if error.__cause__ is not None:  # about our disk, with its paths: not for the sender
                return HTTPStatus.SERVICE_UNAVAILABLE, b""
            return HTTPStatus.UNPROCESSABLE_ENTITY, _error_json(error)
        return HTTPStatus.OK, json.dumps({"received": found.invite.site}).encode()


def _error_json(error: RisksetError, **more: str) -> bytes:
    return json.dumps({"error": str(error), "hint": error.hint, **more}).encode()
