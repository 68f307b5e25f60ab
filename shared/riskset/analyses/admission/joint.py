"""The rounds of admission that tell of products of two columns, after the cells of each two levels were judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import moments
from riskset.analyses.admission.blocks import (
    Pair,
    columns_within,
    compared,
    levels_of,
    numbers_in_levels,
    pairs,
    products_of,
    products_with,
)
from riskset.analyses.admission.features import Feature, Users, matrix
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.of_columns import Products, stratified
from riskset.analyses.admission.step import Live, Own, rows_and_sites
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of


@dataclass(frozen=True)
class Joint:
    """How many patients have two levels and a third, for the factors of products; the spread of the products; and the
    events of each level whose patients alone an analysis is of."""

    least: int = 1
    """A hospital is a contributor if it has so many patients with a level who differ in the other column. It states
    that in clear: k of them, so that it says nothing about fewer."""
    id: str = "admission/joint"
    reveals: ClassVar[Message] = say("analyses.reveals.joint")

    def labels(self, live: Live) -> tuple[Label, ...]:
        return (
            *(total_of(f"events of {name}", level) for name, (_, level) in levels_of(live).items()),
            *(total_of(f"sum of squares of {f.name}", *f.columns) for f in _spread(live)),
            *pair_labels(pairs(live, of_levels=True), "patients with"),
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        events = [_events(own, of_set, level) for of_set, level in levels_of(live).values()]
        # about the mean of the hospital, as all products: a sum of a number over those with a level can be decoded
        spread = matrix(own.cohort, _spread(live), centred=True)
        of_pairs = sums_of(own, pairs(live, of_levels=True), centred=False)
        return np.concatenate([events, (spread**2).sum(axis=0), of_pairs])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        alive = {analysis.rows_name for analysis in live if analysis.id not in refused}
        spread = _spread(live)
        dead = _dead(live, refused, spread)
        of_numbers = [*(name not in alive for name in levels_of(live)), *(f in dead for f in spread)]
        return np.concatenate([np.array(of_numbers, bool), silent_pairs(live, refused, pairs(live, of_levels=True))])

    def stated(self, live: Live) -> tuple[int, ...]:
        own, first = set(compared(live)), len(levels_of(live))
        return tuple(first + i for i, f in enumerate(_spread(live)) if f in own)

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        kept = set(compared(live))
        return tuple(_varies(own, f, self.least) for f in _spread(live) if f in kept)

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        levels, of_spread = levels_of(live), _spread(live)
        at = len(levels) + len(of_spread)
        events = {**known.events, **{name: round(n) for name, n in zip(levels, total, strict=False)}}
        spread = dict(zip(of_spread, total[len(levels) : at], strict=True))
        joint = dict(zip(pairs(live, of_levels=True), total[at:], strict=True))
        kept = set(compared(live))
        counted = [f for f in of_spread if f in kept]
        whole = [replace(f, within=()) for f in counted]
        rows = [0.0 if f.is_number else joint[Feature(f.cohort), f] for f in whole]
        columns = {**known.columns, **dict(zip(counted, rows_and_sites(rows, sites), strict=True))}
        found, noise = dict(known.moments), _dead(live, dead, products_of(live))
        for f in products_of(live):
            if f.column is not None and f.cohort in found and f not in noise:
                varies = f in kept and columns[f].sites > 0
                found[f.cohort] = moments.with_sum(found[f.cohort], f.column, spread[f], varies)
        of_rows = {name: known.columns[Feature(*of)] for name, of in levels.items() if Feature(*of) in known.columns}
        within = {**known.within, **{f: x for f, x in spread.items() if f.within}}
        known = replace(
            known,
            rows={**known.rows, **of_rows},
            events=events,
            columns=columns,
            moments=found,
            within=within,
            joint=joint,
        )
        return replace(known, moments={**found, **_moments_of_levels(live, dead, known)})


@dataclass(frozen=True)
class JointProducts(Products):
    """The same for studies with products of columns: of these too, beside what they are judged with."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        return (*super().labels(live), *pair_labels(pairs(live, of_levels=False), "centred product of"))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return np.concatenate([super().local(own, live), sums_of(own, pairs(live, of_levels=False), centred=True)])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        of_pairs = silent_pairs(live, refused, pairs(live, of_levels=False))
        return np.concatenate([super().silent(live, refused), of_pairs])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        of = pairs(live, of_levels=False)
        at = len(total) - len(of)
        return replace(
            super().combine(total[:at], sites, live, dead, known), joint_spread=dict(zip(of, total[at:], strict=True))
        )


def _dead(live: Live, refused: frozenset[str], features: Iterable[Feature]) -> set[Feature]:
    """Returns those of the features that are judged only for refused analyses."""
    alive = {f for analysis in live if analysis.id not in refused for f in products_with(analysis)}
    users = Users(live)
    return {f for f in features if (f not in alive if f.is_joint else users.are_among(refused, f))}


def sums_of(own: Own, of: Sequence[Pair], *, centred: bool) -> NDArray[np.float64]:
    """Returns a hospital's sum of products of each pair, (pairs,)."""
    features = tuple(dict.fromkeys(f for pair in of for f in pair))
    at = {f: j for j, f in enumerate(features)}
    values = matrix(own.cohort, features, centred=centred)
    product_ = values.T @ values
    return np.array([product_[at[a], at[b]] for a, b in of], np.float64)


def silent_pairs(live: Live, refused: frozenset[str], of: Sequence[Pair]) -> NDArray[np.bool_]:
    """Returns which of these numbers are of refused analyses only."""
    dead = _dead(live, refused, {f for pair in of for f in pair})
    return np.array([a in dead or b in dead for a, b in of], bool)


def pair_labels(of: Sequence[Pair], what: str) -> tuple[Label, ...]:
    """Returns what each of these numbers is."""
    return tuple(total_of(f"{what} {a.name} and {b.name}", *a.columns, *b.columns) for a, b in of)


def _events(own: Own, of_set: str, level: Column) -> float:
    rows = own.cohort.outcomes(of_set)
    return float(rows.event[level.values(rows) == 1.0].sum())


def _moments_of_levels(live: Live, dead: frozenset[str], known: Figures) -> Mapping[str, moments.Moments]:
    """Returns the moments of the rows of each level, by their name."""
    found: dict[str, moments.Moments] = {}
    for analysis in live:
        if analysis.exposure.within is not None and analysis.id not in dead and analysis.rows_name in known.rows:
            of_rows = moments.Moments(known.rows[analysis.rows_name].rows, known.events[analysis.rows_name], {})
            of = found.get(analysis.rows_name, of_rows)
            for column, f in columns_within(analysis):
                of = moments.with_sum(of, column, known.within[f], known.columns[f].sites > 0)
            found[analysis.rows_name] = of
    return found


def columns_told(live: Live) -> tuple[Column, ...]:
    """Returns the products of which the round tells something."""
    return tuple(dict.fromkeys(column for f in _spread(live) for column in f.columns))


def _spread(live: Live) -> tuple[Feature, ...]:
    """Returns the products, and then those about their means in strata and levels."""
    within = (f for analysis in live for _, f in columns_within(analysis))
    numbers = (f for analysis in live for f in numbers_in_levels(analysis))
    return tuple(dict.fromkeys((*products_of(live), *stratified(live, joint=True), *within, *numbers)))


def _varies(own: Own, feature: Feature, least: int) -> bool:
    """Whether a hospital's patients differ in one column of a product among those with the other, who are at least so
    many; among those with the level only, where it is of one."""
    rows = own.cohort.analysis_sets[feature.cohort]
    assert feature.column is not None
    for level in feature.within or feature.column.factors:
        (other,) = {*feature.column.factors} - {level} or {level}
        values = other.values(rows) if level.is_number else other.values(rows)[level.values(rows) == 1.0]
        if len(values) < least or (values == values[0]).all():
            return False
    return True
