"""`riskset site serve`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from riskset import __version__
from riskset.analyses.cohort import AnalysisSet
from riskset.catalogue import NOTHING, Message, say
from riskset.errors import Refused
from riskset.joining.expiry import expiry_lines, of_certificate, of_members, today_utc
from riskset.protocol.approval import Approval
from riskset.protocol.site import Site
from riskset.stop_signals import when_stopped
from riskset_site.commands import RosterFile, SiteToml, StudyFile, speak_at
from riskset_site.consent.approvals import Approvals, LedgerConsent, expiry_of
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths
from riskset_site.network.daemon import serve as serve_site
from riskset_site.network.folder_watch import FolderWatch, OnlyProcess
from riskset_site.records.journal import JournalFile, own_ledger
from riskset_site.records.refusals import RecordedSite
from riskset_site.records.service_log import ServiceLog
from riskset_site.study_folder import StudyFolder, load_study_folder

Log = Callable[[str], None]


def serve(
    site_file: SiteToml,
    study: StudyFile = None,
    roster: RosterFile = None,
    connection: Annotated[
        Path | None,
        typer.Option("--connection", show_default=False),
    ] = None,
) -> None:
    """Answers the coordinator until it is stopped. Raises Refused where no approval is in force."""
    speak_at(site_file, study)
    paths = SitePaths(site_file.parent)
    log = ServiceLog(paths.log)
    watch = FolderWatch(
        {
            "export": load_site_file(site_file, needs_export=False).source.path,
            "study": study or paths.study,
            "site_file": site_file,
            "roster": roster or paths.roster,
            "connection": connection or paths.connection,
        }
    )
    folder = load_study_folder(site_file, study, roster, connection)
    with (
        OnlyProcess(paths.lock),
        closing(JournalFile(own_ledger(folder.paths, folder.identity, folder.site))) as journal,
    ):
        _serve(folder, journal, watch, log)


def _serve(folder: StudyFolder, journal: JournalFile, watch: FolderWatch, log: Log) -> None:
    approvals = Approvals(journal.ledger, folder.identity)
    consent = LedgerConsent(approvals, log)
    for message in _served(folder, _approval(folder, consent, log)):
        log(message)
    site = Site(folder.site, folder.identity.signing, folder.study, folder.roster, folder.holding, journal, consent)
    stop = Event()
    when_stopped(stop.set)

    from riskset_site.link import FleetLink  # Flower takes a second to import: errors above come first

    connection = folder.connection
    log(say("site.serve.serving", site=site.name, address=connection.address, process=os.getpid()))
    with FleetLink(connection.address, connection.authority.encode(), folder.identity.node) as link:
        serve_site(
            RecordedSite(site, journal.ledger, log),
            link,
            stop,
            log,
            lambda: watch.look(lambda: consent.look(*_asked(folder))),
        )
    log(say("site.serve.stopped"))


def _asked(folder: StudyFolder) -> tuple[str, str, str, Mapping[str, str]]:
    return folder.study_hash, folder.roster.sha256, folder.snapshot, folder.methods


def _approval(folder: StudyFolder, consent: LedgerConsent, log: Log) -> Approval:
    """Returns the approval under which the process serves. Refused where no approval is in force now.

    Where the site is paused, that is the approval that counts once it is resumed. A person who pauses the site for new
    data must find the process running afterwards.
    """
    standing = consent.approvals.standing()
    if standing.is_paused and standing.approval is not None:
        consent.look(*_asked(folder))
        log(say("site.serve.waits"))
        try:
            replace(standing, stopped=NOTHING).in_force(*_asked(folder), __version__, today_utc())
        except Refused as besides:
            log(say("site.serve.besides", reason=besides.message, hint=besides.hint))
        approval = standing.approval
    else:
        approval = standing.in_force(*_asked(folder), __version__, today_utc())
    called, remedy = say("site.serve.authority"), say("site.serve.authority_remedy")
    authority = of_certificate(called, folder.connection.authority, remedy)
    for line in expiry_lines([expiry_of(approval), authority, *of_members(folder.roster.members)], today_utc()):
        log(line)
    return approval


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
