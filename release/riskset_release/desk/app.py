"""The review desk as a web application: what it shows to whoever is at it, and what follows from a form."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from riskset.catalogue import Message
from riskset.desk.app import NOT_TAKEN, DeskApp
from riskset.desk.forms import Form, check_session, form_of
from riskset.desk.guard import DRAWING_POLICY
from riskset.desk.sessions import Session
from riskset.desk.templates import style_of
from riskset.errors import RisksetError
from riskset_release.desk.forms import check_bytes, judgement_in
from riskset_release.desk.pages import Pages
from riskset_release.desk.review import Review
from riskset_release.desk.seats import Seat
from riskset_release.markup import shown
from riskset_release.outputs import Output
from riskset_release.votes import Judgement, Vote


class ReviewDesk(DeskApp[Seat]):
    """One review in a browser. How somebody comes in, and what follows from a decision, is a matter of each kind."""

    @property
    @abstractmethod
    def review(self) -> Review:
        """What is reviewed."""

    @property
    @abstractmethod
    def pages(self) -> Pages:
        """The pages of this kind of desk."""

    @abstractmethod
    def decided(self, session: Session[Seat], output: Output, form: Form) -> Response:
        """Answers a form with a decision. Raises a RisksetError where it cannot be."""

    def routes(self) -> Sequence[BaseRoute]:
        return [
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

    def style_sheet(self) -> bytes:
        return style_of("riskset_release.desk")

    def message_page(self, title: Message, text: Message) -> str:
        return self.pages.message(title, text)

    async def queue(self, request: Request, session: Session[Seat]) -> Response:
        return HTMLResponse(self.pages.queue(session))

    async def summary(self, request: Request, session: Session[Seat]) -> Response:
        return HTMLResponse(self.pages.summary(session))

    async def output(self, request: Request, session: Session[Seat]) -> Response:
        before = Judgement("", _name_before(session))
        return HTMLResponse(self.pages.output(session, self._output(request), before))

    async def decide(self, request: Request, session: Session[Seat]) -> Response:
        output, form = self._output(request), await form_of(request)
        check_session(session, form)
        try:
            check_bytes(form, output)
            return self.decided(session, output, form)
        except RisksetError as wrong:
            page = self.pages.output(session, output, judgement_in(form), wrong.message)
            return HTMLResponse(page, NOT_TAKEN if session.seat.may_vote else 403)

    async def signed(self, request: Request, session: Session[Seat]) -> Response:
        output = self._output(request)
        return HTMLResponse(self.pages.signed(session, output, _own(session, output)))

    async def own_vote(self, request: Request, session: Session[Seat]) -> Response:
        """The file of the auditor's own vote: to keep, and to see that it is there."""
        vote = _own(session, self._output(request))
        return _download(vote.file_name, self.review.file_of(vote))

    async def upload(self, request: Request, session: Session[Seat]) -> Response:
        form = await form_of(request)
        check_session(session, form)
        try:
            paper = session.seat.take(form.file)
        except RisksetError as wrong:
            return HTMLResponse(self.pages.queue(session, wrong.message), NOT_TAKEN)
        is_own = isinstance(paper, Vote) and paper.key == session.seat.public_key
        return self.to_signed(paper.output) if is_own else self.to("/")

    async def drawing(self, request: Request, session: Session[Seat]) -> Response:
        drawings, number = shown(self._output(request)).drawings, request.path_params["number"]
        if number >= len(drawings):
            raise HTTPException(404)
        policy = {"content-security-policy": DRAWING_POLICY}
        return Response(drawings[number].svg, media_type="image/svg+xml", headers=policy)

    async def file(self, request: Request, session: Session[Seat]) -> Response:
        """A file as it would be released; the browser keeps it and opens nothing."""
        content, number = sorted(self._output(request).files.items()), request.path_params["number"]
        if number >= len(content):
            raise HTTPException(404)
        return _download(*content[number])

    def to_signed(self, output: str) -> Response:
        """Sends a browser to the page of the auditor's own vote on an output, by its id."""
        return self.to(f"/outputs/{quote(output, safe='')}/signed")

    def _output(self, request: Request) -> Output:
        """Returns the output of an address: one of the candidate's, by its id, and nothing else."""
        found = self.review.candidate.output(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return found


def _own(session: Session[Seat], output: Output) -> Vote:
    own = session.seat.standings().of(output).own
    if own is None:
        raise HTTPException(404)
    return own


def _name_before(session: Session[Seat]) -> str:
    """Returns the name under which the auditor signed last, so that it is typed once."""
    own = [one.own for one in session.seat.standings().outputs if one.own]
    return max(own, key=lambda vote: vote.at).name if own else ""


def _download(path: str, data: bytes) -> Response:
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "_" for sign in path)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)
