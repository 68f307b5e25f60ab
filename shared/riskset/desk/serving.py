"""Serves a desk until it is stopped."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from riskset.catalogue import say
from riskset.desk.app import DeskApp
from riskset.desk.slow_clients import PromptRequests
from riskset.errors import DataError
from riskset.stop_signals import when_stopped

LOOPBACK = "127.0.0.1"


def bound(port: int, host: str = LOOPBACK) -> socket.socket:
    """Returns a socket on a port of this machine: on loopback, that nobody else reaches, unless a host is given; any
    free one where `port` is 0. DataError where it is taken, or the machine has no such address."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _unusable(port, error) from None
    try:
        found.bind(address)
        found.listen()  # so that the address works as soon as it is printed
    except OSError as error:
        found.close()
        raise _unusable(port, error) from None
    return found


def serve(app: DeskApp[Any], on: socket.socket, started: Callable[[], None], tls: ssl.SSLContext | None = None) -> None:
    """Answers requests until the process is interrupted; calls `started` before the first."""
    config = uvicorn.Config(
        app.asgi(),
        http=PromptRequests,
        log_level="critical",  # a traceback of ours could hold anything; the page says type and place
        access_log=False,  # its lines would have the secret
        server_header=False,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        limit_concurrency=50,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,  # a client that never finishes its request does not keep the desk open
    )
    config.load()
    config.ssl = tls
    if threading.current_thread() is threading.main_thread():
        when_stopped(_interrupt)  # uvicorn raises the signal again once it has stopped: what is tidied up then, is
    started()
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped; it is how a desk ends
        uvicorn.Server(config).run(sockets=[on])


def _interrupt() -> None:
    raise KeyboardInterrupt


def _unusable(port: int, error: OSError) -> DataError:
    reason = (error.strerror or type(error).__name__).lower()
    return DataError(say("desk.port", port=port, reason=reason), say("desk.port_hint"))
