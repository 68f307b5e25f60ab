"""The join request: a site's public keys, and what the other sites learn about it, signed with its identity key.

It does not contain the token. A keyed hash of the content proves that the sender had it, so that a request intercepted
in the mail is of no use.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError, VerificationError
from riskset.joining.invite import Invite
from riskset.joining.signed import SIGNATURE, Document, read_signed, write_signed
from riskset.secure.keys import public_hex
from riskset.secure.node_key import public_node_from_text, public_node_text

KIND, SCHEMA = "request", 2
JOIN_PATH: Final = "/riskset/join"
"""The one path of the coordinator's public port that is riskset's."""
MAX_REQUEST_BYTES: Final = 8192
EARLIER: Final = "signature_of_earlier_key"

_ASK = say("joining.request.hint")


@dataclass(frozen=True)
class Member:
    """One site's public keys, and what the other sites learn about it."""

    identity: str
    """Ed25519, hex."""
    node: str
    """P-384, OpenSSH form."""
    telephone: str = ""
    irb: str = ""
    """Number of the ethics committee's approval; empty where the site did not state it."""
    irb_until: str = ""
    """Its last day, ISO 8601; empty where the site did not state it."""


@dataclass(frozen=True)
class Request:
    """A request with valid signatures. `check_answers` compares it with an invite."""

    study: str
    study_sha256: str
    site: str
    renews: str
    """The identity key that is replaced and that signed too; empty where the site joins."""
    member: Member
    proof: str = field(default="", repr=False)
    """HMAC-SHA256 under the token."""

    @property
    def content(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}

    def proved(self, token: str) -> Request:
        """Returns the request with the proof that its sender has the token."""
        return replace(self, proof=self._proof(token))

    def is_proved(self, token: str) -> bool:
        return hmac.compare_digest(self._proof(token).encode(), self.proof.encode())

    def check_answers(self, invite: Invite) -> None:
        """Raises VerificationError where the request was made with a different token; DataError where it names a
        different study, site or earlier key, or a key that is in use."""
        if not self.is_proved(invite.token):
            raise VerificationError(say("joining.request.token", site=invite.site), _ASK)
        for what, found, expected in (
            ("study", self.study, invite.study),
            ("study_file", self.study_sha256, invite.study_sha256),
            ("site", self.site, invite.site),
            ("earlier_key", self.renews, invite.renews),
        ):
            if found != expected:
                raise DataError(say(f"joining.request.other.{what}", site=invite.site), _ASK)
        if self.member.identity in (invite.coordinator, invite.renews):
            raise DataError(say("joining.request.key_in_use", site=self.site), say("joining.request.key_in_use_hint"))

    def _proof(self, token: str) -> str:
        content = rfc8785.dumps(replace(self, proof="").content)
        return hmac.new(token.encode(), content, hashlib.sha256).hexdigest()


def write_request(
    invite: Invite,
    identity: Ed25519PrivateKey,
    node: EllipticCurvePublicKey,
    *,
    telephone: str = "",
    irb: str = "",
    irb_until: str = "",
    earlier: Ed25519PrivateKey | None = None,
) -> bytes:
    """Returns the text of a site's request, signed by the identity key and, where keys are renewed, by the earlier one.

    It reveals public keys, telephone and IRB number to anyone who reads it.
    """
    member = Member(public_hex(identity), public_node_text(node), telephone, irb, irb_until)
    request = Request(
        invite.study, invite.study_sha256, invite.site, public_hex(earlier) if earlier else "", member
    ).proved(invite.token)
    keys = {"signature": identity} | ({EARLIER: earlier} if earlier else {})
    return write_signed(KIND, request.content, **keys)


def read_request(data: bytes, called: str = "the request") -> Request:
    """Returns the request if it is signed by the identity key it names, and by the earlier one if it names one.

    Raises DataError where it is malformed, VerificationError where a signature is invalid.
    """
    not_this = DataError(say("joining.request.form", file=called), _ASK)
    if len(data) > MAX_REQUEST_BYTES:
        raise not_this
    document = read_signed(data, KIND, not_this, (SIGNATURE, EARLIER))
    site, member = document.text("site", 64), read_member(document.content.get("member"), not_this)
    changed = say("joining.request.changed", file=called, site=site)
    identity = document.key(member.identity)
    earlier = document.key(document.text("renews")) if document.text("renews") else None
    try:
        public_node_from_text(member.node)
    except DataError:
        raise not_this from None
    document.check_signed(identity, changed, _ASK)
    if earlier is not None:
        document.check_signed(earlier, say("joining.request.earlier_key", file=called, site=site), _ASK, EARLIER)
    document.check_schema(SCHEMA, called)
    request = Request(
        document.text("study", 64),
        document.text("study_sha256"),
        site,
        document.text("renews"),
        member,
        document.text("proof"),
    )
    if request.content != document.content or (EARLIER in document.signatures) != (earlier is not None):
        raise not_this
    return request


def read_member(content: object, not_this: DataError) -> Member:
    """Returns a site's entry in a request or a roster; raises `not_this` where it is malformed."""
    if not isinstance(content, dict) or set(content) != set(Member.__dataclass_fields__):
        raise not_this
    fields = Document(content, b"", {}, not_this)
    member = Member(**{name: fields.text(name, 300) for name in content})
    check_details(member)
    return member


def check_details(member: Member) -> None:
    """Raises DataError where a telephone or IRB number is not one short line, or the IRB approval's end not a date."""
    for what, text, longest in (("telephone", member.telephone, 40), ("irb", member.irb, 80)):
        if not text.isprintable() or len(text) > longest:
            raise DataError(
                say(f"joining.request.too_long.{what}", longest=longest), say("joining.request.too_long_hint")
            )
    try:
        _ = member.irb_until and date.fromisoformat(member.irb_until)
    except ValueError:
        raise DataError(say("joining.request.irb_until"), say("joining.request.irb_until_hint")) from None
