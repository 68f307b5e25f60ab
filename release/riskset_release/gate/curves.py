"""Curves as they may be published: by construction no step tells of a few patients.

An event is put off until k have gathered in an arm: every curve of a result steps on the same days, and in each arm by
nobody or by k. A curve ends where fewer than max(2 k, 10) are at risk. Survival, incidence and limits are rounded
before anything is drawn; numbers at risk are rounded to a multiple of 5. Landmarks, medians and quartiles are read off
the published curve, not off the exact one: where only the exact one falls, fewer than k had the event. Events,
censorings and standard errors of a step are not published at all (`numbers`). How many are at risk is told at whole
units of time, whether anybody leaves then or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.results import ResultEntry

DIGITS: Final = 2
"""Of a probability, and of its limits."""
AT_RISK: Final = 5
FEWEST_AT_RISK: Final = 10
_FLAT: Final = 1e-9
"""Probabilities of two digits that are closer are the same."""

Floats = NDArray[np.float64]


def fewest_at_risk(least: int) -> int:
    """Returns with how many at risk a curve may go on. Below it, a reader knows that there is at least one, so that of
    `least` (k) twice as many are needed: they may then still be any of k values."""
    return max(2 * least, FEWEST_AT_RISK)


def has_curves(entry: ResultEntry) -> bool:
    """Whether a result has curves; a Fine-Gray model, a part of the incidence, has none."""
    return entry.kind in ("km", "cumulative-incidence") and hasattr(entry.result, "arms")


def with_published_curves(entry: ResultEntry, least: int, days_per_unit: float) -> ResultEntry:
    """Returns a result with its curves as they may be published; another one as it is. `least` is k of the rule,
    `days_per_unit` of the study's time. Where an arm would have no step, no curve of the result has any."""
    if not has_curves(entry):
        return entry
    groups = groups_of(entry)
    days = steps([(of_curve.day, of_curve.events, of_curve.at_risk) for of_curve in map(curve_of, groups)], least)
    found = [Published.of(curve_of(group), days, least, days_per_unit) for group in groups]
    return _with_steps(entry, found) if all(one.days for one in found) else without_steps(entry)


def without_steps(entry: ResultEntry) -> ResultEntry:
    """Returns a result of which no curve is published: the days on which somebody left it are not told either."""
    return _with_steps(entry, [Published(curve_of(group), [], []) for group in groups_of(entry)])


def has_steps(entry: ResultEntry) -> bool:
    """Whether a result, if it has curves, has published ones."""
    return not has_curves(entry) or all(len(curve_of(group).day) for group in groups_of(entry))


def groups_of(entry: ResultEntry) -> list[Any]:
    """Returns the arms of a result with curves, and all patients."""
    result: Any = entry.result
    return [*result.arms, result.overall]


def _with_steps(entry: ResultEntry, at: Sequence[Published]) -> ResultEntry:
    result: Any = entry.result
    of = _incidence if entry.kind == "cumulative-incidence" else _survival
    *arms, overall = [of(group, one) for group, one in zip(groups_of(entry), at, strict=True)]
    return replace(entry, result=replace(result, arms=tuple(arms), overall=overall))


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


def curve_of(group: Any) -> Any:  # noqa: ANN401 - of either kind
    """Returns the curve of an arm, or of all: of survival or of incidence."""
    return group.incidence if hasattr(group, "incidence") else group.curve


@dataclass(frozen=True)
class Published:
    """The days of a published curve."""

    curve: Any
    days: list[int]
    at: list[int]
    """For each of them, where in the exact curve its probability is read: -1 before the first step."""

    @classmethod
    def of(cls, curve: Any, steps: Sequence[int], least: int, days_per_unit: float) -> Published:  # noqa: ANN401
        """The steps up to which enough are at risk, whole units of time, and then the first exit with fewer, at which
        the gate holds everything back: nobody is said to be at risk no more."""
        is_few = np.asarray(curve.at_risk) < fewest_at_risk(least)
        last = int(curve.day[~is_few][-1]) if (~is_few).any() else -1
        kept = [day for day in steps if day <= last]
        if not kept:
            return cls(curve, [], [])
        units = {ceil(unit * days_per_unit) for unit in range(floor(last / days_per_unit) + 1)}
        after = curve.day[is_few & (np.asarray(curve.day) > last)]  # before, few may have entered yet
        days = [*sorted({*kept, *units}), *(int(day) for day in after[:1])]
        reads = [max((day for day in kept if day <= to), default=-1) for to in days]
        return cls(curve, days, [int(np.searchsorted(curve.day, day, side="right")) - 1 for day in reads])

    @property
    def at_risk(self) -> Floats:
        """Just before each day, to a multiple of 5."""
        exact = np.append(np.asarray(self.curve.at_risk, float), 0.0)
        return np.asarray(AT_RISK * np.round(exact[np.searchsorted(self.curve.day, self.days)] / AT_RISK), float)

    def read(self, values: Floats, before: float) -> Floats:
        """Returns values of the exact curve, (steps,) or (causes, steps), rounded; `before` stands before the first."""
        return _rounded(self.exact(values, before))

    def exact(self, values: Floats, before: float) -> Floats:
        """Returns the same with all digits."""
        padded = np.concatenate([np.full((*values.shape[:-1], 1), before), values], axis=-1)
        return np.asarray(padded[..., np.array(self.at, int) + 1], float)

    def together(self, counts: Floats) -> Floats:
        """Returns all counts of the exact curve at the last step: a total that a table prints is their sum."""
        found = np.zeros(len(self.days))
        found[-1:] = counts.sum()
        return found

    def first(self, values: Floats, height: float) -> float | None:
        """Returns the first day with a value at or below a height; None where there is none."""
        reached = np.flatnonzero(values <= height + _FLAT)  # never where nan
        return float(self.days[reached[0]]) if len(reached) else None

    def index(self, day: float) -> int:
        """Returns the step that holds on a day; -1 before the first."""
        return int(np.searchsorted(self.days, day, side="right")) - 1


def _survival(group: Any, of: Published) -> Any:  # noqa: ANN401
    lower, upper = of.read(group.lower, np.nan), of.read(group.upper, np.nan)
    published = replace(
        group.curve,
        day=np.array(of.days, group.curve.day.dtype),
        at_risk=of.at_risk,
        events=of.together(group.curve.events),
        censored=of.together(group.curve.censored),
        survival=of.read(group.curve.survival, 1.0),
        std_error=np.full(len(of.days), np.nan),
    )
    quartiles = tuple(
        replace(
            one,
            estimate=of.first(published.survival, 1.0 - one.probability),
            lower=of.first(lower, 1.0 - one.probability),
            upper=of.first(upper, 1.0 - one.probability),
        )
        for one in group.quartiles
    )
    landmarks = tuple(_landmark(one, published.survival, lower, upper, of) for one in group.landmarks)
    return replace(group, curve=published, lower=lower, upper=upper, quartiles=quartiles, landmarks=landmarks)


def _landmark(landmark: Any, survival: Floats, lower: Floats, upper: Floats, of: Published) -> Any:  # noqa: ANN401
    """Returns a landmark read off the published curve, with the limits of its last step; of averaged weights, whose
    limits are known at landmarks only, with its own."""
    at = of.index(landmark.day)
    value = float(survival[at]) if at >= 0 else 1.0
    if np.isnan(lower).all():
        limits = [round(float(limit), DIGITS) for limit in (landmark.lower, landmark.upper)]
    else:
        limits = [float(limit[at]) if at >= 0 else np.nan for limit in (lower, upper)]
    n = float(AT_RISK * round(landmark.at_risk / AT_RISK))
    return replace(landmark, at_risk=n, survival=value, std_error=np.nan, lower=limits[0], upper=limits[1])


def _incidence(group: Any, of: Published) -> Any:  # noqa: ANN401
    exact = group.incidence
    published = replace(
        exact,
        day=np.array(of.days, exact.day.dtype),
        at_risk=of.at_risk,
        events=np.array([of.together(events) for events in exact.events]),
        estimate=of.read(exact.estimate, 0.0),
        std_error=np.full((len(exact.std_error), len(of.days)), np.nan),
    )
    return replace(group, incidence=published, lower=of.read(group.lower, np.nan), upper=of.read(group.upper, np.nan))


def _rounded(values: Floats) -> Floats:
    return np.round(np.asarray(values, float), DIGITS)
