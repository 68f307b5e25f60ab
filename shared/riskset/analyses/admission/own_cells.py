"""R8 on a hospital's own patients where their weights are added up in tables. None of it leaves the hospital."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.admission.weighed_beside import beside, members, own_in_both, pairs_of
from riskset.analyses.admission.weighed_beside import shares as shares_beside
from riskset.analyses.admission.weighed_cells import (
    Cell,
    InArm,
    arms_of,
    cells_of,
    columns_in,
    in_arms,
    largest_share,
    weighing,
    weights_in,
)
from riskset.analyses.weights import effective
from riskset.disclosure import cells
from riskset.disclosure import models as of_models
from riskset.disclosure.policy import Policy
from riskset.stats import shares

Floats = NDArray[np.float64]


def own_arms(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R8 in both columns, before anything is told of a cell or block: no sum of the weights of an arm and of its
    patients singles out a patient, nor is it mostly of this hospital's patients."""
    for analysis in in_arms(live):
        for arm in arms_of(analysis):
            weights = weights_in(arm, own.cohort)
            here = _in_arm(weights)
            every = here if policy.column == "local" else figures.weights_in_arms[arm]
            yield analysis.id, of_models.weights_in_arm(policy, arm.name, _leverage(weights, every))
            if policy.column == "pooled":
                yield analysis.id, of_models.site_weight(policy, arm.name, _share(here, every))
    yield from _own_beside(policy, live, own, figures)


def _own_beside(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """The same of the weights of an arm beside another set that tells something of the same variable, of which the
    later analysis is refused."""
    for one, other in beside(live):
        for pair in pairs_of(one, other):
            weights = weights_in(pair.arm, own.cohort)
            if policy.column == "local":
                every, both = _in_arm(weights), own_in_both(pair, own.cohort)
            else:
                every, both = figures.weights_in_arms[pair.arm], figures.weights_beside[pair]
            leverage, of_site = shares_beside(weights, members(pair, own.cohort), every, both)
            yield other.id, of_models.weights_in_arm(policy, pair.name, min(leverage, 1.0))
            if policy.column == "pooled":
                is_larger = len(weights) < of_site * every.n
                yield other.id, of_models.site_weight(policy, pair.name, min(of_site, 1.0) if is_larger else 0.0)


def _in_arm(weights: Floats) -> InArm:
    return InArm(len(weights), float(weights.sum()), float(weights @ weights))


def own_cells(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R8 in the local column: as how many patients this hospital's own count in each cell."""
    if policy.column == "local":
        for analysis in weighing(live):
            for cell in cells_of(analysis):
                if not cell.is_of_number:
                    yield analysis.id, cells.weighed(policy, cell.name, effective(weights_in(cell, own.cohort)))


def own_spreads(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R8 in both columns, before any sum of a cell is told: the weights of a cell, less those that are alike, are not
    mostly of one patient, nor are their sums with a number."""
    for analysis in weighing(live):
        for cell in cells_of(analysis):
            yield analysis.id, of_models.weights_in_cell(policy, cell.name, _largest(policy, cell, own, figures))


def _largest(policy: Policy, cell: Cell, own: Own, figures: Figures) -> float:
    is_own = policy.column == "local"
    known, totals = (None, {}) if is_own else (figures.in_cells, figures.weights_in_cells)
    columns = columns_in(cell, own.cohort, own.units, known)
    found = (largest_share(x, totals.get((cell, part))) for part, x in zip(cell.parts, columns, strict=True))
    return max(found)


def _leverage(weights: Floats, every: InArm) -> float:
    """Returns the largest leverage of these patients of an arm in the sums of 1 and of the weight, exactly: the sums
    are of rounded weights."""
    if not len(weights):
        return 0.0
    n, total, squares = map(Fraction, (every.n, every.total, every.squares))
    spread_ = squares - total * total / n if n else Fraction(0)
    apart = max(abs(Fraction(float(weight)) - total / n) for weight in {*weights.tolist()}) if n else Fraction(1)
    if spread_ <= 0:
        return 1.0 if apart else float(1 / n)
    return float(1 / n + apart * apart / spread_)


def _share(here: InArm, every: InArm) -> float:
    """Returns the largest share of a hospital in a sum of squares of a combination of 1 and the weight that is not that
    of the patients alone; 0 where it has no larger one than in the patients."""
    own, all_ = (np.array([[of.n, of.total], [of.total, of.squares]]) for of in (here, every))
    found = shares.of_sums(own, all_)
    return found if every.n and found > here.n / every.n + 1e-9 else 0.0
