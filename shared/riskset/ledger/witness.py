"""What one party remembers of another's log, so that the log cannot show two histories. No I/O: the caller keeps it.

A party that has seen a checkpoint cosigns a later one only with a proof that nothing under the first was changed. Two
parties that exchange the checkpoints they cosigned notice a log that shows each of them another history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.errors import VerificationError
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint
from riskset.ledger.cosignature import cosign
from riskset.ledger.merkle import EMPTY_ROOT, verify_consistency
from riskset.ledger.note import Signature

_HINT = "keep both checkpoints, they are the evidence; take no further part until it is explained"


@dataclass(frozen=True)
class Witness:
    """One log, its key, and the last note of it that was checked. Immutable: `advance` returns the next one."""

    origin: str
    key: Ed25519PublicKey
    seen: str = ""
    """The last note, as its log signed it; what the caller keeps. "" where none was seen."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The last checkpoint seen; the empty log where none was."""
        if not self.seen:
            return Checkpoint(self.origin, 0, EMPTY_ROOT)
        return open_checkpoint(self.seen, self.origin, self.key)

    def advance(self, signed: str, proof: Sequence[bytes]) -> Witness:
        """Returns the witness that has seen `signed` too. `proof` is that of consistency from `self.checkpoint`.

        Raises ProtocolError where it is no checkpoint; VerificationError where another key signed it, where it is
        shorter than what was seen (rolled back) or does not go on from it (a fork).
        """
        old, new = self.checkpoint, open_checkpoint(signed, self.origin, self.key)
        if new.size < old.size:
            message = f"the log {self.origin} was rolled back: it had {old.size} entries and shows {new.size}"
            raise VerificationError(message, _HINT)
        try:
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        except VerificationError as wrong:
            raise VerificationError(f"the log {self.origin} forked or proves nothing: {wrong}", _HINT) from None
        return replace(self, seen=signed)

    def cosigned(self, name: str, key: Ed25519PrivateKey, time: int) -> Signature:
        """Returns this party's cosignature of the last checkpoint seen. `time`: seconds since 1970, UTC, now.

        Keep the witness first: a party that forgets what it cosigned may cosign a fork. ValueError where nothing was
        seen.
        """
        if not self.seen:
            raise ValueError("there is no checkpoint to cosign")
        return cosign(self.checkpoint.text, name, key, time)


def check_same_log(ours: Checkpoint, theirs: Checkpoint) -> None:
    """Raises VerificationError where two parties were shown different entries under one size of one log.

    Of checkpoints of two sizes nothing can be said without a proof between them.
    """
    if (ours.origin, ours.size) == (theirs.origin, theirs.size) and ours.root != theirs.root:
        message = f"the log {ours.origin} shows different entries to different parties: {ours.size} under two roots"
        raise VerificationError(message, _HINT)
