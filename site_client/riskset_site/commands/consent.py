"""`riskset site review`, `approve`, `vouch`, `pause`, `resume` and `withdraw`.

Acts of consent are signed into the ledger, which the running process reads before it answers its next message.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.expiry import today_utc
from riskset.joining.signed import read_file
from riskset.language import OwnLanguage, spoken
from riskset.ledger.durable import utc_now
from riskset.private_files import create_file
from riskset.terminal import tell
from riskset_site.commands import AsJson, HtmlFile, RosterFile, SiteToml, StudyFile, speak_at
from riskset_site.consent.review import review as review_of
from riskset_site.consent.review_page import review_page
from riskset_site.consent.signing import act, sign, signed_lines
from riskset_site.consent.terms import Terms
from riskset_site.consent.vouching import known_others, write_vouching
from riskset_site.pages.output import facts_json, write_page
from riskset_site.study_folder import load_study_folder

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
    for line in signed_lines(folder, sign(folder, terms, today_utc(), utc_now())):
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
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.pause(by, reason))
    tell(say("site.approval.paused"))


def resume(site_file: SiteToml, by: By, reason: Reason = "") -> None:
    """Signs the end of a pause into the ledger."""
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.resume(by, reason))
    tell(say("site.approval.resumed"))


def withdraw(site_file: SiteToml, by: By, reason: Reason) -> None:
    """Signs a withdrawal into the ledger."""
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.withdraw(by, reason))
    tell(say("site.approval.withdrawn"))


def _vouching(path: Path) -> bytes:
    return read_file(path, say("site.vouching.file"), say("site.vouching.file_hint"))
