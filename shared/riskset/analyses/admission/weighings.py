"""Of sets whose patients count by weights of their own: as how many patients they count.

No count of them is told beside how many there are, nor a sum of their exact weights: a sum of few of these can be
decoded where somebody knows which weights there may be. Of all patients of a set, those with an event and those with a
level the sums of rounded weights are told; of each level, as how many whole patients each hospital's own count, added
up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet, AnySet, Cohort
from riskset.analyses.weights import Weights, effective, largest_share, rounded, weights_of
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of

Live = Sequence[Analysis]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weighed:
    """Patients of a weighted set."""

    cohort: str
    """The set."""
    column: Column | None = None
    """A level that they have; None for all."""
    is_rest: bool = False
    """Whether they are those with none of the set's levels of the column's variable."""
    with_event: bool = False

    @property
    def name(self) -> str:
        if self.with_event:
            return f"events of {self.cohort}"
        if self.column is None:
            return self.cohort
        level = f"{self.column.variable} = {self.column.reference}" if self.is_rest else self.column.name
        return f"{level} ({self.cohort})"


@dataclass(frozen=True)
class Level:
    """Patients with a level, and without it, as they count at each hospital, added up; and the weight of the former."""

    having: int
    lacking: int
    total: float


def weighted(live: Live) -> list[Analysis]:
    """Returns the analyses in which patients count by their own weights."""
    return [analysis for analysis in live if analysis.exposure.weights]


def levels_of(analysis: Analysis) -> tuple[Weighed, ...]:
    """Returns each level of a weighted analysis, the references of variables with several columns among them."""
    columns = [column for column in analysis.columns if not column.is_number and not column.factors]
    by_variable: dict[tuple[str, str | None], list[Column]] = {}
    for column in columns:
        by_variable.setdefault((column.variable, column.reference), []).append(column)
    name = analysis.analysis_set
    levels = [Weighed(name, column) for column in columns]
    several = (of for (_, reference), of in by_variable.items() if reference is not None and len(of) > 1)
    return (*levels, *(Weighed(name, of[0], is_rest=True) for of in several))


def wholes(live: Live) -> tuple[Weighed, ...]:
    """Returns all patients of each weighted set, and those of them with an event."""
    found = [
        Weighed(analysis.analysis_set, with_event=with_event)
        for analysis in weighted(live)
        for with_event in (False, True)
        if not with_event or analysis.endpoint is not None
    ]
    return tuple(dict.fromkeys(found))


def levels(live: Live) -> tuple[Weighed, ...]:
    return tuple(dict.fromkeys(level for analysis in weighted(live) for level in levels_of(analysis)))


def are_among(of: Weighed, rows: AnySet, live: Live) -> NDArray[np.bool_]:
    """Returns which of a hospital's rows of the set they are, (n,)."""
    if of.with_event:
        assert isinstance(rows, AnalysisSet)
        return rows.event
    if of.column is None:
        return np.ones(rows.n, bool)
    if not of.is_rest:
        return np.asarray(of.column.values(rows) == 1.0)
    columns = (a.columns for a in weighted(live) if a.analysis_set == of.cohort)
    same = {c for several in columns for c in several if c.variable == of.column.variable and not c.is_number}
    return np.asarray(~np.any([column.values(rows) == 1.0 for column in same], axis=0))


def labels(live: Live) -> tuple[Label, ...]:
    of_wholes = (f"{what} of {of.name}" for of in wholes(live) for what in ("weights", "squared weights"))
    of_levels = (
        (f"{what} {of.name}", of.column)
        for of in levels(live)
        for what in ("effective patients with", "effective patients without", "weights of")
    )
    return (*map(total_of, of_wholes), *(total_of(text, column) for text, column in of_levels if column is not None))


def local(cohort: Cohort, live: Live) -> Floats:
    """Returns a hospital's numbers, (size,)."""
    numbers: list[float] = []
    for of in wholes(live):
        rows = cohort.analysis_sets[of.cohort]
        own = rounded(weights_of(rows))[are_among(of, rows, live)]
        numbers += [float(own.sum()), float(own @ own)]
    for of in levels(live):
        rows = cohort.analysis_sets[of.cohort]
        weights, has = weights_of(rows), are_among(of, rows, live)
        numbers += [effective(weights[has]), effective(weights[~has]), float(rounded(weights)[has].sum())]
    return np.array(numbers, np.float64)


def silent(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which numbers belong to refused analyses only, (size,)."""
    of_sets: dict[str, set[str]] = {}
    of_levels: dict[Weighed, set[str]] = {}
    for analysis in weighted(live):
        of_sets.setdefault(analysis.analysis_set, set()).add(analysis.id)
        for level in levels_of(analysis):
            of_levels.setdefault(level, set()).add(analysis.id)
    users = [of_sets[of.cohort] for of in wholes(live) for _ in range(2)]
    users += [of_levels[of] for of in levels(live) for _ in range(3)]
    return np.array([refused.issuperset(ids) for ids in users], bool)


def combined(live: Live, total: Sequence[float]) -> tuple[Mapping[Weighed, Weights], Mapping[Weighed, Level]]:
    """Returns what is known of whole sets and of levels over all hospitals."""
    whole, own = wholes(live), levels(live)
    rest = total[2 * len(whole) :]
    found = {of: Weights(total[2 * i], total[2 * i + 1]) for i, of in enumerate(whole)}
    by_level = {of: Level(round(rest[3 * i]), round(rest[3 * i + 1]), rest[3 * i + 2]) for i, of in enumerate(own)}
    return found, by_level


def own_level(of: Weighed, rows: AnySet, live: Live) -> Level:
    """Returns the same of a hospital's own patients, by their exact weights. Never leaves."""
    weights, has = weights_of(rows), are_among(of, rows, live)
    return Level(effective(weights[has]), effective(weights[~has]), float(weights[has].sum()))


def shares(
    analysis: Analysis,
    rows: AnySet,
    arm: str | None,
    known: tuple[Mapping[Weighed, Weights], Mapping[Weighed, Level]] | None,
) -> Iterator[float]:
    """Yields the share of the heaviest of a hospital's patients in the weight of each arm or, where the analysis has no
    arm, of all; in the sum of all hospitals, or with `known` None in the hospital's own. Never leaves."""
    weights, name = weights_of(rows), analysis.analysis_set
    whole = None if known is None else known[0][Weighed(name)].total
    columns = [column for column in analysis.columns if column.variable == arm and not column.factors]
    if not columns:
        yield largest_share(weights, whole)
        return
    rest, others = np.ones(rows.n, bool), 0.0
    for column in columns:
        has = column.values(rows) == 1.0
        total = None if known is None else known[1][Weighed(name, column)].total
        others, rest = others + (total or 0.0), rest & ~has
        yield largest_share(weights[has], total)
    yield largest_share(weights[rest], None if whole is None else whole - others)
