"""Student's t distribution: two-sided tail and quantile."""

from __future__ import annotations

from math import sqrt

from riskset.stats.beta import beta_quantile, incomplete_beta


def two_sided_p(t: float, df: float) -> float:
    """Returns P(|T| > |t|) with `df` > 0 degrees of freedom, not necessarily whole (Abramowitz and Stegun 26.7.1)."""
    if t * t < 1.0:  # df / (df + t^2) would lose t
        return 1.0 - incomplete_beta(t * t / (df + t * t), 0.5, df / 2)
    return incomplete_beta(df / (df + t * t), df / 2, 0.5)


def two_sided_t(level: float, df: int) -> float:
    """Returns t with P(|T| <= t) = level: the half-width of confidence limits in standard errors."""
    x = beta_quantile(1.0 - level, df / 2, 0.5)
    return sqrt(df * (1.0 - x) / x)
