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

By = Annotated[str, typer.Option(help="Who decides this.")]
Reason = Annotated[str, typer.Option(help="Why, in one sentence.")]


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
    """Show what the study computes, what every rule finds, and exactly which numbers would be sent.

    The numbers are computed from this site's own data. Nothing is sent; only the HTML file is written.

    Example: riskset site review site.toml --html review.html
    """
    speak_at(site_file, study)
    found = review_of(load_study_folder(site_file, study, roster), today_utc(), spoken())
    write_page(review_page(found), html, facts_json(found) if as_json else None)


def approve(
    site_file: SiteToml,
    by: Annotated[str, typer.Option(help="Who signs, as the ethics committee knows the name.")],
    irb: Annotated[str, typer.Option(help="Number of the ethics committee's approval.")],
    until: Annotated[date, typer.Option(parser=_day, metavar="DATE", help="The last day (UTC) of the approval.")],
    exception: Annotated[
        list[str] | None, typer.Option(metavar="RULE=VALUE", help="Loosen one limit of a rule.")
    ] = None,
    reason: Annotated[list[str] | None, typer.Option(help="Why; one for each --exception, in their order.")] = None,
    compared: Annotated[
        list[str] | None, typer.Option(metavar="SITE", help="A site whose words were compared by telephone.")
    ] = None,
    vouched: Annotated[
        list[Path] | None, typer.Option(help="A file of a compared party that vouches for others.")
    ] = None,
    voucher: Annotated[str, typer.Option(metavar="WORDS", help="The six words of a voucher that is not a site.")] = "",
    may_be_subtracted: Annotated[
        bool, typer.Option("--may-be-subtracted", help="Accept runs with and without this site (rule R13).")
    ] = False,
    may_be_told_alone: Annotated[
        bool, typer.Option("--may-be-told-alone", help="Let this site's own hazard ratios be told (rule R13).")
    ] = False,
    after_withdrawal: Annotated[
        str, typer.Option(metavar="WHY", help="Take part again although this site has withdrawn, and why.")
    ] = "",
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Approve this study, with this roster, on these data. Review it first.

    riskset site review shows what is approved. The signed approval goes into the ledger, and into
    SITE.approval.json beside the site file, for the records of the coordinator and the auditor. A new version of
    the study or of riskset, a new roster or new data need a new approval. After riskset site withdraw, an approval
    counts only with --after-withdrawal and a reason.

    Example: riskset site approve site.toml --by "M. Uchida" --irb 2024-117 --until 2025-05-31 --compared asan
    """
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
    compared: Annotated[list[str], typer.Option(metavar="SITE", help="A site whose words were compared by telephone.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("vouched.json"),
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Write a file in which this site vouches for the keys of other sites.

    Sites that have compared this site's key can use it.

    Example: riskset site vouch site.toml --compared asan --compared osaka
    """
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
    """Stop answering until `resume`. A run in progress waits.

    Example: riskset site pause site.toml --by "M. Uchida" --reason "a new export comes"
    """
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.pause(by, reason))
    tell(say("site.approval.paused"))


def resume(site_file: SiteToml, by: By, reason: Reason = "") -> None:
    """Answer again, under the approval in force.

    Example: riskset site resume site.toml --by "M. Uchida"
    """
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.resume(by, reason))
    tell(say("site.approval.resumed"))


def withdraw(site_file: SiteToml, by: By, reason: Reason) -> None:
    """End the approval for good: nothing more is answered.

    The coordinator is told that this site has withdrawn. No later approval counts unless it is signed with riskset site
    approve --after-withdrawal. Sums already sent remain in the totals they went into. To stop for some time only, use
    riskset site pause.

    Example: riskset site withdraw site.toml --by "M. Uchida" --reason "the committee ended its approval"
    """
    speak_at(site_file)
    act(site_file, lambda approvals: approvals.withdraw(by, reason))
    tell(say("site.approval.withdrawn"))


def _vouching(path: Path) -> bytes:
    return read_file(path, say("site.vouching.file"), say("site.vouching.file_hint"))
