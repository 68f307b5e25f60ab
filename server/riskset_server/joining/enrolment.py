"""How sites come into a study: the rules of inviting, receiving, accepting and revoking, over the list of invites.

A site is a member when a person has accepted its request after comparing the words. A token brings in one request;
after that it only tells its holder that it was used.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.errors import DataError, Refused
from riskset.joining.expiry import today_utc
from riskset.joining.invite import Invite, write_invite
from riskset.joining.request import Member, Request, read_request
from riskset.protocol.roster import Roster
from riskset.secure.keys import public_hex
from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_server.joining.invites import REVOKED, Invitation, InviteList

INVITE_DAYS = 14
_NEW_INVITE = "a new invite is needed: riskset study invite STUDY SITE"


@dataclass(frozen=True)
class PublicServer:
    """The coordinator's server as an invite names it."""

    address: str
    authority: str


class EnrolmentDesk:
    """The rules over one list of invites; `today` is the day in UTC."""

    def __init__(self, invites: InviteList, today: Callable[[], date] = today_utc) -> None:
        self._list = invites
        self._today = today

    def invite(
        self, study: Study, site: str, identity: Ed25519PrivateKey, server: PublicServer, days: int = INVITE_DAYS
    ) -> tuple[Invite, bytes]:
        """Returns a new invite and the text of its file. An earlier one that was not accepted does not hold any more.

        DataError where the study does not name the site.
        """
        if site not in study.sites:
            raise DataError(f"the study names no site {site!r}", f"it names {', '.join(study.sites)}")
        member = self._member(study.id, site)
        invite = Invite(
            study=study.id,
            study_sha256=study_hash(study),
            site=site,
            address=server.address,
            authority=server.authority,
            coordinator=public_hex(identity),
            token=secrets.token_urlsafe(32),
            until=self._today() + timedelta(days=days),
            renews=member.request.member.identity if member else "",
        )
        text = write_invite(invite, identity)
        self._list.add(invite, text)
        return invite, text

    def knows(self, token: str) -> bool:
        return self._list.by_token(token) is not None

    def receive(self, data: bytes, token: str) -> Invitation:
        """Keeps the request that came with a token. The same one again changes nothing: an answer may get lost.

        Raises Refused (used, expired, revoked, replaced), DataError or VerificationError; then nothing is kept.
        """
        found = self._list.by_token(token)
        if found is None:
            raise Refused("unknown", "no invite of this coordinator holds this token", _NEW_INVITE)
        return self._receive(found, data)

    def receive_file(self, data: bytes, site: str, study: str | None = None, called: str = "the request") -> Invitation:
        """The same for a request that came by mail, which shows by its proof which invite it was made with."""
        request = read_request(data, called)
        if request.site != site:
            raise DataError(f"the request is of {request.site}, not of {site}", "give the site's own file")
        for found in reversed(self._list.of_site(site, study)):
            if request.is_proved(found.invite.token):
                return self._receive(found, data)
        raise Refused("unknown", f"the request of {site} was not made with an invite of this coordinator", _NEW_INVITE)

    def waiting(self, site: str, study: str | None = None) -> tuple[Invite, Request, str]:
        """Returns the invite and the request of a site that waits to be accepted, and the words to compare.

        DataError where none waits, or where some do in several studies.
        """
        of_site = self._list.of_site(site, study)
        found = [invitation for invitation in of_site if invitation.is_waiting]
        if not found:
            raise DataError(*_nobody_waits(site, of_site, self._today()))
        if len(found) > 1:
            studies = ", ".join(sorted(invitation.invite.study for invitation in found))
            raise DataError(f"{site} waits in several studies: {studies}", "say which: --study ID")
        invite, request = found[0].invite, found[0].request
        return invite, request, invite.words(request.member.identity)

    def accept(self, invite: Invite, request: Request) -> None:
        """Makes the site a member with these keys, which a person has compared. Refused where they changed since."""
        found = self._list.by_token(invite.token)
        if found is None or not found.is_waiting or found.request != request:
            raise Refused("changed", f"the request of {invite.site} is not the one that was shown", "accept it again")
        member = self._member(invite.study, invite.site)
        if (member.request.member.identity if member else "") != invite.renews:
            raise Refused("revoked", f"the keys that {invite.site} renews do not stand any more", _NEW_INVITE)
        self._list.accept(invite)

    def revoke(self, site: str, study: str | None = None) -> str:
        """Ends the site's invite, request and membership; returns the study's id. DataError where nothing stands."""
        studies = {invitation.invite.study for invitation in self._list.of_site(site, study) if not invitation.ended}
        if not studies:
            raise DataError(
                f"nothing stands of a site {site!r}", "riskset study roster STUDY tells which sites there are"
            )
        if len(studies) > 1:
            raise DataError(f"{site} is in several studies: {', '.join(sorted(studies))}", "say which: --study ID")
        (only,) = studies
        self._list.revoke(only, site)
        return only

    def members(self, study: Study) -> dict[str, Member]:
        """Returns the accepted sites' keys, in the study's order."""
        found = {i.invite.site: i.request.member for i in self._list.of_study(study.id) if i.is_member}
        return {site: found[site] for site in study.sites if site in found}

    def not_members(self, study: Study) -> Mapping[str, str]:
        """Returns the other sites of the study, and why each is none, in words."""
        latest = {invitation.invite.site: invitation for invitation in self._list.of_study(study.id)}
        members = self.members(study)
        return {site: _why(latest.get(site), self._today()) for site in study.sites if site not in members}

    def check_roster(self, roster: Roster) -> None:
        """Refused where the roster holds a key that was revoked or renewed since it was signed."""
        ended = {
            i.request.member.identity: i for i in self._list.of_study(roster.study_id) if i.accepted_at and i.ended
        }
        for site, member in roster.members.items():
            if found := ended.get(member.identity):
                raise Refused(
                    "revoked",
                    f"the roster holds a key of {site} that was {found.ended} on {found.ended_at[:10]}",
                    "sign it again and send it to every site: riskset study roster STUDY",
                )

    def _member(self, study: str, site: str) -> Invitation | None:
        return next((i for i in self._list.of_site(site, study) if i.is_member), None)

    def _receive(self, found: Invitation, data: bytes) -> Invitation:
        invite = found.invite
        _check_stands(found)
        if found.text is None:
            invite.check_holds(self._today())
            request = read_request(data)
            request.check_answers(invite)
            self._check_own_keys(invite, request)
            found = self._list.keep_request(invite, data)
            _check_stands(found)  # it may have ended in this moment
        if found.text != data:
            raise Refused(
                "used",
                f"the invite of {invite.site} was used already, on {found.came_at[:10]}, for other keys",
                "if that was not you, say so to the coordinator by telephone, who revokes it and invites again",
            )
        return found

    def _check_own_keys(self, invite: Invite, request: Request) -> None:
        """Raises where a key of the request is another site's, or was ended after it had been entered."""
        for other in self._list.of_study(invite.study):
            if other.accepted_at and other.ended and other.request.member.identity == request.member.identity:
                message = f"{invite.site} asks in with a key that was {other.ended} on {other.ended_at[:10]}"
                raise Refused(other.ended, message, "move the folder `keys` away and join with new keys")
            if other.invite.site == invite.site or other.text is None or other.ended:
                continue
            theirs = other.request.member
            if request.member.identity == theirs.identity or request.member.node == theirs.node:
                message = f"{invite.site} asks in with a key of {other.invite.site}"
                raise DataError(message, "every site makes its own keys: riskset site join")


def _check_stands(found: Invitation) -> None:
    """Raises Refused where the invite was revoked or replaced."""
    if found.ended:
        message = f"the invite of {found.invite.site} was {found.ended} on {found.ended_at[:10]}"
        raise Refused(found.ended, message, _NEW_INVITE if found.ended == REVOKED else "use the later invite")


def _nobody_waits(site: str, invitations: Sequence[Invitation], today: date) -> tuple[str, str]:
    why = _why(invitations[-1] if invitations else None, today)
    return (
        f"no request of {site} waits: {why}",
        f"if it came by mail, give the file: riskset study accept {site} {site}.request.json",
    )


def _why(latest: Invitation | None, today: date) -> str:
    """Where a site stands that is not a member, or that has nothing waiting."""
    if latest is None:
        return "not invited"
    if latest.ended:
        return f"{latest.ended} on {latest.ended_at[:10]}"
    if latest.accepted_at:
        return f"accepted on {latest.accepted_at[:10]}"
    if latest.text is not None:
        return "its request waits to be accepted"
    until = latest.invite.until
    return f"its invite ended on {until}" if today > until else f"invited, until {until}"
