"""Serves the coordinator's SuperLink: Flower's application behind our doors, on two ports. No Flower in here.

The public port is for the sites, the loopback port for the coordinator. Both use the server's certificate; the
loopback needs it too, so that a program that takes the port while the SuperLink is down does not receive the token.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from riskset.catalogue import say
from riskset.engine.client import CIPHERS
from riskset.errors import RisksetError
from riskset.impatient import Impatient
from riskset.private_files import prepare_database
from riskset.stop_signals import when_loop_is_stopped
from riskset_server.engine.doors import App, FrontDoor, LeaseDoor, LeaseLeft, Limits, Room, TokenDoor
from riskset_server.engine.entrance import Address, Entrance, Place, Places
from riskset_server.engine.joining_door import JoiningDoor
from riskset_server.engine.long_poll import Bell, LongPoll
from riskset_server.engine.recording import Recorder

LOOPBACK: Final = "127.0.0.1"
GRACE_S: Final = 2  # for requests in progress at SIGTERM
BACKLOG: Final = 256
KEEP_ALIVE_S: Final = 65  # a site polls every few seconds; a new TLS handshake for each poll would cost more

FLEET_PULL: Final = "/v1/fleet/pull-messages"
RUNTIME_PULL: Final = "/v1/runtime/pull-messages"
RUNTIME_PUSH: Final = "/v1/runtime/push-messages"

Ready = Callable[[int, int], None]
"""Called once with the public and the control port when both are open."""
Ports = tuple[socket.socket, socket.socket]
"""The public and the control port, open."""


@dataclass(frozen=True)
class SuperLinkConfig:
    """Where the SuperLink listens and what it keeps. A port of 0 is any free one."""

    certificate: Path
    key: Path
    token: str = field(repr=False)
    """The loopback port's bearer token; anyone who has it can start runs and read messages."""
    public_host: str = "0.0.0.0"
    public_port: int = 8443
    control_port: int = 0
    database: Path | None = None
    """None keeps the state in memory, where it is lost with the process."""
    record: Path | None = None
    """A file to which everything that passes the public port is appended."""
    joining: Path | None = None
    """The list of invites; None accepts no join requests."""
    limits: Limits = field(default_factory=Limits)
    proxies: Collection[Address] = ()
    """The reverse proxies that say, in the PROXY protocol, from where a connection comes."""


@contextmanager
def superlink_ports(config: SuperLinkConfig) -> Iterator[Ports]:
    """Opens the public and the control port, and only then prepares the database, which Flower would open to others.

    Raises RisksetError where a port is taken, as when this server is already running: nothing may open its database
    a second time.
    """
    with _listen(config.public_host, config.public_port) as front, _listen(LOOPBACK, config.control_port) as back:
        if config.database is not None:
            prepare_database(config.database)
        yield front, back


def serve_superlink(
    config: SuperLinkConfig, ports: Ports, app: App, lease_left_s: LeaseLeft, on_ready: Ready | None = None
) -> None:
    """Serves Flower's `app` on the ports until SIGTERM or SIGINT. The loopback application gets the lifespan events."""
    front, back = ports
    recorder = None if config.record is None else Recorder(config.record)
    questions, answers = Bell(), Bell()
    fleet = LongPoll(app, held=FLEET_PULL, until=questions, bell=answers)
    runtime = LongPoll(app, held=RUNTIME_PULL, until=answers, bell=questions, announces=RUNTIME_PUSH)
    room = Room(config.limits.held_bytes)
    public: App = FrontDoor(LeaseDoor(fleet, lease_left_s), config.limits, room, recorder)
    if config.joining is not None:
        public = JoiningDoor(public, config.joining, config.limits, room, recorder)
    control = TokenDoor(runtime, config.token)
    servers = (
        _server(config, control, H11Protocol, lifespan=True),
        _server(config, public, _guarded(config.limits), lifespan=False),
    )
    asyncio.run(_serve(servers, (back, front), _entrance(config, servers[1]), on_ready))


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()  # two servers in one process: `_serve` handles the signals


def _guarded(limits: Limits) -> type[H11Protocol]:
    """Returns the public port's protocol."""
    return type("Guarded", (_GuardedProtocol,), {"limits": limits})


def _entrance(config: SuperLinkConfig, server: _Server) -> Entrance:
    """Returns the way in to the public port's server, which accepts no connection by itself."""

    def protocol(place: Place) -> asyncio.Protocol:
        made: _GuardedProtocol = server.config.http_protocol_class(  # type: ignore[call-arg, assignment]
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        made.place = place
        return made

    return Entrance(protocol, Places(config.limits.connections_per_address), config.proxies, config.limits.header_s)


async def _serve(
    servers: tuple[_Server, _Server],
    sockets: tuple[socket.socket, socket.socket],
    entrance: Entrance,
    on_ready: Ready | None,
) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        when_loop_is_stopped(stop)
    (back, front), (control, public) = sockets, servers
    tasks = [asyncio.create_task(control.serve([back])), asyncio.create_task(public.serve([]))]
    while not all(server.started for server in servers) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.01)
    if not any(task.done() for task in tasks):
        accepting = asyncio.create_task(entrance.accept(front, public.config.ssl))
        if on_ready is not None:
            on_ready(front.getsockname()[1], back.getsockname()[1])
        await asyncio.wait([*tasks, accepting], return_when=asyncio.FIRST_COMPLETED)
        accepting.cancel()
        tasks.append(accepting)
    stop()  # one port without the other is useless
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):  # not the entrance's cancellation
            raise ended


def _listen(host: str, port: int) -> socket.socket:
    """Returns an open port. Its protocol is named: otherwise asyncio leaves Nagle's algorithm on, 40 ms per answer."""
    with ExitStack() as unless_open:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            listener = unless_open.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError as error:
            message = say("server.engine.port", port=port, host=host, reason=error.strerror)
            raise RisksetError(message, say("server.engine.port_hint")) from None
        unless_open.pop_all()
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
            ssl_ciphers=CIPHERS,
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # by default uvicorn believes them from this machine
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


class _GuardedProtocol(Impatient):
    """The public port's protocol, with a deadline for headers and a place among the connections. Uvicorn ends idle
    connections.

    TLS handshakes come first; asyncio ends those that take more than a minute.
    """

    limits: Limits
    place: Place

    @property
    def deadline_s(self) -> float:
        return self.limits.header_s

    @property
    def awaits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_lost(self, error: Exception | None) -> None:
        self.place.leave()
        super().connection_lost(error)
