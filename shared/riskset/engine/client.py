"""What a Flower client needs beside Flower, at a site and in `riskset run`: trust, headers, a heartbeat, silence."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, at both ends; those of TLS 1.3 are all as good. Each encrypts and authenticates at once, under a key that
is new for every connection; the suites with CBC do not."""


class HasRequest(Protocol):
    """What Flower passes to an interceptor; `request` has `headers`."""

    @property
    def request(self) -> Any: ...  # noqa: ANN401 (httpx's, which the shared part does not know)


Context = TypeVar("Context", bound=HasRequest)
Answer = TypeVar("Answer")


def trust_only(authority: str) -> ssl.SSLContext:
    """Returns a context that trusts one authority (PEM) and no certificate of the public web."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    trusted.set_ciphers(CIPHERS)
    trusted.load_verify_locations(cadata=authority)
    return trusted


class RequestHeaders:
    """Adds our headers to each request. Flower takes anything with `intercept` as an interceptor."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._more: dict[str, str] = {}

    @contextmanager
    def also(self, more: Mapping[str, str]) -> Iterator[None]:
        """Adds more headers for a while. A heartbeat in that time carries them too; at worst it wakes a party early."""
        self._more = dict(more)
        try:
            yield
        finally:
            self._more = {}

    def intercept(self, context: Context, call_next: Callable[[Context], Answer]) -> Answer:
        context.request.headers.update(self._headers | self._more)
        return call_next(context)


class Heartbeat:
    """Calls `beat` every `every_s` seconds until `stop`, in its own thread, so that a long computation does not end a
    session. `beat` must not raise."""

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
    """Removes the handlers of a library's logger; its warnings go where our own log goes."""
    logger = logging.getLogger(library)
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
