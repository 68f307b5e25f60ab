"""Kaplan-Meier curves from counts by arm and step of time, with Greenwood's error and the limits of `survfit`.

Only the counts leave a hospital: how many patients of each arm had the event, and how many were censored, at each step
of the study's grid. They add over hospitals, and the curve, its limits, median and mean depend on the totals alone.
Kaplan and Meier (1958); Greenwood (1926). Conventions follow R's `survfit`, `quantile` and `summary`, and are stated
where others exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Bools, Floats, Ints
from riskset.stats.elementary import exp, log
from riskset.stats.grid import Grid
from riskset.stats.tails import two_sided_z

LimitsKind = Literal["log-log", "log", "plain"]

FLAT = 1.5e-8
"""Two probabilities closer than this count as equal: the square root of the machine precision, as in `survival`."""


@dataclass(frozen=True)
class Curve:
    """A survival curve at the days with an exit (event or censoring), increasing; arrays (exits,)."""

    day: Ints
    at_risk: Floats
    """Just before the day."""
    events: Floats
    censored: Floats
    """On the day, after its events."""
    survival: Floats
    """From the day on."""
    std_error: Floats
    """Greenwood's standard error of the survival; nan once the survival is 0."""


@dataclass(frozen=True)
class Quantile:
    """The time by which a share of the patients have had the event, in days; None where it is not reached."""

    probability: float
    estimate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Landmark:
    """The curve at one day; limits are nan where they are not defined."""

    day: float
    at_risk: float
    """At the next day with an exit, possibly the day itself; 0 beyond the last."""
    survival: float
    std_error: float
    lower: float
    upper: float


def exits(days: Ints, event: Bools, arm: Ints, n_arms: int, grid: Grid, *, entry_days: Ints | None = None) -> Ints:
    """Returns counts of exits, (n_arms, 2, n_steps): events, then censorings; with entries, (n_arms, 3, n_steps).

    `days`, `event`, `arm` (codes below n_arms) and `entry_days` (n,), in any order. Reveals, if it leaves: how many
    patients of each arm exited, how, and in which step; for a step with one patient, when that patient exited.

    Rows that enter at the end of the grid or later are never at risk on it, and are not counted.
    """
    n_steps = grid.n_steps
    if entry_days is not None:
        is_seen = entry_days < grid.max_days
        days, event, arm, entry_days = days[is_seen], event[is_seen], arm[is_seen], entry_days[is_seen]
    counted = np.asarray(event) & grid.is_within(days)
    kinds = [(grid.exit_steps(days[rows]), arm[rows]) for rows in (counted, ~counted)]
    if entry_days is not None:
        enters = entry_days >= 0  # a row at risk before day 0 has no step of entry
        kinds.append((grid.entry_steps(entry_days[enters]), arm[enters]))
    counts = [np.bincount(a * n_steps + step, minlength=n_arms * n_steps) for step, a in kinds]
    return np.stack(counts, axis=-1).reshape(n_arms, n_steps, -1).transpose(0, 2, 1).astype(np.int64)


def at_risk_before(events: Floats, censored: Floats, entries: Floats | None = None) -> Floats:
    """Returns how many are at risk just before each step, from counts by step along the last axis."""
    net = np.asarray(events, dtype=np.float64) + censored
    if entries is not None:
        net = net - entries  # an entry at a step is at risk after it
    return np.asarray(np.cumsum(net[..., ::-1], axis=-1)[..., ::-1])


def product_limit(events: ArrayLike, censored: ArrayLike, entries: ArrayLike | None, days: Ints) -> Curve:
    """Returns the curve of counts by step (n_steps,) at `days` (n_steps,), increasing; `entries` is None where all
    enter at day 0."""
    d, c = np.asarray(events, dtype=np.float64), np.asarray(censored, dtype=np.float64)
    n = at_risk_before(d, c, None if entries is None else np.asarray(entries, dtype=np.float64))
    has_exit = d + c > 0
    d, c, n = d[has_exit], c[has_exit], n[has_exit]
    survival = np.multiply.accumulate(1.0 - np.divide(d, n, out=np.zeros_like(d), where=d > 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.add.accumulate(np.divide(d, n * (n - d), out=np.zeros_like(d), where=d > 0))
        std_error = survival * np.sqrt(variance)  # 0 * inf = nan once no one is left
    return Curve(days[has_exit], n, d, c, survival, std_error)


def limits(curve: Curve, kind: LimitsKind = "log-log", level: float = 0.95) -> tuple[Floats, Floats]:
    """Returns pointwise limits of the survival, (exits,) each, as `limits_of`."""
    return limits_of(curve.survival, curve.std_error, kind, level)


def limits_of(
    probability: Floats, std_error: Floats, kind: LimitsKind = "log-log", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Returns pointwise limits of probabilities, (n,) each, computed on the named scale, between 0 and 1.

    nan where the scale is undefined: probability 0 and, for `log-log`, 1. ValueError for another scale or level.
    """
    if kind not in ("log-log", "log", "plain") or not 0 < level < 1:
        raise ValueError("limits are 'log-log', 'log' or 'plain', of a level between 0 and 1")
    z = two_sided_z(level)
    S, se = probability, std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "plain":
            return np.maximum(S - z * se, 0.0), np.minimum(S + z * se, 1.0)
        if kind == "log":
            width = z * se / S
            return S * exp(-width), np.minimum(S * exp(width), 1.0)
        log_survival = log(S)
        width = z * se / (S * log_survival)  # negative
        return exp(log_survival * exp(-width)), exp(log_survival * exp(width))


def quantile(curve: Curve, lower: Floats, upper: Floats, probability: float) -> Quantile:
    """Returns the first day with a survival at or below 1 - probability, and limits from those of the survival.

    Where the curve is flat at exactly that height: the midpoint to the next day on which it falls, or the first of the
    days if it never does (as R prints a median; `quantile.survfit` goes half way to the last day of follow-up).
    """
    if not 0 < probability < 1:
        raise ValueError("a quantile's probability lies between 0 and 1")
    height = 1.0 - probability
    return Quantile(probability, *(_first_at_or_below(curve.day, y, height) for y in (curve.survival, lower, upper)))


def _first_at_or_below(day: Ints, y: Floats, height: float) -> float | None:
    reached = np.flatnonzero(y < height + FLAT)  # never where nan
    if len(reached) == 0:
        return None
    first = reached[0]
    below = reached[y[reached] < y[first]]
    if abs(y[first] - height) < FLAT and len(below):
        return (float(day[first]) + float(day[below[0]])) / 2
    return float(day[first])


def survival_at(curve: Curve, lower: Floats, upper: Floats, days: Sequence[float]) -> tuple[Landmark, ...]:
    """Returns the curve at each of `days`: 1 before the first exit, the last value beyond the last."""
    at = np.searchsorted(curve.day, days, side="right") - 1
    next_exit = np.searchsorted(curve.day, days, side="left")
    at_risk = np.append(curve.at_risk, 0.0)[next_exit]
    values = [np.append(y, start)[at] for y, start in ((curve.survival, 1.0), (curve.std_error, 0.0))]
    values += [np.append(y, 1.0)[at] for y in (lower, upper)]  # index -1 is the value before the first exit
    columns = [np.asarray(days, dtype=np.float64), at_risk, *values]
    return tuple(Landmark(*row) for row in np.stack(columns, axis=1).tolist())


def cumulative_hazard(curve: Curve) -> tuple[Floats, Floats]:
    """Returns the Nelson-Aalen estimate, the sum of d/n, and its standard error, from the sum of d/n^2, (exits,) each.

    As `survfit`'s `cumhaz` and `std.chaz` (Aalen 1978).
    """
    d, n = curve.events, curve.at_risk
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.divide(d, n, out=np.zeros_like(d), where=d > 0)
        variance = np.divide(d, n * n, out=np.zeros_like(d), where=d > 0)
    return np.add.accumulate(step), np.sqrt(np.add.accumulate(variance))


def cumulative_hazard_at(curve: Curve, day: float) -> tuple[float, float]:
    """Returns the cumulative hazard at a day and its standard error: 0 before the first exit, the last value beyond
    the last; nan for a curve of nobody."""
    if len(curve.day) == 0:
        return nan, nan
    at = int(np.searchsorted(curve.day, day, side="right")) - 1
    hazard, error = (np.append(y, 0.0)[at] for y in cumulative_hazard(curve))  # index -1 is before the first exit
    return float(hazard), float(error)


def restricted_mean(curve: Curve, tau: float) -> tuple[float, float]:
    """Returns the mean time to the event up to day `tau` > 0 (area under the curve) and its standard error, in days.

    As `survfit`'s `rmean`: the curve keeps its last value up to tau; no factor n/(n-1).
    """
    within = curve.day <= tau
    days = np.concatenate([[0.0], curve.day[within], [tau]])
    area = np.diff(days) * np.concatenate([[1.0], curve.survival[within]])
    n, d = curve.at_risk[within], curve.events[within]
    stays = n > d
    greenwood = np.divide(d, n * (n - d), out=np.zeros_like(n), where=stays)
    area_after = np.cumsum(area[:0:-1])[::-1]
    return float(area.sum()), sqrt(float(np.sum(area_after**2 * greenwood)))
