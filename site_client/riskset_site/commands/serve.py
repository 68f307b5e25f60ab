"""`riskset site serve`."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from riskset import __version__
from riskset.analyses.cohort import AnalysisSet
from riskset.cli import warn
from riskset.joining.expiry import expiry_lines, of_certificate, of_members, today_utc
from riskset.protocol.site import Site
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
    """Take part in the study until stopped (Ctrl-C or SIGTERM): wait for the coordinator's questions and answer them.

    Opens no port. Begins only under an approval that holds (riskset site approve), and looks at it again before every
    answer. The data are read once, at the start; a run that is under way goes on where it stood.

    Example: riskset site serve site.toml
    """
    folder = load_study_folder(site_file, study, roster, connection)
    own_ledger(folder.paths, folder.identity, folder.site).close()  # renewed keys take it over before the run goes on
    with closing(JournalFile(folder.paths.journal, folder.identity.signing, folder.site)) as journal:
        _serve(folder, RecordedSite(_site(folder, journal), journal.ledger, tell))


def _serve(folder: StudyFolder, site: RecordedSite) -> None:
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    from riskset_site.link import FleetLink  # Flower takes a second to import; a mistake above is told before that

    connection = folder.connection
    tell(f"{site.name} serves {connection.address}")
    with FleetLink(connection.address, connection.authority.encode(), folder.identity.node) as link:
        serve_site(site, link, stop, tell)
    tell("stopped")


def tell(line: str) -> None:
    typer.echo(f"{time.strftime('%H:%M:%S')} {line}", err=True)


def _site(folder: StudyFolder, journal: JournalFile) -> Site:
    """Returns the site, its data read, after telling what it stands on. Refused where nothing is approved now."""
    study, roster, approvals = folder.study, folder.roster, Approvals(journal.ledger, folder.identity)
    now = approvals.standing()
    asked = folder.study_hash, roster.sha256, folder.snapshot, folder.methods
    approval = now.in_force(*asked, __version__, today_utc())
    authority = of_certificate(
        "the certificate authority", folder.connection.authority, "ask for a new invite in good time"
    )
    warn(expiry_lines([expiry_of(approval), authority, *of_members(roster.members)], today_utc()))
    tell(f"study {study.id} {study.version} ({folder.study_hash[:12]})")
    for name, rows in folder.cohort.analysis_sets.items():
        events = f", {int(rows.event.sum())} events" if isinstance(rows, AnalysisSet) else ""
        tell(f"{name}: {rows.n} rows{events}")
    tell(f"approved by {approval.by} until {approval.until} ({approval.sha256[:12]})")
    consent = LedgerConsent(approvals, tell)
    return Site(folder.site, folder.identity.signing, study, roster, folder.holding, journal, consent)
