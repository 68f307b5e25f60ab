"""Comparison of two independent estimates: their difference, and their ratio by the delta method."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from riskset.stats.tails import two_sided_p, two_sided_z


@dataclass(frozen=True)
class Contrast:
    """A comparison with its normal limits and two-sided P value."""

    estimate: float
    se: float
    """Standard error of the estimate; for a ratio, of its logarithm."""
    lower: float
    upper: float
    p: float


def difference(mean: float, se: float, against: float, against_se: float, level: float = 0.95) -> Contrast | None:
    """Returns mean - against; None where both standard errors are 0."""
    estimate, error = mean - against, sqrt(se * se + against_se * against_se)
    if error == 0.0:
        return None
    margin = two_sided_z(level) * error
    return Contrast(estimate, error, estimate - margin, estimate + margin, two_sided_p(estimate / error))


def ratio(mean: float, se: float, against: float, against_se: float, level: float = 0.95) -> Contrast | None:
    """Returns mean / against, with limits on the log scale; None where one is not positive, or both errors are 0.

    var(log m) = var(m) / m^2 by the delta method.
    """
    if mean <= 0.0 or against <= 0.0:
        return None
    a, b = se / mean, against_se / against
    found, error = log(mean / against), sqrt(a * a + b * b)
    if error == 0.0:
        return None
    margin = two_sided_z(level) * error
    return Contrast(mean / against, error, exp(found - margin), exp(found + margin), two_sided_p(found / error))
