"""Tables of patients who count by weights of their own: what is told of their cells before any sum of weights is.

A weight follows from the covariates. Where nearly all weights of a cell are alike, their sum less so many times this
weight is a sum of the few others, and where patients are few, their weights can be solved for. Three rounds of
admission tell what shows whether it is so, each only of what passed the one before: of each arm the number of patients
and the sums of weights and of their squares; of each cell as how many whole patients each hospital's own count, added
up, and about their weight; and how far weights are from what each of these patients has, without those who stand out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import floor, frexp, ldexp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnySet, Cohort
from riskset.analyses.moments import scaled
from riskset.analyses.weights import effective, fine, unit, weights_of
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of

Live = Sequence[Analysis]
Floats = NDArray[np.float64]

_PARTS_OF_TOTAL: Final = 8
"""Steps of a hospital's sum of weights of a cell, before the cell was judged, in about the mean weight."""
_BITS: Final = 5
"""To which a hospital's spread of a cell is rounded down, at any size."""
_SAFE: Final = 0.5
"""The largest share that a patient has in a spread that a hospital tells."""


@dataclass(frozen=True)
class Cell:
    """Patients of an arm in a weighted set: all, those with a level of one variable, or all with a number."""

    cohort: str
    """The weighted set."""
    of_all: str
    """The set of all patients of which it is a part."""
    arms: tuple[Column, ...]
    """The levels of the arm without the reference."""
    arm: Column | None
    """None for the reference."""
    columns: tuple[Column, ...] = ()
    """The number, or the levels of the variable without the reference; none where it is the whole arm."""
    level: Column | None = None
    """One of these; None for the variable's reference, or the whole arm."""

    @property
    def name(self) -> str:
        """Its name in labels and findings."""
        arm = self.arm.name if self.arm else f"{self.arms[0].variable} = {self.arms[0].reference}"
        return f"{arm} ({self.cohort})" if not self.columns else f"{self.of}, {arm} ({self.cohort})"

    @property
    def of(self) -> str:
        level = self.columns[0]
        return f"{level.variable} = {level.reference}" if self.level is None else self.level.name

    @property
    def is_of_number(self) -> bool:
        return self.level is not None and self.level.is_number

    @property
    def labelled(self) -> tuple[Column, ...]:
        """Returns the columns with which a number of it is labelled."""
        of_variable = self.columns[:1] if self.level is None else (self.level,)
        return (*of_variable, self.arm or self.arms[0])

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Returns the names of what is added up over its patients."""
        return ("weights", "squares") if self.is_of_number else ("weights",)

    def has(self, rows: AnySet) -> NDArray[np.bool_]:
        """Returns which of a hospital's rows are in it, (n,)."""
        found = _have(self.arms, self.arm, rows)
        return found if not self.columns or self.is_of_number else found & _have(self.columns, self.level, rows)

    def whole(self) -> Cell:
        """Returns all patients of its arm."""
        return Cell(self.cohort, self.of_all, self.arms, self.arm)


def _have(columns: Sequence[Column], level: Column | None, rows: AnySet) -> NDArray[np.bool_]:
    if level is not None:
        return np.asarray(level.values(rows) == 1.0)
    return np.asarray(~np.any([column.values(rows) == 1.0 for column in columns], axis=0))


@dataclass(frozen=True)
class InArm:
    """What is known of an arm over all hospitals."""

    n: float
    """Patients of the set of all."""
    total: float
    """Sum of their weights: 0 for those who have none."""
    squares: float


@dataclass(frozen=True)
class InCell:
    """What is known of a cell over all hospitals."""

    effective: int
    """As how many whole patients each hospital's own count, added up."""
    total: float
    """About the sum of their weights."""

    @property
    def each(self) -> float:
        """Returns about the weight that a patient has: where all who have one have the same, this one."""
        return self.total / self.effective if self.effective else 0.0


def weighing(live: Live) -> list[Analysis]:
    """Returns the analyses that add up weights in tables."""
    return [analysis for analysis in live if analysis.exposure.weighs_tables]


def in_arms(live: Live) -> list[Analysis]:
    """Returns the analyses that add up weights by arm: in tables, or in blocks of steps beside the counts of all."""
    return [a for a in live if a.exposure.weighs_tables or (a.exposure.in_time and a.exposure.in_time.are_blocks)]


def arms_of(analysis: Analysis) -> tuple[Cell, ...]:
    arms = analysis.exposure.tables if analysis.exposure.weighs_tables else analysis.exposure.split
    common = (analysis.analysis_set, analysis.set_id.of_all.name, arms)
    return tuple(Cell(*common, arm) for arm in (*arms, None))


def cells_of(analysis: Analysis) -> tuple[Cell, ...]:
    """Returns the arms of an analysis, and the cells of its variable in each."""
    weighed = analysis.exposure.weighed
    numbers, levels = ([c for c in weighed if c.is_number is of] for of in (True, False))
    found = list(arms_of(analysis))
    for arm in arms_of(analysis):
        at = (arm.cohort, arm.of_all, arm.arms, arm.arm)
        found += [Cell(*at, tuple(levels), level) for level in (*levels, None) if levels]
        found += [Cell(*at, (number,), number) for number in numbers]
    return tuple(found)


def arms(live: Live) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(arm for analysis in in_arms(live) for arm in arms_of(analysis)))


def cells(live: Live) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(cell for analysis in weighing(live) for cell in cells_of(analysis)))


def _counted(live: Live) -> list[Cell]:
    return [cell for cell in cells(live) if not cell.is_of_number]


def weights_in(cell: Cell, cohort: Cohort, unit_: float | None = None) -> Floats:
    """Returns the rounded weights of a hospital's patients in a cell, 0 for those of all patients who have none, (n,).
    Never leaves. `unit_` is about the mean weight over all hospitals; None: the hospital's own."""
    rows, every = cohort.analysis_sets[cell.cohort], cohort.analysis_sets[cell.of_all]
    own = weights_of(rows)
    mean = float(own.mean()) if rows.n else 0.0
    full = np.zeros(cohort.n_patients)
    full[rows.patients] = fine(own, unit(mean) if unit_ is None else unit_)
    return np.asarray(full[every.patients][cell.has(every)])


def labels_of_arms(live: Live) -> tuple[Label, ...]:
    return tuple(
        total_of(text, *arm.labelled)
        for arm in arms(live)
        for text in (f"patients of {arm.of_all} beside {arm.name}", f"weights of {arm.name}", f"squares of {arm.name}")
    )


def local_of_arms(cohort: Cohort, live: Live) -> Floats:
    """Returns a hospital's numbers of arms, (size,)."""
    found = (weights_in(arm, cohort) for arm in arms(live))
    return np.array([x for own in found for x in (len(own), own.sum(), own @ own)], np.float64)


def combined_of_arms(live: Live, total: Sequence[float]) -> Mapping[Cell, InArm]:
    return {arm: InArm(*total[3 * i : 3 * i + 3]) for i, arm in enumerate(arms(live))}


def labels_of_cells(live: Live) -> tuple[Label, ...]:
    whats = ("effective patients with", "weights of")
    return tuple(total_of(f"{what} {cell.name}", *cell.labelled) for cell in _counted(live) for what in whats)


def local_of_cells(cohort: Cohort, live: Live, units: Mapping[str, float]) -> Floats:
    """Returns as how many whole patients a hospital's own count in each cell, and about the sum of their weights,
    (size,)."""
    numbers: list[float] = []
    for cell in _counted(live):
        unit_ = units.get(cell.cohort, 1.0)
        own, step = weights_in(cell, cohort, unit_), unit_ / _PARTS_OF_TOTAL
        numbers += [effective(own), float(np.rint(own.sum() / step) * step)]
    return np.array(numbers, np.float64)


def combined_of_cells(live: Live, total: Sequence[float]) -> Mapping[Cell, InCell]:
    return {cell: InCell(round(total[2 * i]), total[2 * i + 1]) for i, cell in enumerate(_counted(live))}


def labels_of_spreads(live: Live) -> tuple[Label, ...]:
    return tuple(total_of(f"spread of {part} of {c.name}", *c.labelled) for c in cells(live) for part in c.parts)


def local_of_spreads(cohort: Cohort, live: Live, units: Mapping[str, float], known: Mapping[Cell, InCell]) -> Floats:
    """Returns how far what is added up is apart among a hospital's patients of each cell, (size,); without those who
    stand out."""
    of_each = (columns_in(cell, cohort, units, known) for cell in cells(live))
    return np.array([safe_spread(column) for columns in of_each for column in columns], np.float64)


def combined_of_spreads(live: Live, total: Sequence[float]) -> Mapping[tuple[Cell, str], float]:
    return dict(zip(((cell, part) for cell in cells(live) for part in cell.parts), total, strict=False))


def columns_in(
    cell: Cell, cohort: Cohort, units: Mapping[str, float], known: Mapping[Cell, InCell] | None
) -> Iterator[Floats]:
    """Yields, for each of the cell's parts, what a hospital's patients add to it, (n,): of weights how far each is from
    about the weight that a patient of the cell has; of this hospital's cell, if nothing is `known`. Never leaves."""
    weights = weights_in(cell, cohort, units.get(cell.cohort, 1.0))
    at = cell.whole() if cell.is_of_number else cell
    of = InCell(effective(weights), float(weights.sum())) if known is None else known.get(at, InCell(0, 0.0))
    apart = weights - of.each
    if not cell.is_of_number:
        yield apart
        return
    every = cohort.analysis_sets[cell.of_all]
    z = scaled(cell.columns[0], every)
    z = (z - z.mean())[cell.has(every)] if every.n else z
    yield from (apart * z, weights * z * z)


def safe_spread(column: Floats) -> float:
    """Returns what a hospital tells of the sum of squares of a column, rounded down: without those patients, one after
    the other, who have more than half of what is left. It is never more than the sum of all."""
    squares = np.sort(column * column)
    for last in range(len(squares), 1, -1):
        left = float(squares[:last].sum())
        if 0.0 < squares[last - 1] <= _SAFE * left * (1 + 1e-9):
            fraction, exponent = frexp(left)
            return ldexp(floor(ldexp(fraction, _BITS)), exponent - _BITS)
    return 0.0


def largest_share(column: Floats, total: float | None) -> float:
    """Returns the largest share of a hospital's patient in the sum of squares of a column: in its own, or with `total`,
    which all hospitals told, in that of all, at least."""
    squares = column * column
    others = 0.0 if total is None else max(total - safe_spread(column), 0.0)
    whole = float(squares.sum()) + others
    return float(squares.max(initial=0.0)) / whole if whole > 0.0 else 0.0


def silent(live: Live, refused: frozenset[str], what: Sequence[Cell]) -> list[bool]:
    """Returns which of these cells are of refused analyses only."""
    users: dict[Cell, set[str]] = {}
    for analysis in in_arms(live):
        for cell in cells_of(analysis):
            users.setdefault(cell, set()).add(analysis.id)
    return [refused.issuperset(users[cell]) for cell in what]


def silent_arms(live: Live, refused: frozenset[str]) -> list[bool]:
    return [is_dead for is_dead in silent(live, refused, arms(live)) for _ in range(3)]


def silent_cells(live: Live, refused: frozenset[str]) -> list[bool]:
    return [is_dead for is_dead in silent(live, refused, _counted(live)) for _ in range(2)]


def silent_spreads(live: Live, refused: frozenset[str]) -> list[bool]:
    every = cells(live)
    return [dead for cell, dead in zip(every, silent(live, refused, every), strict=True) for _ in cell.parts]
