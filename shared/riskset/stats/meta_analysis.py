"""Estimates of one effect by several hospitals, combined: one common effect, or effects that vary from site to site.

Site i has estimate y_i with variance v_i; w_i = 1 / (v_i + tau2) and mu = sum of w y / sum of w. The variance tau2
between sites is estimated by DerSimonian and Laird (1986), by restricted maximum likelihood, and by Paule and Mandel
(1982). Limits are normal, and those of Hartung and Knapp (2001) with Sidik and Jonkman (2002). As R's `metafor`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.stats import student
from riskset.stats.tails import chi2_sf, two_sided_p, two_sided_z

LEAST_FOR_PREDICTION: Final = 3
"""Estimates: with two, Student's t with k - 2 degrees of freedom does not exist."""
_PER_DECADE: Final = 6
"""Points at which the slope of the restricted likelihood is looked at, a decade of tau2."""


@dataclass(frozen=True)
class Interval:
    lower: float
    upper: float


@dataclass(frozen=True)
class Mean:
    """A combined estimate with its limits."""

    coef: float
    se: float
    lower: float
    upper: float
    p: float | None
    """Two-sided; None where the standard error is 0."""


@dataclass(frozen=True)
class RandomEffects:
    """A combined estimate where the effects vary with variance tau2."""

    tau2: float
    i2: float
    """Share of the variance of an estimate that is between sites, tau2 / (tau2 + s2), s2 the typical v (Higgins and
    Thompson 2002)."""
    normal: Mean
    hartung_knapp: Mean


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q about the fixed effect, chi-square with k - 1 degrees of freedom."""

    q: float
    df: int
    p: float
    i2: float
    """max(0, (Q - df) / Q)."""


class Estimates:
    """Estimates y (k,) with standard errors se (k,) > 0, k >= 1. The order of the estimates changes nothing."""

    def __init__(self, y: Sequence[float], se: Sequence[float], level: float = 0.95) -> None:
        """Raises ValueError for no estimates, or a standard error that is not positive."""
        if not y or len(y) != len(se) or not min(se) > 0:
            raise ValueError("every estimate has a positive standard error")
        pairs = sorted(zip(y, se, strict=True))
        self.y = np.array([estimate for estimate, _ in pairs])
        self.v = np.array([error * error for _, error in pairs])
        self.level = level

    @property
    def k(self) -> int:
        return len(self.y)

    def fixed(self) -> Mean:
        """Returns the estimate of a common effect: weights 1 / v."""
        return self._mean(0.0)

    def heterogeneity(self) -> Heterogeneity:
        """Returns Cochran's Q; ValueError for one estimate."""
        self._need(2)
        q, df = self._q(0.0), self.k - 1
        return Heterogeneity(q, df, chi2_sf(q, df), max(0.0, (q - df) / q) if q > 0 else 0.0)

    def dersimonian_laird(self) -> RandomEffects:
        """Returns the estimate with tau2 from the moment of Q, not below 0; ValueError for one estimate."""
        self._need(2)
        return self._random(max(0.0, (self._q(0.0) - (self.k - 1)) / self._scale))

    def reml(self) -> RandomEffects:
        """Returns the estimate with the tau2 >= 0 at which `restricted_log_likelihood` is largest; ValueError for one
        estimate."""
        self._need(2)
        at = [0.0, *self._grid()]
        slopes = zip(at, map(self.slope, at), strict=True)
        tops = [_root(self.slope, a, b) for (a, rises), (b, falls) in pairwise(slopes) if rises > 0.0 >= falls]
        return self._random(max([0.0, *tops], key=self.restricted_log_likelihood))

    def paule_mandel(self) -> RandomEffects:
        """Returns the estimate with the tau2 at which Q about mu(tau2) is k - 1, or 0 where it is below that at 0;
        ValueError for one estimate."""
        self._need(2)

        def excess(tau2: float) -> float:  # it decreases in tau2
            return self._q(tau2) - (self.k - 1)

        return self._random(_root(excess, 0.0, self._grid()[-1]) if excess(0.0) > 0 else 0.0)

    def restricted_log_likelihood(self, tau2: float) -> float:
        """Returns the logarithm of the restricted likelihood, but for a constant."""
        w = 1.0 / (self.v + tau2)
        return 0.5 * (float(np.log(w).sum()) - log(float(w.sum())) - self._q(tau2))

    def slope(self, tau2: float) -> float:
        """Returns its derivative by tau2."""
        w = 1.0 / (self.v + tau2)
        residual = self.y - self._mu(w)
        return 0.5 * float((w * w * residual * residual).sum() - w.sum() + (w * w).sum() / w.sum())

    def prediction(self, found: RandomEffects) -> Interval | None:
        """Returns the limits for the effect at a further site, Student's t with k - 2 degrees of freedom (Higgins,
        Thompson and Spiegelhalter 2009, equation 12); None with two estimates."""
        if self.k < LEAST_FOR_PREDICTION:
            return None
        return around(found.normal, found.tau2, student.two_sided_t(self.level, self.k - 2))

    def predicted(self, found: RandomEffects) -> tuple[Interval, Interval] | None:
        """Returns the limits that `metafor` gives, with the quantiles of the normal limits and of Hartung and Knapp's;
        None with two estimates."""
        if self.k < LEAST_FOR_PREDICTION:
            return None
        t = student.two_sided_t(self.level, self.k - 1)
        return (
            around(found.normal, found.tau2, two_sided_z(self.level)),
            around(found.hartung_knapp, found.tau2, t),
        )

    def _need(self, k: int) -> None:
        if self.k < k:
            raise ValueError(f"this needs {k} estimates")

    @property
    def _scale(self) -> float:
        w = 1.0 / self.v
        return float(w.sum() - (w * w).sum() / w.sum())

    def _mu(self, w: NDArray[np.float64]) -> float:
        return float((w * self.y).sum() / w.sum())

    def _q(self, tau2: float) -> float:
        w = 1.0 / (self.v + tau2)
        return float((w * (self.y - self._mu(w)) ** 2).sum())

    def _grid(self) -> list[float]:
        """Points between which tau2 lies, ascending: from what is nothing beside the variances to where every slope is
        negative and Q is below k - 1."""
        largest = float(max(self.v.max(), ((self.y - self.y.mean()) ** 2).sum()))
        decades = np.arange(-12 * _PER_DECADE, 2 * _PER_DECADE + 1) / _PER_DECADE
        return [float(point) for point in largest * 10.0**decades]

    def _mean(self, tau2: float) -> Mean:
        w = 1.0 / (self.v + tau2)
        mu, se = self._mu(w), 1.0 / sqrt(float(w.sum()))
        margin = two_sided_z(self.level) * se
        return Mean(mu, se, mu - margin, mu + margin, two_sided_p(mu / se))

    def _random(self, tau2: float) -> RandomEffects:
        normal, df = self._mean(tau2), self.k - 1
        se = normal.se * sqrt(self._q(tau2) / df)
        margin = student.two_sided_t(self.level, df) * se
        p = student.two_sided_p(normal.coef / se, df) if se > 0 else None
        adjusted = Mean(normal.coef, se, normal.coef - margin, normal.coef + margin, p)
        return RandomEffects(tau2, tau2 / (tau2 + df / self._scale), normal, adjusted)


def around(mean: Mean, tau2: float, quantile: float) -> Interval:
    """Returns the limits for a further effect: mean -/+ quantile x sqrt(tau2 + se^2)."""
    margin = quantile * sqrt(tau2 + mean.se * mean.se)
    return Interval(mean.coef - margin, mean.coef + margin)


def _root(decreasing: Callable[[float], float], low: float, high: float) -> float:
    """Returns where a function crosses 0 from above between two points, by bisection to the last bits."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if decreasing(middle) > 0 else (low, middle)
    return high
