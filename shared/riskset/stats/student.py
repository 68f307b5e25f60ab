"""Student's t distribution: two-sided tail and quantile."""

from __future__ import annotations

from math import sqrt

from riskset.stats.beta import beta_quantile, incomplete_beta


def two_sided_p(t: float, df: int) -> float:
    """Returns P(|T| > |t|) with `df` >= 1 degrees of freedom (Abramowitz and Stegun 26.7.1)."""
    x = df / (df + t * t)
    return 1.0 if x == 1.0 else incomplete_beta(x, df / 2, 0.5)


def two_sided_t(level: float, df: int) -> float:
    """Returns t with P(|T| <= t) = level: the half-width of confidence limits in standard errors."""
    x = beta_quantile(1.0 - level, df / 2, 0.5)
    return sqrt(df * (1.0 - x) / x)
