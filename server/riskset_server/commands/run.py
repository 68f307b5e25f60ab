"""`riskset run STUDY`: the coordinator's run, from its start or its last recorded round to the report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from riskset.catalogue import Message, say
from riskset.cli import warn
from riskset.errors import DataError
from riskset.joining.expiry import expiry_lines, of_members, today_utc
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.opening import Opening
from riskset.protocol.roster import Roster, load_roster
from riskset.results import results_of
from riskset.secure.keys import public_hex
from riskset.study.load import load_study, study_hash
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset.visible_text import lines
from riskset_server.commands.joining import HOME, Folder, StudyFile
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.engine.engine import Engine
from riskset_server.run.outcome import not_reported, write_outcome
from riskset_server.run.progress import Lines, SiteRows
from riskset_server.run.record import RunRecord
from riskset_server.run.rounds import Arrival, Conductor, Watch


def notice(study: Study, sites: Sequence[str]) -> Message:
    """Returns what a reader of the results must know about how they were computed."""
    if study.disclosure.secure_sum == "off":
        return say("server.run.notice_clear")
    return say("server.run.notice_two") if len(sites) == 2 else say("server.run.notice_masked")


COLLECT_S = 0.25
"""How long the server holds a request for replies; it answers as soon as there is one."""


class EngineTransport:
    """`riskset_server.run.rounds.Transport` over the network engine."""

    def __init__(self, engine: Engine, roster: Roster) -> None:
        self._engine = engine
        self._roster = roster

    def online(self) -> AbstractSet[str]:
        return self._engine.online().keys()

    def send(self, sites: Sequence[str], payload: bytes) -> None:
        self._engine.send_all(dict.fromkeys(sites, payload))

    def collect(self) -> Sequence[Arrival]:
        return [
            Arrival(reply.name, reply.payload, str(reply.failure or "")) for reply in self._engine.collect(COLLECT_S)
        ]

    def restart(self) -> None:
        for name, key in self._roster.node_keys.items():
            self._engine.register(name, key)
        self._engine.start()


class SystemClock:
    """`riskset_server.run.rounds.Clock` in real time."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def run(
    study_file: StudyFile,
    folder: Folder = HOME,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help="Default: roster.json beside the study.", show_default=False)
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A site of the roster to leave out of a new run.", show_default=False)
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin a new run even if an earlier one is unfinished.")] = False,
    out: Annotated[Path, typer.Option(help="Where to write results.json, numbers.csv and report.html.")] = Path(
        "results"
    ),
) -> None:
    """Run a study with its sites, or continue its unfinished run.

    The run waits for sites that are away or have no approval in force; stopping it (Ctrl-C) loses nothing. Exit 3: a
    site refused for any other reason, which is printed.

    Example: riskset run study.toml --server coordinator --out results
    """
    study = load_study(study_file)
    roster = load_roster(roster_file or study_file.parent / "roster.json")
    coordinator_folder = CoordinatorFolder(folder)
    _check(study, roster, coordinator_folder)
    console = Console(stderr=True)
    participants = _participants(roster, without or [])
    record = RunRecord(coordinator_folder.runs, coordinator_folder.identity)
    try:
        outcome = _run(study, roster, coordinator_folder, record, console, participants, new=new)
        paths = _write(study, outcome, out)
        record.end(outcome.run)  # not before: if the report cannot be written, the same command continues this run
    except KeyboardInterrupt:
        console.print(lines(str(say("server.run.stopped"))), highlight=False, markup=False)
        raise typer.Exit(1) from None
    finally:
        record.close()
    for line in not_reported(study, outcome.results):
        tell(line)
    for path in paths:
        tell(path)


def _write(study: Study, outcome: Outcome, out: Path) -> Sequence[Path]:
    sites = outcome.history.opening.participants
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return write_outcome(results_of(study, outcome, sites, [str(notice(study, sites))]), out, made_at)


def _check(study: Study, roster: Roster, folder: CoordinatorFolder) -> None:
    """Raises where study, roster and folder do not belong together, before any site is contacted."""
    roster.check_belongs_to(study)
    if public_hex(roster.coordinator) != public_hex(folder.identity):
        raise DataError(say("server.run.other_coordinator"), say("server.run.other_coordinator_hint"))
    with folder.desk() as desk:
        desk.check_roster(roster)
    warn(expiry_lines([*folder.expiries, *of_members(roster.members)], today_utc()))


def _participants(roster: Roster, without: Sequence[str]) -> list[str]:
    unknown = sorted(set(without) - set(roster.sites))
    if unknown:
        message = say("server.run.no_site", missing=tuple(unknown))
        raise DataError(message, say("server.run.no_site_hint", sites=tuple(sorted(roster.sites))))
    return sorted(set(roster.sites) - set(without))


def _run(
    study: Study,
    roster: Roster,
    folder: CoordinatorFolder,
    record: RunRecord,
    console: Console,
    participants: Sequence[str],
    *,
    new: bool,
) -> Outcome:
    from riskset_server.link import SuperLinkClient  # Flower takes a second to import

    hashes = study_hash(study), roster.sha256
    unfinished = None if new else record.unfinished(*hashes)
    run_id = unfinished or record.begin(study.id, *hashes, participants)
    opening = Opening(record.participants(run_id), record.earlier_of(run_id))
    coordinator = Coordinator(folder.identity, study, roster, run_id, opening, record)
    coordinator.check_program()
    began = say("server.run.began", run=run_id, study=study.id, version=study.version)
    resumed = say("server.run.resumed", run=run_id, study=study.id, version=study.version, round=coordinator.round)
    console.print(lines(str(resumed if unfinished else began)), highlight=False, markup=False)
    with (
        Engine(SuperLinkClient(folder.control_address, folder.authority, folder.token)) as engine,
        _watch(console, coordinator) as watch,
    ):
        conductor = Conductor(coordinator, EngineTransport(engine, roster), SystemClock(), watch)
        return conductor.run()


@contextmanager
def _watch(console: Console, coordinator: Coordinator) -> Iterator[Watch]:
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield SiteRows(live, coordinator.participants)
