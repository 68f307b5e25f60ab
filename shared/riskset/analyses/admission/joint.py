"""Products of two columns, as interactions have them: what is told of them, and with what they are judged.

A model with a product a b and a column c sends sums over patients of a b c. Such a sum is also one of a over those who
have b and c, and one of b over those who have a and c. So every column of such a model is judged within a and within b
as well: a block for each factor has the columns and the products of each with the factor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import moments
from riskset.analyses.admission.features import Feature, features_of, matrix, only_of
from riskset.analyses.admission.figures import Figures, Gram
from riskset.analyses.admission.of_columns import Products, strata_in, stratified
from riskset.analyses.admission.step import Live, Own, rows_and_sites
from riskset.analyses.analysis import Analysis
from riskset.catalogue import Message, say
from riskset.disclosure.composed import product, rest
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of

Pair = tuple[Feature, Feature]


@dataclass(frozen=True)
class Block:
    """What is judged together for one factor."""

    users: frozenset[str]
    """Ids of the analyses with products of the factor."""
    features: tuple[Feature, ...]
    """Sets of patients, columns in them, and then the products of columns with the factor."""
    design: tuple[Feature, ...]
    """Those whose sums of products a model sends (R4)."""

    @property
    def levels(self) -> tuple[Feature, ...]:
        """Returns the 0/1 features (R2)."""
        return tuple(f for f in self.features if not f.is_number)


def is_joint(analysis: Analysis) -> bool:
    """Whether an analysis has a product of columns, or is of the patients of one level: as if every column of it were a
    product with that level."""
    return analysis.exposure.within is not None or any(column.factors for column in analysis.columns)


def blocks(live: Live) -> tuple[Block, ...]:
    """Returns a block for each factor of the products of these analyses, over all their sets."""
    users: dict[Column, list[Analysis]] = {}
    for analysis in live:
        for factor in factors_of(analysis):
            users.setdefault(factor, []).append(analysis)
    of_each = {analysis.id: brought(analysis) for analysis in live}
    return tuple(_block(factor, of, of_each) for factor, of in users.items())


def _block(factor: Column, users: Sequence[Analysis], of_each: Mapping[str, Sequence[Feature]]) -> Block:
    single = [f for f in features_of(users) if not f.is_joint and not any(c.is_sum for c in f.columns)]
    products = dict.fromkeys(f for analysis in users for f in of_each[analysis.id] if factor in _factors(f))
    designs = {Feature(a.analysis_set, column) for a in users for column in a.exposure.judged_design}
    design = [f for f in single if f in designs]
    design += [f for f in products if all(Feature(f.cohort, c) in designs for c in _factors(f))]
    return Block(frozenset(a.id for a in users), (*single, *products), tuple(design))


def factors_of(analysis: Analysis) -> tuple[Column, ...]:
    """Returns the columns of which an analysis has products, each once."""
    return tuple(dict.fromkeys(factor for both in pairs_of(analysis) for factor in both))


def pairs_of(analysis: Analysis) -> tuple[tuple[Column, Column], ...]:
    """Returns the columns of whose products the sums of an analysis are: its interactions, and each column with the
    level whose patients alone are in it."""
    found = [(c.factors[0], c.factors[1]) for c in analysis.columns if c.factors]
    if (within := analysis.exposure.within) is not None:
        found += [(within, c) for c in _single(analysis) if c.variable != within.variable]
    return tuple(found)


def _single(analysis: Analysis) -> list[Column]:
    return [c for c in analysis.columns if not c.factors and not c.is_sum]


def brought(analysis: Analysis) -> tuple[Feature, ...]:
    """Returns the products with which an analysis is judged: of each column with each factor of its interactions, and
    with the level whose patients alone are in it; but not of two levels of one variable, which nobody has both."""
    own = {frozenset(c.factors): c for c in analysis.columns if c.factors}
    marks = dict.fromkeys([f for c in own.values() for f in c.factors] + [*filter(None, [analysis.exposure.within])])
    found: dict[frozenset[Column], Column] = {}
    for factor in marks:
        for column in _single(analysis):
            both = frozenset((factor, column))
            if column.variable != factor.variable or (column == factor and factor.is_number):
                found.setdefault(both, own.get(both) or product(factor, column))
    return tuple(Feature(analysis.analysis_set, column) for column in found.values())


def _factors(feature: Feature) -> tuple[Column, ...]:
    return feature.column.factors if feature.column is not None else ()


def products_of(live: Live) -> tuple[Feature, ...]:
    """Returns every product with which these analyses are judged, once."""
    return tuple(dict.fromkeys(f for analysis in live for f in brought(analysis)))


def _dead(live: Live, refused: frozenset[str], features: Iterable[Feature]) -> set[Feature]:
    """Returns those of the features that are judged only for refused analyses."""
    alive = {f for analysis in live if analysis.id not in refused for f in products_with(analysis)}
    return {f for f in features if (f not in alive if f.is_joint else only_of(live, refused, f))}


def pairs(live: Live, *, of_levels: bool) -> tuple[Pair, ...]:
    """Returns the pairs of features, one of them a product, whose sums of products leave: of 0/1 features for R2, of
    all columns for R4."""
    found: dict[Pair, None] = {}
    for block in blocks(live):
        features = block.levels if of_levels else block.design
        both = [(a, b) for a, b in combinations_with_replacement(features, 2) if b.is_joint]
        found |= dict.fromkeys(pair for pair in both if pair[::-1] not in found)
    return tuple(found)


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


def gram_of(features: Sequence[Feature], single: Gram | None, joint: Mapping[Pair, float]) -> NDArray[np.float64]:
    """Returns the sums of products of these features, (m, m), of which `single` has those without a product."""
    m = len(features)
    found = np.zeros((m, m))
    alone = [j for j, f in enumerate(features) if not f.is_joint]
    if single is not None and alone:
        found[np.ix_(alone, alone)] = single.of([features[j] for j in alone])
    for i in range(m):
        for j in range(i, m):
            if features[i].is_joint or features[j].is_joint:
                a, b = features[i], features[j]
                found[i, j] = found[j, i] = joint[a, b] if (a, b) in joint else joint[b, a]
    return found


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
        found, noise = dict(known.moments), _dead(live, dead, whole)
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


def levels_of(live: Live) -> Mapping[str, tuple[str, Column]]:
    """Returns, by the name of the rows, the set and the level whose patients alone analyses are of."""
    return {a.rows_name: (a.analysis_set, a.exposure.within) for a in live if a.exposure.within is not None}


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


def columns_within(analysis: Analysis) -> tuple[tuple[Column, Feature], ...]:
    """Returns the columns of an analysis of one level's patients, each with its product with the level about its means
    in the level and in the others: what it varies among these patients."""
    level = analysis.exposure.within
    if level is None:
        return ()
    at = {frozenset(f.column.factors): f for f in brought(analysis) if f.column is not None}
    columns = [c for c in analysis.exposure.judged_design if c != level]
    return tuple((c, replace(at[frozenset((level, c))], within=(level,))) for c in columns)


def numbers_in_levels(analysis: Analysis) -> tuple[Feature, ...]:
    """Returns, of each number beside an interaction, what it varies in each level of the factors: about its mean there.
    It may be the same for all but one patient of a level, however it varies in all."""
    single = _single(analysis)
    variables = dict.fromkeys(f.variable for f in factors_of(analysis) if not f.is_number)
    found: list[Feature] = []
    for variable in variables if analysis.exposure.within is None else ():
        levels = tuple(c for c in single if c.variable == variable)
        numbers = [c for c in analysis.exposure.judged_design if c.is_number and not c.factors]
        products = ((level, product(level, c)) for level in (*levels, rest(levels)) for c in numbers)
        found += (Feature(analysis.analysis_set, column, (level,)) for level, column in products)
    return tuple(found)


def columns_told(live: Live) -> tuple[Column, ...]:
    """Returns the products of which the round tells something."""
    return tuple(dict.fromkeys(column for f in _spread(live) for column in f.columns))


def _spread(live: Live) -> tuple[Feature, ...]:
    """Returns the products, and then those about their means in strata and levels."""
    within = (f for analysis in live for _, f in columns_within(analysis))
    numbers = (f for analysis in live for f in numbers_in_levels(analysis))
    return tuple(dict.fromkeys((*products_of(live), *stratified(live, joint=True), *within, *numbers)))


def compared(live: Live) -> tuple[Feature, ...]:
    """Returns what the coefficients of these analyses are of: their interactions, and their columns within a level."""
    within = (f for analysis in live for _, f in columns_within(analysis))
    return tuple(dict.fromkeys((*(f for f in features_of(live) if f.is_joint), *within)))


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


def products_with(analysis: Analysis) -> frozenset[Feature]:
    """Returns the products with which an analysis is judged by themselves: also about their means in its strata, and in
    the level whose patients alone are in it."""
    products, strata = brought(analysis), strata_in(analysis)
    in_strata = (replace(f, within=strata) for f in products if strata)
    within = (f for _, f in columns_within(analysis))
    return frozenset((*products, *in_strata, *within, *numbers_in_levels(analysis)))


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
