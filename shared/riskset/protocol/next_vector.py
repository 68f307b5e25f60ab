"""What the next vector of a run holds, and how contributions to it are read.

Every vector begins with one flag for each analysis that has no result yet. The numbers of a round of admission follow,
then those of the questions, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.causes import OWN_CAUSES
from riskset.analyses.admission.joint import columns_told
from riskset.analyses.admission.step import Step
from riskset.analyses.cohort import Cohort
from riskset.analyses.opened import Tally
from riskset.disclosure.exposure import Label, of_admission
from riskset.disclosure.gate import SummaryPart, Told
from riskset.protocol import flags
from riskset.protocol.progress import Progress
from riskset.protocol.round import Question
from riskset.protocol.stated import contributors, read_stated, unmixed
from riskset.protocol.told import read_told
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified

NOTHING_TOLD: Final[Mapping[str, Mapping[str, Told]]] = {}


@dataclass(frozen=True)
class NextVector(Progress):
    """The vector that every site sends next."""

    @cached_property
    def vector_size(self) -> int:
        return len(self.live) + sum(len(labels) for _, labels in self.labels()) + self.masked_contributors

    def labels(self) -> tuple[tuple[str, tuple[Label, ...]], ...]:
        """Returns what the next vector holds after the flags, in order: (id of the step or analysis that asks, one
        label per number)."""
        step = ((self.step.id, self.step_labels),) if self.step else ()
        return (*step, *((q.analysis.id, q.labels) for q in self.questions))

    @cached_property
    def step_labels(self) -> tuple[Label, ...]:
        """What each number of the next round of admission is; nothing outside an admission."""
        return self.step.labels(self.in_admission) if self.step else ()

    def silent(self, refused: frozenset[str]) -> NDArray[np.bool_]:
        """Returns which numbers of the next vector, behind the flags, a site that refuses these analyses sends as
        noise."""
        step = (self.step.silent(self.in_admission, refused.intersection(self.batch)),) if self.step else ()
        questions = (np.full(q.size, q.analysis.id in refused) for q in self.questions)
        return np.concatenate([np.zeros(0, bool), *step, *questions])

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

    def opens(self, cohort: Cohort) -> dict[str, int]:
        """Returns, by analysis, how many numbers the next vector opens that were not opened before in this run: of the
        hospital with this cohort where others can see its own, else of all hospitals."""
        is_own = self.judge.policy is not None and self.judge.policy.column == "local"
        opened, tally = {}, self.opened_numbers
        for question in self.questions:
            own = cohort.analysis_sets[question.analysis.analysis_set].n if is_own else None
            after = self.after_asking(tally, question, own)
            opened[question.analysis.id], tally = after.numbers - tally.numbers, after
        return opened

    def after_asking(self, tally: Tally, question: Question, rows: int | None = None) -> Tally:
        """Returns the tally after a question about so many patients; None for all of its set."""
        analysis = question.analysis
        n = self.figures.rows[analysis.analysis_set].rows if rows is None else rows
        return tally.after(analysis, question.labels, n, self.plan.fields.get(analysis.endpoint or "", ()))

    def read(self, contribution: Verified) -> fixed_point.Vector:
        """Returns the vector of one contribution. Raises ProtocolError where it, or what the site states with it, has
        not the length of the question."""
        if not self.is_before_statements:
            read_stated(contribution, self._stated)
            read_told(contribution, self._sizes_told)
        return fixed_point.from_bytes(read_cosigned(contribution.payload).vector, self.vector_size)

    def states_in(self, contribution: Verified) -> list[bool]:
        """Returns to which counts of the next vector a site states that it contributes. Raises ProtocolError as
        `read`; nothing is stated in runs before protocol 3."""
        return [] if self.is_before_statements else read_stated(contribution, self._stated)

    @property
    def _sizes_told(self) -> list[int]:
        return [len(question.told) for question in self.told]

    def told_in(self, contributions: Sequence[Verified]) -> Mapping[str, Mapping[str, Told]]:
        """Returns by site, in the order of names, what it tells of each question, by id."""
        ids = [question.analysis.id for question in self.told]
        if not ids:
            return NOTHING_TOLD
        by_name = sorted(contributions, key=lambda one: one.head.sender)
        read = ((one.head.sender, read_told(one, self._sizes_told)) for one in by_name)
        return {site: dict(zip(ids, told, strict=True)) for site, told in read}

    def of_step(
        self, step: Step, numbers: Sequence[float], contributions: Sequence[Verified]
    ) -> tuple[Sequence[float], Sequence[int]]:
        """Returns the totals of a round of admission, and how many sites contribute to each count."""
        if self.is_before_statements:
            return unmixed(numbers, step, self.in_admission)
        return numbers, contributors(contributions, self._stated)

    def cause(self, id_: str, number: int) -> str:
        """Returns the cause that a flag shows; nothing in a run whose flags show none."""
        causes = OWN_CAUSES.get(self.phase_of(id_), ())
        return "" if self.is_before(flags.SINCE) or not causes else causes[min(number, len(causes) - 1)]

    @cached_property
    def _stated(self) -> int:
        """To how many counts of the next vector every site states whether it contributes."""
        return 0 if self.step is None or self.is_before_statements else len(self.step.stated(self.in_admission))

    @cached_property
    def masked_contributors(self) -> int:
        """How many numbers of the next vector say, before protocol 3, whether a site contributes."""
        return len(self.step.stated(self.in_admission)) if self.step and self.is_before_statements else 0
