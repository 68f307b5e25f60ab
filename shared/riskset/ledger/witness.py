"""What one party remembers of another's log, so that the log cannot show two histories. No I/O: the caller keeps it.

A party that has seen a checkpoint cosigns a later one only with a proof that no entry under the first was changed. Two
parties that exchange the checkpoints they cosigned notice a log that shows each of them a different history.

A cosignature (c2sp.org/tlog-cosignature, v1) says that a party saw a checkpoint, and none of that log that contradicts
it. It signs the text of the checkpoint under two lines, so that it cannot be taken for the log's signature:

    cosignature/v1
    time <seconds since 1970, UTC>
    <the three lines of the checkpoint>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.curve25519 import check_signature
from riskset.errors import VerificationError
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint
from riskset.ledger.merkle import EMPTY_ROOT, verify_consistency
from riskset.ledger.note import Note, Signature, key_id

COSIGNED: Final = b"\x04"
"""The type of a timestamped Ed25519 cosignature."""
MAX_TIME: Final = 2**63 - 1

_TIME_BYTES = 8
_HINT: Final = say("ledger.witness.hint")


@dataclass(frozen=True)
class Witness:
    """One log, its key, and the last note of it that was checked. Immutable: `advance` returns the next one."""

    origin: str
    key: Ed25519PublicKey
    seen: str = ""
    """The last note, as its log signed it; what the caller keeps. Empty where none was seen."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The last checkpoint seen; the empty log where none was."""
        if not self.seen:
            return Checkpoint(self.origin, 0, EMPTY_ROOT)
        return open_checkpoint(self.seen, self.origin, self.key)

    def advance(self, signed: str, proof: Sequence[bytes]) -> Witness:
        """Returns the witness that has seen `signed` too. `proof` is that of consistency from `self.checkpoint`.

        Raises ProtocolError where it is not a checkpoint; VerificationError where a different key signed it, where it
        is shorter than what was seen (rolled back) or does not extend it (a fork).
        """
        old, new = self.checkpoint, open_checkpoint(signed, self.origin, self.key)
        if new.size < old.size:
            rolled_back = say("ledger.witness.rolled_back", origin=self.origin, before=old.size, now=new.size)
            raise VerificationError(rolled_back, _HINT)
        try:
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        except VerificationError as wrong:
            forked = say("ledger.witness.forked", origin=self.origin, reason=wrong.message)
            raise VerificationError(forked, _HINT) from None
        return replace(self, seen=signed)

    def cosigned(self, name: str, key: Ed25519PrivateKey, time: int) -> Signature:
        """Returns this party's cosignature of the last checkpoint seen. `time`: seconds since 1970, UTC, now.

        Store the witness first: a party that forgets what it cosigned may cosign a fork. ValueError where nothing was
        seen.
        """
        if not self.seen:
            raise ValueError("there is no checkpoint to cosign")
        return cosign(self.checkpoint.text, name, key, time)


def check_same_log(ours: Checkpoint, theirs: Checkpoint) -> None:
    """Raises VerificationError where two parties were shown different entries under one size of one log.

    Checkpoints of different sizes cannot be compared without a proof between them.
    """
    if (ours.origin, ours.size) == (theirs.origin, theirs.size) and ours.root != theirs.root:
        raise VerificationError(say("ledger.witness.two_roots", origin=ours.origin, size=ours.size), _HINT)


@dataclass(frozen=True)
class Cosigned:
    """Who saw a checkpoint, and when, by that party's clock."""

    name: str
    time: int
    """Seconds since 1970, UTC."""


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> Signature:
    """Returns the signature line of one party under a checkpoint's text.

    Only for `Witness.cosigned`: without a check of consistency the statement would be false.
    """
    if not 0 <= time <= MAX_TIME:
        raise ValueError(f"a time is between 0 and {MAX_TIME} seconds; {time} is not")
    value = time.to_bytes(_TIME_BYTES, "big") + key.sign(_message(text, time))
    return Signature(name, key_id(name, key.public_key(), COSIGNED), value)


def cosigners(note: Note, keys: Mapping[str, Ed25519PublicKey]) -> tuple[Cosigned, ...]:
    """Returns who of the known parties cosigned the note, in the order of their names.

    Raises VerificationError where a cosignature in the name of a known key is invalid.
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
        check_signature(key, signature.value[_TIME_BYTES:], _message(text, time))
    except InvalidSignature:
        raise VerificationError(say("ledger.cosignature.signature", name=signature.name)) from None
    if time > MAX_TIME:
        raise VerificationError(say("ledger.cosignature.time", name=signature.name))
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
