"""How the sites verify that the coordinator's log has one history.

Every message from round 1 on carries the coordinator's signed checkpoint and a proof that no entry under the last one
was changed; every contribution carries the site's cosignature of it. Contributions are relayed whole, so each site sees
what the others cosigned: if the log shows different entries to different sites, all of them notice one round later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger.checkpoint import read_checkpoint
from riskset.ledger.note import Note, parse
from riskset.ledger.witness import Witness, cosigners
from riskset.protocol.log_view import LogView, read_log_view
from riskset.protocol.messages import REFUSED
from riskset.secure.envelope import Verified, claimed_head, frame, unframe, verify

LOG: Final = "riskset/coordinator"
"""The name of the coordinator's log in its checkpoints."""


def relayed(view: LogView, contributions: Sequence[Verified]) -> bytes:
    """Returns the payload of a message from round 1 on."""
    return frame([view.to_bytes(), *(m.raw for m in contributions)])


def read_relayed(payload: bytes) -> tuple[LogView, list[bytes]]:
    """Returns what a message shows of the log, and its contributions. Raises ProtocolError where malformed."""
    parts = unframe(payload)
    if not parts:
        raise ProtocolError(say("protocol.log.empty"))
    return read_log_view(parts[0]), parts[1:]


def has_forgotten(parts: Sequence[bytes], kept: Collection[bytes], run: str, site: str, key: Ed25519PublicKey) -> bool:
    """Returns whether the relayed parts include a reply in this run, signed by the site, that is not among those it
    `kept`: then an older copy of its journal was restored. Raises ProtocolError where a part is malformed."""
    for part in parts:
        if part in kept or claimed_head(part).sender != site:
            continue
        try:
            own = verify(part, {site: key}).head
        except VerificationError:  # not the site's: the round is refused as any forgery
            continue
        if own.run == run and own.type != REFUSED:
            return True
    return False


@dataclass(frozen=True)
class Cosigned:
    """What a contribution carries."""

    vector: bytes
    cosignature: str
    stated: bytes | None
    """What the site states in clear (`stated.py`); None before protocol 3."""


def cosigned(vector: bytes, cosignature: str, stated: bytes) -> bytes:
    """Returns the payload of a contribution."""
    return frame([vector, cosignature.encode(), stated])


@lru_cache(maxsize=64)
def read_cosigned(payload: bytes) -> Cosigned:
    """Returns what a contribution carries. Raises ProtocolError where malformed. Kept, since each part is read by
    itself."""
    parts = unframe(payload)
    if len(parts) not in (2, 3):
        raise ProtocolError(say("protocol.log.contribution"))
    try:
        return Cosigned(parts[0], parts[1].decode(), parts[2] if len(parts) == 3 else None)
    except UnicodeDecodeError:
        raise ProtocolError(say("protocol.log.cosignature")) from None


def longest_seen(notes: Iterable[str]) -> str:
    """Returns, of notes in the order in which they were cosigned, the longest by the key of the last one; empty for
    none. Runs may alternate, and each continues from what it showed, so that the last note may be a shorter one; a note
    by a different key is from a previous coordinator."""
    parsed = [(parse(one), one) for one in notes if one]
    by_key = [(note, one) for note, one in parsed if note.signatures[0].key_id == parsed[-1][0].signatures[0].key_id]
    return max(by_key, key=lambda pair: read_checkpoint(pair[0].text).size)[1] if by_key else ""


def witness_of(coordinator: Ed25519PublicKey, seen: str) -> Witness:
    """Returns what a site remembers of the coordinator's log: `seen` is the last note it cosigned, empty for none.

    A note by a different key is from a previous coordinator, before the site approved a roster signed by this one.
    """
    remembered = Witness(LOG, coordinator, seen)
    try:
        remembered.checkpoint  # noqa: B018 - read to be checked
    except VerificationError:
        return Witness(LOG, coordinator)
    return remembered


def witnessed(view: LogView, coordinator: Ed25519PublicKey, seen: str) -> Witness:
    """Returns the witness that, after `seen`, has seen `view` too.

    Raises Refused("ledger") where the log was rolled back, forked, or proves nothing.
    """
    before = witness_of(coordinator, seen)
    size = before.checkpoint.size
    try:
        if size == 0:
            return before.advance(view.checkpoint, ())
        return before.advance(view.checkpoint, view.proofs.get(size, ()))
    except (VerificationError, ProtocolError) as wrong:
        raise Refused("ledger", say("protocol.log.changed", reason=wrong.message)) from None


def cosignature(witness: Witness, site: str, key: Ed25519PrivateKey, time: int) -> str:
    """Returns the line by which a site states that it saw this checkpoint."""
    return str(witness.cosigned(site, key, time))


def cosigned_at(text: str, line: str, site: str, key: Ed25519PublicKey) -> int:
    """Returns when a party cosigned a checkpoint of this text, by its clock, in seconds since 1970.

    Raises VerificationError, or ProtocolError, unless the line is its cosignature and nothing else: in a second line
    it could state another party's, and spoil the note under which all are joined.
    """
    signatures = parse(f"{text}\n{line}").signatures
    found = cosigners(Note(text, signatures), {site: key})
    if not found or "".join(map(str, signatures)) != line or len(signatures) != 1:
        raise VerificationError(say("protocol.log.cosigned", site=site))
    return found[0].time


def check_cosigned(contributions: Sequence[Verified], seen: str, sites: Mapping[str, Ed25519PublicKey]) -> None:
    """Raises Refused("ledger") unless every contribution cosigns the checkpoint that this site saw in that round."""
    text = parse(seen).text
    for contribution in contributions:
        sender = contribution.head.sender
        try:
            cosigned_at(text, read_cosigned(contribution.payload).cosignature, sender, sites[sender])
        except (VerificationError, ProtocolError):
            raise Refused("ledger", say("protocol.log.other_log", site=sender)) from None
