"""The pooled figures of admission, known to all parties; they include small counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.altered import Item
from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.spreads import InArm, Spread
from riskset.analyses.admission.weighed_beside import InBoth, Pair
from riskset.analyses.admission.weighed_cells import Cell, InCell
from riskset.analyses.admission.weighed_cells import InArm as WeightsInArm
from riskset.analyses.admission.weighings import Level, Weighed
from riskset.analyses.excluded import Reason
from riskset.analyses.moments import Moments
from riskset.analyses.weights import Weights
from riskset.disclosure.exposure import Column

ToldSet = tuple[str, int]
"""An analysis set of an earlier run: the run, and the set's place among those of that run by name. Its name is not
told, since the run may be of another study."""


@dataclass(frozen=True)
class Count:
    """A number of patients, and of hospitals that have any of them."""

    rows: int
    sites: int


@dataclass(frozen=True)
class Rest:
    """Hospitals with patients that tell nothing of their own rows alone, where others do."""

    sites: int
    rows: int = 0
    """Counted only where they are enough hospitals."""
    events: int = 0


@dataclass(frozen=True)
class Gram:
    """F'F over all hospitals, for the requested features."""

    features: tuple[Feature, ...]
    matrix: NDArray[np.float64]
    """(m, m). Entries of a feature whose analyses a hospital refused are noise and must not be used."""

    def of(self, features: Sequence[Feature]) -> NDArray[np.float64]:
        """Returns the matrix of some of the features, in their order."""
        at = {feature: j for j, feature in enumerate(self.features)}
        chosen = [at[feature] for feature in features]
        return self.matrix[np.ix_(chosen, chosen)]


@dataclass(frozen=True)
class Figures:
    """The figures known so far; each round of admission adds one part."""

    opened_before: int = 0
    """Numbers that models and tables opened in earlier runs: the most that a participant states."""
    changes: Mapping[str, Count] = field(default_factory=dict)
    """By earlier run: patients who entered, left or changed since."""
    entered: Mapping[str, Count] = field(default_factory=dict)
    """By earlier run: those of them who entered or left."""
    altered: Mapping[tuple[str, Item], Count] = field(default_factory=dict)
    """By earlier run, and by what is altered: patients altered since."""
    rows: Mapping[str, Count] = field(default_factory=dict)
    """By analysis set."""
    rest: Mapping[str, Rest] = field(default_factory=dict)
    """By analysis for which hospitals tell their own estimates: those that tell none."""
    apart: Mapping[tuple[str, str], Count] = field(default_factory=dict)
    """By pair of analysis sets: patients in only one of them."""
    since: Mapping[tuple[ToldSet, str], Count] = field(default_factory=dict)
    """By set of an earlier run, and analysis set: patients in only one of the two."""
    weighed: Mapping[tuple[ToldSet, str], Weights] = field(default_factory=dict)
    """By set of an earlier run, and weighted analysis set: by how much patients count otherwise."""
    told: frozenset[ToldSet] = frozenset()
    """The sets of earlier runs of which totals are known."""
    tables: frozenset[ToldSet] = frozenset()
    """Those of which no more than tables by arm was told."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """By analysis: the numbers that every hospital had sent of it when the admission began."""
    answers: Mapping[tuple[str, Column, Column], int] = field(default_factory=dict)
    """By set, column and the column that a model predicts: hospitals whose patients differ in both."""
    events: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[Feature, Count] = field(default_factory=dict)
    """By column: patients with a 1 (0 for numbers), and hospitals in which it varies."""
    excluded: Mapping[Reason, int | None] = field(default_factory=dict)
    """Eligible patients who are not analysed; None where a hospital withholds a small count."""
    pairs: Gram | None = None
    """For memberships and 0/1 columns."""
    spread: Gram | None = None
    """For all columns, centred within hospitals."""
    by_arm: Mapping[InArm, Spread] = field(default_factory=dict)
    """Of each number of a table in each arm."""
    within: Mapping[Feature, float] = field(default_factory=dict)
    """Of each column of a model with further strata: the sum of squares within strata of a hospital; and of each column
    of a weighted set, about its weighted mean at a hospital."""
    weights: Mapping[Weighed, Weights] = field(default_factory=dict)
    """Of weighted sets: of all patients, and of those with an event."""
    shared_weights: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By weighted set and another: the sum of products of what each patient counts in the two."""
    levels: Mapping[Weighed, Level] = field(default_factory=dict)
    """Of weighted sets: of each level."""
    weights_in_arms: Mapping[Cell, WeightsInArm] = field(default_factory=dict)
    """Of tables of weights: of each arm."""
    weights_beside: Mapping[Pair, InBoth] = field(default_factory=dict)
    """Of tables of weights: of each arm, those who are in another set."""
    in_cells: Mapping[Cell, InCell] = field(default_factory=dict)
    """Of tables of weights: of each cell."""
    weights_in_cells: Mapping[tuple[Cell, str], float] = field(default_factory=dict)
    """Of tables of weights: how far weights are apart in each cell, at least."""
    joint: Mapping[tuple[Feature, Feature], float] = field(default_factory=dict)
    """Of two 0/1 features, one of which is a product of columns: patients who have both."""
    joint_spread: Mapping[tuple[Feature, Feature], float] = field(default_factory=dict)
    """Of two columns of models, one of which is a product: their products, centred within hospitals."""
    moments: Mapping[str, Moments] = field(default_factory=dict)
    """By analysis set."""
