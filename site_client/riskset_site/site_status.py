"""Where a site stands in its study: whether it has joined and approved, what it has answered, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from riskset import __version__
from riskset.catalogue import NOTHING, Message, say
from riskset.error_pages import with_code
from riskset.errors import RisksetError
from riskset.joining.expiry import today_utc
from riskset.joining.invite import load_connection
from riskset.ledger.entry import Entry
from riskset.protocol.approval import Approval
from riskset.protocol.consent import ConsentState
from riskset.protocol.messages import own_refusal
from riskset_site.consent.approvals import Approvals
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.pages.page import Page, PageSection, PageTable
from riskset_site.records.journal import CLOSED, OPENED, REPLIES, own_ledger
from riskset_site.study_folder import load_study_folder


@dataclass(frozen=True)
class RunAnswered:
    """What this site has answered of one run. Times are UTC, ISO 8601."""

    run: str
    rounds: int
    began_at: str
    last_at: str
    is_finished: bool


@dataclass(frozen=True)
class SiteStatus:
    """Where this site stands in its study."""

    site: str
    has_joined: bool
    address: str
    """Of the coordinator's server; empty before joining."""
    approval: Message
    """In force until when; or why nothing is answered."""
    is_approved: bool
    next: Message
    """What to do; empty where nothing is needed."""
    entries: int
    """Of the ledger."""
    runs: tuple[RunAnswered, ...]
    refused_at: str
    """When a request was last refused, and why; empty where none was."""
    refused: Message


def site_status(site_file: Path, study: Path | None = None, roster: Path | None = None) -> SiteStatus:
    """Returns where the site stands, after verifying its whole ledger. What is wrong with its study or data is in the
    result. DataError where the site file or the keys cannot be read, VerificationError where the ledger is not whole.
    """
    site, paths = load_site_file(site_file, needs_export=False).site, SitePaths(site_file.parent)
    address = load_connection(paths.connection).address if paths.connection.exists() else ""
    if not paths.has_keys:
        return SiteStatus(
            site, False, address, say("site.status.none"), False, say("site.status.join"), 0, (), "", NOTHING
        )
    consent, entries = consent_and_entries(site_file)
    approval, hint = _approval(site_file, study, roster, consent)
    refused = [entry for entry in entries if entry.kind == "refused"]
    return SiteStatus(
        site=site,
        has_joined=True,
        address=address,
        approval=say("site.status.in_force", by=approval.by, until=approval.until.isoformat())
        if isinstance(approval, Approval)
        else approval,
        is_approved=isinstance(approval, Approval),
        next=hint,
        entries=len(entries),
        runs=tuple(_runs(entries)),
        refused_at=refused[-1].at if refused else "",
        refused=own_refusal(refused[-1].public["code"]) if refused else NOTHING,
    )


def consent_and_entries(site_file: Path) -> tuple[ConsentState, Sequence[Entry]]:
    """Returns what the acts of consent add up to, and the entries of the ledger, which is verified first. It reads
    neither study nor data. Raises the errors of `site_status`."""
    site, paths = load_site_file(site_file, needs_export=False).site, SitePaths(site_file.parent)
    if not paths.journal.exists():  # opening it would create it
        return ConsentState(), ()
    identity = load_keys(paths)
    with closing(own_ledger(paths, identity, site)) as ledger:
        return Approvals(ledger, identity).standing(), ledger.entries()


def _approval(
    site_file: Path, study: Path | None, roster: Path | None, consent: ConsentState
) -> tuple[Approval | Message, Message]:
    """Returns the approval in force, or why none is, and what to do. Reads the data: an approval covers one state of
    them."""
    try:
        files = load_study_folder(site_file, study, roster)
        asked = files.study_hash, files.roster.sha256, files.snapshot, files.methods
        return consent.in_force(*asked, __version__, today_utc()), NOTHING
    except RisksetError as error:
        return error.message, error.hint


def _runs(entries: Sequence[Entry]) -> list[RunAnswered]:
    runs: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind in REPLIES:
            runs.setdefault(str(entry.public["run"]), []).append(entry)
    return [
        RunAnswered(run, len(of_run), of_run[0].at, of_run[-1].at, is_finished=of_run[-1].kind == CLOSED)
        for run, of_run in runs.items()
        if of_run[0].kind == OPENED
    ]


def status_page(found: SiteStatus) -> Page:
    """Returns the page of `riskset site status`."""
    facts = {
        "joined": say("site.status.joined", address=found.address)
        if found.has_joined
        else say("site.status.not_joined"),
        "approval": with_code(found.approval, found.approval),
        "next": found.next,
        "refused": say("site.status.refused", time=minute(found.refused_at), reason=found.refused)
        if found.refused
        else NOTHING,
        "entries": str(found.entries),
    }
    columns = ["run", "state", "rounds", "began", "last"]
    rows = [
        (
            run.run,
            say(f"site.status.{'finished' if run.is_finished else 'unfinished'}"),
            str(run.rounds),
            minute(run.began_at),
            minute(run.last_at),
        )
        for run in found.runs
    ]
    table = PageTable([say(f"site.status.column.{name}") for name in columns], rows)
    return Page(
        say("site.status.title", site=found.site),
        {say(f"site.status.fact.{name}"): value for name, value in facts.items() if value},
        [PageSection(say("site.status.runs"), [table])] if rows else [],
    )


def minute(at: str) -> str:
    """Returns an ISO time to the minute."""
    return at[:16].replace("T", " ")
