"""How far a run is: what was admitted, judged and asked so far, and what is asked next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from riskset.analyses.admission.causes import OWN_CAUSES, cause_of
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judge import Judge
from riskset.analyses.admission.step import Step
from riskset.analyses.analysis import Analysis, Result, has_result
from riskset.analyses.opened import Begun, Tally
from riskset.analyses.plan import Plan
from riskset.disclosure.finding import Finding
from riskset.protocol import flags
from riskset.protocol.opening import Opened, Opening
from riskset.protocol.program import UNNUMBERED
from riskset.protocol.round import Question
from riskset.protocol.stated import SINCE


@dataclass(frozen=True)
class Progress:
    """All that is known of a run after so many rounds. Immutable."""

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
    sent: Mapping[str, int] = field(default_factory=dict)
    """By id: the numbers that every hospital has sent of the analysis."""
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
        in_order = self.plan.reported if self.is_of_0_1_0 else self.plan.judging_order
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

    @property
    def phase(self) -> str:
        """What the next vector is for: the id of a step of admission, `first` or `later` evaluation, or `close`."""
        if self.step is not None:
            return self.step.id
        if self.is_closing:
            return "close"
        return "first" if all(question.is_first for question in self.questions) else "later"

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
        return OWN_CAUSES[phase].index(cause) if cause and not self.is_before(flags.SINCE) else 0

    @property
    def populations(self) -> tuple[str, ...]:
        """The derived populations whose members follow from the results so far, in the order of the plan."""
        needs = {name: self.plan.waits_for_population(name) for name in self.plan.populations}
        return tuple(name for name, ids in needs.items() if all(has_result(self.results.get(id_)) for id_ in ids))

    def inputs(self, analysis: Analysis) -> dict[str, Result]:
        """Returns the results that an analysis needs."""
        return {name: self.results[name] for name in analysis.needs}

    @property
    def is_of_0_1_0(self) -> bool:
        return any(said.program.protocol == UNNUMBERED for said in self.opened.values())

    def is_before(self, protocol: int) -> bool:
        return any(said.program.protocol < protocol for said in self.opened.values())

    @property
    def is_before_statements(self) -> bool:
        return self.is_before(SINCE)
