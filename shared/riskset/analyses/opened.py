"""How many numbers the models and tables of a study open about its patients, for rule R5.

Two analyses that count the same patients under one label open one number: the curve, the restricted mean and the
follow-up of an endpoint are computed from the same counts. Most counts in time are 0 on a fine grid; together they open
no more than they are made of, which is a step, a status and an arm for each patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from riskset.analyses.analysis import Analysis
from riskset.disclosure import models
from riskset.disclosure.exposure import ENTRY, Exposure, Label
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy

Begun = Sequence[tuple[Analysis, tuple[Label, ...]]]
"""The analyses that have begun, in this order, and what each number of a round of theirs is."""
Rows = Callable[[str], int]
"""Returns the number of patients of an analysis set."""


@dataclass(frozen=True)
class Tally:
    """Numbers opened, and what the patients consist of."""

    numbers: int = 0
    patients: int = 0
    """Of the largest analysis set."""
    held: frozenset[str] = frozenset()
    """Columns, and variables that define endpoints."""
    counted: frozenset[tuple[str, Label]] = frozenset()
    """(analysis set, label) of numbers that are opened once."""

    @property
    def columns(self) -> int:
        return len(self.held)

    def after(
        self, analysis: Analysis, labels: Sequence[Label], rows: int, fields: Sequence[str], rounds: int = 1
    ) -> Tally:
        """Returns the tally after so many rounds of an analysis of `rows` patients; `fields` define its endpoint."""
        exposure, name = analysis.exposure, analysis.analysis_set
        held = self.held.union(fields, (column.name for column in exposure.columns))
        patients, counted = max(self.patients, rows), self.counted
        if exposure.is_iterative:  # each point of evaluation gives other numbers
            return Tally(self.numbers + rounds * len(labels), patients, held, counted)
        new = frozenset((name, label) for label in labels) - counted
        in_time = sum(label.step is not None for _, label in new)
        opened = len(new) - in_time + min(in_time, rows * _of_a_patient(exposure))
        return Tally(self.numbers + opened, patients, held, counted | new)


def _of_a_patient(exposure: Exposure) -> int:
    """Returns of how many numbers of a patient counts in time are made."""
    in_time = exposure.in_time
    return 0 if in_time is None else 2 + (ENTRY in in_time.status) + len(in_time.split)


def judged(
    policy: Policy, begun: Begun, rows: Rows, fields: Mapping[str, Sequence[str]], before: int
) -> Iterator[tuple[str, Finding, Tally]]:
    """Yields for each analysis its id, what R5 says of it with those that pass before it, and the tally of these and of
    it: the most numbers that R5 lets them open. `before` were opened in earlier runs."""
    tally = Tally()
    for analysis, labels in begun:
        n, design = rows(analysis.analysis_set), analysis.exposure.design
        rounds = max(1, models.evaluations_allowed(policy, n, len(design))) if analysis.exposure.is_iterative else 1
        with_it = tally.after(analysis, labels, n, fields.get(analysis.endpoint or "", ()), rounds)
        finding = models.opened(policy, analysis.id, with_it.numbers + before, with_it.patients, with_it.columns)
        yield analysis.id, finding, with_it
        tally = with_it if finding.passes else tally
