"""The risk set of each event of a Cox model, and what each patient adds to sums over events: to the score, to the
information, and to both where each event has a weight of its own (a function of its time).

Notation as in `cox`. The l-th of m tied events, l = 0..m-1, is at u = S0 - f T0 with mean xbar = (S1 - f T1)/u, f = l/m
(Efron) or 0 (Breslow). A patient at risk has the share r/u in it; one who has the event on the same day (1 - f) r/u.
With patients' weights w, r = w exp(x'beta), and wbar is the mean weight of the events of the day (`cox`). With a
weight v for each event,

    score residual      v w d (x - mean over l of xbar on the own day)
                        - sum of v wbar (x - xbar) r/u over events at risk
    part of information sum of v wbar (x - xbar)(x - xbar)' r/u over events at risk

Summed over patients they are the score and the information (Therneau and Grambsch, Modeling Survival
Data (2000), section 4.6). dfbeta, nearly the change of the coefficients without the patient, is the residual with v = 1
times the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Floats, Ints, sum_by
from riskset.stats.at_risk import cumulate
from riskset.stats.cox import RiskSets, RiskSetSums, Ties, hazards

ALL: Final = slice(None)


@dataclass(frozen=True)
class AtEvents:
    """n rows as `RiskSets` sorts them, E events by stratum and day. Never leaves the hospital.

    Only sums over patients may leave; a residual is nearly the patient's row.
    """

    rows: RiskSets
    hazard: Floats
    """r, (n,), on a scale of each stratum."""
    bin: Ints
    """(E,) the bin of each event."""
    f: Floats
    """(E,) the share of the day's events that has left."""
    u: Floats
    """(E,) the hazard of those at risk."""
    mean: Floats
    """xbar, (p, E)."""

    @classmethod
    def of(cls, rows: RiskSets, beta: ArrayLike, ties: Ties = "efron") -> AtEvents:
        """Returns them at `beta` (p,), in units of the rows' scale. ArithmeticError where the hazard of a risk set
        vanishes beside the largest of its stratum: no fitted model has that."""
        if rows.n == 0:
            return cls(rows, np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros((rows.p, 0)))
        hazard, _ = hazards(rows, np.asarray(beta, np.float64))
        risk = RiskSetSums.of(rows, hazard)
        S1, T1 = risk.columns(rows, hazard, np.add.reduceat(rows.X * hazard, rows.part_start, axis=1))
        deaths = rows.deaths[rows.event_bins]
        time = np.repeat(np.arange(len(deaths)), deaths)
        order = np.arange(len(time)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
        f = order / deaths[time] if ties == "efron" else np.zeros(len(time))
        u = risk.S0[time] - f * risk.T0[time]
        if not (np.isfinite(u) & (u > 0)).all():
            raise ArithmeticError("the hazard of a risk set vanishes at this beta")
        return cls(rows, hazard, rows.event_bins[time], f, u, (S1[:, time] - f * T1[:, time]) / u)

    @property
    def died(self) -> Floats:
        """(n,) 1 for rows with an event."""
        return np.repeat(self.rows.part_is_event, self.rows.part_length).astype(np.float64)

    @property
    def mean_weight(self) -> Floats:
        """(E,) wbar of each event's day; 1 without weights."""
        return self.rows.mean_weight[self.bin]

    @property
    def exit_bin(self) -> Ints:
        """(n,) the bin in which each row leaves."""
        return np.repeat(self.rows.part_bin, self.rows.part_length)

    def while_at_risk(self, values: Floats, rows: slice = ALL) -> Floats:
        """Returns for some rows the sum of `values` (..., E) over the events at which each is at risk, those of its own
        day less the share f: (..., rows)."""
        by_bin, leaves = cumulate(self._by_bin(values), self.rows.bins_before), self.exit_bin[rows]
        out = by_bin[..., leaves] - self.died[rows] * self._by_bin(self.f * values)[..., leaves]
        return out if self.rows.entry_bin is None else out - by_bin[..., self.rows.entry_bin[rows]]

    def score_residuals(self, v: Floats) -> Floats:
        """Returns (p, n) with weights `v` (E,), the same for events of one day and stratum."""
        x, share = self.rows.X, v * self.mean_weight / self.u
        expected = self.hazard * (x * self.while_at_risk(share) - self.while_at_risk(share * self.mean))
        deaths = np.maximum(self.rows.deaths, 1)
        own, mean = self._by_bin(v) / deaths, self._by_bin(v * self.mean) / deaths
        weight = 1.0 if self.rows.weights is None else self.rows.weights
        return self.died * weight * (x * own[self.exit_bin] - mean[:, self.exit_bin]) - expected

    def parts_of_information(self, v: Floats, rows: slice = ALL) -> Floats:
        """Returns what each of some rows adds to the information with weights `v` (E,) >= 0: (rows, p, p)."""
        x, share = self.rows.X[:, rows], v * self.mean_weight / self.u
        mixed = x[:, None] * self.while_at_risk(share * self.mean, rows)
        squares = x[:, None] * x * self.while_at_risk(share, rows)
        of_means = self.while_at_risk(share * self.mean[:, None] * self.mean, rows)
        whole = squares - mixed - mixed.swapaxes(0, 1) + of_means
        return np.asarray(np.moveaxis(self.hazard[rows] * whole, -1, 0))

    def information(self, v: Floats) -> Floats:
        """Returns the information with weights `v` (E,): (p, p)."""
        v = v * self.mean_weight
        c = self.hazard * self.while_at_risk(v / self.u)
        return np.asarray((self.rows.X * c) @ self.rows.X.T - (self.mean * v) @ self.mean.T)

    def _by_bin(self, values: Floats) -> Floats:
        """Returns sums by bin, (..., K), of values of events, (..., E)."""
        out = np.zeros((*values.shape[:-1], self.rows.K))
        for at in np.ndindex(values.shape[:-1]):
            out[at] = sum_by(self.bin, values[at], self.rows.K)
        return out
