"""What anybody derives from the signed contributions alone. Site, coordinator and auditor run this same class.

A run is rounds. In each, the coordinator's message carries what every site contributed to the last one, signed and
whole; who takes it in adds the contributions, judges the pooled figures, derives every analysis' next state, and knows
what the next vector holds. So the coordinator can choose no total and no point of evaluation: they follow. First come
the rounds of admission, then the analyses'; those that nothing waits for are asked in the closing message.

Every vector begins with one flag for each analysis still asked: 0, or noise where a site's own rows forbid it. A flag
whose total is not 0 ends that analysis for all, in this run; who raised it, nobody learns.

The hash of a history is a chain over the contributions' ids: two parties with one hash have seen one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judge
from riskset.analyses.admission.steps import Step, steps
from riskset.analyses.analysis import RefusedByRule, Result
from riskset.analyses.cox_model import CoxModel
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import Plan, Reported
from riskset.errors import DataError, ProtocolError, Refused
from riskset.protocol.opening import Opened, Opening, open_run
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified, sha256


@dataclass(frozen=True)
class Question:
    """One analysis' part of a round's vector."""

    analysis: Reported
    state: Any
    size: int


@dataclass(frozen=True)
class History:
    """Everything that follows from the rounds taken in so far. Immutable: `advance` returns the next one."""

    plan: Plan
    opening: Opening
    """Who takes part."""
    opened: Mapping[str, Opened]
    """What each participant said of itself."""
    judge: Judge
    steps: tuple[Step, ...]
    """The rounds of admission."""
    hash: str
    round: int = 0
    """The last round whose contributions were taken in."""
    admitted: int = 0
    """How many of `steps` are over."""
    figures: Figures = field(default_factory=Figures)
    states: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    is_closed: bool = False

    @cached_property
    def live(self) -> tuple[Reported, ...]:
        """The analyses that have no result yet, in the study's order."""
        return tuple(analysis for analysis in self.plan.reported if analysis.id not in self.results)

    @property
    def step(self) -> Step | None:
        """The round of admission that is asked next; None once they are over."""
        return self.steps[self.admitted] if self.admitted < len(self.steps) else None

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """After admission, what the next round's vector holds behind the flags; the same at every party."""
        if self.step is not None:
            return ()
        asked = self.live if self.is_closing else [a for a in self.live if isinstance(a, CoxModel)]
        return tuple(Question(a, self.states[a.id], a.size(self.states[a.id])) for a in asked)

    @property
    def is_closing(self) -> bool:
        """True where the next round is the last: everything that others wait for has its result."""
        return self.step is None and not any(isinstance(a, CoxModel) for a in self.live)

    @cached_property
    def vector_size(self) -> int:
        numbers = len(self.step.labels(self.live)) if self.step else sum(question.size for question in self.questions)
        return len(self.live) + numbers

    @property
    def phase(self) -> str:
        """What the next vector is for: the id of a step of admission, `first` or `later` evaluation, or `close`."""
        if self.step is not None:
            return self.step.id
        if self.is_closing:
            return "close"
        return "first" if all(q.analysis.evaluations(q.state) == 0 for q in self.questions) else "later"

    def advance(self, contributions: Sequence[Verified]) -> History:
        """Returns the history after one more round of contributions, one a participant, in any order.

        Raises ProtocolError where a contribution has another length than the question, Refused where the sums are none
        that patients can have: a site sent what it did not compute.
        """
        total = fixed_point.decode(fixed_point.total([self.read(c) for c in contributions]))
        flags, numbers = total[: len(self.live)], total[len(self.live) :]
        dead = frozenset(a.id for a, flag in zip(self.live, flags, strict=True) if flag != 0.0)
        after = self._admit(self.step, numbers, dead) if self.step else self._compute(numbers, dead)
        return replace(
            after, round=self.round + 1, hash=chain(self.hash, contributions), is_closed=self.is_closing
        )._moved_on()

    def read(self, contribution: Verified) -> fixed_point.Vector:
        """Returns the vector of one contribution; ProtocolError where its length is not the question's."""
        return fixed_point.from_bytes(read_cosigned(contribution.payload)[0], self.vector_size)

    def _admit(self, step: Step, numbers: Sequence[float], dead: frozenset[str]) -> History:
        try:
            figures = step.combine(numbers, self.live, dead, self.figures)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(step.id) from error
        refused: dict[str, Result] = {id_: self.judge.by_a_site(step.id) for id_ in dead}
        alive = [analysis for analysis in self.live if analysis.id not in dead]
        for id_, finding in self.judge.pooled(step.id, alive, figures).items():
            refused[id_] = RefusedByRule.of(finding)
        moments = {moments_id(name): found for name, found in figures.moments.items()}
        results = {**self.results, **moments, **refused}
        return replace(self, figures=figures, results=results, admitted=self.admitted + 1)

    def _compute(self, numbers: Sequence[float], dead: frozenset[str]) -> History:
        states, results, at = dict(self.states), dict(self.results), 0
        for question in self.questions:
            part, at = numbers[at : at + question.size], at + question.size
            id_ = question.analysis.id
            outcome = self._stopped(question) if id_ in dead else self._combined(question, part)
            _keep(id_, outcome, states, results)
        return replace(self, states=states, results=results)

    def _combined(self, question: Question, total: Sequence[float]) -> object:
        analysis = question.analysis
        try:
            outcome = analysis.combine(total, question.state)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(analysis.id) from error
        if isinstance(outcome, Result) or not isinstance(analysis, CoxModel):
            return outcome
        allowed = self.judge.evaluations_allowed(analysis, self.figures)
        spent = allowed is not None and analysis.evaluations(outcome) >= allowed
        return analysis.out_of_evaluations(outcome) if spent else outcome

    def _of_no_patients(self, of: str) -> Refused:
        message = f"round {self.round + 1} brought sums for {of} that give no result"
        hint = "a site sent numbers that it did not compute, or this is a fault of riskset: keep the run's record"
        return Refused("totals", message, hint)

    def _stopped(self, question: Question) -> Result:
        """What an analysis ends with that a site has refused: a likelihood without a maximum is named as such."""
        refused = self.judge.by_a_site(self.phase)
        if isinstance(question.analysis, CoxModel):
            return question.analysis.refused(question.state, refused)
        return refused

    def _moved_on(self) -> History:
        """Returns the history with every analysis begun whose turn it is; past admission where nothing is asked.

        A step without numbers is asked for its flags alone: curves have no moments, and their cohorts and arms may
        single out a patient all the same.
        """
        admitted = self.admitted if self.live else len(self.steps)
        if admitted < len(self.steps):
            return self
        states, results = dict(self.states), dict(self.results)
        for analysis in self.live:
            if analysis.id not in states:
                inputs = {name: results[name] for name in analysis.needs}
                _keep(analysis.id, analysis.start(inputs), states, results)
        return replace(self, admitted=admitted, states=states, results=results)

    def inputs(self, analysis: Reported) -> dict[str, Result]:
        """Returns the results that an analysis needs."""
        return {name: self.results[name] for name in analysis.needs}

    def labels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Returns what the next vector holds behind the flags, in order: (id of the step or of the analysis that asks,
        a label a number)."""
        if self.step is not None:
            return ((self.step.id, self.step.labels(self.live)),)
        return tuple((q.analysis.id, q.analysis.labels(q.state)) for q in self.questions)


def _keep(analysis_id: str, outcome: object, states: dict[str, Any], results: dict[str, Result]) -> None:
    if isinstance(outcome, Result):
        results[analysis_id] = outcome
        states.pop(analysis_id, None)
    else:
        states[analysis_id] = outcome


def open_history(plan: Plan, study: str, roster: str, run: str, messages: Sequence[Verified]) -> History:
    """Returns the history after the opening round, in which every participant said that it takes part, and how.

    Raises ProtocolError where participants were told of others, or of other earlier runs: each would add the same sums
    to different ones. So too where they would compute with different methods.
    """
    opening, opened = open_run(messages, plan.kinds)
    before = sha256("\n".join(["riskset run", study, roster, run]).encode())
    try:
        judge = Judge.of(plan, [said.policy for said in opened.values()])
    except (DataError, ValueError):
        raise ProtocolError("a participant's limits are none of this version, or of another kind of run") from None
    results: dict[str, Result] = {
        id_: RefusedByRule.of(finding) for id_, finding in judge.pooled("open", plan.reported, Figures()).items()
    }
    begun = History(plan, opening, opened, judge, steps(opening.earlier), chain(before, messages), results=results)
    return begun._moved_on()


def chain(before: str, messages: Sequence[Verified]) -> str:
    """Returns the hash of the history with one more round, whatever the order of its messages."""
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
