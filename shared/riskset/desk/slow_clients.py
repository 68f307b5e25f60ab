"""A desk ends connections on which no whole request comes."""

from __future__ import annotations

from typing import ClassVar

from riskset.impatient import Impatient


class PromptRequests(Impatient):
    """The protocol of a desk, with a deadline for a whole request, not while it is being answered."""

    request_s: ClassVar[float] = 20.0
    """From the connection, or the end of the answer before, to the last byte of a request. Uvicorn ends those on which
    nothing begins after an answer."""

    @property
    def deadline_s(self) -> float:
        return self.request_s

    @property
    def awaits(self) -> bool:
        return self.cycle is None or self.cycle.more_body or self.cycle.response_complete

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.forget()
