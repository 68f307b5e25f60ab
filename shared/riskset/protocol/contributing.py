"""How a site computes its part of one round: cohort -> judgement of its rows -> local sums -> gate -> mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import features_of
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.own_outcomes import own_outcomes_since
from riskset.analyses.admission.own_points import own_findings_of_points, own_findings_of_squares
from riskset.analyses.admission.own_rows import (
    own_findings,
    own_findings_alone,
    own_findings_before_first,
    own_findings_of_budget,
    own_findings_of_curves,
)
from riskset.analyses.admission.step import Own
from riskset.analyses.admission.steps import Changes, Cohorts
from riskset.analyses.admission.told_outcome import NOT_COUNTED
from riskset.analyses.admission.weighings import units_of
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.populations import Members, with_population
from riskset.catalogue import say
from riskset.disclosure.exposure import Exposure
from riskset.disclosure.gate import Gate, Released, Summary, Told
from riskset.disclosure.policy import Policy
from riskset.errors import Refused
from riskset.protocol.flags import raised
from riskset.protocol.history import History
from riskset.protocol.journal import ALONE, IN_CLEAR, Labelled, Sent
from riskset.protocol.messages import refused
from riskset.protocol.round import Question
from riskset.protocol.stated import stated
from riskset.protocol.told import with_told
from riskset.secure import fixed_point
from riskset.secure.masks import Masks, noise

Freeze = Callable[[str, Callable[[], bytes]], bytes]
"""Keeps what is computed under a key, and returns what was kept first."""


@dataclass(frozen=True)
class _Evaluated:
    """An analysis at the point that the next round evaluates, on this site's rows."""

    question: Question
    prepared: Any

    @property
    def analysis(self) -> Analysis:
        return self.question.analysis

    @property
    def evaluations(self) -> int:
        return self.question.evaluations

    def linear_predictor(self) -> NDArray[np.float64]:
        return self.analysis.linear_predictor(self.prepared, self.question.state)

    def largest_share(self, *, of_own: bool) -> float | None:
        if self.prepared is None:
            return None
        return self.analysis.largest_share(self.prepared, self.question.state, of_own=of_own)

    def halved_here(self) -> Sequence[int]:
        return self.analysis.halved_here(self.prepared, self.question.state)


def _computed(key: str, compute: Callable[[], bytes]) -> bytes:
    return compute()


@dataclass
class Contributor:
    """One site's computing in one run."""

    own: Own
    """What it computes from; derived populations are added as they become known."""
    alone: Policy | None = None
    """The limits of the local column, for a site that signed `may_be_subtracted`: its own sums may become known."""
    told: Policy | None = None
    """The same, for a site that signed `may_be_told_alone`: it tells its own estimates where its rows pass them."""
    asked_alone: tuple[Analysis, ...] = ()
    """The analyses of the study for which it would."""
    ran_otherwise: Callable[[History], bool] = lambda _: False
    """Whether some participant knows an earlier run of other sites over these patients (R13)."""
    freeze: Freeze = _computed
    keep: Callable[[str, Cohort, Sequence[Analysis]], None] = lambda *_: None
    """Keeps what later runs need of a derived population, by name, that a cohort has and analyses use."""
    gate: Gate = field(default_factory=Gate)
    prepared: dict[str, Any] = field(default_factory=dict)
    """What each analysis, by its id, prepared from the rows; prepared once, so that a round only evaluates."""
    members: dict[str, Members] = field(default_factory=dict)
    """Of the derived populations known so far, by name."""
    refused: dict[tuple[str, Exposure], int] = field(default_factory=dict)
    """By id and what it discloses, the analyses that this site's rows forbade in this run, and after which round. The
    site's flag ends them for all parties, unless the party that adds last removes the flag from the sum."""

    _telling: frozenset[str] | None = None
    """The ids of the analyses for which it tells its own estimate; judged once in a run."""

    def contribute(self, history: History, masks: Masks) -> tuple[bytes, bytes, Sent]:
        """Returns the vector of the next contribution, what the site states with it, and its numbers in clear for the
        site's own ledger."""
        findings = self.findings(history)
        asked = [analysis.id for analysis in history.live]
        parts = history.parts(self._known_to(history).cohort)
        released = self.gate.release(
            asked,
            findings,
            lambda refused: self.summary(history, refused),
            parts,
            history.judge.arm,
            history.number_of_cause,
        )
        parties = len(history.opening.participants)
        payload = contribution(released, parties, masks, history.round + 1, history.hash)
        statement = with_told(stated(released.stated), released.told)
        return payload, statement, self._sent(history, released, findings)

    def findings(self, history: History) -> list[Judged]:
        """Returns what the rules say of this site's rows before the next vector; none where no rules are applied.

        Raises Refused("history") where an analysis is requested that this site refused in an earlier round.
        """
        if any(self.refused.get((a.id, a.exposure), history.round) < history.round for a in history.live):
            raise Refused("history", say("protocol.round.repeated_analysis"))
        found = self.judge_own(history)
        failing = {id_ for id_, finding in found if not finding.passes}
        asked = [(a.id, a.exposure) for a in history.live]  # for all of them: the work shows no refusal
        self.refused |= {key: history.round for key in asked if key[0] in failing}
        return found

    def judge_own(self, history: History) -> list[Judged]:
        """Returns the same, and remembers nothing."""
        policy = history.judge.policy
        if policy is None:
            return []
        found = self._judged(policy, history)
        if self.alone is not None and policy.column == "pooled":
            found += self._judged(self.alone, history)
        if self.told is not None and policy.column == "pooled":  # totals without this site are among the numbers
            again = (q for q in history.questions if not q.is_first and q.analysis.exposure.without)
            later = [q for q in again if self.tells(q.analysis, history)]
            evaluated = [_Evaluated(q, self._of_rows(q, history)) for q in later]
            found += own_findings_of_points(self.told, self._known_to(history), evaluated)
        return found

    def check_curves(self, history: History) -> None:
        """Raises Refused("curves_since") where a curve that is asked now does not pass beside those that other runs
        have opened since it was admitted (R9): they were opened at the same time."""
        policy, asked = history.judge.policy, [q.analysis for q in history.questions if q.is_first]
        first = {analysis.id for analysis in asked if analysis.exposure.in_time is not None}
        if policy is None or not first:
            return
        found = own_findings_of_curves(policy, history.admitted_analyses, self._known_to(history))
        if any(id_ in first and not finding.passes for id_, finding in found):
            raise refused("curves_since")

    def _judged(self, policy: Policy, history: History) -> list[Judged]:
        own, figures = self._known_to(history), history.figures
        found: list[Judged] = []
        if history.step is not None:
            of_step = own_findings(policy, history.step.id, history.in_admission, own, figures, history.judge.arm)
            found += ((id_, finding) for id_, finding in of_step if id_ in history.batch)
        first = [q.analysis for q in history.questions if q.is_first]
        designs = {a.id for a in first if (a.exposure.summed or a.exposure.weighs_tables) and a.id in history.passed}
        if designs:
            of_designs = own_findings_before_first(policy, history.admitted_analyses, own, figures)
            found += ((id_, finding) for id_, finding in of_designs if id_ in designs)
        if first:
            found += own_outcomes_since(policy, first, own, figures.events)
            before, ids = history.opened[own.cohort.site].opened, {analysis.id for analysis in first}
            of_budget = own_findings_of_budget(policy, history.begun, own, history.plan.fields, before)
            found += ((id_, finding) for id_, finding in of_budget if id_ in ids)
        squares = [q for q in history.questions if q.analysis.exposure.squares]
        found += own_findings_of_squares(policy, [_Evaluated(q, self._of_rows_if_any(q, history)) for q in squares])
        again = [_Evaluated(q, self._of_rows(q, history)) for q in history.questions if not q.is_first]
        return found + own_findings_of_points(policy, own, again)

    def summary(self, history: History, refused: frozenset[str]) -> Summary:
        """Returns this site's numbers of the next vector, behind the flags; those of `refused` analyses are 0 and
        silent. They are computed all the same: an answer that comes sooner would name the site that refuses. A round of
        admission needs the columns of those admitted before, which are told already."""
        own = self._known_to(history)
        values = [np.zeros(0)]
        if history.step is not None:
            values.append(history.step.local(own, history.in_admission))
        for question in history.questions:
            is_refused = question.analysis.id in refused
            values.append(self._discarded(question, history) if is_refused else self._local(question, history))
        states = history.step.contributes(own, history.in_admission) if history.step is not None else ()
        told = tuple(self._told(question, history, refused) for question in history.told)
        return Summary(np.concatenate(values), history.silent(refused), states, told)

    def tells(self, analysis: Analysis, history: History) -> bool:
        """Whether this site tells its own estimate of an analysis, here and in every round of the run: it signed for
        that, its rows pass the local column, and no run of other sites makes more of it."""
        if self._telling is None:
            self._telling = frozenset()
            if self.told is not None and not self.ran_otherwise(history):
                found = own_findings_alone(self.told, self.asked_alone, self._known_to(history))
                failing = {id_ for id_, finding in found if not finding.passes}
                self._telling = frozenset(one.id for one in self.asked_alone) - failing
        return analysis.id in self._telling

    def _told(self, question: Question, history: History, refused: frozenset[str]) -> Told:
        analysis = question.analysis
        if not self._known_to(history).cohort.analysis_sets[analysis.analysis_set].n:
            return ()
        if analysis.id in refused or not self.tells(analysis, history):
            return None
        return analysis.alone(self._of_rows(question, history), question.state)

    def _known_to(self, history: History) -> Own:
        """Returns what this site computes from, with the derived populations that the history makes known. Each is
        computed once per run, and kept before any number about it is sent."""
        for name in history.populations:
            if name not in self.members:
                population, cohort = history.plan.populations[name], self.own.cohort
                inputs = {id_: history.results[id_] for id_ in population.needs}
                kept = self.freeze(
                    f"{history.hash}/{name}",
                    lambda population=population, cohort=cohort, inputs=inputs: (  # type: ignore[misc]
                        population.members(cohort, inputs).to_bytes()
                    ),
                )
                members = Members.from_bytes(kept)
                sets = [a.set_id for a in history.plan.reported if a.population == name]
                cohort = with_population(cohort, members, sets)
                self.keep(name, cohort, history.plan.reported)  # where it fails, nothing is known of the population
                self.members[name], self.own = members, replace(self.own, cohort=cohort)
        figures = history.figures
        units = units_of({name: count.rows for name, count in figures.rows.items()}, figures.weights)
        own = replace(self.own, units=units, in_cells=figures.in_cells)
        return replace(own, tells=lambda analysis: self.tells(analysis, history))

    def _local(self, question: Question, history: History) -> NDArray[np.float64]:
        return question.analysis.local(self._of_rows(question, history), question.state)

    def _discarded(self, question: Question, history: History) -> NDArray[np.float64]:
        """Does the work of a question, and returns zeros in place of its numbers."""
        with suppress(Exception):  # numbers that are not used need not exist, and an error would name the site
            self._local(question, history)
        return np.zeros(question.size)

    def _of_rows(self, question: Question, history: History) -> Any:  # noqa: ANN401 - each analysis has its own type
        analysis = question.analysis
        if analysis.id not in self.prepared:
            self.prepared[analysis.id] = analysis.prepare(self._known_to(history).cohort, history.inputs(analysis))
        return self.prepared[analysis.id]

    def _of_rows_if_any(self, question: Question, history: History) -> Any:  # noqa: ANN401
        """Returns the same; None where the rows do not allow it, so that nothing can be judged."""
        with suppress(ArithmeticError):
            return self._of_rows(question, history)

    def _sent(self, history: History, released: Released | Summary, findings: Sequence[Judged]) -> Sent:
        verdicts = tuple({"analysis": id_, **finding.to_json()} for id_, finding in findings)
        numbers, opens = labelled(history, released.values, released.silent), history.opens(self.own.cohort)
        numbers = (*numbers, *in_clear(history, released.stated), *alone(history, released.told))
        opened = tuple(opens.get(id_, 0) if labels else 0 for id_, labels, _ in numbers)
        told, crossed = _told(history, findings)
        followed, heard = _followed(history, findings), tuple(sorted(history.tellers))
        return Sent(numbers, verdicts, opened, told, crossed, followed, heard)


def labelled(history: History, values: NDArray[np.float64], silent: NDArray[np.bool_]) -> tuple[Labelled, ...]:
    """Returns the numbers of a vector after the flags that are not silent, by the analysis or step that asked."""
    by_id: list[Labelled] = []
    at = 0
    for id_, labels in history.labels():
        own = slice(at, at + len(labels))
        spoken = [(label.text, float(x)) for label, x, s in zip(labels, values[own], silent[own], strict=True) if not s]
        by_id.append((id_, tuple(label for label, _ in spoken), tuple(x for _, x in spoken)))
        at = own.stop
    return tuple(by_id)


def _told(history: History, findings: Sequence[Judged]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names of the sets, and of the columns in them, of which the vector tells more than how many patients
    a set has; and the sets of which it tells more than tables by arm."""
    refused = {id_ for id_, finding in findings if not finding.passes}
    tells_sizes = history.step is None or isinstance(history.step, Changes | Cohorts)
    in_step = () if tells_sizes else history.in_admission
    asked = [*in_step, *(question.analysis for question in history.questions)]
    # of all of them, refused or not: the work shows no refusal
    of_each = [(analysis.id, [feature.name for feature in features_of([analysis])]) for analysis in asked]
    crossed = [(analysis.id, analysis.analysis_set) for analysis in asked if not analysis.exposure.is_one_way]
    return (
        tuple(sorted({name for id_, names in of_each if id_ not in refused for name in names})),
        tuple(sorted({name for id_, name in crossed if id_ not in refused})),
    )


def _followed(history: History, findings: Sequence[Judged]) -> dict[str, int]:
    """Returns the rows whose days and events the vector tells, with their events at all hospitals."""
    refused = {id_ for id_, finding in findings if not finding.passes}
    asked = [q.analysis for q in history.questions if q.analysis.endpoint is not None]
    known = {**history.figures.events} | {a.rows_name: NOT_COUNTED for a in asked if a.exposure.weights}
    # of all of them, refused or not: the work shows no refusal
    events = [(a.id, a.rows_name, known[a.rows_name]) for a in asked if a.rows_name in known]
    return {name: number for id_, name, number in events if id_ not in refused}


def in_clear(history: History, states: Sequence[bool]) -> tuple[Labelled, ...]:
    """Returns what a site states in clear, as its ledger shows it."""
    if history.step is None or not states:
        return ()
    labels = history.step.labels(history.in_admission)
    texts = tuple(f"contributes to {labels[index].text}" for index in history.step.stated(history.in_admission))
    return ((IN_CLEAR, texts, tuple(map(float, states))),)


def alone(history: History, told: Sequence[Told]) -> tuple[Labelled, ...]:
    """Returns what a site tells of its own rows alone, as its ledger shows it."""
    numbers = [
        (f"{label.text} ({question.analysis.id})", number)
        for question, of in zip(history.told, told, strict=True)
        for label, number in zip(question.told, of or (), strict=False)
    ]
    return ((ALONE, *zip(*numbers, strict=True)),) if numbers else ()  # type: ignore[return-value]


def contribution(released: Released, parties: int, masks: Masks, round_: int, history: str) -> bytes:
    """Returns the payload: a flag for each analysis asked, then the numbers, as integers modulo 2^128, masked. There is
    no other way from numbers to bytes.

    Where the site refuses an analysis its flag and its numbers are noise: with `parties` masked contributions added,
    the total shows that a site refused, and the number of a cause, and nothing else. Every site draws noise
    for all of them, and uses what it needs, so that drawing it takes no time that shows a refusal.
    """
    flags, numbers = raised(released.flags), fixed_point.encode(released.values, parties)
    numbers = np.where(released.silent, noise(len(released.silent)), numbers)
    vector = fixed_point.concatenate([flags, numbers])
    return fixed_point.to_bytes(masks.mask(vector, round_, history))
