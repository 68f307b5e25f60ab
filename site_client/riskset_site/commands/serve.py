"""`riskset site serve`."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from riskset import __version__
from riskset.analyses.cohort import AnalysisSet
from riskset.catalogue import Message, say
from riskset.cli import warn
from riskset.joining.expiry import expiry_lines, of_certificate, of_members, today_utc
from riskset.protocol.approval import Approval
from riskset.protocol.site import Site
from riskset.terminal import tell
from riskset.visible_text import visible
from riskset_site.commands import RosterFile, SiteToml, StudyFile
from riskset_site.consent.approvals import Approvals, LedgerConsent, expiry_of
from riskset_site.network.daemon import serve as serve_site
from riskset_site.records.journal import JournalFile, own_ledger
from riskset_site.records.refusals import RecordedSite
from riskset_site.study_folder import StudyFolder, load_study_folder


def serve(
    site_file: SiteToml,
    study: StudyFile = None,
    roster: RosterFile = None,
    connection: Annotated[
        Path | None, typer.Option("--connection", help="Default: connection.json beside it.", show_default=False)
    ] = None,
) -> None:
    """Take part in the study until stopped (Ctrl-C or SIGTERM): wait for the coordinator's requests and answer them.

    Opens no port. Starts only under an approval in force (riskset site approve), and checks it again before every
    answer. The data are read once, at the start; a run in progress continues where it was.

    Example: riskset site serve site.toml
    """
    folder = load_study_folder(site_file, study, roster, connection)
    with closing(JournalFile(own_ledger(folder.paths, folder.identity, folder.site))) as journal:
        _serve(folder, RecordedSite(_site(folder, journal), journal.ledger, log))


def _serve(folder: StudyFolder, site: RecordedSite) -> None:
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    from riskset_site.link import FleetLink  # Flower takes a second to import: errors above come first

    connection = folder.connection
    log(say("site.serve.serving", site=site.name, address=connection.address))
    with FleetLink(connection.address, connection.authority.encode(), folder.identity.node) as link:
        serve_site(site, link, stop, log)
    log(say("site.serve.stopped"))


def log(line: str) -> None:
    tell(f"{time.strftime('%H:%M:%S')} {visible(line)}", err=True)


def _site(folder: StudyFolder, journal: JournalFile) -> Site:
    """Returns the site, after logging what it serves. Refused where no approval is in force now."""
    study, roster, approvals = folder.study, folder.roster, Approvals(journal.ledger, folder.identity)
    asked = folder.study_hash, roster.sha256, folder.snapshot, folder.methods
    approval = approvals.standing().in_force(*asked, __version__, today_utc())
    called, remedy = say("site.serve.authority"), say("site.serve.authority_remedy")
    authority = of_certificate(called, folder.connection.authority, remedy)
    warn(expiry_lines([expiry_of(approval), authority, *of_members(roster.members)], today_utc()))
    for message in _served(folder, approval):
        log(message)
    return Site(
        folder.site, folder.identity.signing, study, roster, folder.holding, journal, LedgerConsent(approvals, log)
    )


def _served(folder: StudyFolder, approval: Approval) -> Iterator[Message]:
    study = folder.study
    yield say("site.serve.study", study=study.id, version=study.version, sha256=folder.study_hash[:12])
    for name, rows in folder.cohort.analysis_sets.items():
        if isinstance(rows, AnalysisSet):
            yield say("site.serve.rows_events", n=rows.n, name=name, events=int(rows.event.sum()))
        else:
            yield say("site.serve.rows", n=rows.n, name=name)
    until = approval.until.isoformat()
    yield say("site.serve.approved", by=approval.by, until=until, sha256=approval.sha256[:12])
