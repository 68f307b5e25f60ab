"""How a site asks to join a study, or to renew its keys: the keys it makes, what it states, the words to compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError, Unreachable
from riskset.joining.expiry import expiry_lines, of_certificate, today_utc
from riskset.joining.invite import Connection, Invite, load_connection, write_connection
from riskset.joining.request import Member, Request, check_details, read_request, write_request
from riskset.joining.signed import read_file
from riskset.private_files import unprotected
from riskset.protocol.roster import load_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import is_locked, public_from_hex, replace_private
from riskset.study.load import load_study, study_hash
from riskset_site.data.config import load_site_file
from riskset_site.keys import (
    Identity,
    SitePaths,
    identity_in,
    keys_of,
    load_keys,
    lock_keys,
    make_keys,
    new_passphrase,
    node_in,
    passphrase_of,
)


class Tell(Protocol):
    """Shows a person a sentence; `err`: beside the result, such as a warning."""

    def __call__(self, text: object, *, err: bool = False) -> None: ...


def join_study(
    invite: Invite, paths: SitePaths, stated: Details, tell: Tell, *, by_mail: bool = False, passphrase: bool = False
) -> None:
    """Makes this site's keys, in its folder, and asks the coordinator to enter them; tells what the request states, and
    the words to compare. With `passphrase` the keys are locked with one that is asked for.

    Raises DataError where the invite, the folder and what is stated do not fit; Refused where the coordinator refuses.
    """
    invite.check_holds(today_utc())
    _check_fits(paths, invite)
    if invite.renews:
        raise DataError(say("site.join.is_member", site=invite.site), say("site.join.is_member_hint"))
    if paths.journal.exists() and not paths.has_keys:
        message = say("site.join.other_ledger", file=paths.journal.name, folder=str(paths.keys[0]))
        raise DataError(message, say("site.join.other_ledger_hint"))
    wanted = stated.completed(paths, invite)
    if passphrase and paths.has_keys:
        _lock(paths, tell)

    def keys() -> _Keys:
        if paths.has_keys:
            return _Keys(load_keys(paths))
        made = make_keys(paths.keys[0], new_passphrase() if passphrase else b"")
        tell(say("site.join.keys_made", site=invite.site, folder=str(paths.keys[0])))
        for line in filter(None, [unprotected(paths.root)]):
            tell(line, err=True)
        return _Keys(made)

    _request_to_join(invite, paths, keys, wanted, tell, by_mail=by_mail)


def renew_keys(
    invite: Invite, paths: SitePaths, stated: Details, tell: Tell, *, by_mail: bool = False, passphrase: bool = False
) -> None:
    """Makes new keys, beside the earlier ones, and asks the coordinator to enter them; otherwise as `join_study`."""
    invite.check_holds(today_utc())
    _check_fits(paths, invite)
    if not invite.renews:
        raise DataError(say("site.join.not_member", site=invite.site), say("site.join.not_member_hint"))
    wanted = stated.completed(paths, invite)
    lock = _lock(paths, tell) if passphrase else None

    def keys() -> _Keys:
        known = passphrase_of(paths) if lock is None else lock
        earlier, folder = _earlier(paths, invite.site, invite.renews, known), paths.next_keys
        made = make_keys(folder, known)
        tell(say("site.join.keys_renewed", site=invite.site, folder=str(folder)))
        return _Keys(made, earlier)

    _request_to_join(invite, paths, keys, wanted, tell, by_mail=by_mail)


@dataclass(frozen=True)
class _Keys:
    """The keys of a request."""

    identity: Identity
    earlier: Ed25519PrivateKey | None = None


@dataclass(frozen=True)
class Details:
    """What the site states about itself; empty where nothing is said."""

    telephone: str = ""
    irb: str = ""
    irb_until: str = ""

    def completed(self, paths: SitePaths, invite: Invite) -> Member:
        """Returns what the request is to state: what is said here, otherwise what this site's last request said, or
        the roster, where it renews. DataError where it is malformed, or the IRB approval has ended."""
        before = _last_stated(paths, invite)
        details = Member(
            "", "", self.telephone or before.telephone, self.irb or before.irb, self.irb_until or before.irb_until
        )
        check_details(details)
        if details.irb_until:
            until, today = date.fromisoformat(details.irb_until), today_utc()
            if until < today:
                message = say("site.join.irb_ended", until=until.isoformat())
                raise DataError(message, say("site.join.irb_ended_hint", today=today.isoformat()))
            details = replace(details, irb_until=until.isoformat())
        return details


def _last_stated(paths: SitePaths, invite: Invite) -> Member:
    if (text := _request_in(paths.request(invite.site), invite)) is not None:
        return read_request(text).member
    entered = load_roster(paths.roster).members.get(invite.site) if invite.renews and paths.roster.exists() else None
    return entered or Member("", "")


def _lock(paths: SitePaths, tell: Tell) -> bytes:
    """Locks the keys that are here, says so, and returns the passphrase."""
    locked = all(is_locked(identity_in(keys)) and is_locked(node_in(keys)) for keys in paths.keys)
    passphrase = lock_keys(paths)
    tell(say(f"site.join.{'already_locked' if locked else 'locked'}", folder=str(paths.keys[0])))
    return passphrase


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


def _earlier(paths: SitePaths, site: str, renews: str, passphrase: bytes) -> Ed25519PrivateKey:
    """Returns the key that the invite renews. DataError where it is not in this folder."""
    found = keys_of(paths, renews, passphrase)
    if found is None:
        raise DataError(say("site.join.no_key", site=site, folder=str(paths.keys[0])), say("site.join.no_key_hint"))
    return found.signing


def _request_to_join(
    invite: Invite, paths: SitePaths, keys: Callable[[], _Keys], wanted: Member, tell: Tell, *, by_mail: bool
) -> None:
    path = paths.request(invite.site)
    text = _request_in(path, invite)
    if text is None:
        text = _request(invite, keys(), wanted)
        replace_private(paths.connection, write_connection(Connection.of(invite)))
        replace_private(path, text)
    elif _stated(read_request(text).member) == _stated(wanted):
        tell(say("site.join.same_request", file=str(path)))
    else:
        text = _request(invite, _keys_of(paths, read_request(text)), wanted)
        replace_private(path, text)
        tell(say("site.join.corrected", file=str(path)))
    _send(invite, path, text, tell, by_mail=by_mail)
    member = read_request(text).member
    _tell_stated(member, tell)
    _tell_words(invite, member.identity, tell)
    called, remedy = say("site.join.authority"), say("site.join.authority_remedy")
    for line in expiry_lines([of_certificate(called, invite.authority, remedy)], today_utc()):
        tell(line, err=True)


def _stated(member: Member) -> tuple[str, str, str]:
    return member.telephone, member.irb, member.irb_until


def _keys_of(paths: SitePaths, request: Request) -> _Keys:
    """Returns the keys with which the request was made. DataError where they are not in this folder."""
    passphrase = passphrase_of(paths)
    found = keys_of(paths, request.member.identity, passphrase)
    if found is None:
        message = say("site.join.other_keys", file=str(paths.request(request.site)), folder=str(paths.keys[0]))
        raise DataError(message, say("site.join.other_keys_hint"))
    return _Keys(found, _earlier(paths, request.site, request.renews, passphrase) if request.renews else None)


def _tell_stated(member: Member, tell: Tell) -> None:
    """Tells what every site of the study will read."""
    none, irb = say("site.join.not_given"), member.irb or say("site.join.not_given")
    if member.irb_until:
        irb = say("site.join.irb_until", irb=irb, until=member.irb_until)
    tell(say("site.join.stated", telephone=member.telephone or none, irb=irb))


def _tell_words(invite: Invite, identity: str, tell: Tell) -> None:
    fingerprint = fingerprint_words(public_from_hex(identity))
    tell(say("site.join.words", words=invite.words(identity), fingerprint=fingerprint))


def _request_in(path: Path, invite: Invite) -> bytes | None:
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


def _send(invite: Invite, path: Path, text: bytes, tell: Tell, *, by_mail: bool) -> None:
    """Sends the request, or says what to do with its file."""
    if by_mail:
        tell(say("site.join.by_mail", file=str(path)))
        return
    from riskset_site.network.join_request import send_join_request  # httpx takes a while to import

    try:
        send_join_request(invite, text)
    except Unreachable as away:
        tell(say("site.join.not_sent", error=away.message), err=True)
        tell(say("site.join.not_sent_hint", file=str(path)))
    else:
        tell(say("site.join.sent", address=invite.address))
