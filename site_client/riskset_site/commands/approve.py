"""`riskset site approve` and `riskset site vouch`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import Message
from riskset.errors import DataError
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.joining.signed import as_text, read_file
from riskset.ledger.durable import utc_now
from riskset.protocol.approval import Approval
from riskset.study.asked import OWN, installed
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.approving import Terms, draft, seen_by_others, subtraction
from riskset_site.consent.vouching import known_others, write_vouching
from riskset_site.papers import Papers, load_papers
from riskset_site.records.own_ledger import own_ledger

StudyFile = Annotated[
    Path | None, typer.Option("--study", help="Default: study.toml beside the site file.", show_default=False)
]
RosterFile = Annotated[
    Path | None, typer.Option("--roster", help="Default: roster.json beside the site file.", show_default=False)
]
SiteToml = Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The hospital's site file.")]


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
    papers = load_papers(site_file, study, roster)
    files = [read_file(path, "file that vouches", "give the path of the file you were sent") for path in vouched or ()]
    terms = Terms(
        by, irb, until.date(), exception or (), reason or (), compared or (), files, voucher, may_be_subtracted
    )
    approval = draft(papers, terms, today_utc(), utc_now())
    with closing(own_ledger(papers.folder, papers.identity, papers.site)) as ledger:
        approvals = Approvals(ledger, papers.identity)
        entry = approvals.approve(approval, papers.study)
        stopped = approvals.standing().stopped
    file = papers.folder.root / f"{papers.site}.approval.json"
    file.write_bytes(as_text(entry.public))
    typer.echo("\n".join([*_signed(papers, approval, stopped), f"{file} is the signed document; it holds no secret"]))


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
    papers = load_papers(site_file, study, roster)
    sites = known_others(compared, papers.site, papers.roster)
    data = write_vouching(papers.identity.signing, papers.roster, sites)
    if out.exists():
        raise DataError(f"{out} exists already and is not overwritten", "give another name with --out")
    out.write_bytes(data)
    typer.echo(f"{out} vouches for {', '.join(sites)}; its reader must have compared this site's words:")
    typer.echo(papers.roster.fingerprint(papers.site))


def _signed(papers: Papers, approval: Approval, stopped: Message) -> Iterator[str]:
    study = papers.study
    yield f"{approval.by} approved {study.id} {study.version} for {papers.site}"
    yield f"until {approval.until} (IRB {approval.irb})"
    yield f"study {approval.study[:12]}, roster {approval.roster[:12]}, approval {approval.sha256[:12]}"
    yield from (f"method {kind} of {package}" for kind, package in installed().items() if kind not in OWN)
    yield from seen_by_others(papers)
    if approval.may_be_subtracted:
        yield subtraction(papers)
    for one in approval.exceptions:
        yield f"exception: {one.limit} = {one.value}: {one.reason}"
    yield f"compared or vouched for: {', '.join(approval.compared) or 'nobody'}"
    if unknown := [site for site in papers.others if site not in approval.compared]:
        yield f"warning: a run with {', '.join(unknown)} is not answered before their words are compared or vouched for"
    if stopped:
        yield f"warning: {stopped}; nothing is answered before riskset site resume"
    yield from expiry_lines([expiry_of(approval)], today_utc())
