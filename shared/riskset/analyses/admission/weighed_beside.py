"""Weights that are added up by arm, in tables or in time, beside other sets of patients that tell the same: what is
told of each arm before any such sum is.

Where all weights of an arm are 1, as in the arm with ATT or in matched sets with several of the reference, such a sum
counts patients. Less that of another set it is of those who are in only one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.weighed_cells import Cell, InArm, arms_of, in_arms, weights_in
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.disclosure.exposure import Label
from riskset.disclosure.exposure import total as total_of

Live = Sequence[Analysis]
Floats = NDArray[np.float64]

STEP: Final = 0.5
"""To which a hospital rounds the sum of the weights of those who are in the other set: what is left of the arm may be
one patient's. Of weights of 1 nothing is rounded."""
_NONE: Final = 1e-9
"""Of a sum of squares, or a weight: below it is arithmetic."""


@dataclass(frozen=True)
class Pair:
    """An arm of a weighted set, and another set."""

    arm: Cell
    other: str

    @property
    def name(self) -> str:
        return f"{self.arm.name} in {self.other}"


@dataclass(frozen=True)
class InBoth:
    """What is known of the patients of the arm who are in the other set, over all hospitals."""

    n: float
    total: float
    """About the sum of their weights."""
    error: float
    """How far off it is at most."""


def beside(live: Live) -> Iterator[tuple[Analysis, Analysis]]:
    """Yields each analysis that adds up weights by arm with each other one of another set that tells something of the
    same variable, or counts in time as it does: the later of the two last."""
    adding = {analysis.id for analysis in in_arms(live)}
    for i, analysis in enumerate(live):
        if analysis.id in adding:
            of_arms = (analysis.analysis_set, analysis.set_id.of_all.name)
            for j, other in enumerate(live):
                is_another = other.id not in adding and other.analysis_set not in of_arms
                if is_another and _tell_the_same(analysis, other):
                    yield (other, analysis) if j < i else (analysis, other)


def _tell_the_same(analysis: Analysis, other: Analysis) -> bool:
    if not analysis.exposure.weighs_tables:
        return other.exposure.in_time is not None
    arm = {column.variable for column in analysis.exposure.tables}
    own = {column.variable for column in analysis.columns} - arm
    return not own.isdisjoint(column.variable for column in other.columns)


def pairs_of(one: Analysis, other: Analysis) -> tuple[Pair, ...]:
    """Returns the arms of the one of two that adds up weights by arm, with the set of the other."""
    adding, of = (one, other) if in_arms([one]) else (other, one)
    return tuple(Pair(arm, of.analysis_set) for arm in arms_of(adding))


def pairs(live: Live) -> tuple[Pair, ...]:
    return tuple(dict.fromkeys(pair for two in beside(live) for pair in pairs_of(*two))) if in_arms(live) else ()


def members(pair: Pair, cohort: Cohort) -> NDArray[np.bool_]:
    """Returns which of a hospital's patients of the arm are in the other set, in the order of `weights_in`. Never
    leaves."""
    every = cohort.analysis_sets[pair.arm.of_all]
    return np.isin(every.patients[pair.arm.has(every)], cohort.analysis_sets[pair.other].patients)


def labels(live: Live) -> tuple[Label, ...]:
    return tuple(
        total_of(text, *pair.arm.labelled)
        for pair in pairs(live)
        for text in (
            f"patients of {pair.name}",
            f"weights of {pair.name}",
            f"sites at which the weights of {pair.name} are rounded",
        )
    )


def local(cohort: Cohort, live: Live) -> Floats:
    """Returns a hospital's numbers, (size,)."""
    numbers: list[float] = []
    for pair in pairs(live):
        is_in = members(pair, cohort)
        own = float(weights_in(pair.arm, cohort)[is_in].sum())
        told = float(np.rint(own / STEP) * STEP)
        numbers += [float(is_in.sum()), told, float(told != own)]
    return np.array(numbers, np.float64)


def silent(live: Live, refused: frozenset[str]) -> list[bool]:
    """Returns which numbers belong to refused analyses only."""
    users: dict[Pair, list[tuple[str, str]]] = {}
    for two in beside(live):
        for pair in pairs_of(*two):
            users.setdefault(pair, []).append((two[0].id, two[1].id))
    dead = (all(a in refused or b in refused for a, b in users[pair]) for pair in pairs(live))
    return [is_dead for is_dead in dead for _ in range(3)]


def combined(live: Live, total: Sequence[float]) -> Mapping[Pair, InBoth]:
    found = enumerate(pairs(live))
    return {pair: InBoth(total[3 * i], total[3 * i + 1], total[3 * i + 2] * STEP / 2) for i, pair in found}


def own_in_both(pair: Pair, cohort: Cohort) -> InBoth:
    """Returns the same of a hospital's own patients. Never leaves."""
    is_in = members(pair, cohort)
    return InBoth(float(is_in.sum()), float(weights_in(pair.arm, cohort)[is_in].sum()), 0.0)


def shares(weights: Floats, is_in: NDArray[np.bool_], every: InArm, both: InBoth) -> tuple[float, float]:
    """Returns the largest leverage of a hospital's patients of an arm in the sum of weights, beyond that in how many
    patients the arm has in the other set and beside it, and the leverage of all of them: how far weights are from the
    mean of their part, in squares, of how far those of all hospitals are at least."""
    others = InBoth(every.n - both.n, every.total - both.total, both.error)
    left = every.squares - _largest_square(both) - _largest_square(others)
    apart = np.concatenate([_apart(part, own) for part, own in ((both, weights[is_in]), (others, weights[~is_in]))])
    squares = apart * apart
    if not squares.any():
        return 0.0, 0.0
    return (float(squares.max() / left), float(squares.sum() / left)) if left > _NONE else (1.0, 1.0)


def _apart(of: InBoth, weights: Floats) -> Floats:
    """Returns how far weights are at most from the mean of a part, (n,); 0 where they may be the mean."""
    n = max(of.n, 1.0)
    apart, off = abs(weights - of.total / n), of.error / n
    return np.where(apart > off + _NONE, apart + off, 0.0)


def _largest_square(of: InBoth) -> float:
    """Returns at most how much of a sum of squares is that of the mean."""
    return (abs(of.total) + of.error) ** 2 / of.n if of.n > 0 else 0.0
