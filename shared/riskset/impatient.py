"""Ends connections on which what is awaited does not come: who holds many of them would keep everybody else out."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """uvicorn's HTTP protocol with a deadline for what the other side has to send, which uvicorn lacks."""

    _deadline: asyncio.TimerHandle | None = None

    @property
    @abstractmethod
    def deadline_s(self) -> float:
        """Seconds for which is waited."""

    @property
    @abstractmethod
    def awaits(self) -> bool:
        """True while the other side has to send."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        self.forget()
        super().connection_lost(error)

    def _watch(self) -> None:
        if not self.awaits:
            self.forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.deadline_s, self.transport.abort)

    def forget(self) -> None:
        """Stops waiting."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
