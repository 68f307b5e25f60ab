"""How many numbers the models and tables of a study open about its patients, for rule R5.

Two analyses that count the same patients under one label open one number. Counts in time are not among them: rule R9
judges what curves tell together, in one run and over all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from riskset.analyses.analysis import Analysis
from riskset.disclosure import models
from riskset.disclosure.exposure import Label, total
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
        self,
        analysis: Analysis,
        labels: Sequence[Label],
        rows: int,
        fields: Sequence[str],
        points: int = 1,
        further: int = 0,
    ) -> Tally:
        """Returns the tally after so many rounds of an analysis of `rows` patients, each with `further` numbers in a
        second one; `fields` define its endpoint."""
        name = analysis.analysis_set
        held = self.held.union(fields, _columns_of(analysis))
        patients, counted = max(self.patients, _holding(analysis, rows)), self.counted
        if analysis.exposure.halved:  # in all rounds together no more than the number of each patient
            once = (name, total(f"halves of intervals of {analysis.id}"))
            return Tally(self.numbers + rows * (once not in counted), patients, held, counted | {once})
        if analysis.exposure.is_iterative:  # each point of evaluation gives other numbers
            return Tally(self.numbers + points * (len(labels) + further), patients, held, counted)
        new = frozenset((name, label) for label in labels if label.status is None and label.step is None) - counted
        return Tally(self.numbers + len(new), patients, held, counted | new)


def judged(
    policy: Policy, begun: Begun, rows: Rows, fields: Mapping[str, Sequence[str]], before: int
) -> Iterator[tuple[str, Finding, Tally]]:
    """Yields for each analysis its id, what R5 says of it with those that pass before it, and the tally of these and of
    it: the most numbers that R5 lets them open. `before` were opened in earlier runs."""
    most = max((_holding(one, rows(one.analysis_set)) for one, _ in begun), default=0)
    tally = nothing = Tally(0, most, _held(begun, fields))
    for analysis, labels in begun:
        n, exposure = rows(analysis.analysis_set), analysis.exposure
        p, further = len(exposure.design), len(exposure.design) if exposure.slopes else 0
        allowed = models.evaluations_allowed(policy, n, p, exposure.held, exposure.slopes, exposure.predictors)
        points = max(1, allowed) if exposure.is_iterative else 1
        of_endpoint = fields.get(analysis.endpoint or "", ())
        with_it = tally.after(analysis, labels, n, of_endpoint, points, further)
        alone = nothing.after(analysis, labels, n, of_endpoint, points, further).numbers + before
        numbers = with_it.numbers + before
        finding = models.opened(policy, analysis.id, numbers, alone, before, with_it.patients, with_it.columns)
        yield analysis.id, finding, with_it
        tally = with_it if finding.passes else tally


def _holding(analysis: Analysis, rows: int) -> int:
    """Returns of how many patients its columns are: of those who are not eligible nothing but the arm is told."""
    return rows if analysis.set_id.until is None else 0


def _held(begun: Begun, fields: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Returns the columns of all analyses that have begun: what was opened earlier was opened of all of them."""
    return frozenset(
        name for analysis, _ in begun for name in (*fields.get(analysis.endpoint or "", ()), *_columns_of(analysis))
    )


def _columns_of(analysis: Analysis) -> list[str]:
    """Returns the names of its columns; a condition of the endpoint follows from the variables that define it."""
    exposure = analysis.exposure
    own = [column for column in exposure.conditions if column.variable == analysis.endpoint]
    return [name for column in exposure.columns if column not in own for name in column.made_of]
