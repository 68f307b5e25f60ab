"""The desk of one auditor, on their own machine: it has their key, and signs what they decide in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from starlette.responses import Response

from riskset.catalogue import Message, say
from riskset.desk.forms import Form
from riskset.desk.own_desk import OwnDeskApp
from riskset.desk.sessions import Session
from riskset_release.desk.app import ReviewDesk
from riskset_release.desk.forms import check_statement, judgement_in
from riskset_release.desk.pages import Pages
from riskset_release.desk.review import Review
from riskset_release.desk.seats import Seat, SigningSeat
from riskset_release.outputs import Output


class OwnPages(Pages):
    """The form of a decision ends with a signature."""

    ending: ClassVar = "signature.html.j2"

    def start(self, seat: Seat, secret: str) -> str:
        return self.page("start", seat=seat, secret=secret)


@dataclass(frozen=True)
class OwnDesk(OwnDeskApp[Seat], ReviewDesk):
    """One review on one port of this machine."""

    seat: SigningSeat

    @property
    def review(self) -> Review:
        return self.seat.review

    @property
    def pages(self) -> OwnPages:
        return OwnPages(self.review, self.base)

    @property
    def closed(self) -> Message:
        return say("release.desk.closed")

    def start_page(self, secret: str) -> str:
        return self.pages.start(self.seat, secret)

    def decided(self, session: Session[Seat], output: Output, form: Form) -> Response:
        check_statement(form)
        vote = self.seat.sign(output, judgement_in(form), form.text("seen"))
        return self.to_signed(vote.output)
