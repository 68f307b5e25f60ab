"""One signed envelope for every message, in either direction.

A head of plain fields in canonical JSON (RFC 8785), a payload of bytes, one Ed25519 signature over the head, which
holds the payload's SHA-256. The network's authentication shows which connection a message came by; only the signature
shows who sent it. An envelope without a valid signature has no type here: `verify` is the only way from bytes to
`Verified`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.curve25519 import check_signature
from riskset.errors import ProtocolError, VerificationError
from riskset.strict_json import NotStrictJson, read_canonical
from riskset.visible_text import unseen

MAX_PARTS = 10_000
LONGEST_NAME: Final = 200
"""Characters of a name, a version or a hash in a message."""
_LENGTH_BYTES = 4


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Head:
    """What is signed."""

    type: str
    study: str
    """SHA-256 of the study's canonical JSON."""
    roster: str
    """SHA-256 of the roster."""
    run: str
    round: int
    sender: str
    history: str
    """Hash of all that the sender had taken in when it signed. It is the same at all parties, unless one of them was
    shown a different run."""
    payload: str
    """SHA-256 of the payload."""


@dataclass(frozen=True)
class Verified:
    """A message whose signature is its sender's."""

    head: Head
    payload: bytes
    raw: bytes
    id: str
    """SHA-256 of the head. The signature is left out: two valid ones would otherwise be two messages."""


def seal(key: Ed25519PrivateKey, payload: bytes, **head: str | int) -> bytes:
    """Returns the packed envelope; `head` holds every field of Head but `payload`."""
    content = Head(**head, payload=sha256(payload))  # type: ignore[arg-type]  # a missing or unknown field is a TypeError
    signed = rfc8785.dumps(asdict(content))
    return frame([signed, payload, key.sign(signed)])


def verify(data: bytes, keys: Mapping[str, Ed25519PublicKey]) -> Verified:
    """Returns the message if it is well formed and signed by the party of `keys` that it names as its sender.

    Raises ProtocolError where it is malformed, VerificationError where the sender is unknown or the
    signature or payload does not match.
    """
    parts = unframe(data)
    if len(parts) != 3:
        raise ProtocolError(say("secure.envelope.parts"))
    signed, payload, signature = parts
    head = _read_head(signed)
    if head.sender not in keys:
        raise VerificationError(say("secure.envelope.unknown_sender"))
    try:
        check_signature(keys[head.sender], signature, signed)
    except InvalidSignature:
        raise VerificationError(say("secure.envelope.signature", sender=head.sender)) from None
    if head.payload != sha256(payload):
        raise VerificationError(say("secure.envelope.payload", sender=head.sender))
    return Verified(head, payload, data, sha256(signed))


def is_shown(text: str) -> bool:
    """Whether a name or a hash in a message can be printed: short, and of characters that can be seen."""
    return len(text) <= LONGEST_NAME and not unseen(text)


def claimed_head(data: bytes) -> Head:
    """Returns the unverified head of an envelope, for a log. Raises ProtocolError where it is malformed."""
    parts = unframe(data)
    if not parts:
        raise ProtocolError(say("secure.envelope.empty"))
    return _read_head(parts[0])


@lru_cache(maxsize=1024)
def _read_head(signed: bytes) -> Head:
    """Kept, since the parties of a rehearsal are in one process and all read the same messages."""
    try:
        content = read_canonical(signed)  # one spelling only, or one message could have two identities
    except NotStrictJson:
        raise ProtocolError(say("secure.envelope.head_not_json")) from None
    expected = {field.name: int if field.name == "round" else str for field in fields(Head)}
    well_formed = (
        isinstance(content, dict)
        and {name: type(value) for name, value in content.items()} == expected
        and content["round"] >= 0
        and all(is_shown(text) for name, text in content.items() if name != "round")  # logs print them
    )
    if not well_formed:
        raise ProtocolError(say("secure.envelope.head_fields"))
    return Head(**content)


def frame(parts: Sequence[bytes]) -> bytes:
    """Returns the parts one after the other, each behind its length in 4 bytes, little-endian."""
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "little") + part for part in parts)


def unframe(data: bytes) -> list[bytes]:
    """Inverse of `frame`. Raises ProtocolError where the lengths do not fill the data exactly."""
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "little")
        if start > len(data) or end > len(data) or len(parts) == MAX_PARTS:
            raise ProtocolError(say("secure.envelope.not_framed"))
        parts.append(data[start:end])
        at = end
    return parts
