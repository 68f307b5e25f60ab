"""`riskset bundle RUN`: all records of a finished run in one file, for an auditor."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.bundling import bundled
from riskset.catalogue import say
from riskset.errors import DataError, Refused
from riskset.language import Language
from riskset.private_files import create_file
from riskset.secure.envelope import sha256
from riskset.terminal import tell
from riskset_server.commands.joining import HOME, Folder
from riskset_server.commands.run import OUT
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.record import RunRecord


def bundle(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as riskset status lists it.")],
    folder: Folder = HOME,
    out: Annotated[Path, typer.Option(help="The folder for results in which the run has its own.")] = OUT,
    file: Annotated[Path | None, typer.Option(help="The file to write. Default: RUN.zip.", show_default=False)] = None,
    language: Language = None,
) -> None:
    """Write all records of a finished run into one file, for an auditor. No site is asked.

    It holds the totals of all rounds, which tell more than the results: give it to auditors only. It has no key, and no
    number of one site in clear but what a site signed to tell. Exit 3: the run is not finished.

    Example: riskset bundle 0f9a3c5e7b1d2468 --server coordinator --out results
    """
    home, target = CoordinatorFolder(folder), file or Path(f"{run}.zip")
    if target.exists():
        raise DataError(say("server.bundle.exists", file=target), say("server.bundle.exists_hint"))
    with closing(RunRecord(home.runs, home.identity)) as record:
        if record.run(run).state != "finished":
            raise Refused("unfinished", say("server.bundle.unfinished", run=run), say("server.bundle.unfinished_hint"))
        data = bundled(record.records(run, _results(record.results(run), out / run)), run, home.identity)
    create_file(target, data)
    tell(say("server.bundle.written", file=target, bytes=len(data)))
    tell(say("server.bundle.restricted"))


def _results(hashes: Mapping[str, str], folder: Path) -> dict[str, bytes]:
    """Returns the files of the results. Raises DataError where one is not what it was when the run ended."""
    if not hashes:
        raise DataError(say("server.bundle.no_files"), say("server.bundle.no_files_hint"))
    found = {}
    for name, expected in hashes.items():
        path = folder / name
        content = path.read_bytes() if path.is_file() else b""
        if sha256(content) != expected:
            raise DataError(say("server.bundle.changed", file=path), say("server.bundle.changed_hint"))
        found[name] = content
    return found
