"""What any party derives from the signed contributions alone. Site, coordinator and auditor run this same class.

A run is a sequence of rounds. In each, the coordinator's message carries every site's signed contribution to the round
before; each party adds the contributions, judges the pooled figures, derives every analysis' next state, and knows what
the next vector holds. So the coordinator cannot choose a total or a point of evaluation: they follow.

All analyses that are ready are asked together (`due`); those that are asked once, and for which no other waits, come in
the closing message. A flag whose total is not 0 ends its analysis for all parties, in this run; the total shows a cause
(`flags`), and nobody learns which site raised it. (`next_vector` says what a vector holds.)

The hash of a history is a chain over the contributions' ids: two parties with the same hash have seen the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judge import Judge
from riskset.analyses.admission.step import Step
from riskset.analyses.analysis import Analysis, RefusedByRule, Result
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import Plan
from riskset.catalogue import say
from riskset.disclosure.gate import Told
from riskset.errors import DataError, ProtocolError, Refused
from riskset.protocol import flags
from riskset.protocol.derived_once import once
from riskset.protocol.due import keep, moved_on
from riskset.protocol.next_vector import NOTHING_TOLD, NextVector
from riskset.protocol.opening import Opened, Opening, open_run
from riskset.protocol.round import Question, before_opening, chain
from riskset.protocol.unblinding import unblinded
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified


@dataclass(frozen=True)
class History(NextVector):
    """Everything that follows from the rounds taken in so far. Immutable: `advance` returns the next one."""

    def advance(self, contributions: Sequence[Verified]) -> History:
        """Returns the history after one more round of contributions, one per participant, in any order.

        Raises ProtocolError where a contribution does not have the length of the question, Refused where no patients
        can have such sums: a site sent what it did not compute.
        """
        return once(self, tuple(one.raw for one in contributions), lambda: self._after(contributions))

    def _after(self, contributions: Sequence[Verified]) -> History:
        total = fixed_point.total([self.read(c) for c in contributions])
        raised, numbers = flags.read(total[:, : len(self.live)]), fixed_point.decode(total[:, len(self.live) :])
        dead = {a.id: self.cause(a.id, n) for a, n in zip(self.live, raised, strict=True) if n is not None}
        of_step = len(self.step_labels) + self.masked_contributors
        counts, sites = self.of_step(self.step, numbers[:of_step], contributions) if self.step else ((), ())
        told = self.told_in(contributions)
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
        return moved_on(replace(after, round=self.round + 1, hash=hash_, is_closed=self.is_closing))

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
        opened, sent = self.opened_numbers, dict(self.sent)
        for question in self.questions:
            part, at = numbers[at : at + question.size], at + question.size
            id_ = question.analysis.id
            opened = opened if id_ in dead else self.after_asking(opened, question)
            outcome = self._stopped(question, dead[id_]) if id_ in dead else self._combined(question, part, told)
            asked[id_], sent[id_] = _rounds(question, outcome), sent.get(id_, 0) + question.size
            keep(self, question.analysis, outcome, states, results)
        tellers = self.tellers | {site for site, of in told.items() if any(of.values())}
        after = replace(self, states=states, results=results, asked=asked, sent=sent)
        return replace(after, opened_numbers=opened, tellers=tellers)

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
        allowed = self.judge.rounds_allowed(analysis, self.figures)
        spent = allowed is not None and _rounds(question, outcome) >= allowed
        return analysis.out_of_evaluations(outcome) if spent else outcome

    def _of_no_patients(self, of: str) -> Refused:
        message = say("protocol.round.totals", round=self.round + 1, analysis=of)
        return Refused("totals", message, say("protocol.round.totals_hint"))

    def _stopped(self, question: Question, cause: str) -> Result:
        """Returns the result of an analysis that a site has refused."""
        refusal = self.judge.by_a_site("first" if question.is_first else "later", cause, question.analysis)
        return question.analysis.refused(question.state, refusal)


def _rounds(question: Question, outcome: object) -> int:
    """Returns how many rounds an analysis has had after this one; a point of two rounds that it leaves after the first
    has had both."""
    rounds, analysis = question.evaluations + 1, question.analysis
    if analysis.exposure.slopes and not isinstance(outcome, Result):
        of_another = analysis.exposure.is_of_another_point(analysis.labels(outcome), question.labels)
        rounds += rounds % 2 if of_another else 0
    return rounds


def _of(analysis: Analysis, told: Mapping[str, Mapping[str, Told]]) -> dict[str, Told]:
    """Returns what sites told of an analysis; nothing of a site without patients."""
    return {site: numbers[analysis.id] for site, numbers in told.items() if numbers[analysis.id] != ()}


def open_history(plan: Plan, study: str, roster: str, run: str, messages: Sequence[Verified]) -> History:
    """Returns the history after the opening round, in which every participant agreed to take part and stated how.

    Raises ProtocolError where participants received different openings, so that each would add the same sums to
    different ones, where they would compute with different methods, and where it is opened with a decision that the
    study leaves to nobody.
    """
    of = study, roster, run, *(message.raw for message in messages)
    return once(plan, of, lambda: _opened(plan, study, roster, run, messages))


def histories(plan: Plan, study: str, roster: str, run: str, rounds: Iterable[Sequence[Verified]]) -> Iterator[History]:
    """Yields the history after each round of a run, the opening first; `rounds` has every participant's reply to each.
    Raises as `open_history` and `History.advance` do."""
    opened, *others = rounds
    history = open_history(plan, study, roster, run, opened)
    yield history
    for contributions in others:
        history = history.advance(contributions)
        yield history


def _opened(plan: Plan, study: str, roster: str, run: str, messages: Sequence[Verified]) -> History:
    opening, opened = open_run(messages, plan.kinds)
    before = before_opening(study, roster, run)
    try:
        protocol = min(said.program.protocol for said in opened.values())
        judge = Judge.of(plan, [said.policy for said in opened.values()], protocol)
    except (DataError, ValueError):
        raise ProtocolError(say("protocol.round.limits")) from None
    return begun(unblinded(plan, opening.unblinded), opening, opened, judge, chain(before, messages))


def begun(plan: Plan, opening: Opening, opened: Mapping[str, Opened], judge: Judge, hash_: str) -> History:
    """Returns the history of a run that every participant opened as it stated in `opened`."""
    results: dict[str, Result] = {
        id_: RefusedByRule.of(finding) for id_, finding in judge.pooled("open", plan.reported, Figures()).items()
    }
    figures = Figures(opened_before=max(said.opened for said in opened.values()))
    return moved_on(History(plan, opening, opened, judge, (), hash_, figures=figures, results=results))
