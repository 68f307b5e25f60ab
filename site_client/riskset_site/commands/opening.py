"""`riskset site open` and `destroy-secret`: what was sent in a run is opened to an auditor, or never again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.site_opening import Notice
from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused
from riskset.joining.signed import read_file
from riskset.language import OwnLanguage
from riskset.ledger.durable import utc_now
from riskset.private_files import create_file
from riskset.terminal import agreed, tell
from riskset_site.commands import SiteToml, speak_at
from riskset_site.commands.finished_run import finished_run
from riskset_site.records.disclosing import (
    LONGEST,
    RunOver,
    check_secret,
    notices_of,
    opening_of,
    record_disclosed,
    signing_key,
    what_follows,
)
from riskset_site.records.journal import DISCLOSED

Run = Annotated[str, typer.Argument(metavar="RUN")]
Yes = Annotated[bool, typer.Option("--yes")]
_ENDING = ".opening.json"


def open_(
    site_file: SiteToml,
    run: Run,
    to: Annotated[str, typer.Option()],
    reason: Annotated[str, typer.Option()],
    notice: Annotated[list[Path] | None, typer.Option()] = None,
    out: Annotated[
        Path | None,
        typer.Option(show_default=False),
    ] = None,
    yes: Yes = False,
    language: OwnLanguage = None,
) -> None:
    """Writes what the site sent in a run, in clear, and a notice; the ledger has the act before. Raises Refused
    where the run is not over."""
    speak_at(site_file)
    with finished_run(site_file, run) as (identity, of):
        check_secret(of)
        file = out or site_file.parent / _name(of)
        beside = file.with_name(f"{file.name.removesuffix(_ENDING)}.notice.json")
        _check_said(to, reason)
        _check_new(file, beside)
        notices = notices_of(of, {path.name: _read(path) for path in notice or ()})
        for line in _shown(of, notices):
            tell(line)
        _ask(say("site.open.ask", run=run, to=to), yes)
        opening, key = opening_of(of, to, reason, utc_now()), signing_key(of, identity)
        data = opening.signed(key)
        record_disclosed(of, opening, data)
        create_file(file, data)
        create_file(beside, Notice(run, of.site, to, opening.at).signed(key))
    tell(say("site.open.written", file=str(file), to=to))
    tell(say("site.open.notice", file=str(beside)))


def destroy_secret(site_file: SiteToml, run: Run, yes: Yes = False, language: OwnLanguage = None) -> None:
    """Destroys the secret of a run. Raises Refused where there is none any more, or the run is not over."""
    speak_at(site_file)
    with finished_run(site_file, run) as (_, of):
        check_secret(of)
        if not of.is_masked:
            raise Refused("unmasked", say("site.open.no_secret", run=run))
        _ask(say("site.open.ask_destroy", run=run), yes)
        of.journal.destroy_secret(run)
    tell(say("site.open.was_destroyed", run=run))


def _name(of: RunOver) -> str:
    name = f"{of.site}.{of.run}{_ENDING}"
    if Path(name).name != name:  # the coordinator chose the id of the run
        raise DataError(say("site.open.no_name", run=of.run))
    return name


def _check_said(to: str, reason: str) -> None:
    for option, text in (("--to", to), ("--reason", reason)):
        if not text.strip() or not text.isprintable() or len(text) > LONGEST:
            raise DataError(say("site.open.text", option=option, most=LONGEST))


def _check_new(*files: Path) -> None:
    for file in filter(os.path.lexists, files):
        raise DataError(say("site.open.exists", file=str(file)), say("site.open.exists_hint"))


def _read(path: Path) -> bytes:
    return read_file(path, say("audit.called.notice"), say("cli.check_path"))


def _shown(of: RunOver, notices: Mapping[str, Notice]) -> Iterator[Message]:
    """Yields who has opened the run so far, and what follows from one more opening."""
    for entry in of.of_kind(DISCLOSED):
        yield say("site.open.own_before", date=entry.at[:10], to=entry.public["to"])
    for site in of.others:
        if site in notices:
            yield say("site.open.other_open", site=site, date=notices[site].at[:10], to=notices[site].to)
        else:
            yield say("site.open.other_not_open", site=site)
    yield what_follows(of, tuple(notices))


def _ask(question: Message, yes: bool) -> None:
    """Raises DataError where nobody says yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DataError(say("site.open.no_terminal"), say("site.open.no_terminal_hint"))
    if not agreed(question):
        raise DataError(say("site.open.not_done"))
