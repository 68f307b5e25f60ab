"""What each patient adds to the score of a Cox model: the score residuals, from which robust errors follow.

With x and r of a patient, and at an event time xbar_l = (S1 - f T1)/(S0 - f T0) and h_l = wbar/(S0 - f T0), l = 0..m-1
(`cox`), the residual is

    d (x - mean over l of xbar_l at the patient's own event time)
    - r sum over event times at which the patient is at risk of sum_l (x - xbar_l) h_l
    + d r sum_l f (x - xbar_l) h_l at the patient's own event time

after Therneau and Grambsch, Modeling Survival Data (2000), section 4.6 (Efron's approximation: the l-th event of a tied
day counts those before it with the share that is left). The residuals of all rows add up to the score. dfbeta, nearly
the change of the coefficients when the patient is left out, is the residual times the covariance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Floats
from riskset.stats.at_risk import cumulate
from riskset.stats.cox import RiskSets, RiskSetSums, Ties, hazards
from riskset.stats.ties import tie_sums


def score_residuals(rows: RiskSets, beta: ArrayLike, ties: Ties = "efron") -> Floats:
    """Returns the residuals at `beta` (p,), in units of the rows' scale: (p, n), the rows as `RiskSets` sorts them.

    Without weights of rows: ArithmeticError where they have some, or where a risk set's hazard vanishes beside the
    largest of its stratum, which no fitted model has. No rows or no events give zeros.

    Reveals, if it leaves, each patient's row: only sums over patients may.
    """
    if rows.weights is not None:
        raise ArithmeticError("score residuals of weighted rows are not known")
    out = np.zeros((rows.p, rows.n))
    if len(rows.event_bins) == 0:
        return out
    hazard, _ = hazards(rows, np.asarray(beta, np.float64))
    risk = RiskSetSums.of(rows, hazard)
    sums = tie_sums(risk.S0, risk.T0, rows.deaths[rows.event_bins], ties)
    if sums is None:
        raise ArithmeticError("a risk set's hazard vanishes at this beta")
    S1, T1 = risk.columns(rows, hazard, np.add.reduceat(rows.X * hazard, rows.part_start, axis=1))
    of_bin = _OfBins(rows)
    A, AX = of_bin.cumulated(sums.a), of_bin.cumulated(S1 * sums.alpha - T1 * sums.g)
    exit_bin = np.repeat(rows.part_bin, rows.part_length)
    out -= hazard * (rows.X * A[exit_bin] - AX[:, exit_bin])
    if rows.entry_bin is not None:
        out += hazard * (rows.X * A[rows.entry_bin] - AX[:, rows.entry_bin])
    mean, b = of_bin.at((S1 * sums.a - T1 * sums.b) / rows.deaths[rows.event_bins]), of_bin.at(sums.b)
    BX = of_bin.at(S1 * sums.g - T1 * sums.h)
    died = np.repeat(rows.part_is_event, rows.part_length)
    at, x, r = exit_bin[died], rows.X[:, died], hazard[died]
    out[:, died] += x - mean[:, at] + r * (x * b[at] - BX[:, at])
    return out


class _OfBins:
    """Numbers of event times, (..., times), as numbers of bins, (..., K)."""

    def __init__(self, rows: RiskSets) -> None:
        self._rows = rows

    def at(self, values: Floats) -> Floats:
        out = np.zeros((*values.shape[:-1], self._rows.K))
        out[..., self._rows.event_bins] = values
        return out

    def cumulated(self, values: Floats) -> Floats:
        """Returns for each bin the sum of its value and all earlier ones of its stratum."""
        return cumulate(self.at(values), self._rows.bins_before)
