"""Fisher's exact test of a 2 x 2 table, with the conditional odds ratio and its exact limits.

Given the margins, a count follows the noncentral hypergeometric distribution of one parameter, the odds ratio (Fisher,
1935; Cornfield, 1956). R's `fisher.test` has the same definitions; its solver stops at 1e-4, this one at the last bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, lgamma, nan
from typing import Final

import numpy as np

from riskset.stats.arrays import Floats

AS_LIKELY: Final = 1 + 1e-7
"""A table this much likelier than the observed one still counts as no likelier: `fisher.test` allows for rounding."""


@dataclass(frozen=True)
class FisherTest:
    """The test of one table."""

    p: float
    """Two-sided: of all tables no likelier than the observed one."""
    odds_ratio: float
    """Conditional maximum likelihood; 0 or inf where a count is at its bound, nan where the margins allow one table."""
    lower: float
    """0 where the count is at its lower bound."""
    upper: float
    """inf where the count is at its upper bound."""


def fisher_2x2(a: int, b: int, c: int, d: int, level: float = 0.95) -> FisherTest:
    """Returns the test of the table [[a, b], [c, d]] of counts >= 0; the odds ratio is that of ad / bc.

    Each limit leaves (1 - level) / 2 in its tail, so that the limits need not agree with the two-sided P value.
    """
    row, column, other = a + b, a + c, c + d
    support = np.arange(max(0, column - other), min(row, column) + 1, dtype=np.float64)
    weights = _log_weights(support, row, other, column)
    at = a - int(support[0])
    chances = _chances(weights, support, 0.0)
    p = float(chances[chances <= chances[at] * AS_LIKELY].sum())
    if len(support) == 1:
        return FisherTest(1.0, nan, 0.0, inf)
    tail, is_least, is_most = (1 - level) / 2, at == 0, at == len(support) - 1

    def mean(log_ratio: float) -> float:
        return float(_chances(weights, support, log_ratio) @ support) - a

    def at_least(log_ratio: float) -> float:
        return float(_chances(weights, support, log_ratio)[at:].sum()) - tail

    def at_most(log_ratio: float) -> float:
        return tail - float(_chances(weights, support, log_ratio)[: at + 1].sum())

    return FisherTest(
        min(p, 1.0),
        0.0 if is_least else inf if is_most else exp(_root(mean)),
        0.0 if is_least else exp(_root(at_least)),
        inf if is_most else exp(_root(at_most)),
    )


def _log_weights(support: Floats, row: int, other: int, column: int) -> Floats:
    """Returns log C(row, x) C(other, column - x) for each x of the support."""
    return np.array([_log_choose(row, int(x)) + _log_choose(other, column - int(x)) for x in support])


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _chances(weights: Floats, support: Floats, log_ratio: float) -> Floats:
    """Returns the probability of each count at an odds ratio."""
    logs = weights + log_ratio * support
    chances: Floats = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def _root(increasing: Callable[[float], float]) -> float:
    """Returns where an increasing function crosses 0, by bisection to the last bits."""
    width = 1.0
    while increasing(-width) > 0 or increasing(width) < 0:
        width *= 2
    low, high = -width, width
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return high
