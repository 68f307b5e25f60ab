"""`riskset server ...`: the coordinator's server, to which the sites connect."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.cli import warn
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.private_files import unprotected
from riskset.terminal import tell
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.engine.doors import Limits
from riskset_server.engine.entrance import Address, address_of

app = typer.Typer(help="Make and start the coordinator's server.", no_args_is_help=True, add_completion=False)

CONNECTIONS = Limits.connections_per_address

Folder = Annotated[Path, typer.Argument(help="The coordinator's folder.", show_default=False)]


@app.callback()
def server() -> None:
    """Make and start the coordinator's server."""


@app.command(epilog="Example: riskset server init coordinator --host study.example.org")
def init(
    folder: Folder,
    host: Annotated[
        str, typer.Option(help="Name or address at which the sites reach this machine.", show_default=False)
    ],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port for the sites.")] = 8443,
    control_port: Annotated[int, typer.Option(min=1, max=65535, help="Port on the loopback for `riskset run`.")] = 8444,
) -> None:
    """Make the coordinator's keys and certificates."""
    CoordinatorFolder(folder).make(host, port, control_port)
    tell(say("server.folder.made", folder=folder))
    warn(filter(None, [unprotected(folder)]))


@app.command(epilog="Example: riskset server renew coordinator")
def renew(folder: Folder) -> None:
    """Make a new certificate for the server. The sites need nothing new: they trust the authority, which is kept."""
    made = CoordinatorFolder(folder)
    certificate = made.renew_server_certificate()
    tell(say("server.folder.renewed", until=certificate.until))
    warn(expiry_lines(made.expiries, today_utc()))


@app.command(epilog="Example: riskset server start coordinator")
def start(
    folder: Folder,
    in_memory: Annotated[
        bool, typer.Option("--in-memory", help="Keep the engine's state in this process only, as a demonstration does.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(help="Append every byte that passes the sites' port to this file.", show_default=False),
    ] = None,
    connections_per_address: Annotated[
        int, typer.Option(min=2, help="Most connections from one address. A site needs two to four.")
    ] = CONNECTIONS,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A reverse proxy that states in the PROXY protocol where a connection comes from. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve until stopped (Ctrl-C or SIGTERM). Unfinished runs continue after a restart."""
    proxies = frozenset(map(_address, trusted_proxy or ()))
    from riskset_server.flower_app import serve  # Flower takes a second to import; --help need not wait for it

    config = replace(
        CoordinatorFolder(folder).superlink(in_memory=in_memory, record=record),
        limits=Limits(connections_per_address=connections_per_address),
        proxies=proxies,
    )
    logging.getLogger().addHandler(_Log())
    warn(expiry_lines(CoordinatorFolder(folder).expiries, today_utc()))

    def ready(public_port: int, control_port: int) -> None:
        tell(say("server.folder.ready", public_port=public_port, control_port=control_port), err=True)

    serve(config, ready)
    tell(say("server.folder.stopped"), err=True)


class _Log(logging.Handler):
    """Prints what the server's parts log, with the time, as `tell` prints everything."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        form = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S+00:00")
        form.converter = time.gmtime
        self.setFormatter(form)

    def emit(self, record: logging.LogRecord) -> None:
        tell(self.format(record), err=True)


def _address(text: str) -> Address:
    try:
        return address_of(text)
    except ValueError:
        raise typer.BadParameter(say("server.folder.no_address", text=text), param_hint="--trusted-proxy") from None
