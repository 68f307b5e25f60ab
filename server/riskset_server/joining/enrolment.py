"""The rules by which sites join a study: inviting, receiving, accepting and revoking, over the list of invites.

A site is a member once a person has accepted its request after comparing the words. A token admits one request; after
that it only shows its holder that it was used.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import Message, say
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
_NEW_INVITE = say("server.joining.new_invite")


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
        """Returns a new invite and the text of its file. It replaces an earlier one that was not accepted.

        Raises DataError where the study does not name the site.
        """
        if site not in study.sites:
            message = say("server.joining.no_site", site=site)
            raise DataError(message, say("server.joining.no_site_hint", sites=tuple(study.sites)))
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
        """Keeps the request that came with a token. Receiving it again changes nothing: an answer may get lost.

        Raises Refused (used, expired, revoked, replaced), DataError or VerificationError, and then keeps nothing.
        """
        found = self._list.by_token(token)
        if found is None:
            raise Refused("unknown", say("server.joining.unknown_token"), _NEW_INVITE)
        return self._receive(found, data)

    def receive_file(self, data: bytes, site: str, study: str | None = None, called: str = "the request") -> Invitation:
        """The same for a request that came by mail; its proof shows which invite it was made with."""
        request = read_request(data, called)
        if request.site != site:
            message = say("server.joining.not_from", found=request.site, site=site)
            raise DataError(message, say("server.joining.not_from_hint", site=site))
        for found in reversed(self._list.of_site(site, study)):
            if request.is_proved(found.invite.token):
                return self._receive(found, data)
        raise Refused("unknown", say("server.joining.not_ours", site=site), _NEW_INVITE)

    def waiting(self, site: str, study: str | None = None) -> tuple[Invite, Request, str]:
        """Returns the invite and the request of a site that is waiting to be accepted, and the words to compare.

        Raises DataError where no request is waiting, or requests in several studies are.
        """
        of_site = self._list.of_site(site, study)
        found = [invitation for invitation in of_site if invitation.is_waiting]
        if not found:
            latest = of_site[-1] if of_site else None
            message = say("server.joining.none_waiting", site=site, status=_status(latest, self._today()))
            hint = "accepted" if latest is not None and latest.is_member else "none_waiting"
            raise DataError(message, say(f"server.joining.{hint}_hint", site=site))
        if len(found) > 1:
            studies = tuple(sorted(invitation.invite.study for invitation in found))
            message = say("server.joining.several_waiting", site=site, studies=studies)
            raise DataError(message, say("server.joining.several_hint"))
        invite, request = found[0].invite, found[0].request
        return invite, request, invite.words(request.member.identity)

    def accept(self, invite: Invite, request: Request) -> None:
        """Makes the site a member with these keys, which a person has compared. Refused where they have changed."""
        found = self._list.by_token(invite.token)
        if found is None or not found.is_waiting or found.request != request:
            message = say("server.joining.changed", site=invite.site)
            raise Refused("changed", message, say("server.joining.changed_hint"))
        member = self._member(invite.study, invite.site)
        if (member.request.member.identity if member else "") != invite.renews:
            raise Refused("revoked", say("server.joining.renews_ended", site=invite.site), _NEW_INVITE)
        self._list.accept(invite)

    def revoke(self, site: str, study: str | None = None) -> str:
        """Ends the site's invite, request and membership; returns the study's id. DataError where it has none."""
        studies = {invitation.invite.study for invitation in self._list.of_site(site, study) if not invitation.ended}
        if not studies:
            raise DataError(say("server.joining.no_record", site=site), say("server.joining.no_record_hint"))
        if len(studies) > 1:
            message = say("server.joining.several", site=site, studies=tuple(sorted(studies)))
            raise DataError(message, say("server.joining.several_hint"))
        (only,) = studies
        self._list.revoke(only, site)
        return only

    def members(self, study: Study) -> dict[str, Member]:
        """Returns the accepted sites' keys, in the study's order."""
        found = {i.invite.site: i.request.member for i in self._list.of_study(study.id) if i.is_member}
        return {site: found[site] for site in study.sites if site in found}

    def renewals(self, study: Study) -> dict[str, list[bytes]]:
        """Returns the requests by which the members renewed their keys, the first one first; none for the others."""
        accepted = {i.request.member.identity: i for i in self._list.of_study(study.id) if i.accepted_at}
        found: dict[str, list[bytes]] = {}
        for site, member in self.members(study).items():
            key = member.identity
            while (renewal := accepted[key]).request.renews in accepted and renewal.text is not None:
                found.setdefault(site, []).insert(0, renewal.text)
                key = renewal.request.renews
        return found

    def not_members(self, study: Study) -> Mapping[str, Message]:
        """Returns the other sites of the study, and how far each has come."""
        latest = {invitation.invite.site: invitation for invitation in self._list.of_study(study.id)}
        members = self.members(study)
        return {site: _status(latest.get(site), self._today()) for site in study.sites if site not in members}

    def invitations(self, study: Study) -> Mapping[str, Invitation]:
        """Returns the invitation that counts of each site that has one: that of a member, or else the latest."""
        of_study = self._list.of_study(study.id)
        latest = {invitation.invite.site: invitation for invitation in of_study}
        return latest | {invitation.invite.site: invitation for invitation in of_study if invitation.is_member}

    def status(self, invitation: Invitation | None) -> Message:
        """Returns how far a site with this invitation has come."""
        return _status(invitation, self._today())

    def check_roster(self, roster: Roster) -> None:
        """Raises Refused where the roster contains a key that was revoked or renewed since it was signed."""
        ended = {
            i.request.member.identity: i for i in self._list.of_study(roster.study_id) if i.accepted_at and i.ended
        }
        for site, member in roster.members.items():
            if found := ended.get(member.identity):
                message = say(f"server.joining.roster_key.{found.ended}", site=site, date=found.ended_at[:10])
                raise Refused("revoked", message, say("server.joining.roster_key_hint"))

    def _member(self, study: str, site: str) -> Invitation | None:
        return next((i for i in self._list.of_site(site, study) if i.is_member), None)

    def _receive(self, found: Invitation, data: bytes) -> Invitation:
        invite = found.invite
        _check_not_ended(found)
        if found.text is None:
            invite.check_holds(self._today())
            request = read_request(data)
            request.check_answers(invite)
            self._check_own_keys(invite, request)
            found = self._list.keep_request(invite, data)
            _check_not_ended(found)  # it may have ended meanwhile
        return found if found.text == data else self._corrected(found, data)

    def _corrected(self, found: Invitation, data: bytes) -> Invitation:
        """Keeps a second request with the keys of the first, until that is accepted: the site corrects what it states
        about itself. The words that were compared cover the keys."""
        invite, request = found.invite, read_request(data)
        request.check_answers(invite)
        is_same = (request.member.identity, request.member.node) == (
            found.request.member.identity,
            found.request.member.node,
        )
        if not is_same:
            message = say("server.joining.used", site=invite.site, date=found.came_at[:10])
            raise Refused("used", message, say("server.joining.used_hint"))
        if found.is_waiting:
            found = self._list.correct_request(invite, data)
            _check_not_ended(found)
        if found.text != data:
            message = say("server.joining.entered", site=invite.site, date=found.accepted_at[:10])
            raise Refused("used", message, say("server.joining.entered_hint"))
        return found

    def _check_own_keys(self, invite: Invite, request: Request) -> None:
        """Raises where a key of the request belongs to a different site, or was revoked or replaced."""
        for other in self._list.of_study(invite.study):
            if other.accepted_at and other.ended and other.request.member.identity == request.member.identity:
                message = say(f"server.joining.key.{other.ended}", site=invite.site, date=other.ended_at[:10])
                raise Refused(other.ended, message, say("server.joining.key_ended_hint"))
            if other.invite.site == invite.site or other.text is None or other.ended:
                continue
            theirs = other.request.member
            if request.member.identity == theirs.identity or request.member.node == theirs.node:
                message = say("server.joining.key_shared", site=invite.site, other=other.invite.site)
                raise DataError(message, say("server.joining.key_shared_hint"))


def _check_not_ended(found: Invitation) -> None:
    """Raises Refused where the invite was revoked or replaced."""
    if found.ended:
        message = say(f"server.joining.invite.{found.ended}", site=found.invite.site, date=found.ended_at[:10])
        raise Refused(
            found.ended, message, _NEW_INVITE if found.ended == REVOKED else say("server.joining.later_invite")
        )


def _status(latest: Invitation | None, today: date) -> Message:
    """How far a site has come."""
    if latest is None:
        return say("server.joining.status.not_invited")
    if latest.ended:
        return say(f"server.joining.status.{latest.ended}", date=latest.ended_at[:10])
    if latest.accepted_at:
        return say("server.joining.status.accepted", date=latest.accepted_at[:10])
    if latest.text is not None:
        return say("server.joining.status.waiting")
    until = latest.invite.until
    return say(f"server.joining.status.{'expired' if today > until else 'invited'}", date=until)
