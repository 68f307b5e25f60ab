"""Fine and Gray's model: rows of one hospital in which a competing event does not end the time at risk.

A patient with a competing event on day t stays at risk of the event, on a later day u with the weight G(u-)/G(t-). G is
the Kaplan-Meier curve of the hospital's own censoring, with events before censorings of the same day. So weighted, the
sums of the partial likelihood (`stats.cox`) are those of Fine and Gray (1999), as R computes them: `finegray(...,
strata(site))`, then `coxph` with these weights and `strata(site)`. G stays at the hospital.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class WeightedRows:
    """Rows for `stats.cox.risk_sets`, (m,) each; never leaves."""

    row: Ints
    """Of which of the hospital's rows each is a part."""
    entry_days: Ints
    """-1 where it is at risk from the beginning."""
    days: Ints
    event: Bools
    weights: Floats


def weighted_rows(days: Ints, cause: Ints) -> WeightedRows:
    """Returns the rows of one hospital, of `days` and `cause` (n,), 0 where censored and 1 for the event: one part for
    each patient, and for one with a competing event a further part after each later day of censoring on which the
    weight falls, up to the hospital's last event."""
    last = int(days[cause == 1].max(initial=-1))
    at, left = _censoring_curve(days, cause)
    parts: list[tuple[int, int, int, float]] = []
    for i in np.flatnonzero(cause > 1).tolist():
        # the weight falls after a day of censoring; one on the day of the competing event comes after it
        first = int(np.searchsorted(at, days[i], side="left"))
        before = left[first - 1] if first else 1.0
        ends = [*at[first:][at[first:] < last].tolist(), max(last, int(days[i]))]
        levels = [1.0, *(left[first : first + len(ends) - 1] / before).tolist()]
        parts += zip([i] * len(ends), [-1, *ends[:-1]], ends, levels, strict=True)
    kept = [part for part in parts if part[3] > 0.0]
    row, start, stop, weights = (list(values) for values in zip(*kept, strict=True)) if kept else ([], [], [], [])
    others = np.flatnonzero(cause <= 1)
    return WeightedRows(
        row=np.concatenate([others, np.array(row, np.int64)]),
        entry_days=np.concatenate([np.full(len(others), -1), np.array(start, np.int64)]),
        days=np.concatenate([days[others], np.array(stop, np.int64)]),
        event=np.concatenate([cause[others] == 1, np.zeros(len(kept), bool)]),
        weights=np.concatenate([np.ones(len(others)), np.array(weights, np.float64)]),
    )


def _censoring_curve(days: Ints, cause: Ints) -> tuple[Ints, Floats]:
    """Returns the days of censoring, increasing, and G from each of them on. Events of a day come before its
    censorings, so that they are not at risk of being censored on it."""
    at, censored = np.unique(days[cause == 0], return_counts=True)
    at_risk = np.array([(days > day).sum() for day in at], np.float64) + censored
    return at, np.multiply.accumulate(1.0 - censored / at_risk)
