"""The desk at which several log in from their own machines. It holds no key of theirs: votes come to it signed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from riskset.catalogue import Message, languages, say
from riskset.desk.app import NOT_TAKEN
from riskset.desk.forms import Form, check_session, form_of
from riskset.desk.guard import Guard
from riskset.desk.sessions import Session
from riskset.errors import RisksetError
from riskset_release.desk.app import ReviewDesk
from riskset_release.desk.door import LASTS_S, Door
from riskset_release.desk.forms import judgement_in
from riskset_release.desk.pages import Pages
from riskset_release.desk.readers import LANGUAGE_COOKIE, Readers
from riskset_release.desk.review import Review
from riskset_release.desk.seats import Seat
from riskset_release.desk.sessions import LoggedIn
from riskset_release.desk.sign_command import sign_command
from riskset_release.logins import Challenge
from riskset_release.outputs import Output
from riskset_release.votes import Judgement

# Of this host alone, over TLS alone: no other name below the same domain can set them.
SESSION_COOKIE: Final = "__Host-riskset_desk"
BROWSER_COOKIE: Final = "__Host-riskset_login"


class ServedPages(Pages):
    """The form of a decision ends with the command that signs it elsewhere."""

    ending: ClassVar = "to_command.html.j2"
    leave: ClassVar = "log_out.html.j2"
    offered: ClassVar = languages()

    def what_holds(self) -> Message:
        """As on a desk of one's own, but whoever runs this one checked them."""
        return say("release.proof.meaning.holds_here")

    def login(self, challenge: Challenge, wrong: Message | None = None) -> str:
        return self.page("login", challenge=challenge, minutes=LASTS_S // 60, wrong=wrong)

    def command(self, session: Session[Seat], output: Output, judgement: Judgement) -> str:
        """Returns the page with the command that signs a vote, and the form that takes its file."""
        command = sign_command(session.seat.review.candidate, output, judgement, session.seat.name)
        own = session.seat.standings().of(output).own
        return self.seated("command", session, output=output, judgement=judgement, command=command, own=own)


@dataclass(frozen=True)
class ServedDesk(ReviewDesk):
    """One review at one address."""

    door: Door
    sessions: LoggedIn

    @property
    def review(self) -> Review:
        return self.door.review

    @property
    def base(self) -> str:
        return ""

    @property
    def pages(self) -> ServedPages:
        return ServedPages(self.review, self.base)

    @property
    def closed(self) -> Message:
        return say("release.door.closed")

    def asgi(self) -> Guard:
        return Guard(Readers(self.application()), "https", frozenset({self.door.desk}))

    def entrance(self) -> Sequence[BaseRoute]:
        return [
            Route("/login", self.login, methods=["GET"]),
            Route("/login", self.answer, methods=["POST"]),
            Route("/logout", self.seated(self.leave), methods=["POST"]),
            Route("/language/{code}", self.language, methods=["GET"]),
        ]

    async def login(self, request: Request) -> Response:
        return self._asks()

    async def language(self, request: Request) -> Response:
        """Speaks another language in this browser from now on."""
        code = request.path_params["code"]
        if code not in languages():
            raise HTTPException(404)
        answer = self.to("/")
        _set(answer, LANGUAGE_COOKIE, code)
        return answer

    async def answer(self, request: Request) -> Response:
        """Begins a session of a new id, whatever cookie the browser had."""
        form = await form_of(request)
        browser, client = request.cookies.get(BROWSER_COOKIE, ""), request.client.host if request.client else ""
        try:
            seat = self.door.lets_in(form.file or form.text("answer").encode(), browser, client)
        except RisksetError as wrong:
            return self._asks(wrong.message, NOT_TAKEN)
        answer = self.to("/")
        _set(answer, SESSION_COOKIE, self.sessions.begin(seat).id)
        _forget(answer, BROWSER_COOKIE)
        return answer

    async def leave(self, request: Request, session: Session[Seat]) -> Response:
        check_session(session, await form_of(request))
        self.sessions.end(session)
        answer = self.to("/login")
        _forget(answer, SESSION_COOKIE)
        return answer

    def session_of(self, request: Request) -> Session[Seat] | None:
        return self.sessions.find(request.cookies.get(SESSION_COOKIE, ""))

    def turned_away(self, request: Request) -> Response:
        return self.to("/login")

    def decided(self, session: Session[Seat], output: Output, form: Form) -> Response:
        session.seat.check_vote(output, judgement_in(form), form.text("seen"))
        return HTMLResponse(self.pages.command(session, output, judgement_in(form)))

    def _asks(self, wrong: Message | None = None, status: int = 200) -> Response:
        """Answers with a new challenge, for a new secret of the browser: one that was planted there is of no use."""
        browser = secrets.token_urlsafe(32)
        answer = HTMLResponse(self.pages.login(self.door.challenge(browser), wrong), status)
        _set(answer, BROWSER_COOKIE, browser)
        return answer


def _set(answer: Response, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, path="/", secure=True, httponly=True, samesite="strict")


def _forget(answer: Response, cookie: str) -> None:
    answer.delete_cookie(cookie, path="/", secure=True, httponly=True, samesite="strict")
