"""A site's consent to one study, by one roster, on one state of its data: signed there, kept in its ledger, read again
before every answer.

Nothing here reads a clock or a file. What is in force follows from the ledger's entries alone, so that an auditor who
holds them comes to the same answer as the site did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Final, Protocol

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.disclosure.policy import K, Policy, default_policy, loosened, tightened
from riskset.disclosure.rules import RuleColumn
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.signed import signed_bytes
from riskset.secure.envelope import sha256

APPROVED: Final = "approved"
PAUSED: Final = "paused"
RESUMED: Final = "resumed"
WITHDREW: Final = "withdrew"
ACTS: Final = (APPROVED, PAUSED, RESUMED, WITHDREW)
"""Kinds of ledger entries that decide whether a site answers."""

_Change = Callable[[Policy, Mapping[str, str]], Policy]

KIND: Final = "approval"
_OF_0_1_0: Final = ("km", "cox")
"""The kinds of analysis of that version."""
_ASK = "look at it and sign: riskset site review, then riskset site approve"
_ANEW = "; a running riskset site serve reads study, roster and data when it starts: start it again then"


@dataclass(frozen=True)
class ExceptionSigned:
    """One limit that a site accepts looser than the rules' default, and why; never under the rule's floor."""

    limit: str
    """Rule and limit as in rules.toml: `R4.leverage`."""
    value: str
    """As a person wrote it: `1/3`, `10`."""
    reason: str


@dataclass(frozen=True)
class Approval:
    """What a site signs. It holds no patient's value and may be shown to coordinator, sites and auditor."""

    site: str
    study: str
    """SHA-256 of the study's canonical JSON."""
    roster: str
    """SHA-256 of the roster."""
    policy: Mapping[str, str]
    """The site's own limits by rule and limit: stricter ones of its site file, looser ones by exception."""
    exceptions: tuple[ExceptionSigned, ...]
    snapshot: str
    """`commitment` to the keyed hash of the data; the keyed hash itself stays at the site."""
    code: str
    """Version of riskset."""
    by: str
    irb: str
    until: date
    """The last day (UTC) on which it holds."""
    signed_at: str
    """UTC, ISO 8601."""
    compared: tuple[str, ...]
    """Sites whose fingerprint was compared by telephone, or that a compared key vouched for."""
    may_be_subtracted: bool = False
    """True where the site accepts that runs with and without it be compared (R13)."""
    methods: Mapping[str, str] | None = field(default_factory=dict)
    """The kinds of analysis that were installed, each with the distribution that brings it and its version; None in an
    approval of riskset 0.1.0, whose schema is 1."""

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        methods = {"schema": 1} if self.methods is None else {"schema": 2, "methods": dict(self.methods)}
        lists = {
            "policy": dict(self.policy),
            "exceptions": [asdict(exception) for exception in self.exceptions],
            "compared": list(self.compared),
        }
        rest = {name: value for name, value in vars(self).items() if name != "methods"}
        return rest | {"until": self.until.isoformat()} | lists | methods

    @property
    def covered_methods(self) -> Mapping[str, str]:
        """What `methods` says; in an approval of riskset 0.1.0 its own, which were all that there were."""
        return dict.fromkeys(_OF_0_1_0, f"riskset {self.code}") if self.methods is None else self.methods

    @property
    def sha256(self) -> str:
        """Hash of what is signed: what runs and ledger entries name."""
        return sha256(signed_bytes(KIND, self.content))

    def limits(self, column: RuleColumn, k: int) -> Policy:
        """Returns what the site judges by: the defaults of the study's smallest cell k, and what it signed as far as
        that applies in this column.

        A limit of its own that is no stricter here, and an exception that is no looser or past this column's floor,
        leave the default: the stricter of the two. What was signed was checked for the column of the roster.
        """
        excepted = {exception.limit for exception in self.exceptions}
        own = [name for name in self.policy if name not in excepted]
        policy = default_policy(column, k)
        for name in sorted(own, key=lambda name: name != K):  # a stricter k makes other limits stricter
            policy = _if_it_applies(tightened, policy, name, self.policy[name])
        for exception in self.exceptions:
            policy = _if_it_applies(loosened, policy, exception.limit, exception.value)
        return policy

    def covers(self, snapshot: str) -> bool:
        """True where the data of this keyed hash are the data approved."""
        return self.snapshot == commitment(snapshot, self.signed_at)


class Consent(Protocol):
    """What a site asks before it answers."""

    def approval(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> Approval:
        """Returns the approval in force now for these hashes (of the study, of the roster, and the keyed one of the
        data) and for the installed methods of the kinds that the study asks.

        Raises Refused("approval") where there is none, or it is expired, paused, withdrawn, or of another study,
        roster, data, code or method. The sentence is for the site's own log; what travels is the code.
        """


class Act(Protocol):
    """An entry of a site's ledger, in so far as consent follows from it."""

    @property
    def at(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def public(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Standing:
    """Where a site's consent stands after all its acts."""

    approval: Approval | None = None
    """The last one signed, unless it was withdrawn since."""
    stopped: str = ""
    """Why no approval holds at all: paused or withdrawn, by whom and since when."""

    @property
    def is_paused(self) -> bool:
        return bool(self.stopped) and self.approval is not None

    def in_force(
        self, study: str, roster: str, snapshot: str, methods: Mapping[str, str], code: str, today: date
    ) -> Approval:
        """Returns the approval if it holds for all of these; Refused("approval") with the reason where it does not.

        `methods` are those installed now, for the kinds that the study asks.
        """
        if self.stopped:
            raise _no(self.stopped, "it goes on after: riskset site resume" if self.is_paused else _ASK)
        approval = self.approval
        if approval is None:
            raise _no("nobody here has approved this study", _ASK)
        if today > approval.until:
            raise _no(f"the approval ended on {approval.until.isoformat()}", _ASK)
        for differs, message in (
            (approval.study != study, "the study is another than the one approved"),
            (approval.roster != roster, "the roster is another than the one approved: a site or a key has changed"),
            (not approval.covers(snapshot), "the data, or how they are read, have changed since they were approved"),
            (approval.code != code, f"riskset {approval.code} was approved, this is {code}"),
        ):
            if differs:
                raise _no(message, _ASK + _ANEW)
        for kind, installed in methods.items():
            covered = approval.covered_methods.get(kind)
            if covered != installed:
                approved = f"was approved as of {covered}" if covered else "was not approved"
                raise _no(f"the method {kind} {approved}; {installed or 'no package'} brings it now", _ASK + _ANEW)
        return approval


def _if_it_applies(change: _Change, policy: Policy, name: str, value: str) -> Policy:
    try:
        return change(policy, {name: value})
    except DataError:
        return policy


def commitment(snapshot: str, signed_at: str) -> str:
    """Returns what stands in an approval for the keyed hash of the data.

    The hash is secret and of 256 bits, so that this tells nothing to others, not even whether two approvals are of the
    same data.
    """
    return sha256(f"riskset approved data\n{signed_at}\n{snapshot}".encode())


def sign_approval(approval: Approval, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Returns the signed document, a JSON object: the public part of the ledger's entry, and what may travel."""
    return {
        "approval": approval.content,
        "signature": key.sign(signed_bytes(KIND, approval.content)).hex(),
        "sha256": approval.sha256,
    }


def read_approval(document: Mapping[str, Any], key: Ed25519PublicKey) -> Approval:
    """Returns the approval that this site's key signed.

    DataError where the document is none, VerificationError where it was changed or signed by another key.
    """
    try:
        content, signature = document["approval"], bytes.fromhex(document["signature"])
        approval = _read_content(content)
        signed = signed_bytes(KIND, content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        raise DataError("this is not an approval of this version", "ask the site for it again") from None
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        message = f"the approval in the name of {approval.site} was changed, or another key signed it"
        raise VerificationError(message, "nothing may rest on it; ask the site") from None
    return approval


def _read_content(content: dict[str, Any]) -> Approval:
    rest = {name: value for name, value in content.items() if name != "schema"}
    texts = ("site", "study", "roster", "snapshot", "code", "by", "irb", "signed_at")
    if content["schema"] == 1:
        rest["methods"] = None
    approval = Approval(
        **rest
        | {
            "policy": {str(name): str(value) for name, value in rest["policy"].items()},
            "exceptions": tuple(ExceptionSigned(**exception) for exception in rest["exceptions"]),
            "compared": tuple(rest["compared"]),
            "until": date.fromisoformat(rest["until"]),
        }
    )
    written = [getattr(approval, name) for name in texts] + list(approval.compared)
    written += [getattr(exception, field.name) for exception in approval.exceptions for field in fields(exception)]
    written += [text for pair in (approval.methods or {}).items() for text in pair]
    as_signed = content["schema"] in (1, 2) and approval.content == content
    if not as_signed or not all(isinstance(value, str) for value in written):
        raise ValueError("another form than that of an approval")
    if not isinstance(approval.may_be_subtracted, bool):
        raise TypeError("may_be_subtracted is true or false")
    return approval


def standing(acts: Iterable[Act], keys: Sequence[Ed25519PublicKey]) -> Standing:
    """Returns where consent stands after the acts, in their order; entries of other kinds are passed over.

    `keys` are the site's, the one in use and, where keys were renewed, those before it. VerificationError where the
    last approval is signed by none of them.

    The last approval replaces those before it. A pause stops every approval, also one signed while it lasts, until it
    is lifted; a withdrawal ends the approvals before it for good.
    """
    approved: Act | None = None
    pause = withdrawal = ""
    for act in acts:
        if act.kind == APPROVED:
            approved, withdrawal = act, ""
        elif act.kind == PAUSED:
            pause = _told("paused", act)
        elif act.kind == RESUMED:
            pause = ""
        elif act.kind == WITHDREW:
            approved, withdrawal = None, _told("withdrew from the study", act)
    return Standing(_read_by_any(approved.public, keys) if approved else None, withdrawal or pause)


def _read_by_any(document: Mapping[str, Any], keys: Sequence[Ed25519PublicKey]) -> Approval:
    for key in keys[:-1]:
        with suppress(VerificationError):
            return read_approval(document, key)
    return read_approval(document, keys[-1])


def _told(what: str, act: Act) -> str:
    by, reason = str(act.public.get("by", "")), str(act.public.get("reason", ""))
    return f"this site {what} on {act.at[:10]}" + (f", by {by}" if by else "") + (f": {reason}" if reason else "")


def _no(message: str, hint: str) -> Refused:
    return Refused("approval", message, hint)
