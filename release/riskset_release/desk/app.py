"""The desk as a web application: routes, and what a request has to bring."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from riskset.catalogue import say
from riskset.errors import RisksetError, fault_of
from riskset_release.desk.guard import DRAWING_POLICY, MOST_BODY, Guard
from riskset_release.desk.pages import Pages, Typed
from riskset_release.desk.review import Review
from riskset_release.desk.sessions import Session, Sessions, is_of_form
from riskset_release.markup import shown
from riskset_release.outputs import Output
from riskset_release.votes import Judgement

_NOT_SIGNED: Final = 422
"""The form was read, and a vote cannot be signed of it."""
_Handler = Callable[[Request, Session], Awaitable[Response]]


@dataclass(frozen=True)
class DeskApp:
    """One review on one port of this machine."""

    review: Review
    port: int
    sessions: Sessions = field(default_factory=Sessions)
    path: str = field(default_factory=lambda: secrets.token_hex(8))
    """Everything is below it, and so is the cookie: browsers send a cookie to every port of a host, but not to other
    paths."""

    @property
    def start_address(self) -> str:
        """What the auditor opens in a browser, once."""
        return f"http://127.0.0.1:{self.port}/{self.path}/start/{self.sessions.secret}"

    @property
    def pages(self) -> Pages:
        return Pages(self.review, f"/{self.path}")

    @property
    def cookie(self) -> str:
        return f"riskset_desk_{self.port}"

    def asgi(self) -> ASGIApp:
        """Returns the application."""
        routes = [
            Route("/start/{secret}", self.start, methods=["GET"]),
            Route("/start", self.begin, methods=["POST"]),
            Route("/desk.css", self.style, methods=["GET"]),
            Route("/", self._seated(self.queue), methods=["GET"]),
            Route("/summary", self._seated(self.summary), methods=["GET"]),
            Route("/votes", self._seated(self.upload), methods=["POST"]),
            Route("/outputs/{id}", self._seated(self.output), methods=["GET"]),
            Route("/outputs/{id}", self._seated(self.vote), methods=["POST"]),
            Route("/outputs/{id}/signed", self._seated(self.signed), methods=["GET"]),
            Route("/outputs/{id}/drawings/{number:int}", self._seated(self.drawing), methods=["GET"]),
            Route("/outputs/{id}/files/{number:int}", self._seated(self.file), methods=["GET"]),
        ]
        app = Starlette(
            routes=[Mount(f"/{self.path}", routes=routes)],
            exception_handlers={HTTPException: self._http_error, RisksetError: self._told, Exception: self._fault},
        )
        return Guard(app, frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"}))

    async def start(self, request: Request) -> Response:
        """Asks for a click, so that nothing is used up by a browser that looks ahead."""
        secret = request.path_params["secret"]
        if not self.sessions.is_secret(secret):
            raise HTTPException(403)
        return HTMLResponse(self.pages.start(secret))

    async def begin(self, request: Request) -> Response:
        form = await _form(request)
        session = self.sessions.exchange(form.text("secret"))
        if session is None:
            raise HTTPException(403)
        answer = RedirectResponse(f"/{self.path}/", 303)
        answer.set_cookie(self.cookie, session.id, path=f"/{self.path}", httponly=True, samesite="strict")
        return answer

    async def style(self, request: Request) -> Response:
        return Response((files("riskset_release.desk") / "desk.css").read_bytes(), media_type="text/css")

    async def queue(self, request: Request, session: Session) -> Response:
        return HTMLResponse(self.pages.queue(session, self.review.standings()))

    async def summary(self, request: Request, session: Session) -> Response:
        return HTMLResponse(self.pages.summary(session, self.review.standings()))

    async def output(self, request: Request, session: Session) -> Response:
        output = self._output(request)
        standing = self.review.standings().of(output)
        return HTMLResponse(self.pages.output(session, standing, Typed(name=self._name_before())))

    async def vote(self, request: Request, session: Session) -> Response:
        output, form = self._output(request), await _form(request)
        _check_form(session, form)
        typed = Typed(*(" ".join(form.text(name).split()) for name in ("decision", "category", "reason", "name")))
        judgement = Judgement(typed.decision, typed.name, typed.category, typed.reason)
        try:
            _check_statement(form, output)
            self.review.sign(output, judgement, form.text("seen"))
        except RisksetError as wrong:
            standing = self.review.standings().of(output)
            page = self.pages.output(session, standing, typed, wrong.message)
            return HTMLResponse(page, 403 if self.review.is_requester else _NOT_SIGNED)
        return RedirectResponse(f"/{self.path}/outputs/{quote(output.id)}/signed", 303)

    async def signed(self, request: Request, session: Session) -> Response:
        output, standings = self._output(request), self.review.standings()
        own = standings.of(output).own
        if own is None:
            raise HTTPException(404)
        return HTMLResponse(self.pages.signed(session, standings, output, own))

    async def upload(self, request: Request, session: Session) -> Response:
        form = await _form(request)
        _check_form(session, form)
        try:
            self.review.take(form.file)
        except RisksetError as wrong:
            return HTMLResponse(self.pages.queue(session, self.review.standings(), wrong.message), _NOT_SIGNED)
        return RedirectResponse(f"/{self.path}/", 303)

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
        path, data = content[number]
        name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "_" for sign in path)
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type="application/octet-stream", headers=headers)

    def _output(self, request: Request) -> Output:
        """Returns the output of an address: one of the candidate's, by its id, and nothing else."""
        found = self.review.candidate.output(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return found

    def _name_before(self) -> str:
        """Returns the name under which the auditor signed last, so that it is typed once."""
        own = [one.own for one in self.review.standings().outputs if one.own]
        return max(own, key=lambda vote: vote.at).name if own else ""

    def _seated(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """Returns a handler that answers only whoever opened the desk."""

        async def seated(request: Request) -> Response:
            session = self.sessions.find(request.cookies.get(self.cookie, ""))
            if session is None:
                raise HTTPException(403)
            return await handler(request, session)

        return seated

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        text = say("release.desk.closed") if status == 403 else say("release.desk.no_page")
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=status), text), status)

    async def _told(self, request: Request, error: Exception) -> Response:
        message = error.message if isinstance(error, RisksetError) else say("release.desk.no_page")
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=500), message), 500)

    async def _fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: type and place, since its text could hold anything."""
        text = say("cli.fault", fault=fault_of(error))
        return HTMLResponse(self.pages.message(say("release.desk.not_shown", status=500), text), 500)


@dataclass(frozen=True)
class _Form:
    """What a form had."""

    fields: Mapping[str, str]
    """Those that it had once."""
    file: bytes

    def text(self, name: str) -> str:
        """Returns a field; an empty text where the form had none of this name, or several."""
        return self.fields.get(name, "")


async def _form(request: Request) -> _Form:
    async with request.form(max_files=1, max_fields=12, max_part_size=MOST_BODY) as form:
        names = Counter(name for name, _ in form.multi_items())
        fields = {name: value for name, value in form.multi_items() if names[name] == 1 and isinstance(value, str)}
        file = form.get("vote")
        return _Form(fields, await file.read() if isinstance(file, UploadFile) else b"")


def _check_statement(form: _Form, output: Output) -> None:
    """The signer meant it, and the page showed these very bytes. Raises RisksetError where not."""
    if form.text("statement") != "yes":
        raise RisksetError(say("release.cast.statement"))
    if form.text("sha256") != output.sha256:
        raise RisksetError(say("release.cast.other_bytes"))


def _check_form(session: Session, form: _Form) -> None:
    if not is_of_form(session, form.text("csrf")):
        raise HTTPException(403)
