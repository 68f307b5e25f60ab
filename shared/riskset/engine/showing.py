"""Headers of our own on the requests of a Flower client, which takes anything with `intercept` as an interceptor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar


class HasRequest(Protocol):
    """What Flower hands to an interceptor; `request` has `headers`."""

    @property
    def request(self) -> Any: ...  # noqa: ANN401 (httpx's, which the shared part does not know)


Context = TypeVar("Context", bound=HasRequest)
Answer = TypeVar("Answer")


class Showing:
    """Adds headers to each request, and for a while some more.

    A heartbeat that passes in that while carries them too; they mean nothing on it.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._more: dict[str, str] = {}

    @contextmanager
    def also(self, more: Mapping[str, str]) -> Iterator[None]:
        self._more = dict(more)
        try:
            yield
        finally:
            self._more = {}

    def intercept(self, context: Context, call_next: Callable[[Context], Answer]) -> Answer:
        context.request.headers.update(self._headers | self._more)
        return call_next(context)
