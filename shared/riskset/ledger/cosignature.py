"""A party's signed word that it saw a checkpoint, and none of that log that disagrees (c2sp.org/tlog-cosignature, v1).

What is signed is the text of the checkpoint under two lines, so that it is never mistaken for the log's own signature:

    cosignature/v1
    time <seconds since 1970, UTC>
    <the three lines of the checkpoint>
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.errors import VerificationError
from riskset.ledger.note import Note, Signature, key_id

COSIGNED: Final = b"\x04"
"""The type of a timestamped Ed25519 cosignature."""
MAX_TIME: Final = 2**63 - 1

_TIME_BYTES = 8


@dataclass(frozen=True)
class Cosigned:
    """Who saw a checkpoint, and when, by its own clock."""

    name: str
    time: int
    """Seconds since 1970, UTC."""


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> Signature:
    """Returns the signature line of one party under a checkpoint's text.

    For `witness.advance` to call: signed for a checkpoint whose consistency was not checked, it is a lie.
    """
    if not 0 <= time <= MAX_TIME:
        raise ValueError(f"a time is between 0 and {MAX_TIME} seconds; {time} is not")
    value = time.to_bytes(_TIME_BYTES, "big") + key.sign(_message(text, time))
    return Signature(name, key_id(name, key.public_key(), COSIGNED), value)


def cosigners(note: Note, keys: Mapping[str, Ed25519PublicKey]) -> tuple[Cosigned, ...]:
    """Returns who of the known parties cosigned the note, in the order of their names.

    Raises VerificationError where a cosignature in the name of a known key does not hold.
    """
    found = []
    for name, key in sorted(keys.items()):
        signature = note.signed_by(name, key_id(name, key, COSIGNED))
        if signature is not None:
            found.append(Cosigned(name, _checked_time(note.text, signature, key)))
    return tuple(found)


def _checked_time(text: str, signature: Signature, key: Ed25519PublicKey) -> int:
    time = int.from_bytes(signature.value[:_TIME_BYTES], "big")
    try:
        key.verify(signature.value[_TIME_BYTES:], _message(text, time))
    except InvalidSignature:
        raise VerificationError(f"a cosignature in the name of {signature.name} is not by {signature.name}") from None
    if time > MAX_TIME:
        raise VerificationError(f"{signature.name} cosigned at a time that the format does not know")
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
