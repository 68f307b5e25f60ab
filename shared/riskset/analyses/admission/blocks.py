"""Products of two columns, as interactions have them: with what they are judged.

A model with a product a b and a column c sends sums over patients of a b c. Such a sum is also one of a over those who
have b and c, and one of b over those who have a and c. So every column of such a model is judged within a and within b
as well: a block for each factor has the columns and the products of each with the factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature, features_of
from riskset.analyses.admission.figures import Gram
from riskset.analyses.admission.of_columns import strata_in
from riskset.analyses.admission.step import Live
from riskset.analyses.analysis import Analysis
from riskset.disclosure.composed import product, rest
from riskset.disclosure.exposure import Column

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
    if not is_joint(analysis):
        return ()
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


def products_with(analysis: Analysis) -> frozenset[Feature]:
    """Returns the products with which an analysis is judged by themselves: also about their means in its strata, and in
    the level whose patients alone are in it."""
    products, strata = brought(analysis), strata_in(analysis)
    in_strata = (replace(f, within=strata) for f in products if strata)
    within = (f for _, f in columns_within(analysis))
    return frozenset((*products, *in_strata, *within, *numbers_in_levels(analysis)))


def compared(live: Live) -> tuple[Feature, ...]:
    """Returns what the coefficients of these analyses are of: their interactions, and their columns within a level."""
    within = (f for analysis in live for _, f in columns_within(analysis))
    return tuple(dict.fromkeys((*(f for f in features_of(live) if f.is_joint), *within)))


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
    if analysis.exposure.within is not None or not is_joint(analysis):
        return ()
    single = _single(analysis)
    found: list[Feature] = []
    for variable in dict.fromkeys(f.variable for f in factors_of(analysis) if not f.is_number):
        levels = tuple(c for c in single if c.variable == variable)
        numbers = [c for c in analysis.exposure.judged_design if c.is_number and not c.factors]
        products = ((level, product(level, c)) for level in (*levels, rest(levels)) for c in numbers)
        found += (Feature(analysis.analysis_set, column, (level,)) for level, column in products)
    return tuple(found)


def levels_of(live: Live) -> Mapping[str, tuple[str, Column]]:
    """Returns, by the name of the rows, the set and the level whose patients alone analyses are of."""
    return {a.rows_name: (a.analysis_set, a.exposure.within) for a in live if a.exposure.within is not None}


def pairs(live: Live, *, of_levels: bool) -> tuple[Pair, ...]:
    """Returns the pairs of features, one of them a product, whose sums of products leave: of 0/1 features for R2, of
    all columns for R4."""
    found: dict[Pair, None] = {}
    for block in blocks(live):
        features = block.levels if of_levels else block.design
        both = [(a, b) for a, b in combinations_with_replacement(features, 2) if b.is_joint]
        found |= dict.fromkeys(pair for pair in both if pair[::-1] not in found)
    return tuple(found)


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
