"""What the scores of several models at 0 tell when they are added up: on the same days they add up as events do. All
deaths, less those of cancer, less those of other causes, are the deaths of unknown cause; all deaths, less those after
a landmark, are those before it. None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.of_columns import of_endpoints
from riskset.analyses.admission.own_outcomes import Followed, entry_of, how_followed, is_unusual
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.disclosure import cells
from riskset.disclosure.added_up import combinations_of, fewest
from riskset.disclosure.policy import Policy


class _Shown(NamedTuple):
    """The outcomes of a hospital's patients as a model follows them, (patients,) each; days from the origin, also after
    a landmark."""

    landmark: int
    is_in: NDArray[np.bool_]
    event: NDArray[np.bool_]
    days: NDArray[np.int64]
    entry: NDArray[np.int64]


def own_sums(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """Yields what R2 says of up to four endpoints of models, and landmarks, added and subtracted, in both columns: none
    of a hospital's patients have an event in the sum, or as many as it may tell apart, or as many of all hospitals'.
    Two endpoints of the same patients are judged by `own_outcomes`."""
    yield from _judged(policy, [(a, how_followed(a)) for a in of_endpoints(live)], own, figures)


def own_sums_of_levels(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """The same among the patients of a level, where models are of these alone."""
    of_levels = [a for a in of_endpoints(live) if a.exposure.within is not None]
    for level in dict.fromkeys(a.exposure.within for a in of_levels):
        asked = [a for a in of_levels if a.exposure.within == level]
        yield from _judged(policy, [(a, how_followed(a, level)) for a in asked], own, figures)


def _judged(policy: Policy, asked: Sequence[tuple[Analysis, Followed]], own: Own, figures: Figures) -> Iterator[Judged]:
    kept: dict[Followed, _Shown] = {}
    for analysis, new in asked:
        if new.tells_competing or any(one._replace(analysis_set=new.analysis_set) == new for one in kept):
            continue
        shown, passes = _shown(new, analysis.set_id.landmark_days or 0, own), True
        beside = {one: of for one, of in kept.items() if one.strata == new.strata and _add_up(policy.k, shown, of)}
        for others, rows in _sums(policy.k, new, shown, beside, figures):
            finding = cells.outcomes(policy, " and ".join(others), new.rows, rows)
            passes = passes and finding.passes
            yield analysis.id, finding
        if passes:
            kept[new] = shown


def _shown(model: Followed, landmark: int, own: Own) -> _Shown:
    rows = own.cohort.outcomes(model.analysis_set)
    has = np.ones(rows.n, bool) if model.level is None else model.level.values(rows) == 1.0
    at = rows.patients[has]
    is_in, event = np.zeros((2, own.cohort.n_patients), bool)
    days, entry = np.zeros((2, own.cohort.n_patients), np.int64)
    is_in[at], event[at], days[at], entry[at] = True, rows.event[has], rows.days[has] + landmark, entry_of(rows)[has]
    return _Shown(landmark, is_in, event, days, entry)


def _add_up(k: int, one: _Shown, other: _Shown) -> bool:
    """Whether scores of the two add up: the same patients, but for those who left before a landmark, nearly all on the
    same days."""
    left = ((a.is_in & ~b.is_in) & (a.days > b.landmark) for a, b in ((one, other), (other, one)))
    both = int((one.is_in & other.is_in).sum())  # where more leave on other days it is another clock, as of progression
    return not any(map(np.any, left)) and int(_on_other_days(one, other).sum()) < min(k, 1 + both // 10)


def _on_other_days(one: _Shown, other: _Shown) -> NDArray[np.bool_]:
    found = one.is_in & other.is_in
    if found.any():
        shifts = (b[found] - a[found] for a, b in ((one.days, other.days), (one.entry, other.entry)))
        found[found] = np.any([is_unusual(shift) for shift in shifts], axis=0)
    return found


def _sums(
    k: int, new: Followed, shown: _Shown, beside: Mapping[Followed, _Shown], figures: Figures
) -> Iterator[tuple[Sequence[str], int]]:
    """Yields up to three models, and the fewest of the hospital's patients with an event, or on other days, in a sum of
    these and the new one; 0 where k of all hospitals have, or nobody has."""
    for others in combinations_of(tuple(beside)):
        if len(others) == 1 and beside[others[0]].landmark == shown.landmark:
            continue
        days = np.any([_on_other_days(shown, beside[one]) for one in others], axis=0)
        events = [shown.event, *(beside[one].event for one in others)]
        totals = [figures.events.get(one.rows, 0) for one in (new, *others)]
        yield [one.rows for one in others], fewest(k, events, totals, days)
