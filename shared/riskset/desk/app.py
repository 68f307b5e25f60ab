"""A desk as a web application: who is answered, and what somebody reads when a page cannot be shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from riskset.catalogue import Message, say
from riskset.desk.guard import Guard
from riskset.desk.sessions import Seat, Session
from riskset.errors import RisksetError, fault_of

NOT_TAKEN = 422
"""The form was read, and what it asks cannot be done."""


class DeskApp(ABC, Generic[Seat]):
    """Pages for whoever is at a desk. How somebody comes in, and which pages there are, is a matter of each kind."""

    @property
    @abstractmethod
    def base(self) -> str:
        """The path of the desk, without a slash at its end."""

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
    def routes(self) -> Sequence[BaseRoute]:
        """Returns the pages, for whoever has come in."""

    @abstractmethod
    def style_sheet(self) -> bytes:
        """Returns the style sheet of the pages."""

    @abstractmethod
    def message_page(self, title: Message, text: Message) -> str:
        """Returns a page that says one thing."""

    @abstractmethod
    def session_of(self, request: Request) -> Session[Seat] | None:
        """Returns who asks; None where nobody is known."""

    @abstractmethod
    def turned_away(self, request: Request) -> Response:
        """Answers whoever is not known; or raises HTTPException."""

    def application(self) -> ASGIApp:
        """Returns the application without a guard."""
        routes = [*self.entrance(), Route("/desk.css", self.style, methods=["GET"]), *self.routes()]
        return Starlette(
            routes=[Mount(self.base, routes=routes)],
            exception_handlers={HTTPException: self._http_error, RisksetError: self._told, Exception: self._fault},
        )

    def seated(
        self, handler: Callable[[Request, Session[Seat]], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Returns a handler that answers only whoever has come in."""

        async def seated(request: Request) -> Response:
            session = self.session_of(request)
            return self.turned_away(request) if session is None else await handler(request, session)

        return seated

    async def style(self, request: Request) -> Response:
        return Response(self.style_sheet(), media_type="text/css")

    def to(self, path: str) -> Response:
        """Sends a browser to another page of the desk."""
        return RedirectResponse(f"{self.base}{path}", 303)

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._not_shown(status, self.closed if status == 403 else say("desk.no_page"))

    async def _told(self, request: Request, error: Exception) -> Response:
        return self._not_shown(500, error.message if isinstance(error, RisksetError) else say("desk.no_page"))

    async def _fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: type and place, since its text could hold anything."""
        return self._not_shown(500, say("cli.fault", fault=fault_of(error)))

    def _not_shown(self, status: int, text: Message) -> Response:
        return HTMLResponse(self.message_page(say("desk.not_shown", status=status), text), status)
