"""How the sites hold the coordinator's log to one history.

Every message from round 1 on carries the coordinator's signed checkpoint and a proof that nothing under the last one
was changed; every contribution carries the site's cosignature of it. Contributions are relayed whole, so each site sees
what the others cosigned: a log that shows different sites different entries is noticed a round later, by all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger import note
from riskset.ledger.note import Note, parse
from riskset.ledger.witness import Witness, cosigners
from riskset.secure.envelope import Verified, frame, unframe

LOG: Final = "riskset/coordinator"
"""The name of the coordinator's log in its checkpoints."""


@dataclass(frozen=True)
class LogView:
    """What a message shows of the coordinator's log."""

    checkpoint: str
    """The signed note."""
    proofs: Mapping[int, tuple[bytes, ...]]
    """By size of the log last seen: that the checkpoint goes on from it."""

    def to_bytes(self) -> bytes:
        proofs = {str(size): [one.hex() for one in proof] for size, proof in self.proofs.items()}
        content: dict[str, Any] = {"checkpoint": self.checkpoint, "proofs": proofs}
        return rfc8785.dumps(content)


def read_log_view(data: bytes) -> LogView:
    """ProtocolError where malformed."""
    try:
        content = json.loads(data)
        proofs = {int(size): tuple(map(bytes.fromhex, proof)) for size, proof in content["proofs"].items()}
        return LogView(str(content["checkpoint"]), proofs)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProtocolError("a message does not show the coordinator's log") from None


def relayed(shown: LogView, contributions: Sequence[Verified]) -> bytes:
    """Returns the payload of a message from round 1 on."""
    return frame([shown.to_bytes(), *(m.raw for m in contributions)])


def read_relayed(payload: bytes) -> tuple[LogView, list[bytes]]:
    """Returns what a message shows of the log, and the contributions it carries; ProtocolError where malformed."""
    parts = unframe(payload)
    if not parts:
        raise ProtocolError("a message shows nothing")
    return read_log_view(parts[0]), parts[1:]


def cosigned(vector: bytes, cosignature: str) -> bytes:
    """Returns the payload of a contribution."""
    return frame([vector, cosignature.encode()])


def read_cosigned(payload: bytes) -> tuple[bytes, str]:
    """Returns the vector and the cosignature of a contribution; ProtocolError where malformed."""
    parts = unframe(payload)
    if len(parts) != 2:
        raise ProtocolError("a contribution is a vector and a cosignature")
    try:
        return parts[0], parts[1].decode()
    except UnicodeDecodeError:
        raise ProtocolError("a cosignature is text") from None


def witness_of(coordinator: Ed25519PublicKey, seen: str) -> Witness:
    """Returns what a site remembers of the coordinator's log: `seen` is the last note it cosigned, empty for none.

    One by another key was another coordinator's, before the site approved a roster by this one.
    """
    remembered = Witness(LOG, coordinator, seen)
    try:
        remembered.checkpoint  # noqa: B018 - read to be checked
    except VerificationError:
        return Witness(LOG, coordinator)
    return remembered


def witnessed(shown: LogView, coordinator: Ed25519PublicKey, seen: str) -> Witness:
    """Returns the witness that, after `seen`, has seen what is shown too.

    Refused("ledger") where the log was rolled back, forked, or proves nothing.
    """
    before = witness_of(coordinator, seen)
    size = before.checkpoint.size
    try:
        if size == 0:
            return before.advance(shown.checkpoint, ())
        return before.advance(shown.checkpoint, shown.proofs.get(size, ()))
    except (VerificationError, ProtocolError) as wrong:
        raise Refused("ledger", f"the coordinator's log does not hold: {wrong}") from None


def cosignature(witness: Witness, site: str, key: Ed25519PrivateKey, time: int) -> str:
    """Returns the line by which a site says that it saw the log so."""
    return str(witness.cosigned(site, key, time))


def check_cosigned(contributions: Sequence[Verified], seen: str, sites: Mapping[str, Ed25519PublicKey]) -> None:
    """Raises Refused("ledger") unless every contribution cosigns the checkpoint that this site saw in that round."""
    text = parse(seen).text
    for contribution in contributions:
        sender = contribution.head.sender
        try:
            line = note.parse(f"{text}\n{read_cosigned(contribution.payload)[1]}")
            found = cosigners(Note(text, line.signatures), {sender: sites[sender]})
        except (VerificationError, ProtocolError):
            found = ()
        if not found:
            raise Refused("ledger", f"{sender} was shown another log of the coordinator than this site")
