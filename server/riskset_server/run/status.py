"""How far a study has come: each site from its invite to its approval, each run, and who must act next.

All of it follows from the coordinator's two records, the server's list of sessions and the roster. Whether a site has
approved is known once it has answered in a run, since approvals stay at the sites.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicNumbers

from riskset.catalogue import NOTHING, Message, say
from riskset.protocol.messages import refusal_message
from riskset.secure.node_key import public_node_from_text
from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_server.engine.tickets import SiteSession
from riskset_server.joining.enrolment import EnrolmentDesk
from riskset_server.joining.invites import Invitation
from riskset_server.run.record import RecordedRun, RunRecord
from riskset_server.run.rounds import WAITED_FOR

Sessions = Mapping[EllipticCurvePublicNumbers, SiteSession]
"""By the numbers of the site's node key, as `SuperLink.sessions` returns them."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_REFUSED: Final = "refused"


@dataclass(frozen=True)
class RunStatus:
    """A run of the study. Times are UTC, ISO 8601; empty for what has not happened."""

    run: str
    state: str
    """`unfinished`, `finished`, `cancelled`; or `replaced`: unfinished, and a later run of this version has begun."""
    is_this_version: bool
    began_at: str
    ended_at: str
    age_s: int
    """From its beginning to its end, or to now."""
    rounds: int
    """How many rounds were asked."""
    heard_at: str
    """When the last reply arrived."""
    waiting_for: tuple[str, ...]
    """The sites that have not answered the last round of an unfinished run."""
    declined: Mapping[str, str]
    """By site: the code with which it refused the last round."""
    answered: tuple[str, ...]
    """The sites that have answered any round."""


@dataclass(frozen=True)
class SiteStatus:
    """A site of the study."""

    site: str
    joining: Message
    """How far it has come: invited, asking to join, accepted."""
    approved: str
    """`yes`, `no`, `withdrawn`, `refused` for another reason, or `not known` before a run has asked it."""
    online_since: str
    """Empty where it is offline, or the server cannot be asked."""
    last_seen: str
    waiting_for: Message
    """Who must do what next; empty where nothing is waited for."""


@dataclass(frozen=True)
class StudyStatus:
    """The whole study."""

    study: str
    version: str
    sha256: str
    is_server_running: bool
    sites: tuple[SiteStatus, ...]
    runs: tuple[RunStatus, ...]
    """In the order in which they began."""


def status_of(
    study: Study,
    desk: EnrolmentDesk,
    in_roster: Collection[str],
    record: RunRecord | None,
    sessions: Sessions | None,
    now: datetime,
) -> StudyStatus:
    """Returns the status at `now`. `record` is None before the first run, `sessions` where no server is running."""
    recorded = record.runs(study.id) if record else ()
    runs = tuple(_run(run, recorded, record, study, now) for run in recorded if record)
    last = next((run for run in reversed(runs) if run.is_this_version), None)
    invitations = desk.invitations(study)
    sites = tuple(_site(site, invitations.get(site), desk, in_roster, last, sessions) for site in study.sites)
    return StudyStatus(study.id, study.version, study_hash(study), sessions is not None, sites, runs)


def age(seconds: int) -> Message:
    """Returns a duration in its two largest units."""
    if seconds < _HOUR:
        return say("server.status.age.minutes", minutes=seconds // _MINUTE)
    if seconds < _DAY:
        return say("server.status.age.hours", hours=seconds // _HOUR, minutes=seconds % _HOUR // _MINUTE)
    return say("server.status.age.days", days=seconds // _DAY, hours=seconds % _DAY // _HOUR)


def _run(
    run: RecordedRun, recorded: Sequence[RecordedRun], record: RunRecord, study: Study, now: datetime
) -> RunStatus:
    is_last = run == [one for one in recorded if one.study == run.study][-1]
    asked = [entry.public["round"] for entry in record.ledger.entries("asked") if entry.public["run"] == run.id]
    received = [entry for entry in record.ledger.entries("received") if entry.public["run"] == run.id]
    last = max(asked, default=-1)
    here = {entry.public["sender"] for entry in received if entry.public["round"] == last}
    waiting = (
        tuple(site for site in run.participants if site not in here) if run.state == "unfinished" and is_last else ()
    )
    declined = {
        str(entry.public["sender"]): str(entry.public["code"])
        for entry in record.ledger.entries("declined")
        if entry.public["run"] == run.id and entry.public["round"] == last
    }
    until = datetime.fromisoformat(run.ended_at) if run.ended_at else now
    return RunStatus(
        run=run.id,
        state=run.state if is_last or run.state != "unfinished" else "replaced",
        is_this_version=run.study == study_hash(study),
        began_at=run.began_at,
        ended_at=run.ended_at,
        age_s=max(0, int((until - datetime.fromisoformat(run.began_at)).total_seconds())),
        rounds=last + 1,
        heard_at=received[-1].at if received else "",
        waiting_for=waiting,
        declined={site: code for site, code in declined.items() if site not in here},
        answered=tuple(dict.fromkeys(str(entry.public["sender"]) for entry in received)),
    )


def _site(
    site: str,
    invitation: Invitation | None,
    desk: EnrolmentDesk,
    in_roster: Collection[str],
    run: RunStatus | None,
    sessions: Sessions | None,
) -> SiteStatus:
    session = _session(invitation, sessions or {})
    is_online = session is not None and session.is_online
    seen = datetime.fromtimestamp(session.last_seen_s, UTC).isoformat(timespec="seconds") if session else ""
    return SiteStatus(
        site=site,
        joining=desk.status(invitation),
        approved=_approved(site, run),
        online_since=session.begun if session and is_online else "",
        last_seen=seen if session and session.begun else "",
        waiting_for=_next(site, invitation, in_roster, run, is_online=is_online),
    )


def _session(invitation: Invitation | None, sessions: Sessions) -> SiteSession | None:
    if invitation is None or invitation.text is None:
        return None
    return sessions.get(public_node_from_text(invitation.request.member.node).public_numbers())


def _approved(site: str, run: RunStatus | None) -> str:
    """A refusal is later than an answer: it is of the last round, which the site has not answered. What was refused in
    a cancelled run says nothing of the next."""
    code = run.declined.get(site) if run and run.state != "cancelled" else None
    if code is not None:
        return "no" if code in WAITED_FOR else code if code == "withdrawn" else _REFUSED
    return "yes" if run and site in run.answered else "not known"


def _next(
    site: str, invitation: Invitation | None, in_roster: Collection[str], run: RunStatus | None, *, is_online: bool
) -> Message:
    if invitation is None or invitation.ended:
        return say("server.status.next.invite", site=site)
    if invitation.text is None:
        return say("server.status.next.join")
    if not invitation.accepted_at:
        return say("server.status.next.accept", site=site)
    if site not in in_roster:
        return say("server.status.next.roster")
    if run is None or run.state == "cancelled":
        return say("server.status.next.run")
    if site not in run.waiting_for:
        return NOTHING
    code = run.declined.get(site)
    if code is None:
        return say("server.status.next.reply", round=run.rounds - 1) if is_online else say("server.status.next.serve")
    return say("server.status.next.sign") if code in WAITED_FOR else refusal_message(code, site)
