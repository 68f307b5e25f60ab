"""What any party derives from the signed contributions alone. Site, coordinator and auditor run this same class.

A run is a sequence of rounds. In each, the coordinator's message carries every site's signed contribution to the round
before; each party adds the contributions, judges the pooled figures, derives every analysis' next state, and knows what
the next vector holds. So the coordinator cannot choose a total or a point of evaluation: they follow.

An analysis is admitted when its patients are known: those of a derived population when the results that define it are
there. It begins when every analysis that it needs has a result, and ends without one where one of these did. All that
are ready are asked together; those that are asked once, and for which no other waits, come in the closing message.

Every vector begins with one flag for each analysis that has no result yet: 0, or noise where a site's own rows forbid
it. A flag whose total is not 0 ends that analysis for all parties, in this run; the total shows a cause (`flags`), and
nobody learns which site raised it.

The hash of a history is a chain over the contributions' ids: two parties with the same hash have seen the same run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from riskset.analyses.admission.blocks import is_joint
from riskset.analyses.admission.causes import OWN_CAUSES, cause_of
from riskset.analyses.admission.exclusions import NOT_COUNTED, Exclusions
from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.figures import Figures, ToldSet
from riskset.analyses.admission.joint import Joint, columns_told
from riskset.analyses.admission.judging import Judge
from riskset.analyses.admission.step import Step
from riskset.analyses.admission.steps import steps
from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.moments import moments_id
from riskset.analyses.opened import Begun, Tally
from riskset.analyses.plan import Plan
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Label, of_admission
from riskset.disclosure.finding import Finding
from riskset.disclosure.gate import SummaryPart, Told
from riskset.errors import DataError, ProtocolError, Refused
from riskset.protocol import flags
from riskset.protocol.opening import Opened, Opening, open_run
from riskset.protocol.program import UNNUMBERED
from riskset.protocol.round import Question, chain
from riskset.protocol.stated import SINCE, contributors, read_stated, unmixed
from riskset.protocol.told import read_told
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified, sha256

NOTHING_TOLD: Final[Mapping[str, Mapping[str, Told]]] = {}


@dataclass(frozen=True)
class History:
    """Everything that follows from the rounds taken in so far. Immutable: `advance` returns the next one."""

    plan: Plan
    opening: Opening
    """Who takes part."""
    opened: Mapping[str, Opened]
    """What each participant stated in its answer to the opening."""
    judge: Judge
    steps: tuple[Step, ...]
    """The rounds of the current admission, or of the last one."""
    hash: str
    round: int = 0
    """The last round whose contributions were taken in."""
    batch: tuple[str, ...] = ()
    """Ids of the analyses in admission; empty outside an admission."""
    admitted: int = 0
    """How many of `steps` are done."""
    passed: tuple[str, ...] = ()
    """Ids of the analyses that were admitted, in the order in which they were judged."""
    figures: Figures = field(default_factory=Figures)
    states: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    """By id: the number of rounds in which the analysis was asked."""
    begun: Begun = ()
    """Every analysis that was ever asked, in the order in which they began."""
    opened_numbers: Tally = field(default_factory=Tally)
    """What models and tables have opened so far."""
    results: Mapping[str, Result] = field(default_factory=dict)
    tellers: frozenset[str] = frozenset()
    """The sites that have told numbers of their own in this run, in clear."""
    is_closed: bool = False

    @cached_property
    def live(self) -> tuple[Analysis, ...]:
        """The analyses that have no result yet, in the order in which they are judged."""
        in_order = self.plan.reported if self._is_of_0_1_0 else self.plan.judging_order
        return tuple(analysis for analysis in in_order if analysis.id not in self.results)

    @property
    def step(self) -> Step | None:
        """The next round of admission; None outside an admission."""
        return self.steps[self.admitted] if self.batch else None

    @cached_property
    def in_admission(self) -> tuple[Analysis, ...]:
        """The analyses that a round of admission examines together: those admitted before, whose columns are known,
        then those of the batch that are live."""
        batch = (a for a in self.live if a.id in self.batch)
        return (*self.admitted_analyses, *batch)

    @property
    def admitted_analyses(self) -> tuple[Analysis, ...]:
        """The analyses that were admitted, in the order in which they were judged, whatever their results."""
        return tuple(self.plan.by_id[id_] for id_ in self.passed)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What the analyses ask in the next round, after flags and admission; the same at every party."""
        begun = [analysis for analysis in self.live if analysis.id in self.states]
        asked = begun if self.is_closing else [analysis for analysis in begun if not self._can_close(analysis)]
        return tuple(self._question(analysis) for analysis in asked)

    def _question(self, analysis: Analysis) -> Question:
        state = self.states[analysis.id]
        asked = self.asked.get(analysis.id, 0)
        return Question(analysis, state, analysis.labels(state), asked, () if asked else analysis.tells(state))

    @cached_property
    def told(self) -> tuple[Question, ...]:
        """The questions for which hospitals tell numbers of their own in the next round, in clear."""
        return tuple(question for question in self.questions if question.told)

    @cached_property
    def is_closing(self) -> bool:
        """Whether the next round is the last: every analysis for which others wait has its result."""
        return not self.batch and all(a.id in self.states and self._can_close(a) for a in self.live)

    def _can_close(self, analysis: Analysis) -> bool:
        """Whether one round will end the analysis, and no other analysis waits for it."""
        return not analysis.exposure.is_iterative and analysis.id not in self._awaited

    @cached_property
    def _awaited(self) -> frozenset[str]:
        return frozenset(id_ for analysis in self.live for id_ in self.plan.waits_for(analysis))

    @cached_property
    def vector_size(self) -> int:
        return len(self.live) + sum(len(labels) for _, labels in self.labels()) + self._masked_contributors

    @property
    def phase(self) -> str:
        """What the next vector is for: the id of a step of admission, `first` or `later` evaluation, or `close`."""
        if self.step is not None:
            return self.step.id
        if self.is_closing:
            return "close"
        return "first" if all(question.is_first for question in self.questions) else "later"

    def advance(self, contributions: Sequence[Verified]) -> History:
        """Returns the history after one more round of contributions, one per participant, in any order.

        Raises ProtocolError where a contribution does not have the length of the question, Refused where no patients
        can have such sums: a site sent what it did not compute.
        """
        total = fixed_point.total([self.read(c) for c in contributions])
        raised, numbers = flags.read(total[:, : len(self.live)]), fixed_point.decode(total[:, len(self.live) :])
        dead = {a.id: self._cause(a.id, n) for a, n in zip(self.live, raised, strict=True) if n is not None}
        of_step = len(self.step_labels) + self._masked_contributors
        counts, sites = self._of_step(self.step, numbers[:of_step], contributions) if self.step else ((), ())
        told = self._told_in(contributions)
        return self.with_totals(dead, counts, sites, numbers[of_step:], chain(self.hash, contributions), told)

    def with_totals(
        self,
        dead: Mapping[str, str],
        counts: Sequence[float],
        sites: Sequence[int],
        sums: Sequence[float],
        hash_: str,
        told: Mapping[str, Mapping[str, Told]] = NOTHING_TOLD,
    ) -> History:
        """Returns the history after a round in which sites refused the analyses `dead`, each for a cause. `counts` and
        `sites` are the totals of the round of admission, if it was one, and how many sites contribute to each; `sums`
        are the totals of the questions, `told` by site what it told of each. Raises Refused as `advance` does."""
        after = self._compute(sums, dead, told)
        if self.step:
            in_batch = {id_: cause for id_, cause in dead.items() if id_ in self.batch}
            after = after._admit(self.step, counts, sites, in_batch)
        return replace(after, round=self.round + 1, hash=hash_, is_closed=self.is_closing)._moved_on()

    def phase_of(self, id_: str) -> str:
        """Returns for which phase of a run the next round asks an analysis: a step of admission, `first` or `later`."""
        if self.step is not None and id_ in self.batch:
            return self.step.id
        return "later" if any(q.analysis.id == id_ and not q.is_first for q in self.questions) else "first"

    def number_of_cause(self, id_: str, finding: Finding | None) -> int:
        """Returns what a site's flag in the next round shows of a finding that does not pass; 0 for none. ValueError
        for a finding that no flag can show: it would be told as another."""
        phase = self.phase_of(id_)
        cause = cause_of(phase, finding)
        return OWN_CAUSES[phase].index(cause) if cause and not self._is_before(flags.SINCE) else 0

    def _cause(self, id_: str, number: int) -> str:
        """Returns the cause that a flag shows; nothing in a run whose flags show none."""
        causes = OWN_CAUSES.get(self.phase_of(id_), ())
        return "" if self._is_before(flags.SINCE) or not causes else causes[min(number, len(causes) - 1)]

    def _of_step(
        self, step: Step, numbers: Sequence[float], contributions: Sequence[Verified]
    ) -> tuple[Sequence[float], Sequence[int]]:
        """Returns the totals of a round of admission, and how many sites contribute to each count."""
        if self._is_before_statements:
            return unmixed(numbers, step, self.in_admission)
        return numbers, contributors(contributions, self._stated)

    def read(self, contribution: Verified) -> fixed_point.Vector:
        """Returns the vector of one contribution. Raises ProtocolError where it, or what the site states with it, has
        not the length of the question."""
        if not self._is_before_statements:
            read_stated(contribution, self._stated)
            read_told(contribution, self._sizes_told)
        return fixed_point.from_bytes(read_cosigned(contribution.payload).vector, self.vector_size)

    @property
    def _sizes_told(self) -> list[int]:
        return [len(question.told) for question in self.told]

    def _told_in(self, contributions: Sequence[Verified]) -> Mapping[str, Mapping[str, Told]]:
        """Returns by site, in the order of names, what it tells of each question, by id."""
        ids = [question.analysis.id for question in self.told]
        if not ids:
            return NOTHING_TOLD
        by_name = sorted(contributions, key=lambda one: one.head.sender)
        read = ((one.head.sender, read_told(one, self._sizes_told)) for one in by_name)
        return {site: dict(zip(ids, told, strict=True)) for site, told in read}

    @property
    def _is_before_statements(self) -> bool:
        return self._is_before(SINCE)

    def _is_before(self, protocol: int) -> bool:
        return any(said.program.protocol < protocol for said in self.opened.values())

    @cached_property
    def _stated(self) -> int:
        """To how many counts of the next vector every site states whether it contributes."""
        return 0 if self.step is None or self._is_before_statements else len(self.step.stated(self.in_admission))

    @cached_property
    def _masked_contributors(self) -> int:
        """How many numbers of the next vector say, before protocol 3, whether a site contributes."""
        return len(self.step.stated(self.in_admission)) if self.step and self._is_before_statements else 0

    def _admit(self, step: Step, numbers: Sequence[float], sites: Sequence[int], dead: Mapping[str, str]) -> History:
        try:
            figures = step.combine(numbers, sites, self.in_admission, frozenset(dead), self.figures)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(step.id) from error
        refused: dict[str, Result] = {
            id_: self.judge.by_a_site(step.id, cause, self.plan.by_id[id_]) for id_, cause in dead.items()
        }
        alive = [analysis for analysis in self.in_admission if analysis.id not in dead]
        for id_, finding in self.judge.pooled(step.id, alive, figures).items():
            if id_ in self.batch:  # the numbers of those admitted before are known already
                refused[id_] = RefusedByRule.of(finding)
        moments = {moments_id(name): found for name, found in figures.moments.items()}
        results = {**self.results, **moments, **refused}
        return replace(self, figures=figures, results=results, admitted=self.admitted + 1)

    def _compute(
        self, numbers: Sequence[float], dead: Mapping[str, str], told: Mapping[str, Mapping[str, Told]]
    ) -> History:
        states, results, asked, at = dict(self.states), dict(self.results), dict(self.asked), 0
        opened = self.opened_numbers
        for question in self.questions:
            part, at = numbers[at : at + question.size], at + question.size
            id_ = question.analysis.id
            asked[id_] = question.evaluations + 1
            opened = opened if id_ in dead else self._after(opened, question)
            outcome = self._stopped(question, dead[id_]) if id_ in dead else self._combined(question, part, told)
            self._keep(question.analysis, outcome, states, results)
        tellers = self.tellers | {site for site, of in told.items() if any(of.values())}
        return replace(self, states=states, results=results, asked=asked, opened_numbers=opened, tellers=tellers)

    def _after(self, tally: Tally, question: Question, rows: int | None = None) -> Tally:
        analysis = question.analysis
        n = self.figures.rows[analysis.analysis_set].rows if rows is None else rows
        return tally.after(analysis, question.labels, n, self.plan.fields.get(analysis.endpoint or "", ()))

    def opens(self, cohort: Cohort) -> dict[str, int]:
        """Returns, by analysis, how many numbers the next vector opens that were not opened before in this run: of the
        hospital with this cohort where others can see its own, else of all hospitals."""
        is_own = self.judge.policy is not None and self.judge.policy.column == "local"
        opened, tally = {}, self.opened_numbers
        for question in self.questions:
            own = cohort.analysis_sets[question.analysis.analysis_set].n if is_own else None
            after = self._after(tally, question, own)
            opened[question.analysis.id], tally = after.numbers - tally.numbers, after
        return opened

    def _combined(self, question: Question, total: Sequence[float], told: Mapping[str, Mapping[str, Told]]) -> object:
        analysis, state = question.analysis, question.state
        try:
            if question.told:
                state = analysis.heard(state, _of(analysis, told))
            outcome = analysis.combine(total, state)
        except (ValueError, ArithmeticError) as error:
            raise self._of_no_patients(analysis.id) from error
        if isinstance(outcome, Result):
            return outcome
        allowed = self.judge.evaluations_allowed(analysis, self.figures)
        spent = allowed is not None and question.evaluations + 1 >= allowed
        return analysis.out_of_evaluations(outcome) if spent else outcome

    def _of_no_patients(self, of: str) -> Refused:
        message = say("protocol.round.totals", round=self.round + 1, analysis=of)
        return Refused("totals", message, say("protocol.round.totals_hint"))

    def _stopped(self, question: Question, cause: str) -> Result:
        """Returns the result of an analysis that a site has refused."""
        refusal = self.judge.by_a_site("first" if question.is_first else "later", cause, question.analysis)
        return question.analysis.refused(question.state, refusal)

    def _moved_on(self) -> History:
        """Returns the history after all analyses were ended, admitted and begun that are due.

        A step without numbers is asked for its flags: curves have no moments, but their arms may single out a patient.
        """
        history = (self._batch_ended() if self.batch else self)._begun()
        if history.batch:
            return history
        waiting = [a for a in history.live if a.id not in history.passed and a.id not in history.plan.admitted_with]
        ready = tuple(a.id for a in waiting if history._is_known(a.population))
        if not ready:
            return history
        earlier = () if history.passed else history.opening.earlier  # changes are examined once per run
        return replace(
            history,
            batch=ready,
            admitted=0,
            steps=steps(
                earlier,
                history._exclusions,
                *history._told,
                counts_entered=not history._is_before_statements,
                joint=history._joint(ready),
            ),
        )

    def _joint(self, ready: Sequence[str]) -> tuple[Joint, ...]:
        """Returns the round of admission for products of columns, where an analysis has one."""
        if not any(is_joint(self.plan.by_id[id_]) for id_ in (*self.passed, *ready)):
            return ()
        return (Joint(self.judge.policy.k if self.judge.policy else 1),)

    @property
    def _told(self) -> tuple[tuple[ToldSet, ...], frozenset[ToldSet]]:
        """The sets of which a participant told in an earlier run or may still tell; and those of them of which all
        participants of this one told: only these were compared there with what each of them had told before."""
        said = [one.told for one in self.opened.values()]
        every = sorted({(run, place) for told in said for run, of in told.items() for place in of.told + of.pending})
        by_all = ((run, p) for run, p in every if all(run in told and p in told[run].told for told in said))
        return tuple(every), frozenset(by_all)

    @property
    def _exclusions(self) -> Exclusions:
        """What the admission counts of patients who are not analysed: nothing in a run of a version that did not."""
        policy, stated = self.judge.policy, self.opened.values()
        if self._is_of_0_1_0:
            return NOT_COUNTED
        may_be_seen = policy is not None and (policy.column == "local" or any(s.may_be_subtracted for s in stated))
        return Exclusions(self.plan.excluded, policy.k if policy is not None and may_be_seen else 0)

    def _batch_ended(self) -> History:
        """Returns the history after an admission that is done, or in which every analysis was refused."""
        alive = tuple(id_ for id_ in self.batch if id_ not in self.results)
        if alive and self.admitted < len(self.steps):
            return self
        return replace(self, batch=(), passed=(*self.passed, *alive))._without_arms(self.batch)

    def _without_arms(self, batch: Sequence[str]) -> History:
        """Returns the history in which analyses by arm that were refused are asked of all patients together, in an
        admission of their own. A rule that refuses the patients or the run would refuse that too: so would all parties
        before the columns were counted."""
        if self._is_of_0_1_0:
            return self
        asked: dict[str, Analysis] = {}
        for id_ in batch:
            refusal, analysis = self.results.get(id_), self.plan.by_id[id_]
            if not isinstance(refusal, RefusedByRule) or refusal.rule == "R14":
                continue
            counted = any(Feature(analysis.analysis_set, c) in self.figures.columns for c in analysis.columns)
            if counted or refusal.by == "a site":
                again = analysis.without_arms(refusal)
                asked |= {} if again is None else {id_: again}
        if not asked:
            return self
        reported = tuple(asked.get(analysis.id, analysis) for analysis in self.plan.reported)
        results = {id_: result for id_, result in self.results.items() if id_ not in asked}
        return replace(self, plan=replace(self.plan, reported=reported), results=results)

    @property
    def _is_of_0_1_0(self) -> bool:
        return any(said.program.protocol == UNNUMBERED for said in self.opened.values())

    def _begun(self) -> History:
        """Returns the history after every analysis was begun, or ended, whose needs have their results."""
        states, results, begun = dict(self.states), dict(self.results), self.begun
        waiting = [analysis for analysis in self.live if analysis.id not in states]
        while True:
            for analysis in waiting:
                if failed := self._failed(analysis, results):
                    results[analysis.id] = failed
                elif self._is_admitted(analysis) and self.plan.has_all_of(analysis, results):
                    inputs = {name: results[name] for name in analysis.needs}
                    self._keep(analysis, analysis.start(inputs), states, results)
            begun = self._within_budget(begun, states, results)
            still = [a for a in waiting if a.id not in states and a.id not in results]
            if len(still) == len(waiting):
                return replace(self, states=states, results=results, begun=begun)
            waiting = still

    def _is_admitted(self, analysis: Analysis) -> bool:
        return self.plan.admitted_with.get(analysis.id, analysis.id) in self.passed

    def _within_budget(self, begun: Begun, states: dict[str, Any], results: dict[str, Result]) -> Begun:
        """Returns `begun` with the analyses that have a first state since; those that would open too much end (R5)."""
        known = {analysis.id for analysis, _ in begun}
        new = [a for a in self.live if a.id in states and a.id not in known]
        if not new:
            return begun
        both = (*begun, *((analysis, analysis.labels(states[analysis.id])) for analysis in new))
        for id_, finding in self.judge.opened(both, self.figures, self.plan.fields):
            if id_ not in known and not finding.passes:
                results[id_] = RefusedByRule.of(finding)
                del states[id_]
        return tuple((analysis, labels) for analysis, labels in both if analysis.id in known | states.keys())

    def _failed(self, analysis: Analysis, results: Mapping[str, Result]) -> NotEstimable | None:
        """Returns the result of an analysis that needs one without a result; None where nothing failed so far."""
        for id_ in self.plan.waits_for(analysis):
            if id_ in results and id_ not in analysis.reports and not has_result(results[id_]):
                return NotEstimable("needs", _needed(id_, results[id_]))
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
        """Returns what the next vector holds after the flags, in order: (id of the step or analysis that asks, one
        label per number)."""
        step = ((self.step.id, self.step_labels),) if self.step else ()
        return (*step, *((q.analysis.id, q.labels) for q in self.questions))

    @cached_property
    def step_labels(self) -> tuple[Label, ...]:
        """What each number of the next round of admission is; nothing outside an admission."""
        return self.step.labels(self.in_admission) if self.step else ()

    def parts(self, cohort: Cohort) -> tuple[SummaryPart, ...]:
        """Returns, in the order of `labels`, what the gate of the hospital with this cohort requires of each number."""
        sets = cohort.analysis_sets
        asked = (
            SummaryPart(q.analysis.exposure, q.labels, sets[q.analysis.analysis_set].n, q.told) for q in self.questions
        )
        if self.step is None:
            return tuple(asked)
        exposures = (analysis.exposure for analysis in self.in_admission)
        opened = of_admission(exposures, columns_told(self.in_admission))
        return (SummaryPart(opened, self.step_labels), *asked)

    def _keep(self, analysis: Analysis, outcome: object, states: dict[str, Any], results: dict[str, Result]) -> None:
        """Stores the next state of an analysis, or its result; what would send undeclared numbers is ended."""
        if not isinstance(outcome, Result):
            told = analysis.tells(outcome) if analysis.id not in self.asked else ()
            labels = analysis.labels(outcome)
            few = self.judge.halved(analysis, outcome, labels)
            ended = self.judge.uncovered(analysis, labels, told) or (few and analysis.refused(outcome, few))
            outcome = ended or outcome
        if isinstance(outcome, Result):
            results[analysis.id] = outcome
            states.pop(analysis.id, None)
        else:
            states[analysis.id] = outcome


def _of(analysis: Analysis, told: Mapping[str, Mapping[str, Told]]) -> dict[str, Told]:
    """Returns what sites told of an analysis; nothing of a site without patients."""
    return {site: numbers[analysis.id] for site, numbers in told.items() if numbers[analysis.id] != ()}


def _needed(analysis: str, result: Result) -> Message:
    """Returns why an analysis that is needed has no result."""
    if isinstance(result, RefusedByRule):
        return say("protocol.needs.refused", analysis=analysis, rule=result.rule)
    return say("protocol.needs.not_estimable", analysis=analysis, code=getattr(result, "code", ""))


def open_history(plan: Plan, study: str, roster: str, run: str, messages: Sequence[Verified]) -> History:
    """Returns the history after the opening round, in which every participant agreed to take part and stated how.

    Raises ProtocolError where participants received different openings, so that each would add the same sums to
    different ones, and where they would compute with different methods.
    """
    opening, opened = open_run(messages, plan.kinds)
    before = sha256("\n".join(["riskset run", study, roster, run]).encode())
    try:
        protocol = min(said.program.protocol for said in opened.values())
        judge = Judge.of(plan, [said.policy for said in opened.values()], protocol)
    except (DataError, ValueError):
        raise ProtocolError(say("protocol.round.limits")) from None
    return begun(plan, opening, opened, judge, chain(before, messages))


def begun(plan: Plan, opening: Opening, opened: Mapping[str, Opened], judge: Judge, hash_: str) -> History:
    """Returns the history of a run that every participant opened as it stated in `opened`."""
    results: dict[str, Result] = {
        id_: RefusedByRule.of(finding) for id_, finding in judge.pooled("open", plan.reported, Figures()).items()
    }
    figures = Figures(opened_before=max(said.opened for said in opened.values()))
    return History(plan, opening, opened, judge, (), hash_, figures=figures, results=results)._moved_on()
