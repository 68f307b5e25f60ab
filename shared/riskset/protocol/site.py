"""One hospital's side of a run: bytes in, bytes out. No clock, no file, no socket.

The way of every number that leaves: cohort -> local -> gate -> mask -> journal -> reply. The order is the policy:
nothing is returned before the journal has it, and what the journal has is returned again, never computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from riskset import __version__
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.disclosure.gate import Gate
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.protocol.history import History, Question, check_round, open_history
from riskset.protocol.messages import CLOSE, OPEN, OPENED, REFUSED, REPLY_TO, ROUND, read_participants
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.secure import fixed_point
from riskset.secure.envelope import Head, Verified, seal, unframe, verify
from riskset.secure.masks import Masks
from riskset.study.load import study_hash
from riskset.study.spec import Study


@dataclass(frozen=True)
class Exchange:
    """One message and what was answered."""

    round: int
    request: bytes
    reply: bytes


class Journal(Protocol):
    """A site's durable record of its runs: what it was asked and what it sent."""

    def exchanges(self, run: str) -> Sequence[Exchange]:
        """Returns the exchanges of a run in the order of their rounds."""

    def snapshot(self, run: str) -> str | None:
        """Returns the keyed hash of the data that the run began with."""

    def record(self, run: str, exchange: Exchange, snapshot: str) -> None:
        """Keeps an exchange; it is durable when this returns, or this raises and nothing may be sent."""


@dataclass(frozen=True)
class _Run:
    """What a site remembers of a run; all of it follows from the journal and the cohort."""

    participants: tuple[str, ...]
    answered: tuple[Exchange, ...] = ()
    """By round: the first is round 0."""
    history: History | None = None
    prepared: dict[str, Any] = field(default_factory=dict)
    """What analyses made of the rows, by their ids; made once, so that a round only evaluates."""

    @property
    def is_over(self) -> bool:
        """True once the closing message is answered."""
        return self.history is not None and self.history.is_closing


class Site:
    """Answers a coordinator's messages over one frozen cohort."""

    def __init__(
        self,
        name: str,
        key: Ed25519PrivateKey,
        study: Study,
        roster: Roster,
        cohort: Cohort,
        snapshot: str,
        journal: Journal,
        least_participants: int = 1,
    ) -> None:
        """`snapshot` is a hash, under a secret of the site, of the data the cohort was made from; it never leaves.
        A run of fewer than `least_participants` is refused; one is for a rehearsal, where there is nobody to protect
        from.
        """
        self.name = name
        self._key = key
        self._study_hash = study_hash(study)
        self._plan = plan(study)
        self._roster = roster
        self._cohort = cohort
        self._snapshot = snapshot
        self._journal = journal
        self._least_participants = least_participants
        self._gate = Gate()
        self._masks = Masks()
        self._runs: dict[str, _Run] = {}

    def answer(self, request: bytes) -> bytes:
        """Returns the signed reply: the answer to the round, the bytes already sent for it, or a refusal.

        A refusal tells one word of `REFUSALS` and nothing else, and is not kept: the same message may be answered once
        the cause is mended.
        """
        try:
            message = verify(request, {COORDINATOR: self._roster.coordinator})
        except (ProtocolError, VerificationError):
            return self._refuse(Refused("message", "a message is not the coordinator's"), None)
        try:
            return self._answer(message)
        except Refused as no:
            return self._refuse(no, message.head)
        except (ProtocolError, VerificationError):
            return self._refuse(Refused("history", "contributions do not hold"), message.head)

    def refusal(self, code: str) -> bytes:
        """Returns a signed no for a message that could not be read or answered at all."""
        return self._refuse(Refused(code, code), None)

    def _answer(self, message: Verified) -> bytes:
        head = message.head
        self._check_head(head)
        run = self._resume(head.run)
        if run is not None and head.round < len(run.answered):
            return run.answered[head.round].reply
        if self._journal.snapshot(head.run) not in (None, self._snapshot):
            raise Refused("data", "the data changed during the run")
        reply, run = self._open(message) if run is None else self._contribute(message, run)
        exchange = Exchange(head.round, message.raw, reply)
        self._journal.record(head.run, exchange, self._snapshot)
        self._runs[head.run] = replace(run, answered=(*run.answered, exchange))
        return reply

    def _check_head(self, head: Head) -> None:
        if head.study != self._study_hash:
            raise Refused("study", "the coordinator holds another version of the study")
        if head.roster != self._roster.sha256:
            raise Refused("roster", "the coordinator holds another roster")

    def _open(self, message: Verified) -> tuple[bytes, _Run]:
        if message.head.type != OPEN or message.head.round != 0:
            raise Refused("order", "a run opens with round 0")
        try:
            participants = read_participants(message.payload)
        except ProtocolError:
            raise Refused("participants", "the opening lists no participants") from None
        known = set(participants) <= set(self._roster.sites) and len(participants) >= self._least_participants
        if not known or len(set(participants)) != len(participants) or self.name not in participants:
            raise Refused("participants", "the participants are not sites of the roster")
        content = rfc8785.dumps({"version": __version__, "participants": list(participants)})
        reply = self._seal(message.head, OPENED, content, history="")
        return reply, _Run(participants)

    def _contribute(self, message: Verified, run: _Run) -> tuple[bytes, _Run]:
        head = message.head
        if head.type not in (ROUND, CLOSE) or head.round != len(run.answered) or run.is_over:
            raise Refused("order", "the round does not follow the last one answered")
        history = self._advance(run, message)
        if (head.type == CLOSE) != history.is_closing:
            raise Refused("order", "the run is not where the coordinator says it is")
        vector = self._vector(run, history)
        masked = self._masks.mask(vector, head.round, history.hash)
        reply = self._seal(head, REPLY_TO[head.type], fixed_point.to_bytes(masked), history.hash)
        prepared = {} if history.is_closing else run.prepared  # nothing evaluates the rows again
        return reply, replace(run, history=history, prepared=prepared)

    def _advance(self, run: _Run, message: Verified) -> History:
        """Takes in the contributions that a message carries, after checking that they are the participants' own and
        that this site's is the one it sent."""
        head = message.head
        parts = unframe(message.payload)
        if run.answered[-1].reply not in parts:
            raise Refused("history", "this site's own contribution is missing or altered")
        contributions = [verify(part, self._roster.sites) for part in parts]
        last = head.round - 1
        kind = OPENED if last == 0 else REPLY_TO[ROUND]
        before = "" if run.history is None else run.history.hash
        check_round(
            contributions,
            run.participants,
            type=kind,
            study=head.study,
            roster=head.roster,
            run=head.run,
            round=last,
            history=before,
        )
        if run.history is None:
            history = open_history(self._plan, head.study, head.roster, head.run, contributions)
        else:
            history = run.history.advance(contributions)
        if history.hash != head.history:
            raise Refused("history", "the coordinator derives another history")
        return history

    def _vector(self, run: _Run, history: History) -> fixed_point.Vector:
        parts = [self._released(run, history, question) for question in history.questions]
        return fixed_point.concatenate([fixed_point.encode(part, len(run.participants)) for part in parts])

    def _released(self, run: _Run, history: History, question: Question) -> NDArray[np.float64]:
        analysis = question.analysis
        if analysis.id not in run.prepared:
            run.prepared[analysis.id] = analysis.prepare(self._cohort, history.inputs(analysis))
        summary = analysis.local(run.prepared[analysis.id], question.state)
        return self._gate.release(analysis.id, summary, question.size).values

    def _resume(self, run_id: str) -> _Run | None:
        """Returns the run, rebuilt from the journal where this process has not seen it."""
        if run_id not in self._runs:
            exchanges = self._journal.exchanges(run_id)
            if not exchanges:
                return None
            keys = {COORDINATOR: self._roster.coordinator}
            messages = [verify(exchange.request, keys) for exchange in exchanges]
            run = _Run(read_participants(messages[0].payload), (exchanges[0],))
            for exchange, message in zip(exchanges[1:], messages[1:], strict=True):
                history = self._advance(run, message)
                run = replace(run, history=history, answered=(*run.answered, exchange))
            self._runs[run_id] = run
        return self._runs[run_id]

    def _seal(self, request: Head, type_: str, payload: bytes, history: str) -> bytes:
        return seal(
            self._key,
            payload,
            type=type_,
            study=self._study_hash,
            roster=self._roster.sha256,
            run=request.run,
            round=request.round,
            sender=self.name,
            history=history,
        )

    def _refuse(self, no: Refused, request: Head | None) -> bytes:
        head = request or Head("", "", "", "", 0, "", "", "")
        return self._seal(head, REFUSED, rfc8785.dumps({"code": no.code}), history="")
