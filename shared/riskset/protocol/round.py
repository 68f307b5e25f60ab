"""One round of a run: what its analyses ask, the check of its messages, and the hash that continues with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from riskset.analyses.analysis import Analysis
from riskset.catalogue import say
from riskset.disclosure.exposure import Label
from riskset.errors import ProtocolError
from riskset.secure.envelope import Verified, sha256


@dataclass(frozen=True)
class Question:
    """What one analysis asks in a round: its part of the vector."""

    analysis: Analysis
    state: Any
    labels: tuple[Label, ...]
    """One per number: what it is."""
    evaluations: int
    """How many totals the analysis has received already, those included that it has left out."""
    told: tuple[Label, ...] = ()
    """One per number that each hospital that signed for it tells of its own rows, in clear."""

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def is_first(self) -> bool:
        return self.evaluations == 0


def before_opening(study: str, roster: str, run: str) -> str:
    """Returns the hash with which the history of a run begins; `study` and `roster` are hashes."""
    return sha256("\n".join(["riskset run", study, roster, run]).encode())


def chain(before: str, messages: Sequence[Verified]) -> str:
    """Returns the hash of the history with one more round, whatever the order of the messages."""
    return sha256("\n".join([before, *sorted(m.id for m in messages)]).encode())


def check_round(messages: Sequence[Verified], participants: Sequence[str], **expected: str | int) -> None:
    """Raises ProtocolError unless there is one message from each participant, with every head field as expected."""
    senders = sorted(m.head.sender for m in messages)
    if senders != sorted(participants):
        raise ProtocolError(say("protocol.round.participants"))
    for message in messages:
        for name, value in expected.items():
            if getattr(message.head, name) != value:
                raise ProtocolError(say("protocol.round.field", site=message.head.sender, field=name))
