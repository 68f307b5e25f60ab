"""What anybody derives from the signed contributions alone. Site, coordinator and auditor run this same class.

A run is rounds. In each, the coordinator's message carries what every site contributed to the last one, signed and
whole; who takes it in adds the contributions, derives every analysis' next state, and knows what the next vector
holds. So the coordinator can choose no total and no point of evaluation: they follow. Analyses that nothing waits for
are asked in the closing message.

The hash of a history is a chain over the contributions' ids: two parties with one hash have seen one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from riskset.analyses.analysis import Analysis, Result
from riskset.analyses.plan import Plan
from riskset.errors import ProtocolError, Refused
from riskset.protocol.messages import read_participants
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified, sha256


@dataclass(frozen=True)
class Question:
    """One analysis' part of a round's vector."""

    analysis: Analysis
    state: Any
    size: int


@dataclass(frozen=True)
class History:
    """Everything that follows from the rounds taken in so far. Immutable: `advance` returns the next one."""

    plan: Plan
    round: int
    """The last round whose contributions were taken in."""
    hash: str
    states: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    is_closed: bool = False

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What the next round's vector holds, in this order; the same at every party."""
        asked = self.plan.closing if self.is_closing else self.plan.iterative
        return tuple(self._question(a) for a in asked if a.id in self.states and a.id not in self.results)

    @property
    def is_closing(self) -> bool:
        """True where the next round is the last: everything that others wait for has its result."""
        return all(a.id in self.results for a in self.plan.iterative)

    @property
    def vector_size(self) -> int:
        return sum(question.size for question in self.questions)

    def _question(self, analysis: Analysis) -> Question:
        state = self.states[analysis.id]
        return Question(analysis, state, analysis.size(state))

    def inputs(self, analysis: Analysis) -> dict[str, Result]:
        """Returns the results that an analysis needs."""
        return {name: self.results[name] for name in analysis.needs}

    def advance(self, contributions: Sequence[Verified]) -> History:
        """Returns the history after one more round of contributions, one a participant, in any order.

        Raises ProtocolError where a contribution has another length than the question, Refused where the sums are none
        that patients can have: a site sent what it did not compute.
        """
        total = fixed_point.decode(fixed_point.total([self.read(c) for c in contributions]))
        states, results, at = dict(self.states), dict(self.results), 0
        for question in self.questions:
            part, at = total[at : at + question.size], at + question.size
            _keep(question.analysis.id, self._combined(question, part), states, results)
        advanced = replace(
            self,
            round=self.round + 1,
            hash=chain(self.hash, contributions),
            states=states,
            results=results,
            is_closed=self.is_closing,
        )
        return advanced.begin_ready()

    def _combined(self, question: Question, total: Sequence[float]) -> object:
        try:
            return question.analysis.combine(total, question.state)
        except (ValueError, ArithmeticError) as error:
            message = f"round {self.round + 1} brought sums for {question.analysis.id} that give no result"
            hint = "a site sent numbers that it did not compute, or this is a fault of riskset: keep the run's record"
            raise Refused("totals", message, hint) from error

    def read(self, contribution: Verified) -> fixed_point.Vector:
        """Returns the vector of one contribution; ProtocolError where its length is not the question's."""
        return fixed_point.from_bytes(contribution.payload, self.vector_size)

    def begin_ready(self) -> History:
        """Returns the history with every analysis begun whose needs are met."""
        states, results = dict(self.states), dict(self.results)
        for analysis in self.plan.analyses:
            known = analysis.id in states or analysis.id in results
            if not known and all(name in results for name in analysis.needs):
                inputs = {name: results[name] for name in analysis.needs}
                _keep(analysis.id, analysis.start(inputs), states, results)
        return replace(self, states=states, results=results)


def _keep(analysis_id: str, outcome: object, states: dict[str, Any], results: dict[str, Result]) -> None:
    if isinstance(outcome, Result):
        results[analysis_id] = outcome
        states.pop(analysis_id, None)
    else:
        states[analysis_id] = outcome


def open_history(plan: Plan, study: str, roster: str, run: str, opened: Sequence[Verified]) -> History:
    """Returns the history after the opening round, in which every participant said that it takes part.

    Raises ProtocolError where a participant was told of others: each would add the same sums to different ones.
    """
    senders = sorted(m.head.sender for m in opened)
    if any(sorted(read_participants(m.payload)) != senders for m in opened):
        raise ProtocolError("the participants were not told the same list of participants")
    before = sha256("\n".join(["riskset run", study, roster, run]).encode())
    return History(plan, round=0, hash=chain(before, opened)).begin_ready()


def chain(before: str, messages: Sequence[Verified]) -> str:
    return sha256("\n".join([before, *sorted(m.id for m in messages)]).encode())


def check_round(messages: Sequence[Verified], participants: Sequence[str], **expected: str | int) -> None:
    """Raises ProtocolError unless the messages are one of each participant, every head field as expected."""
    senders = sorted(m.head.sender for m in messages)
    if senders != sorted(participants):
        raise ProtocolError("a round's contributions are not one of each participant")
    for message in messages:
        for name, value in expected.items():
            if getattr(message.head, name) != value:
                raise ProtocolError(f"a contribution of {message.head.sender} belongs to another {name}")
