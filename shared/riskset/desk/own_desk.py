"""A desk of one person, on their own machine: its address opens it once, in one browser."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from riskset.desk.app import DeskApp
from riskset.desk.forms import form_of
from riskset.desk.guard import MOST_BODY, Guard
from riskset.desk.sessions import OpenedOnce, Seat, Session


@dataclass(frozen=True)
class OwnDeskApp(DeskApp[Seat]):
    """One desk on one port of this machine."""

    seat: Seat
    port: int
    sessions: OpenedOnce[Seat] = field(default_factory=OpenedOnce)
    path: str = field(default_factory=lambda: secrets.token_hex(8))
    """Everything is below it, and so is the cookie: browsers send a cookie to every port of a host, but not to other
    paths."""

    most_body: ClassVar[int] = MOST_BODY
    """Bytes of the longest form."""

    @abstractmethod
    def start_page(self, secret: str) -> str:
        """Returns the page that the printed address shows: a form with the secret, to `/start`."""

    @property
    def base(self) -> str:
        return f"/{self.path}"

    @property
    def start_address(self) -> str:
        """What is opened in a browser, once."""
        return f"http://127.0.0.1:{self.port}/{self.path}/start/{self.sessions.secret}"

    @property
    def cookie(self) -> str:
        return f"riskset_desk_{self.port}"

    def asgi(self) -> Guard:
        return Guard(
            self.application(), "http", frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"}), self.most_body
        )

    def entrance(self) -> Sequence[BaseRoute]:
        return [
            Route("/start/{secret}", self.start, methods=["GET"]),
            Route("/start", self.begin, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """Asks for a click, so that nothing is used up by a browser that looks ahead."""
        secret = request.path_params["secret"]
        if not self.sessions.is_secret(secret):
            raise HTTPException(403)
        return HTMLResponse(self.start_page(secret))

    async def begin(self, request: Request) -> Response:
        form = await form_of(request)
        session = self.sessions.exchange(form.text("secret"), self.seat)
        if session is None:
            raise HTTPException(403)
        answer = self.to("/")
        answer.set_cookie(self.cookie, session.id, path=self.base, httponly=True, samesite="strict")
        return answer

    def session_of(self, request: Request) -> Session[Seat] | None:
        return self.sessions.find(request.cookies.get(self.cookie, ""))

    def turned_away(self, request: Request) -> Response:
        raise HTTPException(403)
