"""Serves the desk on loopback until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from riskset.catalogue import say
from riskset.errors import DataError
from riskset_release.desk.app import DeskApp

LOOPBACK = "127.0.0.1"


def bound(port: int) -> socket.socket:
    """Returns a socket on a port of this machine that nobody else reaches; any free one where `port` is 0. DataError
    where it is taken."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.bind((LOOPBACK, port))
        found.listen()  # so that the address works as soon as it is printed
    except OSError as error:
        found.close()
        reason = (error.strerror or type(error).__name__).lower()
        raise DataError(say("release.review.port", port=port, reason=reason), say("release.review.port_hint")) from None
    return found


def serve(app: DeskApp, on: socket.socket, started: Callable[[], None]) -> None:
    """Answers requests until the process is interrupted; calls `started` before the first."""
    config = uvicorn.Config(
        app.asgi(),
        log_level="critical",  # a traceback of ours could hold anything; the page says type and place
        access_log=False,  # its lines would have the secret
        server_header=False,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        limit_concurrency=50,
        timeout_keep_alive=5,
    )
    started()
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped; it is how a desk ends
        uvicorn.Server(config).run(sockets=[on])
