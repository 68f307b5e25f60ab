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
from riskset.analyses.weights import Weights, effective, in_units, largest_share, rounded, unit, weights_of
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


def crossed(live: Live) -> list[Analysis]:
    """Returns those of them that tell more than tables by arm (`weighed_cells`)."""
    return [analysis for analysis in weighted(live) if not analysis.exposure.is_one_way]


def levels_of(analysis: Analysis) -> tuple[Weighed, ...]:
    """Returns each level of a weighted analysis, the references of variables with several columns among them; none of
    tables."""
    if analysis.exposure.weighs_tables:
        return ()
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


def shared(live: Live) -> tuple[tuple[str, str], ...]:
    """Returns each weighted set with each set that has no weights, and with each weighted one from itself on; without
    sets of tables alone."""
    names = list(dict.fromkeys(analysis.analysis_set for analysis in crossed(live)))
    others = (analysis.analysis_set for analysis in live if not analysis.exposure.is_one_way)
    plain = [name for name in dict.fromkeys(others) if name not in names]
    pairs = (((name, other) for other in (*plain, *names[i:])) for i, name in enumerate(names))
    return tuple(pair for of in pairs for pair in of)


def labels(live: Live) -> tuple[Label, ...]:
    """Of whole sets: what is told before any number of a column of them."""
    of_wholes = (f"{what} of {of.name}" for of in wholes(live) for what in ("weights", "squared weights"))
    return tuple(map(total_of, (*of_wholes, *(f"weights of {a} in {b}" for a, b in shared(live)))))


def local(cohort: Cohort, live: Live) -> Floats:
    """Returns a hospital's numbers of whole sets, (size,)."""
    numbers: list[float] = []
    for of in wholes(live):
        rows = cohort.analysis_sets[of.cohort]
        exact = weights_of(rows)
        own = rounded(exact)[are_among(of, rows, live)]
        sums = [float(own.sum()), float(own @ own)]
        if of.with_event:  # all less these are those without the event, who may be one
            sums = [float(in_units(np.array(x), exact, power)) for power, x in enumerate(sums, 1)]
        numbers += sums
    names = tuple(dict.fromkeys(name for pair in shared(live) for name in pair))
    values = dict(zip(names, counting(cohort, names, live).T, strict=True))
    return np.array([*numbers, *(float(values[a] @ values[b]) for a, b in shared(live))], np.float64)


def counting(cohort: Cohort, names: Sequence[str], live: Live) -> Floats:
    """Returns what a hospital's patients count in each of these sets, (patients, sets): their rounded weight, or 1; 0
    outside. Never leaves."""
    full = np.zeros((cohort.n_patients, len(names)))
    of_weighted = {analysis.analysis_set for analysis in weighted(live)}
    for j, name in enumerate(names):
        rows = cohort.analysis_sets[name]
        full[rows.patients, j] = rounded(weights_of(rows)) if name in of_weighted else 1.0
    return full


def silent(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which numbers of whole sets belong to refused analyses only, (size,)."""
    users: dict[str, set[str]] = {}
    for analysis in live:
        users.setdefault(analysis.analysis_set, set()).add(analysis.id)
    dead = {name for name, ids in users.items() if refused.issuperset(ids)}
    of_wholes = (of.cohort in dead for of in wholes(live) for _ in range(2))
    return np.array([*of_wholes, *(a in dead or b in dead for a, b in shared(live))], bool)


def combined(live: Live, total: Sequence[float]) -> tuple[Mapping[Weighed, Weights], Mapping[tuple[str, str], float]]:
    """Returns what is known of whole sets over all hospitals, and of each two."""
    whole = wholes(live)
    found = {of: Weights(total[2 * i], total[2 * i + 1]) for i, of in enumerate(whole)}
    return found, dict(zip(shared(live), total[2 * len(whole) :], strict=False))


def units_of(rows: Mapping[str, int], known: Mapping[Weighed, Weights]) -> dict[str, float]:
    """Returns about the mean weight of each weighted set over all hospitals; `rows` is how many patients it has."""
    wholes_ = ((of.cohort, weights.total) for of, weights in known.items() if of == Weighed(of.cohort))
    return {name: unit(total / max(rows[name], 1)) for name, total in wholes_ if name in rows}


def labels_of_levels(live: Live) -> tuple[Label, ...]:
    return tuple(
        total_of(f"{what} {of.name}", of.column)
        for of in levels(live)
        for what in ("effective patients with", "effective patients without", "weights of")
        if of.column is not None
    )


def local_levels(cohort: Cohort, live: Live) -> Floats:
    """Returns a hospital's numbers of levels, (size,)."""
    numbers: list[float] = []
    for of in levels(live):
        rows = cohort.analysis_sets[of.cohort]
        exact, has = weights_of(rows), are_among(of, rows, live)
        weights = rounded(exact)
        of_level = float(in_units(weights[has].sum(), exact))  # two levels may differ in one patient
        numbers += [effective(weights[has]), effective(weights[~has]), of_level]
    return np.array(numbers, np.float64)


def silent_levels(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which numbers of levels belong to refused analyses only, (size,)."""
    users: dict[Weighed, set[str]] = {}
    for analysis in weighted(live):
        for level in levels_of(analysis):
            users.setdefault(level, set()).add(analysis.id)
    return np.array([refused.issuperset(users[of]) for of in levels(live) for _ in range(3)], bool)


def combined_levels(live: Live, total: Sequence[float]) -> Mapping[Weighed, Level]:
    """Returns what is known of levels over all hospitals."""
    of_each = (total[3 * i : 3 * i + 3] for i in range(len(levels(live))))
    return {of: Level(round(a), round(b), c) for of, (a, b, c) in zip(levels(live), of_each, strict=True)}


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
