"""A site's consent: which approval is in force, after all that the site approved, paused, resumed and withdrew.

The site keeps these acts in its ledger and reads them again before every answer. Nothing here reads a clock or a file:
consent follows from the entries alone, so that an auditor who has them comes to the same conclusion as the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import Refused, VerificationError
from riskset.protocol.approval import Approval, read_approval

APPROVED: Final = "approved"
PAUSED: Final = "paused"
RESUMED: Final = "resumed"
WITHDREW: Final = "withdrew"
REJOINED: Final = "rejoined"
ACTS: Final = (APPROVED, PAUSED, RESUMED, WITHDREW, REJOINED)
"""Kinds of ledger entries that decide whether a site answers."""


_SIGN = say("protocol.approval.sign_hint")
_SIGN_AGAIN = say("protocol.approval.sign_again_hint")


class Consent(Protocol):
    """What a site consults before it answers."""

    def approval(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> Approval:
        """Returns the approval in force now for these hashes (of the study, of the roster, and the keyed one of the
        data) and for the installed methods of the kinds of analysis in the study.

        Raises Refused("approval") where there is none, or it is expired, paused, or for a different study, roster,
        data, version or method; Refused("withdrawn") where the site has withdrawn. The message is for the site's own
        log; only the code travels.
        """


class Act(Protocol):
    """An entry of a site's ledger, as far as consent follows from it."""

    @property
    def at(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def public(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class ConsentState:
    """The state of a site's consent after all its acts."""

    approval: Approval | None = None
    """The last one signed, unless it was withdrawn since."""
    stopped: Message = NOTHING
    """Why no approval is in force at all: paused or withdrawn, by whom and since when."""
    is_withdrawn: bool = False
    """Whether the site has withdrawn, and nobody has decided since that it takes part again."""

    @property
    def is_paused(self) -> bool:
        return bool(self.stopped) and self.approval is not None

    def in_force(
        self, study: str, roster: str, snapshot: str, methods: Mapping[str, str], code: str, today: date
    ) -> Approval:
        """Returns the approval if it covers all of these. Raises Refused with the reason where it does not: "withdrawn"
        or "approval".

        `methods` are those installed now, for the kinds of analysis in the study.
        """
        if self.is_withdrawn:
            raise Refused("withdrawn", self.stopped, say("protocol.approval.withdrawn_hint"))
        if self.stopped:
            raise Refused("approval", self.stopped, say("protocol.approval.resume_hint") if self.is_paused else _SIGN)
        approval = self.approval
        if approval is None:
            raise Refused("approval", say("protocol.approval.none"), _SIGN)
        if today > approval.until:
            raise Refused("approval", say("protocol.approval.expired", until=approval.until.isoformat()), _SIGN)
        for differs, message in (
            (approval.study != study, say("protocol.approval.study")),
            (approval.roster != roster, say("protocol.approval.roster")),
            (not approval.covers(snapshot), say("protocol.approval.data")),
            (approval.code != code, say("protocol.approval.version", approved=approval.code, found=code)),
        ):
            if differs:
                raise Refused("approval", message, _SIGN_AGAIN)
        for kind, installed in methods.items():
            approved = approval.covered_methods.get(kind)
            if approved != installed:
                raise Refused("approval", _method_differs(kind, approved, installed), _SIGN_AGAIN)
        return approval


def consent_after(acts: Iterable[Act], keys: Sequence[Ed25519PublicKey]) -> ConsentState:
    """Returns the state of consent after the acts, in their order; entries of other kinds are ignored.

    `keys` are the site's keys: the one in use and, where keys were renewed, the earlier ones. Raises VerificationError
    where none of them signed the last approval.

    The last approval replaces those before it. A pause stops every approval, also one signed while it lasts, until it
    is lifted. A withdrawal ends the approvals before it for good, and no later one counts until a person at the site
    has decided, with a reason, that it takes part again.
    """
    approved: Act | None = None
    pause = withdrawal = NOTHING
    for act in acts:
        if act.kind == APPROVED and not withdrawal:
            approved = act
        elif act.kind == REJOINED:
            withdrawal = NOTHING
        elif act.kind == PAUSED:
            pause = _stopped(act)
        elif act.kind == RESUMED:
            pause = NOTHING
        elif act.kind == WITHDREW:
            approved, withdrawal = None, _stopped(act)
    approval = _read_by_any(approved.public, keys) if approved else None
    return ConsentState(approval, withdrawal or pause, is_withdrawn=bool(withdrawal))


def _read_by_any(document: Mapping[str, Any], keys: Sequence[Ed25519PublicKey]) -> Approval:
    for key in keys[:-1]:
        with suppress(VerificationError):
            return read_approval(document, key)
    return read_approval(document, keys[-1])


def _stopped(act: Act) -> Message:
    date, by, reason = act.at[:10], str(act.public.get("by", "")), str(act.public.get("reason", ""))
    if reason:
        return say(f"protocol.approval.stopped_because.{act.kind}", date=date, by=by, reason=reason)
    return say(f"protocol.approval.stopped.{act.kind}", date=date, by=by)


def _method_differs(kind: str, approved: str | None, installed: str) -> Message:
    if approved and installed:
        return say("protocol.approval.method.changed", kind=kind, approved=approved, found=installed)
    if approved:
        return say("protocol.approval.method.removed", kind=kind, approved=approved)
    if installed:
        return say("protocol.approval.method.added", kind=kind, found=installed)
    return say("protocol.approval.method.absent", kind=kind)
