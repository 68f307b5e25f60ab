"""The rounds of admission. Each is a sum over hospitals, as any analysis is, for all live analyses at once.

A number is `silent` at a hospital that refuses every analysis it belongs to: the hospital sends noise in its place.

How many hospitals contribute to a count is not a number under the secure sum, in which one hospital could send a 2 and
count for two. Each states in clear whether it contributes (docs/decisions/0022-contributors.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, combinations_with_replacement
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import moments
from riskset.analyses.admission import spreads
from riskset.analyses.admission.exclusions import NOT_COUNTED, Exclusions
from riskset.analyses.admission.features import (
    Feature,
    features_of,
    gram,
    is_crossed,
    matrix,
    only_in_designs_of,
    only_of,
)
from riskset.analyses.admission.figures import Count, Figures, Gram
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.catalogue import Message, say
from riskset.disclosure.curves import Curve
from riskset.disclosure.exposure import Label
from riskset.disclosure.exposure import total as total_of
from riskset.stats.arrays import symmetric

Live = Sequence[Analysis]
"""The analyses judged together: those admitted before, then those in admission, in `Plan.judging_order`."""


@dataclass(frozen=True)
class Own:
    """What a hospital computes from. Never leaves."""

    cohort: Cohort
    changes: Mapping[str, int]
    """By earlier run: this hospital's patients entered, left or altered since."""
    entered: Mapping[str, int] = field(default_factory=dict)
    """By earlier run: those of them who entered or left, of all patients or of a set of them."""
    alike: Mapping[str, int] = field(default_factory=dict)
    """By earlier run: its patients who differ in a field that has other columns than in that run, though it is the same
    for nearly all. Not counted with the others, whom a study could hide by declaring a field that is nearly another."""
    opened: Callable[[], Sequence[Curve]] = tuple
    """Returns the curves that it answered in other runs, of any study, over the patients of the cohort. They are read
    from the journal only where they are judged."""


class Step(Protocol):
    """One round of admission."""

    @property
    def id(self) -> str: ...

    @property
    def reveals(self) -> Message:
        """One sentence for a committee: what the round tells anyone who sees its total."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        """Returns what each number is, (size,)."""

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        """Returns the hospital's numbers, (size,)."""

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        """Returns which numbers belong to refused analyses only, (size,)."""

    def stated(self, live: Live) -> tuple[int, ...]:
        """Returns the indices, ascending, of the counts to which each hospital states whether it contributes."""

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        """Returns what the hospital states, one for each of `stated`; the same whatever it refuses."""

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        """Returns the figures with those of this round added, from the sum of all hospitals' numbers, and from how many
        hospitals contribute to each of `stated`.

        `dead` are the ids of live analyses that a hospital refused in this round: numbers that belong only to them are
        noise.
        """


def _sets(live: Live) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analysis.analysis_set for analysis in live))


def _with_events(live: Live) -> tuple[str, ...]:
    """Returns the sets with an endpoint, whose events are counted."""
    return tuple(dict.fromkeys(analysis.analysis_set for analysis in live if analysis.endpoint is not None))


def _counts(total: Sequence[float], sites: Sequence[int]) -> list[Count]:
    """Returns rows and sites; noise becomes an arbitrary number that is never used."""
    return [Count(round(rows), n) for rows, n in zip(total, sites, strict=True)]


def _has_any(counts: NDArray[np.float64]) -> tuple[bool, ...]:
    return tuple(bool(rows > 0) for rows in counts)


@dataclass(frozen=True)
class Changes:
    """How many patients differ from those of earlier runs, and how many of them entered or left, before anything else
    is counted."""

    earlier: tuple[str, ...]
    counts_entered: bool = True
    """False in a run of a protocol before 3."""
    id: str = "admission/changes"
    reveals: ClassVar[Message] = say("analyses.reveals.changes")

    @property
    def _asked(self) -> tuple[str, ...]:
        return ("changed", "who entered or left") if self.counts_entered else ("changed",)

    def labels(self, live: Live) -> tuple[Label, ...]:
        return tuple(total_of(f"patients {what} since run {run}") for what in self._asked for run in self.earlier)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        known = (own.changes, own.entered)[: len(self._asked)]
        return np.array([of.get(run, 0) for of in known for run in self.earlier], np.float64)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return np.full(len(self.labels(live)), refused.issuperset(a.id for a in live))

    def stated(self, live: Live) -> tuple[int, ...]:
        return tuple(range(len(self.labels(live))))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return _has_any(self.local(own, live))

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        counts, n = _counts(total, sites), len(self.earlier)
        changes, entered = (dict(zip(self.earlier, part, strict=False)) for part in (counts[:n], counts[n:]))
        return replace(known, changes=changes, entered=entered)


@dataclass(frozen=True)
class Cohorts:
    """How many patients each analysis set has, and how many are in only one of two sets."""

    id: str = "admission/cohorts"
    reveals: ClassVar[Message] = say("analyses.reveals.cohorts")

    def labels(self, live: Live) -> tuple[Label, ...]:
        sets = _sets(live)
        of = [*sets, *(f"only one of {a} and {b}" for a, b in combinations(sets, 2))]
        return tuple(total_of(f"patients of {name}") for name in of)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        sets = _sets(live)
        sizes = [own.cohort.analysis_sets[name].n for name in sets]
        sizes += [own.cohort.apart(a, b) for a, b in combinations(sets, 2)]
        return np.array(sizes, np.float64)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        sets = _sets(live)
        dead = {name: only_of(live, refused, Feature(name)) for name in sets}
        of = [*(dead[name] for name in sets), *(dead[a] or dead[b] for a, b in combinations(sets, 2))]
        return np.array(of, bool)

    def stated(self, live: Live) -> tuple[int, ...]:
        return tuple(range(len(self.labels(live))))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return _has_any(self.local(own, live))

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        sets, counts = _sets(live), _counts(total, sites)
        rows = dict(zip(sets, counts, strict=False))
        apart = dict(zip(combinations(sets, 2), counts[len(sets) :], strict=True))
        return replace(known, rows=rows, apart=apart)


def _columns(live: Live) -> tuple[Feature, ...]:
    return tuple(feature for feature in features_of(live) if feature.column is not None)


def _values(own: Own, feature: Feature) -> NDArray[np.float64]:
    assert feature.column is not None
    return feature.column.values(own.cohort.analysis_sets[feature.cohort])


def models(live: Live) -> list[Analysis]:
    """Returns the analyses that disclose sums of products. (A curve's arms are judged as pairs.)"""
    return [analysis for analysis in live if analysis.exposure.design]


def modelled(live: Live) -> tuple[Feature, ...]:
    """Returns the columns of the designs, including numbers, by analysis set."""
    features = dict.fromkeys(
        Feature(analysis.analysis_set, column) for analysis in models(live) for column in analysis.exposure.design
    )
    return tuple(f for name in dict.fromkeys(f.cohort for f in features) for f in features if f.cohort == name)


def summed(live: Live) -> tuple[Feature, ...]:
    """Returns the columns of which a sum and a sum of squares leave: those of designs, then the numbers of tables."""
    numbers = (Feature(analysis.analysis_set, column) for analysis in live for column in analysis.exposure.numbers)
    return tuple(dict.fromkeys((*modelled(live), *numbers)))


@dataclass(frozen=True)
class Counts:
    """Events of each analysis set, patients with each 0/1 column, the spread of each column of a model, and who is not
    analysed."""

    exclusions: Exclusions = NOT_COUNTED
    id: str = "admission/counts"
    reveals: ClassVar[Message] = say("analyses.reveals.counts")

    def labels(self, live: Live) -> tuple[Label, ...]:
        return (
            *(total_of(f"events of {name}") for name in _with_events(live)),
            *(total_of(f"patients with {f.name}", *f.columns) for f in _columns(live)),
            *(total_of(f"{n} of {f.name}", *f.columns) for f in summed(live) for n in moments.NUMBERS),
            *self.exclusions.labels(live),
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        events = [float(own.cohort.outcomes(name).event.sum()) for name in _with_events(live)]
        counts = [0.0 if f.is_number else float(_values(own, f).sum()) for f in _columns(live)]
        analysed = own.cohort.analysis_sets
        spread = [moments.summary([f.column], analysed[f.cohort]) for f in summed(live) if f.column]
        return np.concatenate([events, counts, *spread, self.exclusions.local(own.cohort, live)])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        of_sets = [only_of(live, refused, Feature(name)) for name in _with_events(live)]
        columns = [only_of(live, refused, f) for f in _columns(live)]
        spread = np.repeat([only_in_designs_of(live, refused, f) for f in summed(live)], len(moments.NUMBERS))
        return np.array([*of_sets, *columns, *spread, *self.exclusions.silent(live, refused)], bool)

    def stated(self, live: Live) -> tuple[int, ...]:
        before = len(_with_events(live))
        return tuple(range(before, before + len(_columns(live))))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        every = [_values(own, feature) for feature in _columns(live)]
        return tuple(bool(len(values)) and bool((values != values[0]).any()) for values in every)

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        sets, columns = _with_events(live), _columns(live)
        at = len(sets) + len(columns)
        events = {name: round(number) for name, number in zip(sets, total, strict=False)}
        counts = dict(zip(columns, _counts(total[len(sets) : at], sites), strict=True))
        spread = {f: total[at + 3 * i : at + 3 * i + 3] for i, f in enumerate(summed(live))}
        excluded = self.exclusions.combine(total[at + 3 * len(spread) :], live, dead)
        known_spread = {f: part for f, part in spread.items() if not only_in_designs_of(live, dead, f)}
        found: dict[str, moments.Moments] = {}
        for name in dict.fromkeys(f.cohort for f in known_spread):
            parts = {f.column: part for f, part in known_spread.items() if f.cohort == name and f.column}
            varying = {f.column for f, count in counts.items() if f.cohort == name and f.column and count.sites}
            found[name] = moments.pooled(known.rows[name].rows, events.get(name, 0), parts, varying)
        return replace(known, events=events, columns=counts, moments=found, excluded=excluded)


class _NoContributors:
    """Of a step without counts whose contributors are counted."""

    def stated(self, live: Live) -> tuple[int, ...]:
        return ()

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return ()


def _silent_pairs(dead: Sequence[bool]) -> NDArray[np.bool_]:
    """Returns which products involve a dead feature, upper triangle by rows."""
    of = np.array(dead, bool)
    i, j = np.triu_indices(len(dead))
    return np.asarray(of[i] | of[j], bool)


def _pair_labels(features: Sequence[Feature], what: str) -> tuple[Label, ...]:
    return tuple(
        total_of(f"{what} {a.name} and {b.name}", *a.columns, *b.columns)
        for a, b in combinations_with_replacement(features, 2)
    )


def binary(live: Live) -> tuple[Feature, ...]:
    """Returns the 0/1 features whose products leave: memberships, and levels that are more than counted one way."""
    return tuple(f for f in features_of(live) if not f.is_number and is_crossed(live, f))


@dataclass(frozen=True)
class Pairs(_NoContributors):
    """How many patients have two levels at once, for every two: whether some combination isolates a few patients."""

    id: str = "admission/pairs"
    reveals: ClassVar[Message] = say("analyses.reveals.pairs")

    def labels(self, live: Live) -> tuple[Label, ...]:
        return _pair_labels(binary(live), "patients with")

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return gram(matrix(own.cohort, binary(live)))

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return _silent_pairs([only_of(live, refused, feature) for feature in binary(live)])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        features = binary(live)
        return replace(known, pairs=Gram(features, symmetric(total, len(features))))


@dataclass(frozen=True)
class Products(_NoContributors):
    """Products of the columns of the models, including numbers, centred within hospitals; and the spread of each number
    of a table within an arm."""

    id: str = "admission/products"
    reveals: ClassVar[Message] = say("analyses.reveals.products")

    def labels(self, live: Live) -> tuple[Label, ...]:
        return (*_pair_labels(modelled(live), "centred product of"), *spreads.labels(live))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        products = gram(matrix(own.cohort, modelled(live), centred=True))
        return np.concatenate([products, spreads.local(own.cohort, live)])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        products = _silent_pairs([only_in_designs_of(live, refused, feature) for feature in modelled(live)])
        return np.concatenate([products, spreads.silent(live, refused)])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        features = modelled(live)
        n = len(features) * (len(features) + 1) // 2
        by_arm = dict(zip(spreads.asked(live), total[n:], strict=True))
        return replace(known, spread=Gram(features, symmetric(total[:n], len(features))), by_arm=by_arm)


def steps(
    earlier: Sequence[str], exclusions: Exclusions = NOT_COUNTED, *, counts_entered: bool = True
) -> tuple[Step, ...]:
    """Returns the rounds of admission; `earlier` are the runs whose changes have not been judged yet."""
    first: tuple[Step, ...] = (Changes(tuple(earlier), counts_entered),) if earlier else ()
    return (*first, Cohorts(), Counts(exclusions), Pairs(), Products())
