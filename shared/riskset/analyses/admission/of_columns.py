"""The rounds of admission that tell of columns: each by itself, 0/1 columns in pairs, products of all in models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import moments
from riskset.analyses.admission import spreads, weighed_beside, weighed_cells, weighings
from riskset.analyses.admission.alone import HOSPITALS, PATIENTS
from riskset.analyses.admission.answers import ANSWERS
from riskset.analyses.admission.exclusions import NOT_COUNTED, Exclusions
from riskset.analyses.admission.features import (
    Feature,
    Users,
    feature_of,
    features_of,
    gram,
    in_design,
    matrix,
    summed_of,
)
from riskset.analyses.admission.figures import Figures, Gram
from riskset.analyses.admission.step import Live, Own, rows_and_sites
from riskset.analyses.admission.weighings import Weighed
from riskset.analyses.analysis import Analysis
from riskset.analyses.moments import Moments
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of
from riskset.stats.arrays import symmetric

STEP: Final = 2.0**-6
"""To which a hospital rounds a sum of products of weighted columns, in units of the mean weight."""


def _with_events(live: Live) -> tuple[str, ...]:
    """Returns the sets with an endpoint, whose events are counted; those of weighted sets are not."""
    counted = (a for a in live if a.endpoint is not None and not a.exposure.weights)
    return tuple(dict.fromkeys(analysis.analysis_set for analysis in counted))


def _columns(live: Live) -> tuple[Feature, ...]:
    return tuple(feature for feature in features_of(live) if feature.column is not None and not feature.is_joint)


def _values(own: Own, feature: Feature) -> NDArray[np.float64]:
    assert feature.column is not None
    return feature.column.values(own.cohort.analysis_sets[feature.cohort])


def models(live: Live) -> list[Analysis]:
    """Returns the analyses that disclose sums of products. (A curve's arms are judged as pairs.)"""
    return [analysis for analysis in live if analysis.exposure.design]


def of_endpoints(live: Live) -> list[Analysis]:
    """Returns those of them that follow patients to an endpoint."""
    return [analysis for analysis in models(live) if analysis.endpoint is not None]


def adding(live: Live) -> list[Analysis]:
    """Returns the analyses that disclose sums of columns: models, and tables of numbers."""
    return [analysis for analysis in live if analysis.exposure.summed]


def modelled(live: Live) -> tuple[Feature, ...]:
    """Returns the columns of the designs, including numbers, by analysis set, and the numbers of tables; of a sum its
    terms, in its place; without products of two columns. Of a weighted set the weight comes first."""
    features = dict.fromkeys(
        feature_of(analysis, column) for analysis in adding(live) for column in summed_of(analysis)
    )
    single = [f for f in features if not f.is_joint]
    return tuple(f for name in dict.fromkeys(f.cohort for f in single) for f in single if f.cohort == name)


def stratified(live: Live, *, joint: bool = False) -> tuple[Feature, ...]:
    """Returns the columns of the designs whose models have further strata, within these: only there do they vary in
    the sums of such a model. `joint` for the products of two columns, which are told later."""
    found = (
        feature_of(analysis, column, strata)
        for analysis in models(live)
        if (strata := strata_in(analysis))
        for column in analysis.exposure.judged_design
    )
    return tuple(dict.fromkeys(f for f in found if f.is_joint == joint))


def _unweighted(live: Live) -> tuple[Feature, ...]:
    return tuple(feature for feature in modelled(live) if not feature.is_weighted)


def _in_strata(live: Live) -> tuple[Feature, ...]:
    return tuple(feature for feature in stratified(live) if not feature.is_weighted)


def weighted(live: Live) -> tuple[Feature, ...]:
    """Returns the weighted columns, also those within strata. Nothing but their sum of squares leaves before their
    products, and that after the sets were compared: their sums could be decoded."""
    return tuple(feature for feature in (*modelled(live), *stratified(live)) if feature.is_weighted)


def steps_of(features: Sequence[Feature], units: Mapping[str, float]) -> NDArray[np.float64]:
    """Returns the step to which each hospital rounds each sum of products of two features, (m, m): 0 where neither is
    weighted. Where each number is one of many, an exact one could be decoded: it tells which of the weights that there
    may be are those of a few patients."""
    unit = np.array([units.get(f.cohort, 1.0) if f.is_weighted else 1.0 for f in features])
    is_weighted = np.array([f.is_weighted for f in features], bool)
    return np.where(is_weighted[:, None] | is_weighted, np.outer(unit, unit) * STEP, 0.0)


def _rounded(numbers: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(steps > 0.0, np.rint(numbers / np.where(steps > 0.0, steps, 1.0)) * steps, numbers)


def strata_in(analysis: Analysis) -> tuple[Column, ...]:
    """Returns the levels that make strata: the conditions that are not of the endpoint itself."""
    return tuple(column for column in analysis.exposure.conditions if column.variable != analysis.endpoint)


def in_strata(analysis: Analysis, feature: Feature) -> bool:
    """Whether an analysis discloses sums of products of a column within these strata."""
    return bool(feature.within) and in_design(analysis, feature) and strata_in(analysis) == feature.within


def sums(live: Live) -> tuple[Feature, ...]:
    """Returns the sums of terms among the columns of the designs. Their own squares would tell products of the terms
    before those are judged, and about no mean: neither leaves before `Products`."""
    return tuple(
        dict.fromkeys(feature_of(analysis, column) for analysis in models(live) for column in analysis.exposure.sums)
    )


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
            *(total_of(f"{n} of {f.name}", *f.columns) for f in _unweighted(live) for n in moments.NUMBERS),
            *(total_of(f"sum of squares of {f.name}", *f.columns) for f in _in_strata(live)),
            *weighings.labels(live),
            *weighed_cells.labels_of_arms(live),
            *weighed_beside.labels(live),
            *self.exclusions.labels(live),
            *HOSPITALS.labels(live),
            *ANSWERS.labels(live),
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        events = [float(own.cohort.outcomes(name).event.sum()) for name in _with_events(live)]
        counts = [0.0 if f.is_number else float(_values(own, f).sum()) for f in _columns(live)]
        analysed = own.cohort.analysis_sets
        spread = [moments.summary([f.column], analysed[f.cohort]) for f in _unweighted(live) if f.column]
        within = (matrix(own.cohort, _in_strata(live), centred=True) ** 2).sum(axis=0)
        weights = [of(own.cohort, live) for of in (weighings.local, weighed_cells.local_of_arms, weighed_beside.local)]
        excluded = self.exclusions.local(own.cohort, live)
        stated = [HOSPITALS.local(own, live), ANSWERS.local(own, live)]
        return np.concatenate([events, counts, *spread, within, *weights, excluded, *stated])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        users = Users(live)
        of_sets = [users.are_among(refused, Feature(name)) for name in _with_events(live)]
        columns = [users.are_among(refused, f) for f in _columns(live)]
        spread = np.repeat([users.in_designs_are_among(refused, f) for f in _unweighted(live)], len(moments.NUMBERS))
        within = [refused.issuperset(a.id for a in live if in_strata(a, f)) for f in _in_strata(live)]
        of_weights = (weighings.silent, weighed_cells.silent_arms, weighed_beside.silent)
        weights = [is_silent for of in of_weights for is_silent in of(live, refused)]
        excluded = self.exclusions.silent(live, refused)
        stated = [*HOSPITALS.silent(live, refused), *ANSWERS.silent(live, refused)]
        of = [*of_sets, *columns, *spread, *within, *weights, *excluded, *stated]
        return np.array(of, bool)

    def stated(self, live: Live) -> tuple[int, ...]:
        before, size = len(_with_events(live)), len(self.labels(live))
        of_columns = range(before, before + len(_columns(live)))
        return (*of_columns, *range(size - len(HOSPITALS.labels(live)) - len(ANSWERS.labels(live)), size))

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        every = [_values(own, feature) for feature in _columns(live)]
        differ = (bool(len(values)) and bool((values != values[0]).any()) for values in every)
        return (*differ, *HOSPITALS.contributes(own, live), *ANSWERS.contributes(own, live))

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        sets, columns = _with_events(live), _columns(live)
        at = len(sets) + len(columns)
        events = {name: round(number) for name, number in zip(sets, total, strict=False)}
        counts = dict(zip(columns, rows_and_sites(total[len(sets) : at], sites[: len(columns)]), strict=True))
        spread = {f: total[at + 3 * i : at + 3 * i + 3] for i, f in enumerate(_unweighted(live))}
        rest = total[at + 3 * len(spread) :]
        within = dict(zip(_in_strata(live), rest, strict=False))
        rest = rest[len(within) :]
        weights, shared = weighings.combined(live, rest)
        rest = rest[len(weighings.labels(live)) :]
        in_arms = weighed_cells.combined_of_arms(live, rest)
        rest = rest[3 * len(in_arms) :]
        in_both = weighed_beside.combined(live, rest)
        excluded = self.exclusions.combine(rest[3 * len(in_both) :], live, dead)
        users = Users(live)
        known_spread = {f: part for f, part in spread.items() if not users.in_designs_are_among(dead, f)}
        found = dict(known.moments)  # what was told before is kept: models that were admitted with it go on meanwhile
        for name in dict.fromkeys(f.cohort for f in known_spread):
            parts = {f.column: part for f, part in known_spread.items() if f.cohort == name and f.column}
            varying = {f.column for f, count in counts.items() if f.cohort == name and f.column and count.sites}
            counted = moments.pooled(known.rows[name].rows, events.get(name, 0), parts, varying)
            before = found[name].columns if name in found else {}
            found[name] = replace(counted, columns={**before, **counted.columns})
        stated, n = sites[len(columns) :], len(HOSPITALS.labels(live))
        known = replace(known, rest=HOSPITALS.combine(stated[:n], live), answers=ANSWERS.combine(stated[n:], live))
        known = replace(known, excluded=excluded, weights=weights, shared_weights=shared)
        known = replace(known, weights_in_arms={**known.weights_in_arms, **in_arms}, weights_beside=in_both)
        return replace(known, events=events, columns=counts, moments=found, within=within)


def _moments_of_weighted(live: Live, dead: frozenset[str], known: Figures) -> dict[str, Moments]:
    """Returns the moments of each weighted set: as its columns count, so that no count follows from them."""
    found: dict[str, Moments] = {}
    users = Users(live)
    for name in dict.fromkeys(a.analysis_set for a in weighings.weighted(live) if a.id not in dead):
        of = known.weights[Weighed(name)], known.weights.get(Weighed(name, with_event=True))
        columns = dict(known.moments[name].columns) if name in known.moments else {}
        found[name] = Moments(known.rows[name].rows, 0, columns, *of)
    for feature in modelled(live):
        if feature.is_weighted and feature.column is not None and not users.in_designs_are_among(dead, feature):
            varies, name = known.columns[feature].sites > 0, feature.cohort
            found[name] = moments.with_sum(found[name], feature.column, known.within[feature], varies)
    return found


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
    users = Users(live)
    return tuple(f for f in features_of(live) if not f.is_number and not f.is_joint and users.are_crossed(f))


@dataclass(frozen=True)
class Pairs(_NoContributors):
    """How many patients have two levels at once, for every two: whether some combination isolates a few patients."""

    id: str = "admission/pairs"
    reveals: ClassVar[Message] = say("analyses.reveals.pairs")

    def labels(self, live: Live) -> tuple[Label, ...]:
        squares = (total_of(f"sum of squares of {f.name}", *f.columns) for f in weighted(live))
        pairs, of_levels = _pair_labels(binary(live), "patients with"), weighings.labels_of_levels(live)
        return (*pairs, *squares, *of_levels, *weighed_cells.labels_of_cells(live))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        features = weighted(live)
        steps = np.diag(steps_of(features, own.units))
        squares = _rounded((matrix(own.cohort, features, centred=True) ** 2).sum(axis=0), steps)
        levels = [weighings.local_levels(own.cohort, live), weighed_cells.local_of_cells(own.cohort, live, own.units)]
        return np.concatenate([gram(matrix(own.cohort, binary(live))), squares, *levels])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        by_set = Users(live)
        pairs = _silent_pairs([by_set.are_among(refused, feature) for feature in binary(live)])
        users = ([a.id for a in live if (in_strata if f.within else in_design)(a, f)] for f in weighted(live))
        squares = np.array([refused.issuperset(ids) for ids in users], bool)
        of_cells = np.array(weighed_cells.silent_cells(live, refused), bool)
        return np.concatenate([pairs, squares, weighings.silent_levels(live, refused), of_cells])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        features, of_weights = binary(live), weighted(live)
        at = len(features) * (len(features) + 1) // 2
        within = {**known.within, **dict(zip(of_weights, total[at:], strict=False))}
        levels = weighings.combined_levels(live, total[at + len(of_weights) :])
        rest = total[at + len(of_weights) + len(weighings.labels_of_levels(live)) :]
        in_cells = {**known.in_cells, **weighed_cells.combined_of_cells(live, rest)}
        pairs = Gram(features, symmetric(total[:at], len(features)))
        known = replace(known, pairs=pairs, within=within, levels=levels, in_cells=in_cells)
        return replace(known, moments={**known.moments, **_moments_of_weighted(live, dead, known)})


@dataclass(frozen=True)
class Products(_NoContributors):
    """Products of the columns of the models and the numbers of tables, centred within hospitals; of sums their squares;
    and the sum and spread of each number of a table within an arm."""

    id: str = "admission/products"
    reveals: ClassVar[Message] = say("analyses.reveals.products")

    def labels(self, live: Live) -> tuple[Label, ...]:
        squares = (total_of(f"centred product of {f.name} and {f.name}", *f.columns * 2) for f in sums(live))
        pairs = _pair_labels(modelled(live), "centred product of")
        of_weights = weighed_cells.labels_of_spreads(live)
        return (*pairs, *squares, *spreads.labels(live), *of_weights, *PATIENTS.labels(live))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        squares = (matrix(own.cohort, sums(live), centred=True) ** 2).sum(axis=0)
        squares = _rounded(squares, np.diag(steps_of(sums(live), own.units)))
        steps = steps_of(modelled(live), own.units)
        products = _rounded(gram(matrix(own.cohort, modelled(live), centred=True)), steps[np.triu_indices(len(steps))])
        of_weights = weighed_cells.local_of_spreads(own.cohort, live, own.units, own.in_cells)
        of_others = [spreads.local(own.cohort, live), of_weights, PATIENTS.local(own, live)]
        return np.concatenate([products, squares, *of_others])

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        users = Users(live)
        pairs = _silent_pairs([users.in_designs_are_among(refused, feature) for feature in modelled(live)])
        squares = np.array([users.are_among(refused, feature) for feature in sums(live)], bool)
        of_weights = np.array(weighed_cells.silent_spreads(live, refused), bool)
        of_others = [spreads.silent(live, refused), of_weights, PATIENTS.silent(live, refused)]
        return np.concatenate([pairs, squares, *of_others])

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        features, own = modelled(live), sums(live)
        at, behind = len(features) * (len(features) + 1) // 2, len(total) - len(PATIENTS.labels(live))
        spread = Gram(features, symmetric(total[:at], len(features)))
        by_arm = spreads.combined(live, total[at + len(own) :])
        of_weights = weighed_cells.combined_of_spreads(live, total[at + len(own) + 3 * len(by_arm) :])
        found, users = dict(known.moments), Users(live)
        for feature, within in zip(own, total[at:], strict=False):
            if feature.column is not None and not users.are_among(dead, feature):
                of_set, varies = found[feature.cohort], known.columns[feature].sites > 0
                found[feature.cohort] = moments.with_sum(of_set, feature.column, within, varies)
        rest = PATIENTS.combine(total[behind:], live, known.rest)
        return replace(known, spread=spread, moments=found, by_arm=by_arm, rest=rest, weights_in_cells=of_weights)
