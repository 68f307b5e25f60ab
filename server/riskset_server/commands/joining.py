"""`riskset study invite | accept | roster | revoke`: who takes part in a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.cli import warn
from riskset.errors import DataError, Refused
from riskset.joining.expiry import expiry_lines, of_members, today_utc
from riskset.joining.invite import Invite
from riskset.joining.request import Request
from riskset.joining.signed import read_file
from riskset.protocol.roster import sign_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, refuse_to_replace, write_private
from riskset.study.load import load_study
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.joining.enrolment import INVITE_DAYS

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (TOML).", show_default=False)]
SiteName = Annotated[str, typer.Argument(metavar="SITE", help="The site's name in the study.", show_default=False)]
Folder = Annotated[Path, typer.Option("--server", help="The coordinator's folder.")]
StudyId = Annotated[
    str | None, typer.Option("--study", metavar="ID", help="Where a site is in several studies.", show_default=False)
]
HOME = Path("coordinator")


def invite(
    study_file: StudyFile,
    site: SiteName,
    server: Folder = HOME,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the invite holds.")] = INVITE_DAYS,
    out: Annotated[Path | None, typer.Option(help="Default: SITE.invite.json here.", show_default=False)] = None,
) -> None:
    """Write the file by which one site joins the study, once. An earlier invite of the site stops to hold.

    The file holds a secret: send it to the site's data manager alone. A site that takes part already renews its keys
    with it.
    """
    folder, study, path = CoordinatorFolder(server), load_study(study_file), out or Path(f"{site}.invite.json")
    refuse_to_replace(path)
    with folder.desk() as desk:
        made, text = desk.invite(study, site, folder.identity, folder.public_server, days)
    write_private(path, text)
    command = "riskset site renew" if made.renews else "riskset site join"
    typer.echo(f"wrote {path}, good until {made.until} and once; send it to {site} alone, for: {command} {path.name}")
    warn(expiry_lines(folder.expiries, today_utc()))


def accept(
    site: SiteName,
    request_file: Annotated[
        Path | None,
        typer.Argument(metavar="REQUEST", help="The site's request, if it came by mail.", show_default=False),
    ] = None,
    server: Folder = HOME,
    study: StudyId = None,
    compared: Annotated[
        bool, typer.Option("--compared", help="The words were compared by telephone: do not ask.")
    ] = False,
) -> None:
    """Enter a site's keys after comparing words with it by telephone.

    Exit 3: the words were not compared, or the invite does not hold any more; the site is not entered.
    """
    with CoordinatorFolder(server).desk() as desk:
        if request_file is not None:
            desk.receive_file(_request(request_file), site, study, str(request_file))
        made, request, words = desk.waiting(site, study)
        typer.echo(_shown(made, request, words, compared=compared))
        if not compared and not _says_yes(site):
            raise Refused("words", f"{site} was not entered", "compare the words first, then give the command again")
        desk.accept(made, request)
    typer.echo(f"entered {site} in {made.study}; when all are in: riskset study roster STUDY")
    warn(expiry_lines(of_members({site: request.member}), today_utc()))


def roster(
    study_file: StudyFile,
    server: Folder = HOME,
    out: Annotated[Path | None, typer.Option(help="Default: roster.json beside the study.", show_default=False)] = None,
) -> None:
    """Sign the list of the sites that were accepted, to be sent to every one of them with the study.

    It may hold fewer sites than the study names. A site that comes later needs a new list, which all approve anew.
    """
    folder, study = CoordinatorFolder(server), load_study(study_file)
    path = out or study_file.parent / "roster.json"
    identity = folder.identity
    with folder.desk() as desk:
        members, others = desk.members(study), desk.not_members(study)
    least = study.disclosure.min_sites
    if len(members) < least:
        told = "; ".join(f"{site}: {why}" for site, why in others.items())
        raise DataError(f"{len(members)} of at least {least} sites were accepted ({told})", "accept more sites first")
    path.write_bytes(sign_roster(study.id, identity, members))
    typer.echo(f"signed {path} for {', '.join(members)}; send it to every site with the study")
    for site, why in others.items():
        typer.echo(f"not in it: {site} ({why})")
    warn(expiry_lines([*folder.expiries, *of_members(members)], today_utc()))


def revoke(site: SiteName, server: Folder = HOME, study: StudyId = None) -> None:
    """End a site's invite, request and membership. Runs of a roster that holds its keys are refused from then on."""
    with CoordinatorFolder(server).desk() as desk:
        ended = desk.revoke(site, study)
    typer.echo(f"revoked {site} in {ended}; sign the roster again and send it to every other site")


def _request(path: Path) -> bytes:
    return read_file(path, "request of a site", "ask the site for the file that `riskset site join` wrote")


def _shown(invite: Invite, request: Request, words: str, *, compared: bool) -> str:
    """Returns the page by which a person decides. The request's own telephone number would be a thief's."""
    member = request.member
    key = fingerprint_words(public_from_hex(member.identity))
    irb = f"{member.irb or 'not said'}" + (f", until {member.irb_until}" if member.irb_until else "")
    call = f"Call {invite.site} at a number you knew before, not at the one above; let each side read half of:"
    asks = "renews its keys, signed with the earlier one" if request.renews else "asks in"
    return "\n".join(
        [
            f"{invite.site} {asks} ({invite.study})",
            f"  key        {key}",
            f"  telephone  {member.telephone or 'not said'}",
            f"  IRB        {irb}",
            "The words that were compared:" if compared else call,
            "",
            f"  {words}",
            "",
        ]
    )


def _says_yes(site: str) -> bool:
    try:
        return typer.confirm(f"Did {site} have the same words on the telephone?")
    except typer.Abort:
        return False
