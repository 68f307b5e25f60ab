"""The rounds of admission. Each is a sum over hospitals like any analysis, asked of all live analyses at once.

A number is `silent` at a hospital that refuses every analysis it is of: noise is sent in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import moments
from riskset.analyses.admission.features import Admitted, Feature, features_of, gram, matrix, only_of
from riskset.analyses.admission.figures import Count, Figures, Gram, symmetric
from riskset.analyses.cohort import Cohort
from riskset.analyses.cox_model import CoxModel

Live = Sequence[Admitted]
"""The analyses still asked for, in the study's order."""


@dataclass(frozen=True)
class Own:
    """What a hospital computes from. Never leaves."""

    cohort: Cohort
    changes: Mapping[str, int]
    """By earlier run: this hospital's patients entered, left or altered since."""


class Step(Protocol):
    """One round of admission."""

    @property
    def id(self) -> str: ...

    @property
    def reveals(self) -> str:
        """One sentence for a committee: what the round tells to whoever sees its total."""

    def labels(self, live: Live) -> tuple[str, ...]:
        """Returns what each number is, (size,)."""

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        """Returns the hospital's numbers, (size,)."""

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        """Returns which numbers are of refused analyses alone, (size,)."""

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        """Returns the figures with this round's, from the sum of all hospitals' numbers. `dead` are the ids of live
        analyses that a hospital refused in this round: numbers of theirs alone are noise."""


def _sets(live: Live) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analysis.endpoint for analysis in live))


def _counts(total: Sequence[float]) -> list[Count]:
    """Pairs of rows and sites; what is noise becomes some number, which nobody reads."""
    return [Count(round(total[i]), round(total[i + 1])) for i in range(0, len(total), 2)]


def _count(rows: float, sites: bool) -> tuple[float, float]:
    return float(rows), float(sites)


def _flat(pairs: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(list(chain.from_iterable(pairs)), np.float64)


@dataclass(frozen=True)
class Changes:
    """Before anything else is counted: how many patients differ from those of earlier runs."""

    earlier: tuple[str, ...]
    id: str = "admission/changes"
    reveals: str = "how many patients, at how many hospitals, entered, left or were corrected since each earlier run"

    def labels(self, live: Live) -> tuple[str, ...]:
        said = ("patients changed since run {}", "whether any changed since run {}")
        return tuple(text.format(run) for run in self.earlier for text in said)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        changed = [own.changes.get(run, 0) for run in self.earlier]
        return _flat([_count(rows, rows > 0) for rows in changed])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return np.full(2 * len(self.earlier), refused.issuperset(a.id for a in live))

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        return replace(known, changes=dict(zip(self.earlier, _counts(total), strict=True)))


@dataclass(frozen=True)
class Cohorts:
    """How many patients each analysis set has, and how many tell two of them apart."""

    id: str = "admission/cohorts"
    reveals: str = "how many patients, at how many hospitals, each analysis set has and two of them do not share"

    def labels(self, live: Live) -> tuple[str, ...]:
        sets = _sets(live)
        of = [*sets, *(f"only one of {a} and {b}" for a, b in combinations(sets, 2))]
        return tuple(f"{what} {name}" for name in of for what in ("patients of", "whether any patient of"))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        sets, analysed = _sets(live), own.cohort.analysis_sets
        sizes = [analysed[name].n for name in sets]
        sizes += [len(np.setxor1d(analysed[a].patients, analysed[b].patients)) for a, b in combinations(sets, 2)]
        return _flat([_count(size, size > 0) for size in sizes])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        sets = _sets(live)
        dead = {name: only_of(live, refused, Feature(name)) for name in sets}
        of = [*(dead[name] for name in sets), *(dead[a] or dead[b] for a, b in combinations(sets, 2))]
        return np.repeat(np.array(of, bool), 2)

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        sets, counts = _sets(live), _counts(total)
        rows = dict(zip(sets, counts, strict=False))
        apart = dict(zip(combinations(sets, 2), counts[len(sets) :], strict=True))
        return replace(known, rows=rows, apart=apart)


def _columns(live: Live) -> tuple[Feature, ...]:
    return tuple(feature for feature in features_of(live) if feature.column is not None)


def models(live: Live) -> list[Admitted]:
    """Returns the analyses that have a design. (A curve's arms are judged as pairs.)"""
    return [analysis for analysis in live if isinstance(analysis, CoxModel)]


def modelled(live: Live) -> tuple[Feature, ...]:
    """Returns the columns of the models, numbers among them, by analysis set."""
    features = _columns(models(live))
    return tuple(f for name in dict.fromkeys(f.cohort for f in features) for f in features if f.cohort == name)


@dataclass(frozen=True)
class Counts:
    """How many events each analysis set has, how many patients each 0/1 column, and how each model's column spreads."""

    id: str = "admission/counts"
    reveals: str = (
        "how many events each analysis set has, how many patients have each level, at how many hospitals, and each "
        "covariate's mean and standard deviation"
    )

    def labels(self, live: Live) -> tuple[str, ...]:
        of_columns = ((f"patients with {f.name}", f"whether {f.name} varies here") for f in _columns(live))
        spread = (f"{number} of {f.name}" for f in modelled(live) for number in moments.NUMBERS)
        return (*(f"events of {name}" for name in _sets(live)), *chain.from_iterable(of_columns), *spread)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        analysed = own.cohort.analysis_sets
        events = [float(analysed[name].event.sum()) for name in _sets(live)]
        counts = _flat([self._of(own, feature) for feature in _columns(live)])
        spread = [moments.summary([f.column], analysed[f.cohort]) for f in modelled(live) if f.column]
        return np.concatenate([events, counts, *spread])

    def _of(self, own: Own, feature: Feature) -> tuple[float, float]:
        assert feature.column is not None
        values = feature.column.values(own.cohort.analysis_sets[feature.cohort])
        varies = bool(len(values)) and bool((values != values[0]).any())
        return _count(0.0 if feature.is_number else values.sum(), varies)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        of_sets = [only_of(live, refused, Feature(name)) for name in _sets(live)]
        columns = np.repeat([only_of(live, refused, f) for f in _columns(live)], 2)
        spread = np.repeat([only_of(models(live), refused, f) for f in modelled(live)], len(moments.NUMBERS))
        return np.array([*of_sets, *columns, *spread], bool)

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        sets, columns, at = _sets(live), _columns(live), len(_sets(live)) + 2 * len(_columns(live))
        events = {name: round(number) for name, number in zip(sets, total, strict=False)}
        counts = dict(zip(columns, _counts(total[len(sets) : at]), strict=True))
        spread = {f: total[at + 3 * i : at + 3 * i + 3] for i, f in enumerate(modelled(live))}
        told = {f: part for f, part in spread.items() if not only_of(models(live), dead, f)}
        found: dict[str, moments.Moments] = {}
        for name in dict.fromkeys(f.cohort for f in told):
            parts = {f.column: part for f, part in told.items() if f.cohort == name and f.column}
            found[name] = moments.pooled(known.rows[name].rows, events[name], parts)
        return replace(known, events=events, columns=counts, moments=found)


def _silent_pairs(live: Live, refused: frozenset[str], features: Sequence[Feature]) -> NDArray[np.bool_]:
    dead = np.array([only_of(live, refused, feature) for feature in features], bool)
    i, j = np.triu_indices(len(features))
    return np.asarray(dead[i] | dead[j], bool)


def _pair_labels(features: Sequence[Feature], what: str) -> tuple[str, ...]:
    names = [feature.name for feature in features]
    return tuple(f"{what} {a} and {b}" for i, a in enumerate(names) for b in names[i:])


def binary(live: Live) -> tuple[Feature, ...]:
    """Returns the features with 0 or 1: memberships and levels."""
    return tuple(feature for feature in features_of(live) if not feature.is_number)


@dataclass(frozen=True)
class Pairs:
    """How many patients have two levels at once, for every two: what tells whether some combination isolates a few."""

    id: str = "admission/pairs"
    reveals: str = "how many patients have each two levels at once"

    def labels(self, live: Live) -> tuple[str, ...]:
        return _pair_labels(binary(live), "patients with")

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return gram(matrix(own.cohort, binary(live)))

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return _silent_pairs(live, refused, binary(live))

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        features = binary(live)
        return replace(known, pairs=Gram(features, symmetric(total, len(features))))


@dataclass(frozen=True)
class Products:
    """How the columns of the models go together, numbers too: their products, centred within hospitals."""

    id: str = "admission/products"
    reveals: str = "the correlation of each two covariates"

    def labels(self, live: Live) -> tuple[str, ...]:
        return _pair_labels(modelled(live), "centred product of")

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return gram(matrix(own.cohort, modelled(live), centred=True))

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return _silent_pairs(models(live), refused, modelled(live))

    def combine(self, total: Sequence[float], live: Live, dead: frozenset[str], known: Figures) -> Figures:
        features = modelled(live)
        return replace(known, spread=Gram(features, symmetric(total, len(features))))


def steps(earlier: Sequence[str]) -> tuple[Step, ...]:
    """Returns the rounds of admission of a run before which the `earlier` ones were answered."""
    first: tuple[Step, ...] = (Changes(tuple(earlier)),) if earlier else ()
    return (*first, Cohorts(), Counts(), Pairs(), Products())
