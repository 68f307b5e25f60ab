"""The desk of a site as a web application: how a page is asked for, and what a form has to bring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from riskset.catalogue import Message, say
from riskset.desk.app import NOT_TAKEN
from riskset.desk.forms import Form, check_session, form_of
from riskset.desk.own_desk import OwnDeskApp
from riskset.desk.sessions import Session
from riskset.desk.templates import style_of
from riskset.errors import RisksetError, file_failed
from riskset_site.desk.pages import page_of
from riskset_site.desk.seat import SiteSeat

MOST_FILES = 5
"""Files that vouch for keys, in one form."""
MOST_FIELDS = 5_000
"""Of the map's form: three for each text."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Visit:
    """One request of whoever is at the desk."""

    desk: SiteDesk
    session: Session[SiteSeat]
    request: Request
    form: Form
    """Empty where a page is only shown."""
    wrong: RisksetError | None = None
    """Why what the form asked was not done."""

    @property
    def seat(self) -> SiteSeat:
        return self.session.seat

    def page(self, template: str, **values: Any) -> Response:  # noqa: ANN401 - whatever a template prints
        """Returns a page, with why the form was not taken where it was not."""
        shared = {"session": self.session, "form": self.form, "wrong": self.wrong, "at": self.request.url.path}
        text = page_of(template, self.desk.base, self.seat, **shared, **values)
        return HTMLResponse(text, NOT_TAKEN if self.wrong else 200)

    def done(self, path: str, *said: str) -> Response:
        """Sends the browser to a page, which says what was done."""
        self.seat.done = said
        return self.desk.to(path)

    async def work(self, function: Callable[[], Found]) -> Found:
        """As `SiteSeat.work`."""
        return await self.seat.work(function)


Answer = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True)
class DeskPage:
    """One page of the desk."""

    path: str
    show: Answer
    """Returns the page. What it raises is shown in its place."""
    act: Answer | None = None
    """Does what the form of the page asks. What it raises is shown above the form."""
    needs_keys: bool = True


@dataclass(frozen=True)
class SiteDesk(OwnDeskApp[SiteSeat]):
    """The desk of one site on one port of this machine."""

    most_body: ClassVar[int] = 2**21
    """The form of the map has each text of the categories of an export."""
    shown: Sequence[DeskPage] = ()

    @property
    def closed(self) -> Message:
        return say("site.desk.closed")

    def start_page(self, secret: str) -> str:
        return page_of("start", self.base, self.seat, secret=secret)

    def style_sheet(self) -> bytes:
        return style_of("riskset_site.desk")

    def message_page(self, title: Message, text: Message) -> str:
        return page_of("message", self.base, self.seat, title=title, text=text)

    def routes(self) -> Sequence[BaseRoute]:
        return [route for page in self.shown for route in self._routes_of(page)]

    def _routes_of(self, page: DeskPage) -> list[BaseRoute]:
        async def show(request: Request, session: Session[SiteSeat]) -> Response:
            if page.needs_keys and session.seat.is_shut:
                return self.to("/unlock")
            return await self._shown(page, Visit(self, session, request, Form({})))

        async def act(request: Request, session: Session[SiteSeat]) -> Response:
            form = await form_of(request, MOST_FILES, MOST_FIELDS)
            check_session(session, form)
            if page.needs_keys and session.seat.is_shut:
                return self.to("/unlock")
            return await self._acted(page, Visit(self, session, request, form))

        found: list[BaseRoute] = [Route(page.path, self.seated(show), methods=["GET"])]
        if page.act is not None:
            found.append(Route(page.path, self.seated(act), methods=["POST"]))
        return found

    async def _acted(self, page: DeskPage, visit: Visit) -> Response:
        if page.act is None:
            raise ValueError(f"{page.path} has no form")
        try:
            return await page.act(visit)
        except RisksetError as wrong:
            return await self._shown(page, replace(visit, wrong=wrong))
        except OSError as failed:
            return await self._shown(page, replace(visit, wrong=file_failed(failed)))

    async def _shown(self, page: DeskPage, visit: Visit) -> Response:
        try:
            return await page.show(visit)
        except RisksetError as error:
            return replace(visit, wrong=visit.wrong or error).page("trouble")
        except OSError as failed:
            return replace(visit, wrong=visit.wrong or file_failed(failed)).page("trouble")
