"""The spread of each number of a table within an arm, which shows how far one patient stands out in the arm's sums.

A table opens the sum and the sum of squares of a number in each arm. One patient far from all others makes up most of
both. Before the squares leave, the sum, and the sum of squares about each hospital's own mean, are added over
hospitals; each hospital compares its patients, about the mean of all, with the total. A hospital may have one patient
of an arm, who is at its own mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.analyses.moments import scaled
from riskset.disclosure.exposure import Label
from riskset.disclosure.exposure import total as total_of

Live = Sequence[Analysis]


@dataclass(frozen=True)
class InArm:
    """A number among the patients of one arm."""

    cohort: str
    """The analysis set."""
    column: Column
    levels: tuple[Column, ...]
    """The levels of the arm without the reference."""
    arm: Column | None
    """One of the levels; None for the reference, or where there are no arms."""

    @property
    def name(self) -> str:
        arm = self.arm.name if self.arm else " and ".join(f"not {level.name}" for level in self.levels)
        return f"{self.column.name} ({self.cohort}) {arm or 'of all'}"

    def values(self, cohort: Cohort) -> NDArray[np.float64]:
        """Returns the number, scaled to [-1, 1], of this hospital's patients of the arm, (n,). Never leaves."""
        rows = cohort.analysis_sets[self.cohort]
        others = [level.values(rows) for level in self.levels]
        of_arm = self.arm.values(rows) == 1 if self.arm else np.sum(others, axis=0, initial=0.0) == np.zeros(rows.n)
        return np.asarray(scaled(self.column, rows)[of_arm])


@dataclass(frozen=True)
class Spread:
    """Of a number among the patients of an arm."""

    n: float
    total: float
    within: float
    """Sum of squares about each hospital's own mean."""

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Spread:
        if not len(values):
            return cls(0.0, 0.0, 0.0)
        shifted = values - values[0]  # so that a constant number has exactly 0
        return cls(float(len(values)), float(values.sum()), float(((shifted - shifted.mean()) ** 2).sum()))

    def shares(self, own: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns a hospital's own values about the mean of all, (n, 1), and the least that the sum of squares about
        it can be, (1, 1): the mean of another hospital may be that of all."""
        rows = (own - self.total / self.n if self.n else own)[:, None]
        between = float(rows.sum()) ** 2 / len(own) if len(own) else 0.0
        return rows, np.array([[self.within + between]])


def of_analysis(analysis: Analysis) -> tuple[InArm, ...]:
    """Returns each number of an analysis in each arm."""
    exposure, name = analysis.exposure, analysis.analysis_set
    levels = exposure.tables
    return tuple(InArm(name, column, levels, arm) for column in exposure.numbers for arm in (None, *levels))


def asked(live: Live) -> tuple[InArm, ...]:
    return tuple(dict.fromkeys(one for analysis in live for one in of_analysis(analysis)))


def labels(live: Live) -> tuple[Label, ...]:
    return tuple(
        total_of(f"{what} of {one.name}", *columns)
        for one in asked(live)
        for what, columns in (
            ("patients", _labelled(one)),
            ("sum", (one.column, *_labelled(one))),
            ("spread", (one.column, *_labelled(one))),
        )
    )


def _labelled(one: InArm) -> tuple[Column, ...]:
    return (one.arm,) if one.arm else one.levels[:1]


def local(cohort: Cohort, live: Live) -> NDArray[np.float64]:
    """Returns a hospital's numbers, (size,)."""
    found = (Spread.of(one.values(cohort)) for one in asked(live))
    return np.array([number for of in found for number in (of.n, of.total, of.within)])


def silent(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which numbers belong to refused analyses only, (size,)."""
    users = [{analysis.id for analysis in live if one in of_analysis(analysis)} for one in asked(live)]
    return np.repeat([refused.issuperset(ids) for ids in users], 3).astype(bool)


def combined(live: Live, total: Sequence[float]) -> dict[InArm, Spread]:
    """Returns the spread of each number in each arm over all hospitals."""
    return {one: Spread(*total[3 * i : 3 * i + 3]) for i, one in enumerate(asked(live))}
