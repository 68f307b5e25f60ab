"""The desk of one auditor, on their own machine: it has their key, and signs what they decide in the browser."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from riskset.catalogue import Message, say
from riskset_release.desk.app import DeskApp
from riskset_release.desk.forms import Form, check_statement, form_of
from riskset_release.desk.guard import Guard
from riskset_release.desk.pages import Pages
from riskset_release.desk.review import Review
from riskset_release.desk.seats import SigningSeat
from riskset_release.desk.sessions import OpenedOnce, Session
from riskset_release.outputs import Output


class OwnPages(Pages):
    """The form of a decision ends with a signature."""

    ending: ClassVar = "signature.html.j2"

    def start(self, seat: SigningSeat, secret: str) -> str:
        return self.page("start", seat=seat, secret=secret)


@dataclass(frozen=True)
class OwnDesk(DeskApp):
    """One review on one port of this machine."""

    seat: SigningSeat
    port: int
    sessions: OpenedOnce = field(default_factory=OpenedOnce)
    path: str = field(default_factory=lambda: secrets.token_hex(8))
    """Everything is below it, and so is the cookie: browsers send a cookie to every port of a host, but not to other
    paths."""

    @property
    def review(self) -> Review:
        return self.seat.review

    @property
    def base(self) -> str:
        return f"/{self.path}"

    @property
    def pages(self) -> OwnPages:
        return OwnPages(self.review, self.base)

    @property
    def closed(self) -> Message:
        return say("release.desk.closed")

    @property
    def start_address(self) -> str:
        """What the auditor opens in a browser, once."""
        return f"http://127.0.0.1:{self.port}/{self.path}/start/{self.sessions.secret}"

    @property
    def cookie(self) -> str:
        return f"riskset_desk_{self.port}"

    def asgi(self) -> Guard:
        return Guard(self.application(), "http", frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"}))

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
        return HTMLResponse(self.pages.start(self.seat, secret))

    async def begin(self, request: Request) -> Response:
        form = await form_of(request)
        session = self.sessions.exchange(form.text("secret"), self.seat)
        if session is None:
            raise HTTPException(403)
        answer = self.to("/")
        answer.set_cookie(self.cookie, session.id, path=self.base, httponly=True, samesite="strict")
        return answer

    def session_of(self, request: Request) -> Session | None:
        return self.sessions.find(request.cookies.get(self.cookie, ""))

    def turned_away(self, request: Request) -> Response:
        raise HTTPException(403)

    def decided(self, session: Session, output: Output, form: Form) -> Response:
        check_statement(form)
        vote = self.seat.sign(output, form.judgement, form.text("seen"))
        return self.to_signed(vote.output)
