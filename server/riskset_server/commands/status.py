"""`riskset status STUDY`: how far the sites and the runs of a study have come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import Message, say
from riskset.cli import warn
from riskset.errors import Unreachable
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.language import speak, told
from riskset.protocol.roster import Member, load_roster
from riskset.study.load import load_study, study_hash
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset.visible_text import columns_of, padded
from riskset_server.commands.joining import HOME, Folder
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.record import RunRecord
from riskset_server.run.status import RunStatus, Sessions, SiteStatus, StudyStatus, age, status_of

STUDY = Path("study.toml")


def status(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (TOML).")] = STUDY,
    folder: Folder = HOME,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same facts as JSON.")] = False,
) -> None:
    """Show how far each site and each run has come.

    Of each site: its invite, request, membership and approval, since when it is online, and what is missing. Of
    each run: its rounds and its age. Nothing is sent to the sites.

    Example: riskset status study.toml --server coordinator
    """
    speak(study_file)
    study, home = load_study(study_file), CoordinatorFolder(folder)
    roster_file = study_file.parent / "roster.json"
    with ExitStack() as files:
        desk = files.enter_context(home.desk())
        record = files.enter_context(closing(RunRecord(home.runs, home.identity))) if home.runs.exists() else None
        in_roster = _in_roster(roster_file, study, desk.members(study))
        found = status_of(study, desk, in_roster, record, _sessions(home), datetime.now(UTC))
    if as_json:
        tell(json.dumps({"schema": 1, **asdict(found)}, indent=2, ensure_ascii=False))
    else:
        for line in lines(found, home):
            tell(line)
    warn(expiry_lines(home.expiries, today_utc()))


def _in_roster(roster_file: Path, study: Study, members: Mapping[str, Member]) -> list[str]:
    """Returns the members that the roster lists with the keys they have now; none where it is of another version of the
    study. A run needs a new roster for all others."""
    if not roster_file.exists():
        return []
    roster = load_roster(roster_file)
    keys = roster.keys_of(members) if roster.study_sha256 in ("", study_hash(study)) else {}
    return [site for site, member in members.items() if keys.get(site) == member.identity]


def _sessions(home: CoordinatorFolder) -> Sessions | None:
    from riskset_server.link import SuperLinkClient  # Flower takes a second to import

    client = SuperLinkClient(home.control_address, home.authority, home.token)
    try:
        return client.sessions()
    except Unreachable:
        return None
    finally:
        client.close()


def lines(found: StudyStatus, home: CoordinatorFolder) -> Iterator[str]:
    """Yields the status for a person to read."""
    yield say("server.status.study", study=found.study, version=found.version, sha256=found.sha256[:12])
    yield say("server.status.running") if found.is_server_running else say("server.status.down", folder=home.root)
    yield ""
    heads = [say(f"server.status.column.{name}") for name in ("site", "joining", "approved", "online", "waiting")]
    yield from _table([heads, *(_site_cells(site) for site in found.sites)])
    if not found.runs:
        return
    yield ""
    heads = [say(f"server.status.column.{name}") for name in ("run", "state", "began", "rounds", "age", "waiting")]
    yield from _table([heads, *(_run_cells(run) for run in found.runs)])


def _site_cells(site: SiteStatus) -> Sequence[str]:
    return (
        site.site,
        site.joining,
        say(f"server.status.approved.{site.approved.replace(' ', '_')}"),
        _online(site),
        (site.waiting_for or "-"),
    )


def _online(site: SiteStatus) -> Message | str:
    if site.online_since:
        return say("server.status.online_since", time=_minute(site.online_since))
    return say("server.status.last_seen", time=_minute(site.last_seen)) if site.last_seen else "-"


def _run_cells(run: RunStatus) -> Sequence[str]:
    state = say(f"server.status.state.{run.state}")
    version = state if run.is_this_version else say("server.status.other_version", state=state)
    return run.run, version, _minute(run.began_at), str(run.rounds), age(run.age_s), ", ".join(run.waiting_for) or "-"


def _minute(at: str) -> str:
    """Returns an ISO time to the minute."""
    return at[:16].replace("T", " ")


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    written = [[told(cell) for cell in row] for row in rows]
    widths = [max(columns_of(row[column]) for row in written) for column in range(len(rows[0]))]
    for row in written:
        yield "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
