"""What the scores of several models at 0 tell when they are added up: on the same days they add up as events do. All
deaths, less those of cancer, less those of other causes, are the deaths of unknown cause. None of it leaves the
hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.of_columns import models
from riskset.analyses.admission.own_outcomes import Followed, entry_of, how_followed, is_unusual
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet
from riskset.disclosure import cells
from riskset.disclosure.added_up import combinations_of, fewest
from riskset.disclosure.policy import Policy


def own_sums(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """Yields what R2 says of three or four endpoints of models, added and subtracted, in both columns: none of a
    hospital's patients have an event in the sum, or as many as it may tell apart, or as many of all hospitals'. Two are
    judged by `own_outcomes`."""
    yield from _judged(policy, [(a, how_followed(a)) for a in models(live)], own, figures)


def own_sums_of_levels(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """The same among the patients of a level, where models are of these alone."""
    of_levels = [a for a in models(live) if a.exposure.within is not None]
    for level in dict.fromkeys(a.exposure.within for a in of_levels):
        asked = [a for a in of_levels if a.exposure.within == level]
        yield from _judged(policy, [(a, how_followed(a, level)) for a in asked], own, figures)


def _judged(policy: Policy, asked: Sequence[tuple[Analysis, Followed]], own: Own, figures: Figures) -> Iterator[Judged]:
    kept: dict[Followed, AnalysisSet] = {}
    for analysis, new in asked:
        if new in kept or new.tells_competing:
            continue
        shown, passes = _shown(new, own), True
        beside = {one: of for one, of in kept.items() if _may_add_up(policy.k, (new, shown), (one, of))}
        for others, rows in _sums(policy.k, new, shown, beside, figures):
            finding = cells.outcomes(policy, " and ".join(others), new.rows, rows)
            passes = passes and finding.passes
            yield analysis.id, finding
        if passes:
            kept[new] = shown


def _shown(model: Followed, own: Own) -> AnalysisSet:
    """Returns the outcomes of the hospital's patients whom a model is of, in the order of their numbers."""
    rows = own.cohort.outcomes(model.analysis_set)
    has = np.ones(rows.n, bool) if model.level is None else model.level.values(rows) == 1.0
    order = np.flatnonzero(has)[np.argsort(rows.patients[has])]
    entry = None if rows.entry_days is None else rows.entry_days[order]
    return AnalysisSet(rows.days[order], rows.event[order], entry, {}, rows.patients[order])


def _may_add_up(k: int, one: tuple[Followed, AnalysisSet], other: tuple[Followed, AnalysisSet]) -> bool:
    """Whether scores of the two add up: the same patients in the same strata, nearly all on the same days."""
    (a, of_a), (b, of_b) = one, other
    if a.strata != b.strata or not np.array_equal(of_a.patients, of_b.patients):
        return False
    return int(_on_other_days(of_a, of_b).sum()) < min(k, 1 + of_a.n // 10)  # else another clock, as of progression


def _on_other_days(one: AnalysisSet, other: AnalysisSet) -> NDArray[np.bool_]:
    if not one.n:
        return np.zeros(0, bool)
    return np.asarray(is_unusual(other.days - one.days) | is_unusual(entry_of(other) - entry_of(one)))


def _sums(
    k: int, new: Followed, shown: AnalysisSet, beside: Mapping[Followed, AnalysisSet], figures: Figures
) -> Iterator[tuple[Sequence[str], int]]:
    """Yields two or three models, and the fewest of the hospital's patients with an event, or on other days, in a sum
    of these and the new one; 0 where k of all hospitals have, or nobody has."""
    for others in combinations_of(tuple(beside), least=2):
        days = np.any([_on_other_days(shown, beside[one]) for one in others], axis=0)
        events = [shown.event, *(beside[one].event for one in others)]
        totals = [figures.events.get(one.rows, 0) for one in (new, *others)]
        yield [one.rows for one in others], fewest(k, events, totals, days)
