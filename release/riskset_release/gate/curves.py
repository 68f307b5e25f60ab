"""Curves as they may be published: by construction no step tells of a few patients.

An event is put off until k have gathered in an arm: every curve of a result steps on the same days, and in each arm by
nobody or by k. A curve ends where fewer than max(k, 10) are at risk. Survival, incidence and limits are rounded before
anything is drawn; numbers at risk are rounded to a multiple of 5. At a landmark the published curve is read, not the
exact one. Events, censorings and standard errors of a step are not published at all (`numbers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.results import ResultEntry

DIGITS: Final = 2
"""Of a probability, and of its limits."""
AT_RISK: Final = 5
FEWEST_AT_RISK: Final = 10

Floats = NDArray[np.float64]


def has_curves(entry: ResultEntry) -> bool:
    """Whether a result has curves; a Fine-Gray model, a part of the incidence, has none."""
    return entry.kind in ("km", "cumulative-incidence") and hasattr(entry.result, "arms")


def with_published_curves(entry: ResultEntry, least: int) -> ResultEntry | None:
    """Returns a result with its curves as they may be published; another one as it is. `least` is k of the rule. None
    where an arm has no step: then none of its curves may be published."""
    result: Any = entry.result
    if not has_curves(entry):
        return entry
    of = _incidence if entry.kind == "cumulative-incidence" else _survival
    groups = (*result.arms, result.overall)
    days = steps([(of_curve.day, of_curve.events, of_curve.at_risk) for of_curve in map(_curve_of, groups)], least)
    published = [of(group, days, least) for group in groups]
    if not all(len(_curve_of(group).day) for group in published):
        return None
    return replace(entry, result=replace(result, arms=tuple(published[:-1]), overall=published[-1]))


def steps(curves: Sequence[tuple[NDArray[Any], Floats, Floats]], least: int) -> list[int]:
    """Returns the days on which all curves step: each the first on which, since the one before, in every curve nobody
    or at least `least` had the event (of each kind), and in one of them somebody. A curve is its days, its events
    (of one kind, or a row for each kind) and how many were at risk."""
    waiting = [np.zeros(np.atleast_2d(events).shape[0]) for _, events, _ in curves]
    at = [dict(zip(map(int, day), np.atleast_2d(events).T, strict=True)) for day, events, _ in curves]
    kept = []
    for day in sorted({day for of in at for day in of}):
        for gathered, of in zip(waiting, at, strict=True):
            gathered += of.get(day, 0.0)
        if all(((n == 0) | (n >= least)).all() for n in waiting) and any((n > 0).any() for n in waiting):
            kept.append(day)
            for gathered in waiting:
                gathered[:] = 0.0
    return kept


def _curve_of(group: Any) -> Any:  # noqa: ANN401 - of either kind
    return group.incidence if hasattr(group, "incidence") else group.curve


def _kept(curve: Any, days: Sequence[int], least: int) -> tuple[list[int], list[int]]:  # noqa: ANN401
    """Returns where in a curve each of the days is read, and the days: those up to which enough are at risk."""
    enough = [int(day) for day, n in zip(curve.day, curve.at_risk, strict=True) if n >= max(least, FEWEST_AT_RISK)]
    last = max(enough, default=-1)
    used = [day for day in days if day <= last and len(curve.day) and day >= curve.day[0]]
    return [int(np.searchsorted(curve.day, day, side="right")) - 1 for day in used], used


def _survival(group: Any, days: Sequence[int], least: int) -> Any:  # noqa: ANN401
    at, used = _kept(group.curve, days, least)
    curve = group.curve
    published = replace(
        curve,
        day=np.array(used, curve.day.dtype),
        at_risk=_at_risk(curve, used),
        events=_gathered(curve.events, at),
        censored=_gathered(curve.censored, at),
        survival=_rounded(curve.survival[at]),
        std_error=np.full(len(used), np.nan),
    )
    landmarks = tuple(_landmark(one, published.day, published.survival, group, at) for one in group.landmarks)
    return replace(
        group, curve=published, lower=_rounded(group.lower[at]), upper=_rounded(group.upper[at]), landmarks=landmarks
    )


def _landmark(landmark: Any, day: NDArray[Any], survival: Floats, group: Any, at: Sequence[int]) -> Any:  # noqa: ANN401
    """Returns a landmark read off the published curve, with the limits of its last step; of averaged weights, whose
    limits are known at landmarks only, with its own."""
    i = int(np.searchsorted(day, landmark.day, side="right")) - 1
    value = float(survival[i]) if i >= 0 else 1.0
    if np.isnan(group.lower).all():
        lower, upper = round(float(landmark.lower), DIGITS), round(float(landmark.upper), DIGITS)
    else:
        lower, upper = (float(_rounded(of[at])[i]) if i >= 0 else 1.0 for of in (group.lower, group.upper))
    n = AT_RISK * round(landmark.at_risk / AT_RISK)
    return replace(landmark, at_risk=float(n), survival=value, std_error=np.nan, lower=lower, upper=upper)


def _incidence(group: Any, days: Sequence[int], least: int) -> Any:  # noqa: ANN401
    of = group.incidence
    at, used = _kept(of, days, least)
    published = replace(
        of,
        day=np.array(used, of.day.dtype),
        at_risk=_at_risk(of, used),
        events=np.array([_gathered(events, at) for events in of.events]),
        estimate=_rounded(of.estimate[:, at]),
        std_error=np.full((of.std_error.shape[0], len(used)), np.nan),
    )
    lower, upper = (_rounded(limit[:, at]) for limit in (group.lower, group.upper))
    return replace(group, incidence=published, lower=lower, upper=upper)


def _at_risk(curve: Any, days: Sequence[int]) -> Floats:  # noqa: ANN401
    """Returns how many are at risk just before each day, to a multiple of 5."""
    where = [int(np.searchsorted(curve.day, day, side="left")) for day in days]
    return np.asarray(AT_RISK * np.round(np.asarray(curve.at_risk)[where] / AT_RISK), float)


def _gathered(counts: Floats, at: Sequence[int]) -> Floats:
    """Returns the counts of each step with those since the one before; the last one has those after it, too."""
    if not at:
        return np.zeros(0)
    upto = np.cumsum(counts)[list(at)]
    upto[-1] = counts.sum()
    return np.asarray(np.diff(upto, prepend=0.0), float)


def _rounded(values: Floats) -> Floats:
    return np.round(np.asarray(values, float), DIGITS)
