"""One run as its coordinator's log and the messages of a bundle have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from riskset.analyses.plan import Plan, plan
from riskset.audit.bundle import LOG, ROSTER, STUDY, message_name
from riskset.ledger.entry import Entry
from riskset.protocol.history import History, histories
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.secure.envelope import Verified
from riskset.study.load import study_hash
from riskset.study.spec import Study


@dataclass(frozen=True)
class Round:
    """One message of the coordinator and the sites' replies, all verified."""

    request: Verified
    new: bytes
    """What is new in the request's payload: the opening, or what it shows of the log."""
    replies: tuple[Verified, ...]
    """In the order of the participants."""


@dataclass(frozen=True)
class RecordedRun:
    """A run whose records were verified."""

    id: str
    study: Study
    roster: Roster
    participants: tuple[str, ...]
    entries: tuple[Entry, ...]
    """Of the coordinator's log: those of this run."""
    rounds: Sequence[Round]
    final: str = ""
    """The signed checkpoint of the coordinator's log up to the end of the run."""
    witnessed: tuple[Verified, ...] = ()
    """The sites' cosignatures of the log up to the end of the run: of those that have given it."""
    kept: tuple[Verified, ...] = ()
    """The sites' answers to their receipts."""

    def with_end(self, final: str, witnessed: tuple[Verified, ...], kept: tuple[Verified, ...]) -> RecordedRun:
        """Returns the run with what followed its end."""
        return replace(self, final=final, witnessed=witnessed, kept=kept)

    @property
    def plan(self) -> Plan:
        return plan(self.study)

    def histories(self) -> Iterator[History]:
        """Yields what follows from each round, the opening first. Raises as `riskset.protocol.history.histories`."""
        replies = [one.replies for one in self.rounds]
        return histories(self.plan, study_hash(self.study), self.roster.sha256, self.id, replies)

    @property
    def began_at(self) -> str:
        """UTC, ISO 8601, by the coordinator's clock."""
        return next(entry.at for entry in self.entries if entry.kind == "began")

    @property
    def last_reply_at(self) -> str:
        """As `began_at`."""
        return max(entry.at for entry in self.entries if entry.kind == "received")

    @property
    def ended_at(self) -> str:
        """As `began_at`; empty where the run has not ended."""
        return next((entry.at for entry in self.entries if entry.kind == "ended"), "")

    @property
    def files(self) -> tuple[str, ...]:
        """Paths in a bundle of the records of which it is made."""
        parties = (COORDINATOR, *self.participants)
        messages = (message_name(round_, party) for round_ in range(len(self.rounds)) for party in parties)
        after = (message_name(one.head.round, one.head.sender) for one in (*self.witnessed, *self.kept))
        return (STUDY, ROSTER, LOG, *messages, *after)
