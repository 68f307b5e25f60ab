"""Serves two applications in one process, on a public and on a loopback port, until told to stop. No Flower in here."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from riskset.errors import RisksetError
from riskset_server.engine.front_door import App, Limits, guarded_protocol

LOOPBACK: Final = "127.0.0.1"
GRACE_S: Final = 2  # for requests under way at SIGTERM
BACKLOG: Final = 256
KEEP_ALIVE_S: Final = 65  # a site polls every few seconds; a new TLS handshake for each poll would be the larger cost

Ready = Callable[[int, int], None]
"""Called once with the public and the control port when both are open."""


@dataclass(frozen=True)
class SuperLinkConfig:
    """Where the SuperLink listens and what it keeps. A port of 0 is any free one."""

    certificate: Path
    key: Path
    token: str = field(repr=False)
    """What the coordinator shows on the loopback port; whoever has it can start runs and read messages."""
    public_host: str = "0.0.0.0"
    public_port: int = 8443
    control_port: int = 0
    database: Path | None = None
    """None keeps the state in memory, where it is lost with the process."""
    record: Path | None = None
    """A file to which everything that passes the public port is appended."""
    joining: Path | None = None
    """The list of invites; None lets nobody ask in."""
    limits: Limits = field(default_factory=Limits)


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()  # two servers in one process: the signals belong to `serve_two_ports`


def serve_two_ports(config: SuperLinkConfig, public: App, control: App, on_ready: Ready | None = None) -> None:
    """Blocks until SIGTERM or SIGINT. `control` gets the lifespan events; both ports show the same certificate.

    Raises RisksetError where a port is taken.
    """
    with _listen(config.public_host, config.public_port) as front, _listen(LOOPBACK, config.control_port) as back:
        servers = (
            _server(config, control, H11Protocol, lifespan=True),
            _server(config, public, guarded_protocol(config.limits), lifespan=False),
        )
        asyncio.run(_serve(servers, (back, front), on_ready))


async def _serve(
    servers: tuple[_Server, _Server], sockets: tuple[socket.socket, socket.socket], on_ready: Ready | None
) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop)
    tasks = [asyncio.create_task(server.serve([listener])) for server, listener in zip(servers, sockets, strict=True)]
    while not all(server.started for server in servers) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.01)
    if on_ready is not None and not any(task.done() for task in tasks):
        back, front = (listener.getsockname()[1] for listener in sockets)
        on_ready(front, back)
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop()  # one door without the other is of no use
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks)


def _listen(host: str, port: int) -> socket.socket:
    """Returns an open port. Its protocol is named, or else asyncio leaves Nagle's algorithm on: 40 ms an answer."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        what = f"port {port} on {host} cannot be opened ({error.strerror})"
        raise RisksetError(what, "choose another, or stop what uses it") from None
    return listener


def _server(config: SuperLinkConfig, app: App, protocol: type[H11Protocol], *, lifespan: bool) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="on" if lifespan else "off",
            ssl_certfile=str(config.certificate),
            ssl_keyfile=str(config.key),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
