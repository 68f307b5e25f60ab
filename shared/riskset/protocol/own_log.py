"""A site's own log, as it shows it to the others: it cannot rewrite its past, nor date an act back, unnoticed.

When a run opens, and once more after its end, each site states the signed checkpoint of its log, with a proof from
every size that it stated before, and from those at which a restored backup may have gone on. All parties check that
against what they were shown earlier. What a site stated at an opening is hashed into the history that every later
message of the run signs.

What this reveals: how many entries the log has, and which of them are no numbers of a run. The hashes in a proof are of
entries whose private part is encrypted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import VerificationError
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from riskset.ledger.merkle import Proof, verify_consistency
from riskset.ledger.note import parse
from riskset.protocol.log_view import LogView


@dataclass(frozen=True)
class OwnLog:
    """A site's own log at one moment."""

    size: int
    root: bytes
    proofs: Mapping[int, Proof]
    """By each size at which it was shown before, or may have been: the proof that it continues that one."""

    def shown(self, site: str, key: Ed25519PrivateKey) -> LogView:
        """Returns what the site states of it, signed."""
        return LogView(sign_checkpoint(Checkpoint(name_of(site), self.size, self.root), key), self.proofs)


def name_of(site: str) -> str:
    """Returns the name of a site's log in its checkpoints."""
    return f"riskset/site/{site}"


def checkpoint_of(view: LogView) -> Checkpoint:
    """Returns what a view states, unverified. Raises ProtocolError where it is malformed."""
    return read_checkpoint(parse(view.checkpoint).text)


def check_own_log(site: str, key: Ed25519PublicKey, view: LogView, seen: Iterable[LogView] = ()) -> Checkpoint:
    """Returns the checkpoint that a site states of its log. `seen` is what it stated in other runs, verified then, also
    under an earlier key: one of the two continues the other (runs may alternate).

    Raises ProtocolError where it is malformed; VerificationError where the site's key did not sign it, or no proof
    shows that it is the same log.
    """
    now = open_checkpoint(view.checkpoint, name_of(site), key)
    for other in seen:
        then = checkpoint_of(other)
        (old, new), proofs = ((then, now), view.proofs) if then.size <= now.size else ((now, then), other.proofs)
        try:
            verify_consistency(old.size, new.size, old.root, new.root, proofs.get(old.size, ()))
        except VerificationError:
            message = say("protocol.own_log.changed", site=site, before=then.size, now=now.size)
            raise VerificationError(message, say("protocol.own_log.changed_hint", site=site)) from None
    return now
