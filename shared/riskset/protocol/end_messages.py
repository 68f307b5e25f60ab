"""What coordinator and sites exchange once a run has ended; the run does not wait for it, and no number is in it.

=========  ===========  =============================================================================================
type       from         payload, framed
=========  ===========  =============================================================================================
end        coordinator  what it shows of its log up to the entry `ended`; that entry, with its proof
witnessed  a site       its cosignature of that checkpoint; what it shows of its own log
receipt    coordinator  the site's receipt; then every site's `witnessed`, whole
kept       a site       its cosignatures of the other sites' own logs
=========  ===========  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import rfc8785

from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.ledger.checkpoint import Checkpoint
from riskset.ledger.entry import Entry, read_line
from riskset.ledger.merkle import Proof, leaf_hash, verify_inclusion
from riskset.protocol.log_view import LogView, read_log_view
from riskset.protocol.opening import read_object
from riskset.secure.envelope import frame, unframe


@dataclass(frozen=True)
class Listed:
    """An entry of the coordinator's log, and the proof that a checkpoint covers it."""

    text: str
    """As `Entry.proven`."""
    proof: Proof

    @property
    def content(self) -> dict[str, Any]:
        return {"entry": self.text, "proof": [one.hex() for one in self.proof]}

    def under(self, checkpoint: Checkpoint) -> Entry:
        """Returns the entry, without its private part. Raises ProtocolError where it is malformed, VerificationError
        where the checkpoint does not cover it."""
        entry = replace(read_line(self.text), private=b"")
        leaf = leaf_hash(self.text.encode())
        verify_inclusion(leaf, entry.number, checkpoint.size, self.proof, checkpoint.root)
        return entry


def read_listed(content: object) -> Listed:
    """Inverse of `Listed.content`. Raises ProtocolError where it is malformed."""
    try:
        listed = Listed(content["entry"], tuple(map(bytes.fromhex, content["proof"])))  # type: ignore[index]
        is_exact = isinstance(listed.text, str) and listed.content == content
    except (ValueError, KeyError, TypeError):
        is_exact = False
    if not is_exact:
        raise ProtocolError(say("protocol.end.listed"))
    return listed


@dataclass(frozen=True)
class End:
    """What the coordinator shows of its log after the end."""

    view: LogView
    ended: Listed

    def to_bytes(self) -> bytes:
        return frame([self.view.to_bytes(), rfc8785.dumps(self.ended.content)])


def read_end(payload: bytes) -> End:
    """Inverse of `End.to_bytes`. Raises ProtocolError where it is malformed."""
    view, ended = _parts(payload, 2)
    return End(read_log_view(view), read_listed(read_object(ended)))


@dataclass(frozen=True)
class SeenToEnd:
    """What a site answers to it."""

    cosignature: str
    """Of the coordinator's checkpoint: one line of a note."""
    log: LogView
    """Its own log, which has the whole run."""

    def to_bytes(self) -> bytes:
        return frame([self.cosignature.encode(), self.log.to_bytes()])


def read_seen_to_end(payload: bytes) -> SeenToEnd:
    """Inverse of `SeenToEnd.to_bytes`. Raises ProtocolError where it is malformed."""
    line, log = _parts(payload, 2)
    return SeenToEnd(_text(line), read_log_view(log))


def delivery(receipt: bytes, witnessed: Sequence[bytes]) -> bytes:
    """Returns the payload that delivers a receipt; `witnessed` are the replies to the end, in the order of the
    participants."""
    return frame([receipt, *witnessed])


def read_delivery(payload: bytes) -> tuple[bytes, list[bytes]]:
    """Inverse of `delivery`. Raises ProtocolError where it is malformed."""
    receipt, *witnessed = unframe(payload) or [b""]
    return receipt, witnessed


def cosignatures(lines: Mapping[str, str]) -> bytes:
    """Returns the payload of a site's cosignatures (lines of a note) of others' logs, by site."""
    return rfc8785.dumps({"cosignatures": dict(lines)})


def read_cosignatures(payload: bytes) -> dict[str, str]:
    """Inverse of `cosignatures`. Raises ProtocolError where it is malformed."""
    content = read_object(payload)
    lines = content.get("cosignatures")
    if set(content) != {"cosignatures"} or not isinstance(lines, dict):
        raise ProtocolError(say("protocol.end.cosignatures"))
    if not all(isinstance(line, str) for line in lines.values()):
        raise ProtocolError(say("protocol.end.cosignatures"))
    return dict(lines)


def _parts(payload: bytes, n: int) -> list[bytes]:
    parts = unframe(payload)
    if len(parts) != n:
        raise ProtocolError(say("protocol.end.parts"))
    return parts


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolError(say("protocol.log.cosignature")) from None
