"""`riskset site join` and `riskset site renew`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.cli import warn
from riskset.errors import DataError, Unreachable
from riskset.joining.connection import Connection, load_connection, write_connection
from riskset.joining.expiry import expiry_lines, of_certificate, today_utc
from riskset.joining.invite import Invite, read_invite
from riskset.joining.request import Member, check_told, read_request, write_request
from riskset.joining.signed import read_file
from riskset.secure.keys import is_locked, public_from_hex, public_hex, replace_private
from riskset.secure.words import fingerprint_words
from riskset.study.load import load_study, study_hash
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
Into = Annotated[Path, typer.Option(metavar="FOLDER", help="The site's folder: site.toml and study.toml lie there.")]
Telephone = Annotated[str, typer.Option(help="Where the other sites can compare keys with you.", show_default=False)]
Irb = Annotated[str, typer.Option(help="Number of the ethics committee's approval.", show_default=False)]
IrbUntil = Annotated[str, typer.Option(metavar="DATE", help="Its last day.", show_default=False)]
ByMail = Annotated[bool, typer.Option("--by-mail", help="Send nothing: the request goes as a file.")]
HERE = Path()


def join(
    invite_file: InviteFile,
    into: Into = HERE,
    telephone: Telephone = "",
    irb: Irb = "",
    irb_until: IrbUntil = "",
    by_mail: ByMail = False,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Lock the keys: asked for, or taken from RISKSET_PASSPHRASE.")
    ] = False,
) -> None:
    """Make this site's keys and ask the coordinator to enter them. The private keys stay in the folder `keys`.

    Prints words to compare by telephone. Given again, the command sends the same request again. Exit 3: the invite
    does not hold any more.

    Example: riskset site join kurume.invite.json --telephone +81-942-35-3311
    """
    details, invite, paths = _details(telephone, irb, irb_until), _invite(invite_file), SitePaths(into)
    _check_fits(paths, invite)
    if invite.renews:
        raise DataError(f"{invite.site} takes part already; this invite renews its keys", "use: riskset site renew")

    def keys() -> _Keys:
        if paths.has_keys:
            return _Keys(load_keys(paths))
        made = make_keys(paths.keys[0], new_passphrase() if passphrase else b"")
        typer.echo(f"made the keys of {invite.site} in {paths.keys[0]}; they stay there, keep a copy in a safe place")
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
    """Make new keys for a site that takes part, and ask the coordinator to enter them. The earlier key signs too.

    The earlier keys are in use until the new roster is in the folder; keep them, old entries are read with them.

    Example: riskset site renew kurume.invite.json --irb-until 2028-03-31
    """
    details, invite, paths = _details(telephone, irb, irb_until), _invite(invite_file), SitePaths(into)
    _check_fits(paths, invite)
    if not invite.renews:
        raise DataError(f"this invite is for a site that has not joined yet: {invite.site}", "use: riskset site join")

    def keys() -> _Keys:
        earlier = _earlier(paths, invite)
        lock = known_passphrase() if is_locked(identity_in(paths.keys[0])) else b""
        place = paths.next_keys
        made = make_keys(place, lock)
        typer.echo(f"made new keys of {invite.site} in {place}; they stay there, keep a copy in a safe place")
        return _Keys(made, earlier)

    _request_to_join(invite, paths, keys, details, by_mail=by_mail)


@dataclass(frozen=True)
class _Keys:
    """With which a request is made."""

    identity: Identity
    earlier: Ed25519PrivateKey | None = None


def _details(telephone: str, irb: str, irb_until: str) -> Member:
    """Returns what the site tells of itself, without keys."""
    details = Member("", "", telephone, irb, irb_until)
    check_told(details)
    return details


def _invite(path: Path) -> Invite:
    invite = read_invite(read_file(path, "invite", "give the file that the coordinator sent"), str(path))
    invite.check_holds(today_utc())
    return invite


def _check_fits(paths: SitePaths, invite: Invite) -> None:
    """Raises DataError where the folder holds another study, or is another site's or another coordinator's."""
    if paths.study.exists() and study_hash(load_study(paths.study)) != invite.study_sha256:
        raise DataError(
            f"{paths.study} is another study file than the one of the invite", "ask the coordinator which one is meant"
        )
    site_file = paths.root / "site.toml"
    if site_file.exists() and (own := load_site_file(site_file, needs_export=False).site) != invite.site:
        raise DataError(f"the invite is for {invite.site}, and {site_file} is of {own}", "take the invite of this site")
    if not paths.connection.exists():
        return
    joined = load_connection(paths.connection)
    if (joined.study, joined.site) != (invite.study, invite.site):
        raise DataError(f"{paths.root} is the folder of {joined.site} in {joined.study}", "take another: --into FOLDER")
    if joined.coordinator != invite.coordinator:
        raise DataError(
            f"the invite is signed by another key than the coordinator's whom {paths.root} belongs to",
            "ask the coordinator by telephone; if the key is new indeed, join in a new folder",
        )


def _earlier(paths: SitePaths, invite: Invite) -> Ed25519PrivateKey:
    """Returns the key that the invite renews. DataError where this folder has it not."""
    known = load_keys(paths)
    for key in (*known.earlier, known.signing):
        if public_hex(key) == invite.renews:
            return key
    raise DataError(
        f"the key that the coordinator knows {invite.site} by is not in {paths.keys[0]}",
        "restore it from your copy; if it is lost, let the coordinator revoke the site and invite it again",
    )


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
        typer.echo(f"{path} was made for this invite and stays as it is")
    _send(invite, path, text, by_mail=by_mail)
    _print_words(invite, read_request(text).member.identity)
    again = "ask the coordinator for a new invite, into a new folder"
    warn(expiry_lines([of_certificate("the certificate authority", invite.authority, again)], today_utc()))


def _print_words(invite: Invite, identity: str) -> None:
    typer.echo("Call the coordinator at a number you knew before; let each side read half of these words to the other:")
    typer.echo(f"\n  {invite.words(identity)}\n")
    typer.echo("If they differ, somebody stands between: do not go on. Else wait for roster.json.")
    typer.echo("The other sites will ask by telephone for the six words of this site's key:")
    typer.echo(f"\n  {fingerprint_words(public_from_hex(identity))}\n")


def _earlier_request(path: Path, invite: Invite) -> bytes | None:
    """Returns the request in the file if it was made with this invite."""
    if not path.exists():
        return None
    text = read_file(path, "request", "mend its rights")
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
    """Sends the request, or says that it goes by mail."""
    if by_mail:
        typer.echo(f"send {path} to the coordinator")
        return
    from riskset_site.network.join_request import send_join_request  # httpx takes a while to import

    try:
        send_join_request(invite, text)
    except Unreachable as away:
        typer.echo(f"not sent: {away}", err=True)
        typer.echo(f"give this command again later, or send {path} to the coordinator by mail")
    else:
        typer.echo(f"sent the request to {invite.address}")
