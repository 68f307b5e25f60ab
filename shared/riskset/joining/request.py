"""What a site sends back: its public keys, and what the other sites shall know of it, signed with the identity key.

The token stays out of it. A keyed hash of the content shows that the sender held it, so that a request read on its way
by mail is of no use to the reader.
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

from riskset.errors import DataError, VerificationError
from riskset.joining.invite import Invite
from riskset.joining.signed import Document, read_signed, write_signed
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text, public_node_text

KIND, SCHEMA = "request", 2
JOIN_PATH: Final = "/riskset/join"
"""The one path of the coordinator's public port that is ours."""
MAX_REQUEST_BYTES: Final = 8192
EARLIER: Final = "signature_of_earlier_key"

_ASK = "ask the site for the file that `riskset site join` wrote"


@dataclass(frozen=True)
class Member:
    """One site's public keys, and what the other sites are told of it."""

    identity: str
    """Ed25519, hex."""
    node: str
    """P-384, OpenSSH form."""
    telephone: str = ""
    irb: str = ""
    """Number of the ethics committee's approval; empty where the site has not said."""
    irb_until: str = ""
    """Its last day, ISO 8601; empty where the site has not said."""


@dataclass(frozen=True)
class Request:
    """A request whose own signatures hold; whether it answers an invite, `check_answers` tells."""

    study: str
    study_sha256: str
    site: str
    renews: str
    """The identity key that this replaces and that signed too; empty where the site joins."""
    member: Member
    proof: str = field(default="", repr=False)
    """HMAC-SHA256 under the token."""

    @property
    def content(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}

    def proved(self, token: str) -> Request:
        """Returns the request with the proof that its sender holds the token."""
        return replace(self, proof=self._proof(token))

    def is_proved(self, token: str) -> bool:
        return hmac.compare_digest(self._proof(token).encode(), self.proof.encode())

    def check_answers(self, invite: Invite) -> None:
        """Raises where this is not the answer to the invite: another token, study, site or earlier key."""
        if not self.is_proved(invite.token):
            raise VerificationError(f"the request was not made with the invite of {invite.site}", _ASK)
        for what, found, expected in (
            ("study", self.study, invite.study),
            ("study file", self.study_sha256, invite.study_sha256),
            ("site", self.site, invite.site),
            ("earlier key", self.renews, invite.renews),
        ):
            if found != expected:
                raise DataError(f"the request names another {what} than the invite of {invite.site}", _ASK)
        if self.member.identity in (invite.coordinator, invite.renews):
            raise DataError(f"{self.site} asks in with a key that is in use already", "every party makes its own keys")

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

    What it reveals: public keys, telephone and IRB number, to whoever reads it.
    """
    member = Member(public_hex(identity), public_node_text(node), telephone, irb, irb_until)
    request = Request(
        invite.study, invite.study_sha256, invite.site, public_hex(earlier) if earlier else "", member
    ).proved(invite.token)
    keys = {"signature": identity} | ({EARLIER: earlier} if earlier else {})
    return write_signed(KIND, request.content, **keys)


def read_request(data: bytes, called: str = "the request") -> Request:
    """Returns the request if it is signed by the identity key it names, and by the earlier one if it names one.

    Raises DataError where it is malformed, VerificationError where a signature does not hold.
    """
    not_this = DataError(f"{called} is not a request of a site", _ASK)
    if len(data) > MAX_REQUEST_BYTES:
        raise not_this
    document = read_signed(data, KIND, not_this)
    site, member = document.text("site", 64), read_member(document.content.get("member"), not_this)
    changed = f"{called} was changed after {site} signed it"
    try:
        identity = public_from_hex(member.identity)
        earlier = public_from_hex(document.text("renews")) if document.text("renews") else None
        public_node_from_text(member.node)
    except DataError:
        raise not_this from None
    document.check_signed(identity, changed, _ASK)
    if earlier is not None:
        document.check_signed(earlier, f"{called} is not signed by the earlier key of {site}", _ASK, EARLIER)
    document.check_schema(SCHEMA, called)
    request = Request(
        document.text("study", 64),
        document.text("study_sha256"),
        site,
        document.text("renews"),
        member,
        document.text("proof"),
    )
    if request.content != document.content:
        raise not_this
    return request


def read_member(content: object, not_this: DataError) -> Member:
    """Returns a site's entry in a request or a roster; `not_this` is raised where it is none."""
    if not isinstance(content, dict) or set(content) != set(Member.__dataclass_fields__):
        raise not_this
    fields = Document(content, b"", {}, not_this)
    member = Member(**{name: fields.text(name, 300) for name in content})
    check_told(member)
    return member


def check_told(member: Member) -> None:
    """Raises DataError where what a site tells of itself is not one short line, or its last day is no date."""
    for what, text, longest in (("telephone number", member.telephone, 40), ("IRB number", member.irb, 80)):
        if not text.isprintable() or len(text) > longest:
            raise DataError(f"the {what} is not one line of at most {longest} characters", "write it shorter")
    try:
        _ = member.irb_until and date.fromisoformat(member.irb_until)
    except ValueError:
        raise DataError("the last day of the IRB approval is not a date", "write it as 2027-03-31") from None
