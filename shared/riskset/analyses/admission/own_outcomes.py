"""What the scores of two models at 0 tell by their difference: the columns of the patients whom only one of the two
follows so, less their means at risk. So a hospital compares its patients' outcomes and strata in the models of a run.
None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.of_columns import of_endpoints, strata_in
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.admission.told_outcome import NOT_COUNTED, ToldOutcome
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet
from riskset.analyses.design import Column, strata_of
from riskset.disclosure import cells
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy


class Followed(NamedTuple):
    """How a model follows its patients."""

    rows: str
    """Their name among the figures: that of the analysis set without weights, or of those of its patients with a
    level."""
    analysis_set: str
    strata: tuple[Column, ...]
    """The levels that make strata."""
    tells_competing: bool
    """Whether it tells competing events from other censoring."""
    level: Column | None = None
    """The level whose patients alone the model is of."""
    ties: str | None = None
    """How it counts events on one day."""
    unweighted: str = ""
    """The analysis set without weights, of which counts are told."""


def own_outcomes(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """Yields what R2 says of two endpoints of models, or of their strata, in both columns. How many patients these
    differ in at all hospitals is known only as far as one endpoint has more events, or one level more patients; where
    that is not enough, it must be none of a hospital's own, or as many as it may tell apart."""
    yield from _judged(policy, [(a, how_followed(a)) for a in of_endpoints(live)], own, figures)


def own_outcomes_of_levels(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """The same among the patients of a level, where models are of these alone."""
    of_levels = [a for a in of_endpoints(live) if a.exposure.within is not None]
    for level in dict.fromkeys(a.exposure.within for a in of_levels):
        asked = [a for a in of_levels if a.exposure.within == level]
        yield from _judged(policy, [(a, how_followed(a, level)) for a in asked], own, figures)


def own_outcomes_since(policy: Policy, asked: Live, own: Own, events: Mapping[str, int]) -> Iterator[Judged]:
    """Yields what R14 says, in both columns, of these analyses' endpoints beside those that earlier runs told. A model
    of the patients of a level is compared with those of the same patients. `events` has how many all hospitals have in
    each set: where one has k more than was told, there are as many patients in whom the two differ."""
    of_models = [(a, how_followed(a, a.exposure.within)) for a in of_endpoints(asked)]
    earlier = own.outcomes() if of_models else ()

    @cache
    def found(followed: Followed) -> list[Finding]:
        counted = [events.get(followed.rows, told.events) - told.events for told in earlier]
        apart = [0 if told.events == NOT_COUNTED else abs(n) for n, told in zip(counted, earlier, strict=True)]
        differ = (_differing_since(told, own, followed) for told in earlier)
        rows = (0 if more >= policy.k else n for more, n in zip(apart, differ, strict=True))
        return [cells.outcomes_since(policy, followed.rows, one.run, n) for one, n in zip(earlier, rows, strict=True)]

    yield from ((analysis.id, finding) for analysis, followed in of_models for finding in found(followed))


def _differing_since(told: ToldOutcome, own: Own, followed: Followed) -> int:
    rows = own.cohort.outcomes(followed.analysis_set)
    has = np.ones(rows.n, bool) if followed.level is None else followed.level.values(rows) == 1.0
    now = rows.patients[has]
    patients = np.intersect1d(told.of.patients, now)
    is_of_level = told.is_of_level or followed.level is not None
    if not len(patients) or (is_of_level and not len(patients) == told.of.n == len(now)):
        return 0
    i, j = (np.searchsorted(of.patients, patients) for of in (told.of, rows))
    return int(_other_outcome(told.of, rows, i, j, competing=followed.tells_competing).sum())


def how_followed(analysis: Analysis, level: Column | None = None) -> Followed:
    # whatever patients count, the outcomes of a weighted set are those of the same patients
    counted = analysis.set_id.of_all if analysis.exposure.weights else analysis.set_id
    unweighted = replace(counted, weighted_by=None).name
    rows = unweighted if level is None else analysis.rows_name
    competing = any(column.variable == analysis.endpoint for column in analysis.exposure.conditions)
    ties = analysis.exposure.ties
    return Followed(rows, analysis.analysis_set, strata_in(analysis), competing, level, ties, unweighted)


def _judged(policy: Policy, asked: Sequence[tuple[Analysis, Followed]], own: Own, figures: Figures) -> Iterator[Judged]:
    kept: dict[Followed, None] = {}
    differing = cache(lambda one, other: _differing(policy.k, one, other, own, figures))
    for analysis, followed in asked:
        passes = True
        for other in kept:
            finding = cells.outcomes(policy, other.rows, followed.rows, differing(other, followed))
            passes = passes and finding.passes
            yield analysis.id, finding
        if passes:
            kept[followed] = None


def _differing(k: int, one: Followed, other: Followed, own: Own, figures: Figures) -> int:
    """Returns how many of the hospital's patients the two models follow otherwise; 0 where there are k at all."""
    events = [figures.events[of.rows] for of in (one, other) if of.rows in figures.events]
    if len(events) == 2 and abs(events[0] - events[1]) - _not_weighted(one, other, figures) >= k:
        return 0  # of weighted sets alone nobody counts events
    a, b = own.cohort.outcomes(one.analysis_set), own.cohort.outcomes(other.analysis_set)
    _, i, j = np.intersect1d(a.patients, b.patients, return_indices=True)
    if one.level is not None:
        has = one.level.values(a)[i] == 1.0
        i, j = i[has], j[has]
    if not len(i):
        return 0
    differ = _other_outcome(a, b, i, j, competing=one.tells_competing and other.tells_competing)
    if one.ties != other.ties:
        differ |= _is_tied(a, i, one.strata)
    for x, y in product(set(one.strata) - set(other.strata), set(other.strata) - set(one.strata)):
        apart = x.values(a)[i] != y.values(b)[j]
        differ |= _other_stratum(k, apart, _count(figures, one, x), _count(figures, other, y))
    return int(differ.sum())


def _not_weighted(one: Followed, other: Followed, figures: Figures) -> int:
    """Returns how many patients of all hospitals may have counted events, but no weight in the models."""
    sizes = [(figures.rows.get(of.unweighted), figures.rows.get(of.analysis_set)) for of in (one, other)]
    return sum(every.rows - own.rows for every, own in sizes if every is not None and own is not None)


def _is_tied(rows: AnalysisSet, i: NDArray[np.int64], strata: tuple[Column, ...]) -> NDArray[np.bool_]:
    """Returns who of some rows has an event on a day with another event of the hospital and stratum."""
    at = np.stack([strata_of(strata, rows)[i], rows.days[i]])
    event = rows.event[i]
    days, inverse = np.unique(at, axis=1, return_inverse=True)
    events = np.bincount(inverse.reshape(-1), event, minlength=days.shape[1])
    return np.asarray(event & (events[inverse.reshape(-1)] > 1))


def _other_outcome(
    one: AnalysisSet, other: AnalysisSet, i: NDArray[np.int64], j: NDArray[np.int64], *, competing: bool
) -> NDArray[np.bool_]:
    """Returns who has another event, of which one may be `competing`, or days or a day of entry that differ otherwise
    than most patients' do: the same shift for all changes no risk set."""
    differ = is_unusual(other.days[j] - one.days[i]) | is_unusual(entry_of(other)[j] - entry_of(one)[i])
    differ |= one.event[i] != other.event[j]
    if competing and one.cause is not None and other.cause is not None:
        differ |= (one.cause[i] > 1) != (other.cause[j] > 1)
    return differ


def entry_of(rows: AnalysisSet) -> NDArray[np.int64]:
    """Returns the days of entry, (n,); -1 for whoever is at risk from the first day."""
    return np.full(rows.n, -1) if rows.entry_days is None else np.maximum(rows.entry_days, -1)


def is_unusual(shift: NDArray[np.int64]) -> NDArray[np.bool_]:
    values, counts = np.unique(shift, return_counts=True)
    return np.asarray(shift != values[counts.argmax()])


def _count(figures: Figures, followed: Followed, column: Column) -> tuple[int, int] | None:
    """Returns how many patients of all hospitals have a level, and how many do not; None where that is not known."""
    known = figures.columns.get(Feature(followed.unweighted, column))
    if known is None or followed.unweighted not in figures.rows:
        return None
    return known.rows, figures.rows[followed.unweighted].rows - known.rows


def _other_stratum(
    k: int, differ: NDArray[np.bool_], one: tuple[int, int] | None, other: tuple[int, int] | None
) -> NDArray[np.bool_]:
    """Returns who is in another stratum by two levels that are nearly the same, also turned round; nobody where they
    are not, or differ in k patients of all hospitals."""
    for who, sign in ((differ, 1), (~differ, -1)):
        hides = one is not None and other is not None and abs(one[0] - other[::sign][0]) >= k
        if who.sum() < k and not hides:
            return who
    return np.zeros(len(differ), bool)
