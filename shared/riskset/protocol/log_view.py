"""What a party shows of its log: the signed checkpoint, and proofs that it continues what it showed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import rfc8785

from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.ledger.note import parse
from riskset.strict_json import read_canonical


@dataclass(frozen=True)
class LogView:
    """What a message shows of a log."""

    checkpoint: str
    """The signed note."""
    proofs: Mapping[int, tuple[bytes, ...]]
    """By size of the log last seen: the proof that the checkpoint extends it."""

    @property
    def content(self) -> dict[str, Any]:
        """Its keys in a message."""
        proofs = {str(size): [one.hex() for one in proof] for size, proof in self.proofs.items()}
        return {"checkpoint": self.checkpoint, "proofs": proofs}

    def to_bytes(self) -> bytes:
        return rfc8785.dumps(self.content)


def read_view(content: object) -> LogView:
    """Inverse of `LogView.content`. Raises ProtocolError where it is malformed: numbers and hexadecimal digits have one
    spelling, and nobody but the log's owner has signed the note. (Others cosign it beside the message; what stands in
    their name in it, they need not have given.)"""
    stated = cast("Mapping[str, Any]", content)
    try:
        proofs = {int(size): tuple(map(bytes.fromhex, proof)) for size, proof in stated["proofs"].items()}
        view = LogView(str(stated["checkpoint"]), proofs)
        is_exact = view.content == stated and len(parse(view.checkpoint).signatures) == 1
    except (ValueError, KeyError, TypeError, AttributeError):
        is_exact = False
    if not is_exact:
        raise ProtocolError(say("protocol.log.form"))
    return view


@lru_cache(maxsize=256)
def read_log_view(data: bytes) -> LogView:
    """Returns what these bytes show of the log. Raises ProtocolError where they are malformed.

    It is kept, as a note is that was parsed.
    """
    try:
        content = read_canonical(data)
    except ValueError:
        raise ProtocolError(say("protocol.log.form")) from None
    return read_view(content)
