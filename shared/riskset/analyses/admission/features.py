"""The columns of all analyses of a study, each inside its analysis set and 0 outside.

Columns of different analyses can be combined to single out a patient, so the rules judge all of them together. Where
patients count by their own weights w, what is combined is w itself and w x, of which both are numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnySet, Cohort, chosen
from riskset.analyses.design import Column, strata_of
from riskset.analyses.moments import scaled
from riskset.analyses.weights import weights_of


@dataclass(frozen=True)
class Feature:
    """One column inside one analysis set; without a column, membership of the set."""

    cohort: str
    """The analysis set."""
    column: Column | None = None
    within: tuple[Column, ...] = ()
    """Levels whose combinations are strata: each has its own mean of the column."""
    is_weighted: bool = False
    """Whether patients count by their own weights: it is the weight, or the weight times the column."""

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # features are looked up far more often than made
        return hash((self.cohort, self.column))

    @property
    def is_number(self) -> bool:
        return self.is_weighted or (self.column is not None and self.column.is_number)

    @property
    def is_joint(self) -> bool:
        """Whether the column is a product of two, which is told after each of them was judged."""
        return self.column is not None and bool(self.column.factors)

    @property
    def columns(self) -> tuple[Column, ...]:
        return () if self.column is None else (self.column,)

    @property
    def name(self) -> str:
        if self.column is None:
            return self.cohort
        strata = f" within {' and '.join(dict.fromkeys(c.variable for c in self.within))}" if self.within else ""
        return f"{self.column.name} ({self.cohort}){strata}"


def features_of(analyses: Sequence[Analysis]) -> tuple[Feature, ...]:
    """Returns every feature of the analyses once: first the sets, then the columns, in their order."""
    sets = [feature_of(analysis) for analysis in analyses]
    columns = [feature_of(analysis, column) for analysis in analyses for column in analysis.columns]
    return tuple(dict.fromkeys([*sets, *columns]))


def feature_of(analysis: Analysis, column: Column | None = None, within: tuple[Column, ...] = ()) -> Feature:
    """Returns a column in an analysis' set, as the analysis counts its patients."""
    return Feature(analysis.analysis_set, column, within, analysis.exposure.weights)


def uses(analysis: Analysis, feature: Feature) -> bool:
    """Whether an analysis has the feature's set and, for a column, uses the column."""
    return feature.cohort == analysis.analysis_set and (feature.column is None or feature.column in analysis.columns)


class Users:
    """Which analyses use a feature: of few sets, each with few analyses."""

    def __init__(self, analyses: Iterable[Analysis]) -> None:
        self._of_set: dict[str, list[Analysis]] = {}
        for analysis in analyses:
            self._of_set.setdefault(analysis.analysis_set, []).append(analysis)

    def of(self, feature: Feature) -> list[Analysis]:
        """Returns the analyses that have the feature's set and, for a column, use the column."""
        return [analysis for analysis in self._of_set.get(feature.cohort, ()) if uses(analysis, feature)]

    def are_among(self, chosen: frozenset[str], feature: Feature) -> bool:
        """Whether the feature is used, and only by analyses with `chosen` ids."""
        users = [analysis.id for analysis in self.of(feature)]
        return bool(users) and chosen.issuperset(users)

    def in_designs_are_among(self, chosen: frozenset[str], feature: Feature) -> bool:
        """Whether sums of products of the feature are disclosed, and only by analyses with `chosen` ids."""
        users = [analysis.id for analysis in self._of_set.get(feature.cohort, ()) if in_design(analysis, feature)]
        return bool(users) and chosen.issuperset(users)

    def are_crossed(self, feature: Feature) -> bool:
        """Whether what is disclosed of the feature can be combined with other columns: all but levels that are counted
        one way or by arm, and sets of patients of whom nothing else is told. A derived level can itself be a
        combination of columns."""
        column = feature.column
        exposures = [analysis.exposure for analysis in self.of(feature)]
        if column is None:
            return not all(exposure.is_one_way for exposure in exposures)
        if column.is_derived:
            return True
        return any(column in (*e.design, *e.split, *e.conditions, e.within) for e in exposures)


def can_be_subtracted(one: Analysis, other: Analysis) -> bool:
    """Whether patients count alike in the sums of two analyses. Sums of w x and of x do not cancel, nor those of two
    weights: R4 judges them together."""
    return (one.exposure.weights, one.exposure.weighted_as) == (other.exposure.weights, other.exposure.weighted_as)


def must_differ(one: Analysis, other: Analysis, arm: str | None) -> bool:
    """Whether what the sets of two analyses tell can be subtracted: not where nothing is told of one of them but
    tables, and the other tells nothing of the same columns but the arm. Boxes of a flow chart are subtracted from each
    other: rules of eligibility can be any property of a patient."""
    if not can_be_subtracted(one, other):
        return False
    if one.exposure.weights or not (one.exposure.is_one_way or other.exposure.is_one_way):
        return True
    if one.set_id.of_any_box == other.set_id.of_any_box:
        return True
    own, others = ({column.variable for column in of.columns} - {arm} for of in (one, other))
    return not own.isdisjoint(others)


def in_design(analysis: Analysis, feature: Feature) -> bool:
    """Whether an analysis discloses sums of products of the feature, or of a sum of which it is a term; or sums of a
    number of a table."""
    return feature.cohort == analysis.analysis_set and feature.column in summed_of(analysis)


def summed_of(analysis: Analysis) -> tuple[Column | None, ...]:
    """Returns the columns of which sums of products leave, or sums; None for the weight itself. Where patients have
    weights, the levels that decide how one counts are judged with these."""
    exposure = analysis.exposure
    if not exposure.weights:
        return exposure.summed
    return tuple(dict.fromkeys((None, *exposure.summed, *exposure.conditions)))


def matrix(cohort: Cohort, features: Sequence[Feature], *, centred: bool = False) -> NDArray[np.float64]:
    """Returns the features of a hospital's patients, (patients, features): membership as 1, a column in [-1, 1], both 0
    outside the set. `centred` subtracts each column's mean over the set's rows at this hospital, or over the rows of
    each stratum. A weighted column is w x; `centred`, w times x less its weighted mean, since any constant may be added
    to x at a hospital and no sum changes. Never leaves."""
    full = np.zeros((cohort.n_patients, len(features)))
    for j, feature in enumerate(features):
        rows = cohort.analysis_sets[feature.cohort]
        full[rows.patients, j] = _values(feature, rows, centred=centred)
    return full


def _values(feature: Feature, rows: AnySet, *, centred: bool) -> NDArray[np.float64]:
    values = np.ones(rows.n) if feature.column is None else scaled(feature.column, rows)
    weights = weights_of(rows) if feature.is_weighted else None
    if weights is not None and feature.column is None:
        values, weights = weights, None
    if centred and rows.n:
        if feature.is_weighted:
            values = values - values[0]  # a constant column is exactly 0
        values = values - _means(values, feature, rows, weights)
    return values if weights is None else values * weights


def _means(
    values: NDArray[np.float64], feature: Feature, rows: AnySet, weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Returns, for each row, the column's mean over the set at this hospital, or over the row's stratum of it, (n,);
    weighted, where there are weights."""
    codes = strata_of(feature.within, rows)
    sums = np.bincount(codes, values if weights is None else values * weights)
    totals = np.bincount(codes, weights)
    return np.asarray((sums / np.where(totals > 0.0, totals, 1.0))[codes])


def gram(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the upper triangle of F'F by rows, (m (m + 1) / 2,)."""
    product = values.T @ values
    return product[np.triu_indices(values.shape[1])]


def rows_within(rows: AnySet, analysis: Analysis) -> AnySet:
    """Returns the rows of an analysis: those of the set, or of the level that it is within."""
    level = analysis.exposure.within
    return rows if level is None else chosen(rows, level.values(rows) == 1.0)
