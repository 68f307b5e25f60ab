"""What both Flower clients need and Flower does not offer: extra request headers, a heartbeat, a quiet log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar


class HasRequest(Protocol):
    """What Flower passes to an interceptor; `request` has `headers`."""

    @property
    def request(self) -> Any: ...  # noqa: ANN401 (httpx's, which the shared part does not know)


Context = TypeVar("Context", bound=HasRequest)
Answer = TypeVar("Answer")


class RequestHeaders:
    """Adds headers to each request of a Flower client, which accepts anything with `intercept` as an interceptor."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._more: dict[str, str] = {}

    @contextmanager
    def also(self, more: Mapping[str, str]) -> Iterator[None]:
        """Adds more headers inside the block. A heartbeat sent meanwhile carries them too; on it they mean nothing."""
        self._more = dict(more)
        try:
            yield
        finally:
            self._more = {}

    def intercept(self, context: Context, call_next: Callable[[Context], Answer]) -> Answer:
        context.request.headers.update(self._headers | self._more)
        return call_next(context)


class Heartbeat:
    """Calls `beat` every `every_s` seconds until `stop`, in its own thread: a long computation does not end a session.

    `beat` handles its own errors.
    """

    def __init__(self, beat: Callable[[], None], every_s: float) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 6.0) -> None:
        """Returns when the thread has ended, or after `patience_s`; a beat that hangs ends with the process."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._beat()


def quieten(library: str) -> None:
    """Removes the handlers of a library's logger; its warnings go where the program's own log goes."""
    logger = logging.getLogger(library)
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
