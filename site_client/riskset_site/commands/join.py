"""`riskset site join` and `riskset site renew`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.cli import warn
from riskset.errors import DataError, Unreachable
from riskset.joining.expiry import expiry_lines, of_certificate, today_utc
from riskset.joining.invite import Connection, Invite, load_connection, read_invite, write_connection
from riskset.joining.request import Member, check_details, read_request, write_request
from riskset.joining.signed import read_file
from riskset.private_files import unprotected
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import is_locked, public_from_hex, public_hex, replace_private
from riskset.study.load import load_study, study_hash
from riskset.terminal import tell
from riskset_site.data.config import load_site_file
from riskset_site.keys import (
    Identity,
    SitePaths,
    identity_in,
    known_passphrase,
    load_keys,
    make_keys,
    new_passphrase,
)

InviteFile = Annotated[
    Path, typer.Argument(metavar="INVITE", help="The file that the coordinator sent.", show_default=False)
]
Into = Annotated[Path, typer.Option(metavar="FOLDER", help="The site's folder, with site.toml and study.toml.")]
Telephone = Annotated[str, typer.Option(help="Where the other sites can call you to compare keys.", show_default=False)]
Irb = Annotated[str, typer.Option(help="Number of the ethics committee's approval.", show_default=False)]
IrbUntil = Annotated[str, typer.Option(metavar="DATE", help="Its last day.", show_default=False)]
ByMail = Annotated[bool, typer.Option("--by-mail", help="Send nothing; write the request to a file.")]
HERE = Path()


def join(
    invite_file: InviteFile,
    into: Into = HERE,
    telephone: Telephone = "",
    irb: Irb = "",
    irb_until: IrbUntil = "",
    by_mail: ByMail = False,
    passphrase: Annotated[
        bool,
        typer.Option("--passphrase", help="Lock the keys; typed, or taken from RISKSET_PASSPHRASE."),
    ] = False,
) -> None:
    """Make this site's keys and ask the coordinator to enter them. The private keys stay in the folder `keys`.

    Prints words to compare by telephone. Run again, the command sends the same request again. Exit code 3: the invite
    is no longer valid.

    Example: riskset site join kurume.invite.json --telephone +81-942-35-3311
    """
    details, invite, paths = _details(telephone, irb, irb_until), _invite(invite_file), SitePaths(into)
    _check_fits(paths, invite)
    if invite.renews:
        raise DataError(say("site.join.is_member", site=invite.site), say("site.join.is_member_hint"))

    def keys() -> _Keys:
        if paths.has_keys:
            return _Keys(load_keys(paths))
        made = make_keys(paths.keys[0], new_passphrase() if passphrase else b"")
        tell(say("site.join.keys_made", site=invite.site, folder=str(paths.keys[0])))
        warn(filter(None, [unprotected(paths.root)]))
        return _Keys(made)

    _request_to_join(invite, paths, keys, details, by_mail=by_mail)


def renew(
    invite_file: InviteFile,
    into: Into = HERE,
    telephone: Telephone = "",
    irb: Irb = "",
    irb_until: IrbUntil = "",
    by_mail: ByMail = False,
) -> None:
    """Make new keys for a site that has joined, and ask the coordinator to enter them. The earlier key signs, too.

    The earlier keys stay in use until the new roster is in the folder. Keep them: they open earlier ledger entries.

    Example: riskset site renew kurume.invite.json --irb-until 2028-03-31
    """
    details, invite, paths = _details(telephone, irb, irb_until), _invite(invite_file), SitePaths(into)
    _check_fits(paths, invite)
    if not invite.renews:
        raise DataError(say("site.join.not_member", site=invite.site), say("site.join.not_member_hint"))

    def keys() -> _Keys:
        earlier = _earlier(paths, invite)
        lock = known_passphrase() if is_locked(identity_in(paths.keys[0])) else b""
        folder = paths.next_keys
        made = make_keys(folder, lock)
        tell(say("site.join.keys_renewed", site=invite.site, folder=str(folder)))
        return _Keys(made, earlier)

    _request_to_join(invite, paths, keys, details, by_mail=by_mail)


@dataclass(frozen=True)
class _Keys:
    """The keys of a request."""

    identity: Identity
    earlier: Ed25519PrivateKey | None = None


def _details(telephone: str, irb: str, irb_until: str) -> Member:
    """Returns what the site states about itself, without keys."""
    details = Member("", "", telephone, irb, irb_until)
    check_details(details)
    return details


def _invite(path: Path) -> Invite:
    invite = read_invite(read_file(path, say("site.join.invite"), say("site.join.invite_hint")), str(path))
    invite.check_holds(today_utc())
    return invite


def _check_fits(paths: SitePaths, invite: Invite) -> None:
    """Raises DataError where the folder belongs to a different study, site or coordinator."""
    if paths.study.exists() and study_hash(load_study(paths.study)) != invite.study_sha256:
        raise DataError(say("site.join.other_study", file=str(paths.study)), say("site.join.other_study_hint"))
    site_file = paths.root / "site.toml"
    if site_file.exists() and (own := load_site_file(site_file, needs_export=False).site) != invite.site:
        message = say("site.join.other_site", site=invite.site, file=str(site_file), found=own)
        raise DataError(message, say("site.join.other_site_hint"))
    if not paths.connection.exists():
        return
    joined, folder = load_connection(paths.connection), str(paths.root)
    if (joined.study, joined.site) != (invite.study, invite.site):
        message = say("site.join.other_folder", folder=folder, site=joined.site, study=joined.study)
        raise DataError(message, say("site.join.other_folder_hint"))
    if joined.coordinator != invite.coordinator:
        message = say("site.join.other_coordinator", folder=folder)
        raise DataError(message, say("site.join.other_coordinator_hint"))


def _earlier(paths: SitePaths, invite: Invite) -> Ed25519PrivateKey:
    """Returns the key that the invite renews. DataError where it is not in this folder."""
    known = load_keys(paths)
    for key in (*known.earlier, known.signing):
        if public_hex(key) == invite.renews:
            return key
    message = say("site.join.no_key", site=invite.site, folder=str(paths.keys[0]))
    raise DataError(message, say("site.join.no_key_hint"))


def _request_to_join(
    invite: Invite, paths: SitePaths, keys: Callable[[], _Keys], details: Member, *, by_mail: bool
) -> None:
    path = paths.request(invite.site)
    text = _earlier_request(path, invite)
    if text is None:
        text = _request(invite, keys(), details)
        replace_private(paths.connection, write_connection(Connection.of(invite)))
        replace_private(path, text)
    else:
        tell(say("site.join.same_request", file=str(path)))
    _send(invite, path, text, by_mail=by_mail)
    _print_words(invite, read_request(text).member.identity)
    called, remedy = say("site.join.authority"), say("site.join.authority_remedy")
    warn(expiry_lines([of_certificate(called, invite.authority, remedy)], today_utc()))


def _print_words(invite: Invite, identity: str) -> None:
    fingerprint = fingerprint_words(public_from_hex(identity))
    tell(say("site.join.words", words=invite.words(identity), fingerprint=fingerprint))


def _earlier_request(path: Path, invite: Invite) -> bytes | None:
    """Returns the request in the file if it was made with this invite."""
    if not path.exists():
        return None
    text = read_file(path, say("site.join.request"), say("site.join.request_hint"))
    return text if read_request(text, str(path)).is_proved(invite.token) else None


def _request(invite: Invite, keys: _Keys, details: Member) -> bytes:
    return write_request(
        invite,
        keys.identity.signing,
        keys.identity.node.public_key(),
        telephone=details.telephone,
        irb=details.irb,
        irb_until=details.irb_until,
        earlier=keys.earlier,
    )


def _send(invite: Invite, path: Path, text: bytes, *, by_mail: bool) -> None:
    """Sends the request, or says what to do with its file."""
    if by_mail:
        tell(say("site.join.by_mail", file=str(path)))
        return
    from riskset_site.network.join_request import send_join_request  # httpx takes a while to import

    try:
        send_join_request(invite, text)
    except Unreachable as away:
        tell(say("site.join.not_sent", error=str(away)), err=True)
        tell(say("site.join.not_sent_hint", file=str(path)))
    else:
        tell(say("site.join.sent", address=invite.address))
