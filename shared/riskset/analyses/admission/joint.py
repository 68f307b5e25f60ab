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
from riskset.analyses.admission.features import Feature, features_of, in_design, matrix, only_of
from riskset.analyses.admission.figures import Figures, Gram
from riskset.analyses.admission.of_columns import Products, strata_in, stratified
from riskset.analyses.admission.step import Live, Own, rows_and_sites
from riskset.analyses.analysis import Analysis
from riskset.catalogue import Message, say
from riskset.disclosure.composed import product
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of

Pair = tuple[Feature, Feature]


@dataclass(frozen=True)
class Block:
    """What is judged together for one factor."""

    factor: Column
    features: tuple[Feature, ...]
    """Sets of patients, columns in them, and then the products of columns with the factor."""
    design: tuple[Feature, ...]
    """Those whose sums of products a model sends (R4)."""

    @property
    def levels(self) -> tuple[Feature, ...]:
        """Returns the 0/1 features (R2)."""
        return tuple(f for f in self.features if not f.is_number)


def is_joint(analysis: Analysis) -> bool:
    """Whether an analysis has a product of columns."""
    return any(column.factors for column in analysis.columns)


def blocks(live: Live) -> tuple[Block, ...]:
    """Returns a block for each factor of the products of these analyses, over all their sets."""
    users: dict[Column, list[Analysis]] = {}
    for analysis in live:
        for factor in dict.fromkeys(f for c in analysis.columns for f in c.factors):
            users.setdefault(factor, []).append(analysis)
    return tuple(_block(factor, of) for factor, of in users.items())


def _block(factor: Column, users: Sequence[Analysis]) -> Block:
    single = [f for f in features_of(users) if not f.is_joint and not any(c.is_sum for c in f.columns)]
    products = dict.fromkeys(f for analysis in users for f in brought(analysis) if factor in _factors(f))
    designs = {f for f in single if any(in_design(analysis, f) for analysis in users)}
    design = [f for f in single if f in designs]
    design += [f for f in products if all(Feature(f.cohort, c) in designs for c in _factors(f))]
    return Block(factor, (*single, *products), tuple(design))


def is_in(block: Block, analysis: Analysis) -> bool:
    """Whether an analysis has products with the block's factor."""
    return any(block.factor in column.factors for column in analysis.columns)


def brought(analysis: Analysis) -> tuple[Feature, ...]:
    """Returns the products with which an analysis is judged: those of each factor of its own with each of its columns,
    but for two levels of one variable, which nobody has both."""
    own = {frozenset(c.factors): c for c in analysis.columns if c.factors}
    single = [c for c in analysis.columns if not c.factors and not c.is_sum]
    found: dict[frozenset[Column], Column] = {}
    for factor in dict.fromkeys(f for one in own.values() for f in one.factors):
        for column in single:
            both = frozenset((factor, column))
            if column.variable != factor.variable or (column == factor and factor.is_number):
                found.setdefault(both, own.get(both) or product(factor, column))
    return tuple(Feature(analysis.analysis_set, column) for column in found.values())


def _factors(feature: Feature) -> tuple[Column, ...]:
    return feature.column.factors if feature.column is not None else ()


def products_of(live: Live) -> tuple[Feature, ...]:
    """Returns every product with which these analyses are judged, once."""
    return tuple(dict.fromkeys(f for analysis in live for f in brought(analysis)))


def sent(live: Live) -> tuple[Feature, ...]:
    """Returns the products that are columns of these analyses."""
    return tuple(f for f in features_of(live) if f.is_joint)


def _dead(live: Live, refused: frozenset[str], features: Iterable[Feature]) -> set[Feature]:
    """Returns those of the features that are judged only for refused analyses."""
    alive = {f for analysis in live if analysis.id not in refused for f in brought(analysis)}
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
    """How many patients have two levels and a third, for the factors of products; and the spread of the products."""

    least: int = 1
    """With so many patients who have both levels, and as many who do not, a hospital counts as a contributor. It states
    that in clear, and fewer would show what few patients have."""
    id: str = "admission/joint"
    reveals: ClassVar[Message] = say("analyses.reveals.joint")

    def labels(self, live: Live) -> tuple[Label, ...]:
        spread = (*products_of(live), *stratified_products(live))
        return (
            *(total_of(f"sum of squares of {f.name}", *f.columns) for f in spread),
            *pair_labels(pairs(live, of_levels=True), "patients with"),
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        # about the mean of the hospital, as all products: a sum of a number over those with a level can be decoded
        spread = matrix(own.cohort, (*products_of(live), *stratified_products(live)), centred=True)
        return np.concatenate([(spread**2).sum(axis=0), sums_of(own, pairs(live, of_levels=True), centred=False)])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        spread = [replace(f, within=()) for f in (*products_of(live), *stratified_products(live))]
        dead = _dead(live, refused, spread)
        return np.concatenate(
            [np.array([f in dead for f in spread], bool), silent_pairs(live, refused, pairs(live, of_levels=True))]
        )

    def stated(self, live: Live) -> tuple[int, ...]:
        own = set(sent(live))
        return tuple(i for i, f in enumerate(products_of(live)) if f in own)

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        kept, sets = set(sent(live)), own.cohort.analysis_sets
        every = [f.column.values(sets[f.cohort]) for f in products_of(live) if f.column and f in kept]
        return tuple(_differing(values) >= self.least for values in every)

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        products, in_strata = products_of(live), stratified_products(live)
        kept = set(sent(live))
        at = len(products) + len(in_strata)
        within = {**known.within, **dict(zip(in_strata, total[len(products) : at], strict=True))}
        joint = dict(zip(pairs(live, of_levels=True), total[at:], strict=True))
        rows = [0.0 if f.is_number else joint[Feature(f.cohort), f] for f in products if f in kept]
        counts = zip((f for f in products if f in kept), rows_and_sites(rows, sites), strict=True)
        columns, found = {**known.columns, **dict(counts)}, dict(known.moments)
        noise = _dead(live, dead, products)
        for f, spread in zip(products, total, strict=False):
            if f.column is not None and f.cohort in found and f not in noise:
                varies = f in kept and columns[f].sites > 0
                found[f.cohort] = moments.with_sum(found[f.cohort], f.column, spread, varies)
        return replace(known, columns=columns, moments=found, within=within, joint=joint)


def stratified_products(live: Live) -> tuple[Feature, ...]:
    """Returns the products in models with further strata, within these."""
    return tuple(f for f in stratified(live, joint=True) if f.is_joint)


def _differing(values: NDArray[np.float64]) -> int:
    """Returns how many patients have another value than most have."""
    counts = np.unique(values, return_counts=True)[1]
    return int(len(values) - counts.max(initial=0))


def uses_product(analysis: Analysis, feature: Feature) -> bool:
    """Whether an analysis is judged with a product, in its strata where it is of some."""
    if feature.within and strata_in(analysis) != feature.within:
        return False
    return replace(feature, within=()) in brought(analysis)


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
