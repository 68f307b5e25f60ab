"""Ends connections on which no whole request comes: who holds many of them would keep everybody else out."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class PromptRequests(H11Protocol):
    """uvicorn's HTTP protocol with a deadline for a whole request, which uvicorn lacks."""

    request_s: ClassVar[float] = 20.0
    """From the connection, or the end of the answer before, to the last byte of a request. Uvicorn ends those on which
    nothing begins after an answer."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._forget()

    def connection_lost(self, error: Exception | None) -> None:
        self._forget()
        super().connection_lost(error)

    def _watch(self) -> None:
        """Runs the deadline as long as a request is incomplete, not while it is being answered."""
        if self.cycle is not None and not (self.cycle.more_body or self.cycle.response_complete):
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.request_s, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
