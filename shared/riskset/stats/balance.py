"""Balance of covariates between two arms, weighted or not, from sums that add over hospitals.

A standardised difference after adjustment divides by the standard deviation before it: else weights that change the
spread would change the difference of the same means (Stuart, Statistical Science 25 (2010) 1). Papers use three
standard deviations (`two_means`); each value says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np

from riskset.stats.arrays import Bools, Floats
from riskset.stats.balancing_weights import effective_size
from riskset.stats.two_means import Group, standardised

_ROUNDING: Final = 1e-13
"""Of a mean square: a variance up to this share of it is that of one value."""


@dataclass(frozen=True)
class ArmSums:
    """Weighted sums over the patients of one arm, of p columns. `+` adds hospitals.

    Reveals, if it leaves: of an arm with one patient, that patient's weight and columns.
    """

    n: int
    """Patients of positive weight."""
    weight: float
    squares: float
    """Of the weights."""
    first: Floats
    """(p,) sums of w x."""
    second: Floats
    """(p,) sums of w x^2."""

    def __add__(self, other: ArmSums) -> ArmSums:
        return ArmSums(
            self.n + other.n,
            self.weight + other.weight,
            self.squares + other.squares,
            self.first + other.first,
            self.second + other.second,
        )

    @property
    def effective_size(self) -> float:
        return effective_size(self.weight, self.squares)

    @property
    def mean(self) -> Floats:
        """(p,) nan for nobody."""
        return self.first / self.weight if self.weight > 0.0 else np.full(len(self.first), np.nan)

    @property
    def variance(self) -> Floats:
        """(p,) sum of v (x - mean)^2 / (1 - sum of v^2), v = w / sum of w: with equal weights, divisor n - 1. nan where
        fewer than two patients have a weight."""
        if self.n < 2:
            return np.full(len(self.first), np.nan)
        moment = self.second / self.weight
        around = moment - self.mean * self.mean
        around[around <= _ROUNDING * moment] = 0.0
        return np.asarray(around / (1.0 - self.squares / (self.weight * self.weight)))


def sums(X: Floats, arm: Bools, weights: Floats | None = None) -> tuple[ArmSums, ArmSums]:
    """Returns the sums of a hospital's treated and of its others; `X` (n, p), `arm` (n,) True for the treated,
    `weights` (n,), 1 by default. Variances lose the digits that a column's mean has beside its spread: centre the
    columns first."""
    w = np.ones(len(arm)) if weights is None else weights
    return _sums(X[arm], w[arm]), _sums(X[~arm], w[~arm])


def _sums(X: Floats, w: Floats) -> ArmSums:
    return ArmSums(int((w > 0.0).sum()), float(w.sum()), float(w @ w), w @ X, w @ (X * X))


@dataclass(frozen=True)
class Balance:
    """One column's balance between the treated and the others."""

    differences: dict[str, float | None]
    """The difference of the means divided by each standard deviation before adjustment, by its name in `two_means`."""
    variance_ratio: float | None
    """Of the treated to the others; None where it is undefined."""


def balance(before: tuple[ArmSums, ArmSums], after: tuple[ArmSums, ArmSums]) -> list[Balance]:
    """Returns the balance of each column, (p,), from the total sums of the treated and the others before adjustment
    (weights of 1) and after it; `after` may be `before`."""
    return [_of_column(j, before, after) for j in range(len(before[0].first))]


def _of_column(j: int, before: tuple[ArmSums, ArmSums], after: tuple[ArmSums, ArmSums]) -> Balance:
    then, now = (
        tuple(Group(arm.n, float(arm.mean[j]), float(arm.variance[j])) for arm in of) for of in (before, after)
    )
    return of_groups((then[0], then[1]), (now[0], now[1]))


def of_groups(before: tuple[Group, Group], after: tuple[Group, Group]) -> Balance:
    """Returns the balance of one column, from the treated and the others before adjustment and after it."""
    treated, others = (Group(then.n, now.mean, then.variance) for then, now in zip(before, after, strict=True))
    of_treated, of_others = (arm.variance for arm in after)
    ratio = of_treated / of_others if of_others > 0.0 and isfinite(of_treated) else None
    return Balance(standardised(treated, others), ratio)
