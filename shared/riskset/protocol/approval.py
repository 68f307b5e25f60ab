"""The approval: what a site signs when it consents to one study, with one roster and one state of its data.

`consent` decides which approval is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.curve25519 import check_signature
from riskset.disclosure.policy import K, Policy, default_policy, loosened, tightened
from riskset.disclosure.rules import RuleColumn
from riskset.errors import DataError, VerificationError
from riskset.joining.signed import SIGNATURE, signature_of, signed_bytes
from riskset.secure.envelope import sha256

_Change = Callable[[Policy, Mapping[str, str]], Policy]

KIND: Final = "approval"
_OF_0_1_0: Final = ("km", "cox")
"""The kinds of analysis of that version."""


@dataclass(frozen=True)
class ExceptionSigned:
    """One limit that a site accepts looser than the default of the rules, and why; never past the rule's floor."""

    limit: str
    """Rule and limit as in rules.toml: `R4.leverage`."""
    value: str
    """As a person wrote it: `1/3`, `10`."""
    reason: str


@dataclass(frozen=True)
class Approval:
    """What a site signs. It contains no patient's value and may be shown to coordinator, sites and auditor."""

    site: str
    study: str
    """SHA-256 of the study's canonical JSON."""
    roster: str
    """SHA-256 of the roster."""
    policy: Mapping[str, str]
    """The site's own limits by rule and limit: stricter ones of its site file, looser ones by exception."""
    exceptions: tuple[ExceptionSigned, ...]
    snapshot: str
    """`commitment` to the keyed hash of the data. The keyed hash itself never leaves the site."""
    code: str
    """Version of riskset."""
    by: str
    irb: str
    until: date
    """The last day (UTC) on which it is in force."""
    signed_at: str
    """UTC, ISO 8601."""
    compared: tuple[str, ...]
    """Sites whose fingerprint was compared by telephone, or for which a compared site vouched."""
    may_be_subtracted: bool = False
    """Whether the site accepts that runs with and without it can be compared (R13)."""
    may_be_told_alone: bool = False
    """Whether the site tells its own estimates, in clear, for analyses by site. Not in what is signed unless true."""
    methods: Mapping[str, str] | None = field(default_factory=dict)
    """The installed kinds of analysis, each with the distribution that provides it and its version; None in an approval
    of riskset 0.1.0, whose schema is 1."""

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        methods = {"schema": 1} if self.methods is None else {"schema": 2, "methods": dict(self.methods)}
        lists = {
            "policy": dict(self.policy),
            "exceptions": [asdict(exception) for exception in self.exceptions],
            "compared": list(self.compared),
        }
        left_out = {"methods"} if self.may_be_told_alone else {"methods", "may_be_told_alone"}
        rest = {name: value for name, value in vars(self).items() if name not in left_out}
        return rest | {"until": self.until.isoformat()} | lists | methods

    @property
    def covered_methods(self) -> Mapping[str, str]:
        """`methods`; in an approval of riskset 0.1.0 those of that version, since there were no others."""
        return dict.fromkeys(_OF_0_1_0, f"riskset {self.code}") if self.methods is None else self.methods

    @property
    def sha256(self) -> str:
        """Hash of what is signed, by which runs and ledger entries name the approval."""
        return sha256(signed_bytes(KIND, self.content))

    def limits(self, column: RuleColumn, k: int) -> Policy:
        """Returns the limits by which the site judges: the defaults for the study's smallest cell k, changed by what it
        signed as far as that applies in this column.

        The default remains where the site's own limit is not stricter here, and where an exception is not looser or is
        past this column's floor. What was signed was checked for the column of the roster.
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
        """Whether the data of this keyed hash are the approved data."""
        return self.snapshot == commitment(snapshot, self.signed_at)


def _if_it_applies(change: _Change, policy: Policy, name: str, value: str) -> Policy:
    try:
        return change(policy, {name: value})
    except DataError:
        return policy


def commitment(snapshot: str, signed_at: str) -> str:
    """Returns what represents the keyed hash of the data in an approval.

    The hash is secret and has 256 bits, so that the commitment reveals nothing, not even whether two approvals are for
    the same data.
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

    Raises DataError where the document is malformed or names another hash, VerificationError where it was changed or
    signed with a different key.
    """
    try:
        if document.keys() != {KIND, SIGNATURE, "sha256"}:
            raise _malformed()
        content, signature = document["approval"], signature_of(document["signature"])
        approval = read_content(content)
        signed = signed_bytes(KIND, content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        raise _malformed() from None
    try:
        check_signature(key, signature, signed)
    except InvalidSignature:
        changed = say("protocol.approval.signature", site=approval.site)
        raise VerificationError(changed, say("protocol.approval.signature_hint")) from None
    if document["sha256"] != sha256(signed):
        raise _malformed()
    return approval


def read_content(content: object) -> Approval:
    """Returns the approval that was signed as this JSON object. Raises DataError where it is malformed."""
    if not isinstance(content, dict):
        raise _malformed()
    try:
        approval = _read_content(content)
        signed_bytes(KIND, content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        raise _malformed() from None
    return approval


def _malformed() -> DataError:
    return DataError(say("protocol.approval.form"), say("protocol.approval.form_hint"))


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
    as_signed = type(content["schema"]) is int and content["schema"] in (1, 2) and approval.content == content
    if not as_signed or not all(isinstance(value, str) for value in written):
        raise ValueError("not the form of an approval")
    if not isinstance(approval.may_be_subtracted, bool) or not isinstance(approval.may_be_told_alone, bool):
        raise TypeError("may_be_subtracted and may_be_told_alone are true or false")
    return approval
