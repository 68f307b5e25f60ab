"""`riskset report RUN`: the results of a finished run, written again from the record."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError, Refused
from riskset.joining.signed import read_file
from riskset.language import Language, speak_of_study
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.roster import Roster, read_roster
from riskset.study.load import load_study, study_from_json, study_hash
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_server.commands.joining import HOME, Folder
from riskset_server.commands.run import OUT
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.outcome import not_reported, where, write_run
from riskset_server.run.record import RecordedRun, RunRecord


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as riskset status lists it.")],
    folder: Folder = HOME,
    study_file: Annotated[
        Path | None, typer.Option("--study", help="Only for a run begun with riskset 0.1.0.", show_default=False)
    ] = None,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help="Only for a run begun with riskset 0.1.0.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="A folder for results; each run writes into its own folder there.")] = OUT,
    language: Language = None,
    text_as_paths: Annotated[
        bool,
        typer.Option("--text-as-paths", help="Texts of figures as outlines in SVG and PDF, which then need no font."),
    ] = False,
) -> None:
    """Write the results and the report of a finished run again, from the coordinator's record. No site is asked.

    Exit 3: the run is not finished.

    Example: riskset report 0f9a3c5e7b1d2468 --server coordinator --out results
    """
    home = CoordinatorFolder(folder)
    with closing(RunRecord(home.runs, home.identity)) as record:
        recorded = record.run(run)
        study, roster = _files(record, recorded, study_file, roster_file)
        speak_of_study(study.language)
        outcome = _outcome(home, record, recorded, study, roster)
        paths = write_run(study, outcome, record, out, language, are_texts_paths=text_as_paths)
    for line in not_reported(study, outcome.results):
        tell(line)
    for path in where(paths):
        tell(path)


def _files(
    record: RunRecord, run: RecordedRun, study_file: Path | None, roster_file: Path | None
) -> tuple[Study, Roster]:
    """Returns the study and the roster of the run: from the record, or from the files given, which must be the same."""
    kept = record.files(run.id)
    if not kept and (study_file is None or roster_file is None):
        raise DataError(say("server.report.no_files", run=run.id), say("server.report.no_files_hint", run=run.id))
    study = load_study(study_file) if study_file else study_from_json(kept["study"].encode())
    text = read_file(roster_file, "roster", say("protocol.roster.missing_hint")) if roster_file else kept["roster"]
    roster = read_roster(text if isinstance(text, bytes) else text.encode())
    if (study_hash(study), roster.sha256) != (run.study, run.roster):
        raise DataError(say("server.report.other_files", run=run.id), say("server.report.other_files_hint"))
    return study, roster


def _outcome(home: CoordinatorFolder, record: RunRecord, run: RecordedRun, study: Study, roster: Roster) -> Outcome:
    coordinator = Coordinator(home.identity, study, roster, run.id, record.opening(run.id), record)
    if not coordinator.is_finished:
        values = {"run": run.id, "round": coordinator.round}
        state = "cancelled" if run.state == "cancelled" else "unfinished"
        raise Refused("unfinished", say(f"server.report.{state}", **values), say(f"server.report.{state}_hint"))
    return coordinator.outcome()
