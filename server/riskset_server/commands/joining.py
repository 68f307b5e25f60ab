"""`riskset study invite | accept | roster | revoke`: who takes part in a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import Message, say
from riskset.cli import warn
from riskset.errors import DataError, Refused, RisksetError
from riskset.joining.expiry import expiry_lines, of_members, today_utc
from riskset.joining.invite import Invite, read_invite
from riskset.joining.request import Request
from riskset.joining.signed import read_file
from riskset.language import speak, told
from riskset.protocol.roster import sign_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, public_hex, refuse_to_replace, replace_private, write_private
from riskset.study.load import load_study, study_hash
from riskset.terminal import tell
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.joining.enrolment import INVITE_DAYS

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (TOML).", show_default=False)]
SiteName = Annotated[str, typer.Argument(metavar="SITE", help="The site's name in the study.", show_default=False)]
Folder = Annotated[Path, typer.Option("--server", help="The coordinator's folder.")]
StudyId = Annotated[
    str | None, typer.Option("--study", metavar="ID", help="The study, if the site is in several.", show_default=False)
]
HOME = Path("coordinator")

_NOT_GIVEN = say("server.sites.not_given")


def invite(
    study_file: StudyFile,
    site: SiteName,
    server: Folder = HOME,
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days the invite is valid.")] = INVITE_DAYS,
    out: Annotated[Path | None, typer.Option(help="Default: SITE.invite.json here.", show_default=False)] = None,
) -> None:
    """Write the file with which one site joins the study, once. It replaces an earlier invite of the site.

    The file contains a secret: send it to the site's data manager alone. A site that already takes part renews its
    keys with it.
    """
    speak(study_file)
    folder, study, path = CoordinatorFolder(server), load_study(study_file), out or Path(f"{site}.invite.json")
    is_replaced = _is_invite_of(path, study.id, site, folder)
    if not is_replaced:
        refuse_to_replace(path)
    with folder.desk() as desk:
        made, text = desk.invite(study, site, folder.identity, folder.public_server, days)
    if is_replaced:
        replace_private(path, text)
        tell(say("server.sites.replaced", file=path))
    else:
        write_private(path, text)
    values = {"file": path, "until": made.until, "site": site, "name": path.name}
    tell(say(f"server.sites.invited.{'renew' if made.renews else 'join'}", **values))
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

    Exit 3: the words were not compared, or the invite is no longer valid; the site is not entered.
    """
    with CoordinatorFolder(server).desk() as desk:
        if request_file is not None:
            desk.receive_file(_request(request_file), site, study, str(request_file))
        made, request, words = desk.waiting(site, study)
        tell(_page(made, request, words, compared=compared))
        if not compared and not _says_yes(site):
            raise Refused("words", say("server.sites.not_entered", site=site), say("server.sites.not_entered_hint"))
        desk.accept(made, request)
    tell(say("server.sites.entered", site=site, study=made.study))
    warn(expiry_lines(of_members({site: request.member}), today_utc()))


def roster(
    study_file: StudyFile,
    server: Folder = HOME,
    out: Annotated[Path | None, typer.Option(help="Default: roster.json beside the study.", show_default=False)] = None,
) -> None:
    """Sign the list of the accepted sites, to be sent to each of them with the study.

    It may contain fewer sites than the study names. A site that joins later needs a new list, which all approve again.
    """
    speak(study_file)
    folder, study = CoordinatorFolder(server), load_study(study_file)
    path = out or study_file.parent / "roster.json"
    identity = folder.identity
    with folder.desk() as desk:
        members, others, renewals = desk.members(study), desk.not_members(study), desk.renewals(study)
    least = study.disclosure.min_sites
    if len(members) < least:
        missing = tuple(say("server.sites.status", site=site, status=status) for site, status in others.items())
        message = say("server.sites.too_few", found=len(members), least=least, others=missing)
        raise DataError(message, say("server.sites.too_few_hint"))
    replace_private(path, sign_roster(study.id, identity, members, study_hash(study), renewals))
    tell(say("server.sites.signed", file=path, sites=tuple(members)))
    for site, status in others.items():
        tell(say("server.sites.not_in_roster", site=site, status=status))
    warn(expiry_lines([*folder.expiries, *of_members(members)], today_utc()))


def revoke(site: SiteName, server: Folder = HOME, study: StudyId = None) -> None:
    """End a site's invite, request and membership. From then on a roster with its keys is refused."""
    with CoordinatorFolder(server).desk() as desk:
        ended = desk.revoke(site, study)
    tell(say("server.sites.revoked", site=site, study=ended))


def _is_invite_of(path: Path, study: str, site: str, folder: CoordinatorFolder) -> bool:
    """Returns whether the file is an earlier invite of the site, which the new one replaces: it admits nobody then."""
    try:
        earlier = read_invite(path.read_bytes())
    except (OSError, RisksetError):
        return False
    return (earlier.study, earlier.site, earlier.coordinator) == (study, site, public_hex(folder.identity))


def _request(path: Path) -> bytes:
    return read_file(path, str(say("server.sites.request")), say("server.sites.request_hint"))


def _page(invite: Invite, request: Request, words: str, *, compared: bool) -> Message:
    """Returns the page on which a person decides. A thief would put his own telephone number in the request."""
    member, site = request.member, invite.site
    irb = say("server.sites.irb_until", irb=member.irb or _NOT_GIVEN, until=member.irb_until)
    return say(
        "server.sites.page",
        heading=say(f"server.sites.asks.{'renew' if request.renews else 'join'}", site=site, study=invite.study),
        key=fingerprint_words(public_from_hex(member.identity)),
        telephone=member.telephone or _NOT_GIVEN,
        irb=irb if member.irb_until else member.irb or _NOT_GIVEN,
        compare=say("server.sites.compared") if compared else say("server.sites.call", site=site),
        words=words,
    )


def _says_yes(site: str) -> bool:
    try:
        return typer.confirm(told(say("server.sites.same_words", site=site)))
    except typer.Abort:
        return False
