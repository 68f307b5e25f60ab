"""`riskset site review`, `approve`, `vouch`, `pause`, `resume` and `withdraw`.

Acts of consent are signed into the ledger, which the running process reads before it answers its next message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.joining.signed import as_text, read_file
from riskset.language import OwnLanguage, spoken
from riskset.ledger.durable import utc_now
from riskset.private_files import create_file, replace_file
from riskset.protocol.approval import Approval
from riskset.study.asked import OWN, installed
from riskset.terminal import tell
from riskset_site.commands import AsJson, HtmlFile, RosterFile, SiteToml, StudyFile, speak_at
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.review import review as review_of
from riskset_site.consent.review_page import review_page
from riskset_site.consent.terms import Terms, draft, seen_by_others, subtraction, told_alone
from riskset_site.consent.vouching import known_others, write_vouching
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.pages.output import facts_json, write_page
from riskset_site.records.journal import own_ledger
from riskset_site.study_folder import StudyFolder, load_study_folder

By = Annotated[str, typer.Option()]
Reason = Annotated[str, typer.Option()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("site.terms.not_a_day", found=text)) from None


def review(
    site_file: SiteToml,
    as_json: AsJson = False,
    html: HtmlFile = None,
    study: StudyFile = None,
    roster: RosterFile = None,
    language: OwnLanguage = None,
) -> None:
    """Prints the review, or writes it as HTML or JSON."""
    speak_at(site_file, study)
    found = review_of(load_study_folder(site_file, study, roster), today_utc(), spoken())
    write_page(review_page(found), html, facts_json(found) if as_json else None)


def approve(
    site_file: SiteToml,
    by: Annotated[str, typer.Option()],
    irb: Annotated[str, typer.Option()],
    until: Annotated[date, typer.Option(parser=_day, metavar="DATE")],
    exception: Annotated[list[str] | None, typer.Option(metavar="RULE=VALUE")] = None,
    reason: Annotated[list[str] | None, typer.Option()] = None,
    compared: Annotated[list[str] | None, typer.Option(metavar="SITE")] = None,
    vouched: Annotated[list[Path] | None, typer.Option()] = None,
    voucher: Annotated[str, typer.Option(metavar="WORDS")] = "",
    may_be_subtracted: Annotated[bool, typer.Option("--may-be-subtracted")] = False,
    may_be_told_alone: Annotated[bool, typer.Option("--may-be-told-alone")] = False,
    after_withdrawal: Annotated[str, typer.Option(metavar="WHY")] = "",
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Signs an approval into the ledger, and writes it beside the site file."""
    speak_at(site_file, study)
    folder = load_study_folder(site_file, study, roster)
    files = [_vouching(path) for path in vouched or ()]
    terms = Terms(
        by,
        irb,
        until,
        exception or (),
        reason or (),
        compared or (),
        files,
        voucher,
        may_be_subtracted,
        may_be_told_alone,
        after_withdrawal,
    )
    approval = draft(folder, terms, today_utc(), utc_now())
    with closing(own_ledger(folder.paths, folder.identity, folder.site)) as ledger:
        approvals = Approvals(ledger, folder.identity)
        entry = approvals.approve(approval, folder.study, after_withdrawal)
        stopped = approvals.standing().stopped
    file = folder.paths.root / f"{folder.site}.approval.json"
    replace_file(file, as_text(entry.public))
    again = [say("site.approval.rejoined", reason=after_withdrawal)] if after_withdrawal else []
    for line in (*again, *_signed(folder, approval, stopped), say("site.approval.document", file=str(file))):
        tell(line)


def vouch(
    site_file: SiteToml,
    compared: Annotated[list[str], typer.Option(metavar="SITE")],
    out: Annotated[Path, typer.Option()] = Path("vouched.json"),
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Writes the file in which this site vouches for the keys of others."""
    speak_at(site_file, study)
    folder = load_study_folder(site_file, study, roster)
    sites = known_others(compared, folder.site, folder.roster)
    data = write_vouching(folder.identity.signing, folder.roster, sites)
    try:
        create_file(out, data)
    except FileExistsError:
        raise DataError(say("site.vouching.exists", file=str(out)), say("site.vouching.exists_hint")) from None
    words = folder.roster.fingerprint(folder.site)
    tell(say("site.vouching.written", file=str(out), sites=sites, words=words))


def pause(site_file: SiteToml, by: By, reason: Reason) -> None:
    """Signs a pause into the ledger."""
    _act(site_file, lambda approvals: approvals.pause(by, reason))
    tell(say("site.approval.paused"))


def resume(site_file: SiteToml, by: By, reason: Reason = "") -> None:
    """Signs the end of a pause into the ledger."""
    _act(site_file, lambda approvals: approvals.resume(by, reason))
    tell(say("site.approval.resumed"))


def withdraw(site_file: SiteToml, by: By, reason: Reason) -> None:
    """Signs a withdrawal into the ledger."""
    _act(site_file, lambda approvals: approvals.withdraw(by, reason))
    tell(say("site.approval.withdrawn"))


def _act(site_file: Path, act: Callable[[Approvals], object]) -> None:
    """Reads neither study nor data: stopping must not wait for a file to be corrected."""
    speak_at(site_file)
    site = load_site_file(site_file, needs_export=False).site
    paths = SitePaths(site_file.parent)
    identity = load_keys(paths)
    with closing(own_ledger(paths, identity, site)) as ledger:
        act(Approvals(ledger, identity))


def _vouching(path: Path) -> bytes:
    return read_file(path, say("site.vouching.file"), say("site.vouching.file_hint"))


def _signed(folder: StudyFolder, approval: Approval, stopped: Message) -> Iterator[str]:
    study, until = folder.study, approval.until.isoformat()
    yield say("site.approval.signed", by=approval.by, study=study.id, version=study.version, site=folder.site)
    yield say("site.approval.until", until=until, irb=approval.irb)
    yield say(
        "site.approval.hashes",
        study=approval.study[:12],
        roster=approval.roster[:12],
        approval=approval.sha256[:12],
    )
    for kind, package in installed().items():
        if kind not in OWN:
            yield say("site.approval.method", kind=kind, package=package)
    yield from seen_by_others(folder)
    if approval.may_be_subtracted:
        yield subtraction(folder)
    if approval.may_be_told_alone:
        yield told_alone(folder)
    for one in approval.exceptions:
        yield say("site.approval.exception", limit=one.limit, value=one.value, reason=one.reason)
    if approval.compared:
        yield say("site.approval.compared", sites=approval.compared)
    else:
        yield say("site.approval.none_compared")
    if unknown := tuple(site for site in folder.others if site not in approval.compared):
        yield say("site.approval.not_compared", sites=unknown)
    if stopped:
        yield say("site.approval.stopped", stopped=stopped)
    yield from expiry_lines([expiry_of(approval)], today_utc())
