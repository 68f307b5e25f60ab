"""Patients who count by weights of their own: as how many they count, and which share is one patient's.

n patients with weights w count as (sum w)^2 / sum w^2 patients (Kish, Survey Sampling (1965)), never more than n.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnySet
from riskset.stats.balancing_weights import effective_size

Floats = NDArray[np.float64]

_PARTS: Final = 8
"""Steps of a rounded weight in the power of two nearest to the hospital's mean weight."""

PARTS_IN_TABLES: Final = 64
"""The same in tables, whose sums are of many patients."""


@dataclass(frozen=True)
class Weights:
    """What is known of the weights of some patients, over all hospitals."""

    total: float
    """Their sum, each rounded."""
    squares: float
    """The sum of their squares."""

    @property
    def effective(self) -> int:
        """Returns as how many whole patients they count."""
        return floor(effective_size(self.total, self.squares))


def unit(mean: float) -> float:
    """Returns the power of two nearest to a mean weight, in which weights and sums of their products are rounded."""
    return 2.0 ** round(log2(mean)) if mean > 0.0 else 1.0


def coarse(number: float, *, up: bool = False) -> float:
    """Returns a number of 0 or more with three binary digits behind the first, rounded down or `up`: an exact sum of
    few weights could be decoded."""
    if not number > 0.0:
        return 0.0
    step = 2.0 ** floor(log2(number)) / _PARTS
    return (ceil if up else floor)(number / step) * step


def weights_of(rows: AnySet) -> Floats:
    """Returns a hospital's weights, (n,): 1 where every patient counts once."""
    return np.ones(rows.n) if rows.weights is None else rows.weights


def effective(weights: Floats) -> int:
    """Returns as how many whole patients these count: at most as many as they are."""
    largest = float(weights.max(initial=0.0))
    shares = weights / largest if largest > 0.0 else weights  # so that no square is lost
    squares = float(shares @ shares)
    return floor(float(shares.sum()) ** 2 / squares * (1 + 1e-12)) if squares else 0


def rounded(weights: Floats) -> Floats:
    """Returns the weights of a hospital's set as they are added up for the others, (n,)."""
    mean = float(weights.mean()) if len(weights) else 0.0
    if not mean > 0.0:
        return np.zeros(len(weights))
    step = unit(mean) / _PARTS
    return np.asarray(np.rint(weights / step) * step)


def fine(weights: Floats, unit_: float) -> Floats:
    """Returns the weights as tables add them up, (n,): to a 64th of a power of two about their mean. A weight of
    1 stays 1."""
    step = unit_ / PARTS_IN_TABLES
    return np.asarray(np.rint(weights / step) * step)


def in_units(sums: Floats, weights: Floats, power: int = 1) -> Floats:
    """Returns sums of a hospital's weights (or, with `power` 2, of their squares) in whole units of about its mean
    weight, of the same shape: the difference of two such sums tells no patient's weight."""
    mean = float(weights.mean()) if len(weights) else 0.0
    size = unit(mean) ** power
    return np.asarray(np.rint(sums / size) * size)


def n_means(weights: Floats) -> float:
    """Returns a hospital's sum of weights by its mean weight, rounded to an eighth of the power of two nearest to it:
    off by up to a 16th of that for each patient, so that one more or less is not told by it."""
    mean = float(weights.mean()) if len(weights) else 0.0
    step = unit(mean) / _PARTS
    return float(np.rint(mean / step) * step) * len(weights)


def largest_share(weights: Floats, total: float | None = None) -> float:
    """Returns the share of the heaviest of these patients in the weight of all: `total`, or their own. The total is of
    rounded weights, so that a share may come out above 1."""
    whole = float(weights.sum()) if total is None else total
    largest = float(weights.max(initial=0.0))
    return largest / whole if whole > 0.0 else float(largest > 0.0)
