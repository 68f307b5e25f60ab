"""`riskset server ...`: the coordinator's server, to which the sites connect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.cli import warn
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.private_files import unprotected
from riskset.terminal import tell
from riskset_server.coordinator_folder import CoordinatorFolder

app = typer.Typer(help="Make and start the coordinator's server.", no_args_is_help=True, add_completion=False)

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
        bool, typer.Option("--in-memory", help="Keep the engine's state in this process only (a demo).")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(help="Append every byte that passes the sites' port to this file.", show_default=False),
    ] = None,
) -> None:
    """Serve until stopped (Ctrl-C or SIGTERM). Unfinished runs continue after a restart."""
    from riskset_server.flower_app import serve  # Flower takes a second to import; --help need not wait for it

    config = CoordinatorFolder(folder).superlink(in_memory=in_memory, record=record)
    warn(expiry_lines(CoordinatorFolder(folder).expiries, today_utc()))

    def ready(public_port: int, control_port: int) -> None:
        tell(say("server.folder.ready", public_port=public_port, control_port=control_port), err=True)

    serve(config, ready)
    tell(say("server.folder.stopped"), err=True)
