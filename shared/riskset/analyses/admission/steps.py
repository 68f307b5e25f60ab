"""The rounds of admission, in their order, and the first of them: of whole patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.altered import Item, users_in
from riskset.analyses.admission.exclusions import NOT_COUNTED, Exclusions
from riskset.analyses.admission.features import Feature, Users
from riskset.analyses.admission.figures import Figures, ToldSet
from riskset.analyses.admission.joint import Joint, JointProducts
from riskset.analyses.admission.of_columns import Counts, Pairs, Products
from riskset.analyses.admission.step import Live, Own, Step, rows_and_sites
from riskset.analyses.weights import Weights, coarse
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Label
from riskset.disclosure.exposure import total as total_of

_ALIKE = Weights(0.0, 0.0)


def _sets(live: Live) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analysis.analysis_set for analysis in live))


def _has_any(counts: NDArray[np.float64]) -> tuple[bool, ...]:
    return tuple(bool(rows > 0) for rows in counts)


@dataclass(frozen=True)
class Changes:
    """How many patients differ from those of earlier runs, how many of them entered or left, and how many were altered
    in what an analysis uses, before anything else is counted."""

    earlier: tuple[str, ...]
    counts_entered: bool = True
    """False in a run of a protocol before 3, which counted all together only."""
    id: str = "admission/changes"
    reveals: ClassVar[Message] = say("analyses.reveals.changes")

    def labels(self, live: Live) -> tuple[Label, ...]:
        of = [f"changed since run {run}" for run in self.earlier]
        if self.counts_entered:
            of += [f"who entered or left since run {run}" for run in self.earlier]
        of += [f"altered in {item.text} since run {run}" for run, item in self._altered(live)]
        return tuple(total_of(f"patients {what}") for what in of)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        known = (own.changes, own.entered)[: 1 + self.counts_entered]
        numbers = [of.get(run, 0) for of in known for run in self.earlier]
        numbers += [own.altered.get(run, {}).get(item, 0) for run, item in self._altered(live)]
        return np.array(numbers, np.float64)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        everywhere = refused.issuperset(a.id for a in live)
        users = users_in(live)
        of = [refused.issuperset(users[item]) for _, item in self._altered(live)]
        return np.array([everywhere] * (len(self.labels(live)) - len(of)) + of, bool)

    def stated(self, live: Live) -> tuple[int, ...]:
        return tuple(range(len(self.labels(live))))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return _has_any(self.local(own, live))

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        counts, n = iter(rows_and_sites(total, sites)), len(self.earlier)
        changes = dict(zip(self.earlier, islice(counts, n), strict=True))
        entered = dict(zip(self.earlier, islice(counts, n), strict=True)) if self.counts_entered else {}
        altered = dict(zip(self._altered(live), counts, strict=True))
        return replace(known, changes=changes, entered=entered, altered=altered)

    def _altered(self, live: Live) -> list[tuple[str, Item]]:
        return list(product(self.earlier, users_in(live))) if self.counts_entered else []


@dataclass(frozen=True)
class Cohorts:
    """How many patients each analysis set has, and how many are in only one of two sets, of which one may be of an
    earlier run."""

    earlier: tuple[ToldSet, ...] = ()
    told: frozenset[ToldSet] = frozenset()
    """Those of them that are known by their totals; of the others an earlier run may still tell."""
    tables: frozenset[ToldSet] = frozenset()
    """Those of them of which no more than tables by arm was told."""
    id: str = "admission/cohorts"
    reveals: ClassVar[Message] = say("analyses.reveals.cohorts")

    def labels(self, live: Live) -> tuple[Label, ...]:
        sets = _sets(live)
        of = [*sets, *(f"only one of {a} and {b}" for a, b in combinations(sets, 2))]
        of += [f"only one of {name} and set {place + 1} of run {run}" for (run, place), name in self._since(live)]
        differ = [f"in {name} than in set {place + 1} of run {run}" for (run, place), name in self._weighed(live)]
        kinds = ("", "squared ")
        return (
            *(total_of(f"patients of {name}") for name in of),
            *(
                total_of(f"{kind}weights, rounded, by which patients count otherwise {f}")
                for f in differ
                for kind in kinds
            ),
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        sets = _sets(live)
        sizes = [own.cohort.analysis_sets[name].n for name in sets]
        sizes += [own.cohort.apart(a, b) for a, b in combinations(sets, 2)]
        since = own.apart_since(own.cohort) if self.earlier else {}
        sizes += [since.get(one, {}).get(name, 0) for one, name in self._since(live)]
        weighed = own.weighed_since(own.cohort) if self.earlier else {}
        differ = [weighed.get(one, {}).get(name, _ALIKE) for one, name in self._weighed(live)]
        told = [number for of in differ for number in (coarse(of.total), coarse(of.squares, up=True))]
        return np.array([*sizes, *told], np.float64)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        sets, users = _sets(live), Users(live)
        dead = {name: users.are_among(refused, Feature(name)) for name in sets}
        of = [*(dead[name] for name in sets), *(dead[a] or dead[b] for a, b in combinations(sets, 2))]
        of += [dead[name] for _, name in self._since(live)]
        of += [dead[name] for _, name in self._weighed(live) for _ in range(2)]
        return np.array(of, bool)

    def stated(self, live: Live) -> tuple[int, ...]:
        return tuple(range(len(self.labels(live)) - 2 * len(self._weighed(live))))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return _has_any(self.local(own, live)[: len(self.stated(live))])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        of_weights = self._weighed(live)
        n = len(total) - 2 * len(of_weights)
        sets, counts = _sets(live), rows_and_sites(total[:n], sites)
        # those of levels are kept: models that were admitted before go on meanwhile
        rows = {**known.rows, **dict(zip(sets, counts, strict=False))}
        apart = dict(zip(combinations(sets, 2), counts[len(sets) :], strict=False))
        since = dict(zip(self._since(live), counts[len(sets) + len(apart) :], strict=True))
        weights = (Weights(*both) for both in zip(total[n::2], total[n + 1 :: 2], strict=True))
        weighed = dict(zip(of_weights, weights, strict=True))
        return replace(known, rows=rows, apart=apart, since=since, weighed=weighed, told=self.told, tables=self.tables)

    def _since(self, live: Live) -> list[tuple[ToldSet, str]]:
        return list(product(self.earlier, _sets(live)))

    def _weighed(self, live: Live) -> list[tuple[ToldSet, str]]:
        """Returns the same of sets with the weights of a derived population."""
        weighted = (a for a in live if a.exposure.weights and a.set_id.weighted_by is None)
        return list(product(self.earlier, dict.fromkeys(a.analysis_set for a in weighted)))


def steps(
    earlier: Sequence[str],
    exclusions: Exclusions = NOT_COUNTED,
    earlier_sets: Sequence[ToldSet] = (),
    told: frozenset[ToldSet] = frozenset(),
    tables: frozenset[ToldSet] = frozenset(),
    *,
    counts_entered: bool = True,
    joint: tuple[Joint, ...] = (),
) -> tuple[Step, ...]:
    """Returns the rounds of admission; `earlier` are the runs whose changes have not been judged yet, `joint` the round
    of analyses with products of columns; the rest is of `Cohorts`."""
    first: tuple[Step, ...] = (Changes(tuple(earlier), counts_entered),) if earlier else ()
    cohorts, products = Cohorts(tuple(earlier_sets), told, tables), JointProducts() if joint else Products()
    return (*first, cohorts, Counts(exclusions), Pairs(), *joint, products)
