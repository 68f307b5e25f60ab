"""A desk as a web application: what every desk shows, to whoever is at it, and what a request has to bring."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from riskset.catalogue import Message, say
from riskset.errors import RisksetError, fault_of
from riskset_release.desk.forms import Form, check_bytes, check_session, form_of
from riskset_release.desk.guard import DRAWING_POLICY, Guard
from riskset_release.desk.pages import Pages
from riskset_release.desk.review import Review
from riskset_release.desk.sessions import Session
from riskset_release.markup import shown
from riskset_release.outputs import Output
from riskset_release.votes import Judgement, Vote

NOT_TAKEN = 422
"""The form was read, and what it asks cannot be done."""
_Handler = Callable[[Request, Session], Awaitable[Response]]


class DeskApp(ABC):
    """One review in a browser. How somebody comes in, and what follows from a decision, is a matter of each kind."""

    @property
    @abstractmethod
    def review(self) -> Review:
        """What is reviewed."""

    @property
    @abstractmethod
    def base(self) -> str:
        """The path of the desk, without a slash at its end."""

    @property
    @abstractmethod
    def pages(self) -> Pages:
        """The pages of this kind of desk."""

    @property
    @abstractmethod
    def closed(self) -> Message:
        """What somebody reads who has not come in."""

    @abstractmethod
    def asgi(self) -> Guard:
        """Returns the application, behind a guard who knows its address."""

    @abstractmethod
    def entrance(self) -> Sequence[BaseRoute]:
        """Returns the routes by which somebody comes in, and leaves."""

    @abstractmethod
    def session_of(self, request: Request) -> Session | None:
        """Returns who asks; None where nobody is known."""

    @abstractmethod
    def turned_away(self, request: Request) -> Response:
        """Answers whoever is not known; or raises HTTPException."""

    @abstractmethod
    def decided(self, session: Session, output: Output, form: Form) -> Response:
        """Answers a form with a decision. Raises a RisksetError where it cannot be."""

    def application(self) -> ASGIApp:
        """Returns the application without a guard."""
        routes = [
            *self.entrance(),
            Route("/desk.css", self.style, methods=["GET"]),
            Route("/", self.seated(self.queue), methods=["GET"]),
            Route("/summary", self.seated(self.summary), methods=["GET"]),
            Route("/votes", self.seated(self.upload), methods=["POST"]),
            Route("/outputs/{id}", self.seated(self.output), methods=["GET"]),
            Route("/outputs/{id}", self.seated(self.decide), methods=["POST"]),
            Route("/outputs/{id}/signed", self.seated(self.signed), methods=["GET"]),
            Route("/outputs/{id}/vote", self.seated(self.own_vote), methods=["GET"]),
            Route("/outputs/{id}/drawings/{number:int}", self.seated(self.drawing), methods=["GET"]),
            Route("/outputs/{id}/files/{number:int}", self.seated(self.file), methods=["GET"]),
        ]
        return Starlette(
            routes=[Mount(self.base, routes=routes)],
            exception_handlers={HTTPException: self._http_error, RisksetError: self._told, Exception: self._fault},
        )

    def seated(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """Returns a handler that answers only whoever has come in."""

        async def seated(request: Request) -> Response:
            session = self.session_of(request)
            return self.turned_away(request) if session is None else await handler(request, session)

        return seated

    async def style(self, request: Request) -> Response:
        return Response((files("riskset_release.desk") / "desk.css").read_bytes(), media_type="text/css")

    async def queue(self, request: Request, session: Session) -> Response:
        return HTMLResponse(self.pages.queue(session))

    async def summary(self, request: Request, session: Session) -> Response:
        return HTMLResponse(self.pages.summary(session))

    async def output(self, request: Request, session: Session) -> Response:
        before = Judgement("", _name_before(session))
        return HTMLResponse(self.pages.output(session, self._output(request), before))

    async def decide(self, request: Request, session: Session) -> Response:
        output, form = self._output(request), await form_of(request)
        check_session(session, form)
        try:
            check_bytes(form, output)
            return self.decided(session, output, form)
        except RisksetError as wrong:
            page = self.pages.output(session, output, form.judgement, wrong.message)
            return HTMLResponse(page, NOT_TAKEN if session.seat.may_vote else 403)

    async def signed(self, request: Request, session: Session) -> Response:
        output = self._output(request)
        return HTMLResponse(self.pages.signed(session, output, _own(session, output)))

    async def own_vote(self, request: Request, session: Session) -> Response:
        """The file of the auditor's own vote: to keep, and to see that it is there."""
        vote = _own(session, self._output(request))
        return _download(vote.file_name, self.review.file_of(vote))

    async def upload(self, request: Request, session: Session) -> Response:
        form = await form_of(request)
        check_session(session, form)
        try:
            paper = session.seat.take(form.file)
        except RisksetError as wrong:
            return HTMLResponse(self.pages.queue(session, wrong.message), NOT_TAKEN)
        is_own = isinstance(paper, Vote) and paper.key == session.seat.public_key
        return self.to_signed(paper.output) if is_own else self.to("/")

    async def drawing(self, request: Request, session: Session) -> Response:
        drawings, number = shown(self._output(request)).drawings, request.path_params["number"]
        if number >= len(drawings):
            raise HTTPException(404)
        policy = {"content-security-policy": DRAWING_POLICY}
        return Response(drawings[number].svg, media_type="image/svg+xml", headers=policy)

    async def file(self, request: Request, session: Session) -> Response:
        """A file as it would be released; the browser keeps it and opens nothing."""
        content, number = sorted(self._output(request).files.items()), request.path_params["number"]
        if number >= len(content):
            raise HTTPException(404)
        return _download(*content[number])

    def to(self, path: str) -> Response:
        """Sends a browser to another page of the desk."""
        return RedirectResponse(f"{self.base}{path}", 303)

    def to_signed(self, output: str) -> Response:
        """Sends a browser to the page of the auditor's own vote on an output, by its id."""
        return self.to(f"/outputs/{quote(output, safe='')}/signed")

    def _output(self, request: Request) -> Output:
        """Returns the output of an address: one of the candidate's, by its id, and nothing else."""
        found = self.review.candidate.output(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return found

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        text = self.closed if status == 403 else say("release.desk.no_page")
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=status), text), status)

    async def _told(self, request: Request, error: Exception) -> Response:
        message = error.message if isinstance(error, RisksetError) else say("release.desk.no_page")
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=500), message), 500)

    async def _fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: type and place, since its text could hold anything."""
        text = say("cli.fault", fault=fault_of(error))
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=500), text), 500)


def _own(session: Session, output: Output) -> Vote:
    own = session.seat.standings().of(output).own
    if own is None:
        raise HTTPException(404)
    return own


def _name_before(session: Session) -> str:
    """Returns the name under which the auditor signed last, so that it is typed once."""
    own = [one.own for one in session.seat.standings().outputs if one.own]
    return max(own, key=lambda vote: vote.at).name if own else ""


def _download(path: str, data: bytes) -> Response:
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "_" for sign in path)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)
