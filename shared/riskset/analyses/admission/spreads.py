"""The spread of each number of a table within an arm, which shows how far one patient stands out in the arm's sums.

A table opens the sum and the sum of squares of a number in each arm. One patient far from all others makes up most of
both. Before they leave, the sum of squares about each hospital's own mean is added over hospitals, and each hospital
compares its patients with the total.
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

    def about_mean(self, cohort: Cohort) -> NDArray[np.float64]:
        """Returns the number, scaled to [-1, 1], minus its mean over this hospital's patients of the arm, (n,) over the
        rows of the set; 0 for other arms. Never leaves."""
        rows = cohort.analysis_sets[self.cohort]
        others = [level.values(rows) for level in self.levels]
        of_arm = self.arm.values(rows) == 1 if self.arm else np.sum(others, axis=0, initial=0.0) == np.zeros(rows.n)
        values = np.zeros(rows.n)
        if of_arm.any():
            own = scaled(self.column, rows)[of_arm]
            shifted = own - own[0]  # so that a constant number has exactly 0
            values[of_arm] = shifted - shifted.mean()
        return values


def of_analysis(analysis: Analysis) -> tuple[InArm, ...]:
    """Returns each number of an analysis in each arm."""
    exposure, name = analysis.exposure, analysis.analysis_set
    levels = exposure.tables
    return tuple(InArm(name, column, levels, arm) for column in exposure.numbers for arm in (None, *levels))


def asked(live: Live) -> tuple[InArm, ...]:
    return tuple(dict.fromkeys(one for analysis in live for one in of_analysis(analysis)))


def labels(live: Live) -> tuple[Label, ...]:
    return tuple(total_of(f"spread of {one.name}", one.column, *_labelled(one)) for one in asked(live))


def _labelled(one: InArm) -> tuple[Column, ...]:
    return (one.arm,) if one.arm else one.levels[:1]


def local(cohort: Cohort, live: Live) -> NDArray[np.float64]:
    """Returns a hospital's sums of squares, (size,)."""
    return np.array([float((one.about_mean(cohort) ** 2).sum()) for one in asked(live)])


def silent(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which numbers belong to refused analyses only, (size,)."""
    users = [{analysis.id for analysis in live if one in of_analysis(analysis)} for one in asked(live)]
    return np.array([refused.issuperset(ids) for ids in users], bool)
