"""`riskset run STUDY`: the coordinator's run, from its start or its last recorded round to the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.cli import warn
from riskset.errors import DataError, Refused, Unreachable
from riskset.joining.expiry import expiry_lines, of_members, today_utc
from riskset.language import Language, speak, told
from riskset.ledger.durable import utc_now
from riskset.protocol.after_end import AfterEnd
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.roster import Roster, load_roster
from riskset.protocol.unblinding import Decision, Unblinding
from riskset.secure.keys import public_hex
from riskset.study.load import canonical_json, load_study, study_hash
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset.visible_text import lines
from riskset_server.commands.joining import HOME, Folder, StudyFile
from riskset_server.commands.transport import EngineTransport, SystemClock
from riskset_server.commands.unblinding import By, Reason, Unblind, unblinding_of
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.engine.engine import Engine
from riskset_server.run.after_end import Afterwards
from riskset_server.run.ended import end_of
from riskset_server.run.outcome import hashes, not_reported, where, write_run
from riskset_server.run.progress import Lines, SiteRows
from riskset_server.run.record import RecordedRun, RunRecord
from riskset_server.run.rounds import Conductor, Watch
from riskset_server.run.staying_out import NextRun

OUT = Path("results")


@dataclass(frozen=True)
class _Asked:
    """What the command was given."""

    study: Study
    roster: Roster
    files: Mapping[str, str]
    """The texts of both, for the record."""
    folder: CoordinatorFolder
    out: Path
    language: str | None
    command: str
    """As typed, without the options that are for a new run."""

    @property
    def hashes(self) -> tuple[str, str]:
        return study_hash(self.study), self.roster.sha256


def run(
    study_file: StudyFile,
    folder: Folder = HOME,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help="Default: roster.json beside the study.", show_default=False)
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="A site of the roster to leave out of a new run. May be repeated.", show_default=False),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Begin a new run even if an earlier one is finished or unfinished.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Give up the unfinished run.")] = False,
    out: Annotated[Path, typer.Option(help="A folder for results; each run writes into its own folder there.")] = OUT,
    language: Language = None,
    unblind: Unblind = None,
    by: By = "",
    reason: Reason = "",
) -> None:
    """Run a study with its sites, or continue its unfinished run. A finished run is not begun again without --new.

    With --unblind a new run computes outcomes that the last one withheld, where the study leaves that to a person.

    The run waits for sites that are away or have no approval in force; stopping it (Ctrl-C) loses nothing. Exit 3: a
    site refused for any other reason, which is printed.

    Example: riskset run study.toml --server coordinator --out results
    """
    asked, unblinding = _asked(study_file, roster_file, folder, out, language), unblinding_of(unblind, by, reason)
    with closing(RunRecord(asked.folder.runs, asked.folder.identity)) as record:
        latest = record.latest(*asked.hashes) if cancel or not new else None
        if cancel:
            return _cancel(asked, record, latest)
        if latest is not None and latest.state == "finished":
            if unblinding is None:
                _say_finished(asked, latest)
                return _say_after_end(asked, record)
            latest = None
        return _run(asked, record, latest, without or [], unblinding)


def _asked(study_file: Path, roster_file: Path | None, folder: Path, out: Path, language: str | None) -> _Asked:
    """Raises where study, roster and folder do not belong together."""
    speak(study_file)
    roster_path = roster_file or study_file.parent / "roster.json"
    study, roster, home = load_study(study_file), load_roster(roster_path), CoordinatorFolder(folder)
    roster.check_belongs_to(study)
    if public_hex(roster.coordinator) != public_hex(home.identity):
        raise DataError(say("server.run.other_coordinator"), say("server.run.other_coordinator_hint"))
    words = ["riskset", "run", study_file, "--server", folder]
    words += ["--roster", roster_file] if roster_file else []
    words += ["--out", out] if out != OUT else []
    words += ["--lang", language] if language else []
    files = {"study": canonical_json(study).decode(), "roster": roster_path.read_text(encoding="utf-8")}
    return _Asked(study, roster, files, home, out, language, shlex.join(map(str, words)))


def _say_finished(asked: _Asked, run: RecordedRun) -> None:
    study, folder, date = asked.study, asked.out / run.id, run.ended_at[:10]
    values = {"run": run.id, "study": study.id, "version": study.version, "date": date, "folder": folder}
    tell(say("server.run.finished", **values) if folder.is_dir() else say("server.run.finished_away", **values))
    words = ["riskset", "report", run.id, "--server", str(asked.folder.root), "--out", str(asked.out)]
    report = shlex.join([*words, *(["--lang", asked.language] if asked.language else [])])
    tell(say("server.run.finished_report", command=report))
    absent = [word for site in asked.roster.sites if site not in run.participants for word in ("--without", site)]
    tell(say("server.run.finished_new", command=shlex.join([*shlex.split(asked.command), "--new", *absent])))


def _cancel(asked: _Asked, record: RunRecord, run: RecordedRun | None) -> None:
    if run is None or run.state != "unfinished":
        raise DataError(say("server.run.nothing_to_cancel", study=asked.study.id), say("run.record.no_run_hint"))
    record.cancel(run.id)
    counts = run.id in record.earlier(asked.study.id)
    tell(say(f"server.run.cancelled.{'asked' if counts else 'opened'}", run=run.id))


def _run(
    asked: _Asked,
    record: RunRecord,
    unfinished: RecordedRun | None,
    without: Sequence[str],
    unblinding: Unblinding | None,
) -> None:
    """Runs to the end and writes the results; what has no result is printed."""
    with asked.folder.desk() as desk:
        desk.check_roster(asked.roster)
    warn(expiry_lines([*asked.folder.expiries, *of_members(asked.roster.members)], today_utc()))
    participants = _participants(asked, without)
    if unfinished is not None and without and sorted(unfinished.participants) != participants:
        message = say("server.run.other_sites", run=unfinished.id, sites=tuple(sorted(unfinished.participants)))
        raise DataError(message, say("server.run.other_sites_hint", command=f"{asked.command} --new"))
    if unfinished is not None:
        _check_decided(asked, record, unfinished, unblinding)
    decisions = _decisions(asked, record, participants, unblinding) if unblinding and not unfinished else ()
    console = Console(stderr=True)
    try:
        run = unfinished or record.run(
            record.begin(asked.study.id, *asked.hashes, participants, asked.files, unblinded=decisions)
        )
        with _connected(asked) as transport:
            outcome = _conducted(asked, record, run.id, console, transport, is_new=unfinished is None)
            paths = write_run(asked.study, outcome, record, asked.out, asked.language)
            # not before: if the report cannot be written, the same command continues this run
            record.end(outcome.run, hashes(paths))
            left = _after_end(_waiting(asked, record), transport)
    except KeyboardInterrupt:
        console.print(
            lines(told(say("server.run.stopped", command=asked.command))), highlight=False, markup=False, soft_wrap=True
        )
        raise typer.Exit(1) from None
    for line in not_reported(asked.study, outcome.results):
        tell(line)
    for path in where(paths):
        tell(path)
    for line in left:
        tell(line)


def _say_after_end(asked: _Asked, record: RunRecord) -> None:
    """Asks the sites for what is left of finished runs, and says what is still left."""
    if waiting := _waiting(asked, record):
        with _connected(asked) as transport:
            for line in _after_end(waiting, transport, is_connected=False):
                tell(line)


def _waiting(asked: _Asked, record: RunRecord) -> list[AfterEnd]:
    """Returns the finished runs of which something is left, the last one first: a site that was away must not miss its
    own because another run has begun. Of the same study and roster, since with another one its sites would refuse."""
    of_study = [run for run in record.runs(asked.study.id) if (run.study, run.roster) == asked.hashes]
    ends = [end_of(record, run.id) for run in reversed(of_study) if run.state == "finished"]
    found = [AfterEnd(asked.folder.identity, asked.roster, end, record) for end in ends if end is not None]
    return [after for after in found if after.waiting_for]


def _after_end(waiting: Sequence[AfterEnd], transport: EngineTransport, *, is_connected: bool = True) -> list[Message]:
    """Exchanges cosignatures and receipts with the sites that are online; returns what a person should know."""
    conducted = [Afterwards(after, transport, SystemClock()) for after in waiting]
    try:
        if not is_connected:
            transport.restart()
        return [line for afterwards in conducted for line in afterwards.run()]
    except Unreachable as away:
        return [away.message, *(line for afterwards in conducted for line in afterwards.left())]


def _check_decided(asked: _Asked, record: RunRecord, unfinished: RecordedRun, unblinding: Unblinding | None) -> None:
    """Raises DataError where an unfinished run was begun with other decisions than the command asks for."""
    begun = {one.population for one in record.opening(unfinished.id).unblinded}
    if unblinding is not None and begun != {*unblinding.populations}:
        message = say("server.run.other_decisions", run=unfinished.id)
        raise DataError(message, say("server.run.other_decisions_hint", command=f"{asked.command} --new"))


def _decisions(
    asked: _Asked, record: RunRecord, participants: Sequence[str], unblinding: Unblinding
) -> tuple[Decision, ...]:
    """Returns the decisions about what the last finished run of these sites withheld, which no decision opened. Raises
    Refused where there is none, or it withheld nothing of a population."""
    before = [
        run
        for run in record.runs(asked.study.id)
        if run.state == "finished"
        and (run.study, run.roster, sorted(run.participants)) == (*asked.hashes, participants)
        and not record.opening(run.id).unblinded
    ]
    id_, results = "", None
    if before:
        id_ = before[-1].id
        last = Coordinator(asked.folder.identity, asked.study, asked.roster, id_, record.opening(id_), record)
        results = last.outcome().results
    return unblinding.after(plan(asked.study), id_, results, utc_now())


def _participants(asked: _Asked, without: Sequence[str]) -> list[str]:
    sites = set(asked.roster.sites)
    if unknown := sorted(set(without) - sites):
        message = say("server.run.no_site", missing=tuple(unknown))
        raise DataError(message, say("server.run.no_site_hint", sites=tuple(sorted(sites))))
    left, least = sorted(sites - set(without)), asked.study.disclosure.min_sites
    if len(left) < least:
        raise Refused(
            "participants", say("run.without.too_few", n=len(left), least=least), say("server.run.more_sites")
        )
    return left


@contextmanager
def _connected(asked: _Asked) -> Iterator[EngineTransport]:
    from riskset_server.link import SuperLinkClient  # Flower takes a second to import

    folder = asked.folder
    with Engine(SuperLinkClient(folder.control_address, folder.authority, folder.token)) as engine:
        yield EngineTransport(engine, asked.roster, folder.root)


def _conducted(
    asked: _Asked, record: RunRecord, run_id: str, console: Console, transport: EngineTransport, *, is_new: bool
) -> Outcome:
    study, folder, opening = asked.study, asked.folder, record.opening(run_id)
    coordinator = Coordinator(folder.identity, study, asked.roster, run_id, opening, record)
    coordinator.check_program()
    began = say("server.run.began", run=run_id, study=study.id, version=study.version)
    resumed = say("server.run.resumed", run=run_id, study=study.id, version=study.version, round=coordinator.round)
    console.print(lines(told(began if is_new else resumed)), highlight=False, markup=False)
    earlier = tuple(frozenset(record.participants(run)) for run in opening.earlier)
    left_out = tuple(site for site in asked.roster.sites if site not in opening.participants)
    next_run = NextRun(study.disclosure, f"{asked.command} --new", earlier, left_out)
    with _watch(console, coordinator, next_run) as watch:
        return Conductor(
            coordinator,
            transport,
            SystemClock(),
            watch,
            next_run,
            lambda site, round_, code: record.refused(run_id, site, round_, code),
        ).run()


@contextmanager
def _watch(console: Console, coordinator: Coordinator, next_run: NextRun) -> Iterator[Watch]:
    if not console.is_terminal:
        yield Lines(console, next_run)
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield SiteRows(live, coordinator.participants, next_run)
