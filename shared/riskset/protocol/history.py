"""What any party derives from the signed contributions alone. Site, coordinator and auditor run this same class.

A run is rounds. In each, the coordinator's message carries what every site contributed to the last one, signed and
whole; each party adds the contributions, judges the pooled figures, derives every analysis' next state, and knows what
the next vector holds. So the coordinator can choose no total and no point of evaluation: they follow.

An analysis is admitted when its patients are known: at once those of the population of all, a derived population when
the results are there from which it follows. It begins when what it needs has a result, and ends without one where that
has none. All that is ready is asked together; what nothing waits for, and is asked once, comes in the closing message.

Every vector begins with one flag for each analysis that has no result yet: 0, or noise where a site's own rows forbid
it. A flag whose total is not 0 ends that analysis for all, in this run; nobody learns who raised it.

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
from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import Plan
from riskset.disclosure.exposure import Label, of_admission
from riskset.disclosure.gate import SummaryPart
from riskset.errors import DataError, ProtocolError, Refused
from riskset.protocol.opening import Opened, Opening, open_run
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified, sha256


@dataclass(frozen=True)
class Question:
    """One analysis' part of a round's vector."""

    analysis: Analysis
    state: Any
    labels: tuple[Label, ...]
    """What each of its numbers is."""
    evaluations: int
    """How many totals it rests on already."""

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def is_first(self) -> bool:
        return self.evaluations == 0


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
    """The rounds of the admission that is going on, or went on last."""
    hash: str
    round: int = 0
    """The last round whose contributions were taken in."""
    batch: tuple[str, ...] = ()
    """Ids of the analyses in admission; empty where no admission goes on."""
    admitted: int = 0
    """How many of `steps` are over."""
    passed: tuple[str, ...] = ()
    """Ids of the analyses that were admitted, in the order in which they were judged."""
    figures: Figures = field(default_factory=Figures)
    states: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    """By id: in how many rounds the analysis was asked."""
    results: Mapping[str, Result] = field(default_factory=dict)
    is_closed: bool = False

    @cached_property
    def live(self) -> tuple[Analysis, ...]:
        """The analyses that have no result yet, in the study's order."""
        return tuple(analysis for analysis in self.plan.reported if analysis.id not in self.results)

    @property
    def step(self) -> Step | None:
        """The round of admission that is asked next; None where none goes on."""
        return self.steps[self.admitted] if self.batch else None

    @cached_property
    def in_admission(self) -> tuple[Analysis, ...]:
        """What a round of admission looks at together: the analyses admitted before, whose columns are open, then the
        batch as far as it is live."""
        batch = (a for a in self.live if a.id in self.batch)
        return (*self.admitted_analyses, *batch)

    @property
    def admitted_analyses(self) -> tuple[Analysis, ...]:
        """The analyses that were admitted, in the order in which they were judged, whatever became of them."""
        known = {analysis.id: analysis for analysis in self.plan.reported}
        return tuple(known[id_] for id_ in self.passed)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What the analyses are asked in the next round, behind flags and admission; the same at every party."""
        begun = [analysis for analysis in self.live if analysis.id in self.states]
        asked = begun if self.is_closing else [analysis for analysis in begun if not self._can_close(analysis)]
        return tuple(self._question(analysis) for analysis in asked)

    def _question(self, analysis: Analysis) -> Question:
        state = self.states[analysis.id]
        return Question(analysis, state, analysis.labels(state), self.asked.get(analysis.id, 0))

    @cached_property
    def is_closing(self) -> bool:
        """True where the next round is the last: everything that others wait for has its result."""
        return not self.batch and all(a.id in self.states and self._can_close(a) for a in self.live)

    def _can_close(self, analysis: Analysis) -> bool:
        """Whether one round will end the analysis, and nothing waits for it."""
        return not analysis.exposure.is_iterative and analysis.id not in self._awaited

    @cached_property
    def _awaited(self) -> frozenset[str]:
        return frozenset(id_ for analysis in self.live for id_ in self.plan.waits_for(analysis))

    @cached_property
    def vector_size(self) -> int:
        return len(self.live) + sum(len(labels) for _, labels in self.labels())

    @property
    def phase(self) -> str:
        """What the next vector is for: the id of a step of admission, `first` or `later` evaluation, or `close`."""
        if self.step is not None:
            return self.step.id
        if self.is_closing:
            return "close"
        return "first" if all(question.is_first for question in self.questions) else "later"

    def advance(self, contributions: Sequence[Verified]) -> History:
        """Returns the history after one more round of contributions, one a participant, in any order.

        Raises ProtocolError where a contribution has another length than the question, Refused where the sums are none
        that patients can have: a site sent what it did not compute.
        """
        total = fixed_point.decode(fixed_point.total([self.read(c) for c in contributions]))
        flags, numbers = total[: len(self.live)], total[len(self.live) :]
        dead = frozenset(a.id for a, flag in zip(self.live, flags, strict=True) if flag != 0.0)
        of_step = len(self.step.labels(self.in_admission)) if self.step else 0
        after = self._compute(numbers[of_step:], dead)
        if self.step:
            after = after._admit(self.step, numbers[:of_step], dead & set(self.batch))
        return replace(
            after, round=self.round + 1, hash=chain(self.hash, contributions), is_closed=self.is_closing
        )._moved_on()

    def read(self, contribution: Verified) -> fixed_point.Vector:
        """Returns the vector of one contribution; ProtocolError where its length is not the question's."""
        return fixed_point.from_bytes(read_cosigned(contribution.payload)[0], self.vector_size)

    def _admit(self, step: Step, numbers: Sequence[float], dead: frozenset[str]) -> History:
        try:
            figures = step.combine(numbers, self.in_admission, dead, self.figures)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(step.id) from error
        refused: dict[str, Result] = {id_: self.judge.by_a_site(step.id) for id_ in dead}
        alive = [analysis for analysis in self.in_admission if analysis.id not in dead]
        for id_, finding in self.judge.pooled(step.id, alive, figures).items():
            if id_ in self.batch:  # what was admitted before is open already
                refused[id_] = RefusedByRule.of(finding)
        moments = {moments_id(name): found for name, found in figures.moments.items()}
        results = {**self.results, **moments, **refused}
        return replace(self, figures=figures, results=results, admitted=self.admitted + 1)

    def _compute(self, numbers: Sequence[float], dead: frozenset[str]) -> History:
        states, results, asked, at = dict(self.states), dict(self.results), dict(self.asked), 0
        for question in self.questions:
            part, at = numbers[at : at + question.size], at + question.size
            id_ = question.analysis.id
            asked[id_] = question.evaluations + 1
            outcome = self._stopped(question) if id_ in dead else self._combined(question, part)
            self._keep(question.analysis, outcome, states, results)
        return replace(self, states=states, results=results, asked=asked)

    def _combined(self, question: Question, total: Sequence[float]) -> object:
        analysis = question.analysis
        try:
            outcome = analysis.combine(total, question.state)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(analysis.id) from error
        if isinstance(outcome, Result):
            return outcome
        allowed = self.judge.evaluations_allowed(analysis, self.figures)
        spent = allowed is not None and question.evaluations + 1 >= allowed
        return analysis.out_of_evaluations(outcome) if spent else outcome

    def _of_no_patients(self, of: str) -> Refused:
        message = f"round {self.round + 1} brought sums for {of} that give no result"
        hint = "a site sent numbers that it did not compute, or this is a fault of riskset: keep the run's record"
        return Refused("totals", message, hint)

    def _stopped(self, question: Question) -> Result:
        """What an analysis ends with that a site has refused."""
        phase = "close" if self.is_closing else "first" if question.is_first else "later"
        return question.analysis.refused(question.state, self.judge.by_a_site(phase))

    def _moved_on(self) -> History:
        """Returns the history with everything ended, admitted and begun whose turn it is.

        A step without numbers is asked for its flags alone: curves have no moments, and their cohorts and arms may
        single out a patient all the same.
        """
        history = self._batch_ended() if self.batch else self
        history = history._begun()
        if history.batch:
            return history
        ready = tuple(a.id for a in history.live if a.id not in history.passed and history._is_known(a.population))
        if not ready:
            return history
        earlier = () if history.passed else history.opening.earlier  # changes are looked at once a run
        return replace(history, batch=ready, admitted=0, steps=steps(earlier))

    def _batch_ended(self) -> History:
        """Returns the history behind an admission that is over, or in which every analysis has been refused."""
        alive = tuple(id_ for id_ in self.batch if id_ not in self.results)
        if alive and self.admitted < len(self.steps):
            return self
        return replace(self, batch=(), passed=(*self.passed, *alive))

    def _begun(self) -> History:
        """Returns the history with every analysis begun, or ended, for which what it needs is there."""
        states, results = dict(self.states), dict(self.results)
        waiting = [analysis for analysis in self.live if analysis.id not in states]
        while True:
            for analysis in waiting:
                if failed := self._failed(analysis, results):
                    results[analysis.id] = failed
                elif analysis.id in self.passed and self.plan.has_all_of(analysis, results):
                    inputs = {name: results[name] for name in analysis.needs}
                    self._keep(analysis, analysis.start(inputs), states, results)
            still = [a for a in waiting if a.id not in states and a.id not in results]
            if len(still) == len(waiting):
                return replace(self, states=states, results=results)
            waiting = still

    def _failed(self, analysis: Analysis, results: Mapping[str, Result]) -> NotEstimable | None:
        """Returns the end of an analysis that needs what has no result; None where nothing failed so far."""
        for id_ in self.plan.waits_for(analysis):
            if id_ in results and not has_result(results[id_]):
                return NotEstimable("needs", f"needs {id_}, which {_why(results[id_])}")
        return None

    def _is_known(self, population: str) -> bool:
        return all(id_ in self.results for id_ in self.plan.waits_for_population(population))

    @property
    def populations(self) -> tuple[str, ...]:
        """The derived populations whose members follow from the results so far, in the order of the plan."""
        needs = {name: self.plan.waits_for_population(name) for name in self.plan.populations}
        return tuple(name for name, ids in needs.items() if all(has_result(self.results.get(id_)) for id_ in ids))

    def inputs(self, analysis: Analysis) -> dict[str, Result]:
        """Returns the results that an analysis needs."""
        return {name: self.results[name] for name in analysis.needs}

    def labels(self) -> tuple[tuple[str, tuple[Label, ...]], ...]:
        """Returns what the next vector holds behind the flags, in order: (id of the step or of the analysis that asks,
        a label for each number)."""
        step = ((self.step.id, self.step.labels(self.in_admission)),) if self.step else ()
        return (*step, *((q.analysis.id, q.labels) for q in self.questions))

    def parts(self) -> tuple[SummaryPart, ...]:
        """Returns, as `labels`, what the gate holds each number to."""
        step: tuple[SummaryPart, ...] = ()
        if self.step:
            opened = of_admission(analysis.exposure for analysis in self.in_admission)
            step = (SummaryPart(opened, self.step.labels(self.in_admission)),)
        return (*step, *(SummaryPart(q.analysis.exposure, q.labels) for q in self.questions))

    def _keep(self, analysis: Analysis, outcome: object, states: dict[str, Any], results: dict[str, Result]) -> None:
        """Keeps the next state of an analysis, or its end; a state in which it would send what it does not declare is
        its end, too."""
        if not isinstance(outcome, Result):
            outcome = self.judge.uncovered(analysis, analysis.labels(outcome)) or outcome
        if isinstance(outcome, Result):
            results[analysis.id] = outcome
            states.pop(analysis.id, None)
        else:
            states[analysis.id] = outcome


def _why(result: Result) -> str:
    if isinstance(result, RefusedByRule):
        return f"was refused by {result.rule}"
    return f"is not estimable ({result.code})" if isinstance(result, NotEstimable) else "has no result"


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
    begun = History(plan, opening, opened, judge, (), chain(before, messages), results=results)
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
