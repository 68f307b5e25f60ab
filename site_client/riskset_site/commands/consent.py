"""`riskset site review`, `approve`, `vouch`, `pause`, `resume` and `withdraw`.

Acts of consent are signed into the ledger, which the running process reads before it answers its next message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from riskset.errors import DataError
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.joining.signed import as_text, read_file
from riskset.ledger.durable import utc_now
from riskset.protocol.approval import Approval
from riskset.study.asked import OWN, installed
from riskset_site.commands import AsJson, HtmlFile, RosterFile, SiteToml, StudyFile
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.review import review as review_of
from riskset_site.consent.review_page import review_page
from riskset_site.consent.terms import Terms, draft, seen_by_others, subtraction
from riskset_site.consent.vouching import known_others, write_vouching
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.pages.output import facts_json, write_page
from riskset_site.records.journal import own_ledger
from riskset_site.study_folder import StudyFolder, load_study_folder

By = Annotated[str, typer.Option(help="Who says so.")]
Reason = Annotated[str, typer.Option(help="Why, in one sentence.")]


def review(
    site_file: SiteToml,
    as_json: AsJson = False,
    html: HtmlFile = None,
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Show what the study asks of this site, of whom, who else takes part, and exactly which numbers would leave,
    worked out on this site's own data, with what every rule says. Nothing is sent and nothing is written but FILE.

    Example: riskset site review site.toml --html review.html
    """
    found = review_of(load_study_folder(site_file, study, roster), today_utc())
    write_page(review_page(found), html, facts_json(asdict(found)) if as_json else None)


def approve(
    site_file: SiteToml,
    by: Annotated[str, typer.Option(help="Who signs: a name as the ethics committee knows it.")],
    irb: Annotated[str, typer.Option(help="Number of the ethics committee's approval.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day (UTC) on which this holds.")],
    exception: Annotated[list[str] | None, typer.Option(metavar="RULE=VALUE", help="Loosens one limit.")] = None,
    reason: Annotated[list[str] | None, typer.Option(help="Why, one after each exception.")] = None,
    compared: Annotated[
        list[str] | None, typer.Option(metavar="SITE", help="A site whose words were compared by telephone.")
    ] = None,
    vouched: Annotated[
        list[Path] | None, typer.Option(help="A file of a compared party that vouches for others.")
    ] = None,
    voucher: Annotated[str, typer.Option(metavar="WORDS", help="The six words of a party that is no site.")] = "",
    may_be_subtracted: Annotated[
        bool, typer.Option("--may-be-subtracted", help="Accept runs with and without this site (rule R13).")
    ] = False,
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Sign that this study, with this roster, on these data, may be answered. Look at it first: riskset site review.

    It stands in the ledger, with who, when and until when, and as SITE.approval.json beside the site file, for the
    coordinator's and the auditor's records. A new version, roster, data or program needs another.

    Example: riskset site approve site.toml --by "M. Uchida" --irb 2024-117 --until 2025-05-31 --compared asan
    """
    folder = load_study_folder(site_file, study, roster)
    files = [read_file(path, "file that vouches", "give the path of the file you were sent") for path in vouched or ()]
    terms = Terms(
        by, irb, until.date(), exception or (), reason or (), compared or (), files, voucher, may_be_subtracted
    )
    approval = draft(folder, terms, today_utc(), utc_now())
    with closing(own_ledger(folder.paths, folder.identity, folder.site)) as ledger:
        approvals = Approvals(ledger, folder.identity)
        entry = approvals.approve(approval, folder.study)
        stopped = approvals.standing().stopped
    file = folder.paths.root / f"{folder.site}.approval.json"
    file.write_bytes(as_text(entry.public))
    typer.echo("\n".join([*_signed(folder, approval, stopped), f"{file} is the signed document; it holds no secret"]))


def vouch(
    site_file: SiteToml,
    compared: Annotated[list[str], typer.Option(metavar="SITE", help="A site whose words were compared by telephone.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("vouched.json"),
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Write a file by which this site vouches for the keys of others, for those who have compared this site's own.

    Example: riskset site vouch site.toml --compared asan --compared osaka
    """
    folder = load_study_folder(site_file, study, roster)
    sites = known_others(compared, folder.site, folder.roster)
    data = write_vouching(folder.identity.signing, folder.roster, sites)
    if out.exists():
        raise DataError(f"{out} exists already and is not overwritten", "give another name with --out")
    out.write_bytes(data)
    typer.echo(f"{out} vouches for {', '.join(sites)}; its reader must have compared this site's words:")
    typer.echo(folder.roster.fingerprint(folder.site))


def pause(site_file: SiteToml, by: By, reason: Reason) -> None:
    """Answer nothing from now on, until `resume`. A run under way waits.

    Example: riskset site pause site.toml --by "M. Uchida" --reason "a new export comes"
    """
    _act(site_file, lambda approvals: approvals.pause(by, reason))
    typer.echo("paused: nothing is answered until riskset site resume")


def resume(site_file: SiteToml, by: By, reason: Reason = "") -> None:
    """Answer again, under the approval that holds.

    Example: riskset site resume site.toml --by "M. Uchida"
    """
    _act(site_file, lambda approvals: approvals.resume(by, reason))
    typer.echo("resumed: messages are answered again")


def withdraw(site_file: SiteToml, by: By, reason: Reason) -> None:
    """End the approval for good: nothing more is answered. What has been sent stays in the totals it went into.

    Example: riskset site withdraw site.toml --by "M. Uchida" --reason "the committee ended its approval"
    """
    _act(site_file, lambda approvals: approvals.withdraw(by, reason))
    typer.echo("withdrawn: nothing more is answered; sums already sent cannot be called back")


def _act(site_file: Path, act: Callable[[Approvals], object]) -> None:
    """Neither study nor data are read: stopping must not wait for a file to be mended."""
    site = load_site_file(site_file, needs_export=False).site
    paths = SitePaths(site_file.parent)
    identity = load_keys(paths)
    with closing(own_ledger(paths, identity, site)) as ledger:
        act(Approvals(ledger, identity))


def _signed(folder: StudyFolder, approval: Approval, stopped: str) -> Iterator[str]:
    study = folder.study
    yield f"{approval.by} approved {study.id} {study.version} for {folder.site}"
    yield f"until {approval.until} (IRB {approval.irb})"
    yield f"study {approval.study[:12]}, roster {approval.roster[:12]}, approval {approval.sha256[:12]}"
    yield from (f"method {kind} of {package}" for kind, package in installed().items() if kind not in OWN)
    yield from seen_by_others(folder)
    if approval.may_be_subtracted:
        yield subtraction(folder)
    for one in approval.exceptions:
        yield f"exception: {one.limit} = {one.value}: {one.reason}"
    yield f"compared or vouched for: {', '.join(approval.compared) or 'nobody'}"
    if unknown := [site for site in folder.others if site not in approval.compared]:
        yield f"warning: a run with {', '.join(unknown)} is not answered before their words are compared or vouched for"
    if stopped:
        yield f"warning: {stopped}; nothing is answered before riskset site resume"
    yield from expiry_lines([expiry_of(approval)], today_utc())
