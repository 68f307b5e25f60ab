"""Firth's penalised likelihood of a logistic model: what `firth` needs of one hospital.

To the log likelihood half the logarithm of the determinant of the information is added. The sum has a maximum also
where a covariate separates the arms (Heinze and Schemper, Statistics in Medicine 21 (2002) 2409). A patient's residual
y - p becomes y - p + h (1/2 - p), h the leverage. A point takes two totals, as in `firth`.

With an intercept of each hospital's own, the intercepts are coefficients too, as in R's `logistf(arm ~ x + site)`. With
V = sum of v and the profiled information I of `logistic`,

    determinant = |I| times the product of V,     h = v (1/V + (x - m)' I^-1 (x - m)),

so a hospital's intercept, where its modified residuals add to 0, depends on the total I. It takes that of the last
point (`known`). What is left of its equation with the new I enters the slope at (x - m), and vanishes as the points
converge. A hospital with one arm has a finite intercept by the penalty alone; it is left out here too, as from all that
is computed of the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import log
from operator import add
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats import firth, logistic
from riskset.stats.arrays import Bools, Floats
from riskset.stats.firth import Firth
from riskset.stats.linear import factor, inverse, submatrix
from riskset.stats.logistic import Derivatives, Rows, Scores

_MOST_STEPS: Final = 200
_LAST_STEP: Final = 1e-13
"""Of the search for an intercept, against 1 + |a|."""


def known(state: Firth) -> Floats:
    """Returns the inverse of the information at the last accepted point, (p, p), 0 for columns that are not estimable
    and before the first."""
    now, p = state.newton, len(state.newton.beta)
    out = np.zeros((p, p))
    if now.information:
        at = np.array(now.estimable)
        out[np.ix_(at, at)] = inverse(factor(submatrix(now.information, now.estimable)).L)
    return out


def evaluate(rows: Rows, beta: ArrayLike, last: ArrayLike) -> Derivatives:
    """Returns what `firth.advance` takes, as `logistic.evaluate`; `last` (p, p) is `known`. The log likelihood of a
    hospital with an intercept of its own includes log(V) / 2."""
    if not _counts(rows):
        return logistic.evaluate(rows, beta)
    at = _At.of(rows, beta, last)
    if at is None:
        return Derivatives(-np.inf, np.zeros(rows.p), np.zeros((rows.p, rows.p)))
    of_intercept = log(at.total) / 2 if rows.has_own_intercept else 0.0
    residual = np.where(rows.arm, at.q, -at.p)
    return Derivatives(
        log_likelihood=at.log_likelihood + of_intercept,
        score=at.x @ residual,
        information=(at.x * at.v) @ at.x.T,
    )


def third_moments(rows: Rows, beta: ArrayLike, last: ArrayLike, weights: ArrayLike) -> Floats:
    """Returns what `firth.penalised` takes: the sum of h (1 - 2p)(x - m), with `weights` (p, p) for I^-1 in h, (p,).

    Reveals, if it leaves: p sums over all patients; as much as the information at p points near by.
    """
    at = _At.of(rows, beta, last) if _counts(rows) else None
    return np.zeros(rows.p) if at is None else at.x @ (at.leverage(np.asarray(weights, np.float64)) * (at.q - at.p))


def scores(rows: Rows, beta: ArrayLike, last: ArrayLike) -> Scores | None:
    """Returns the fitted scores at the end of a fit, as `logistic.scores`; `last` is `known` there."""
    found = logistic.scores(rows, beta)
    if found is None or not rows.has_own_intercept or not _counts(rows):
        return found
    at = _At.of(rows, beta, last)
    assert at is not None  # the linear predictor is finite
    a = at.intercept
    shift = a - found.intercept - float(rows.anchor @ np.asarray(beta, np.float64))
    return Scores(found.intercept + shift, found.logit + shift, at.p)


def fit(hospitals: Sequence[Rows], negligible: float = 0.0) -> Firth:
    """Returns the fit over hospitals whose rows are all available, as `logistic.fit`."""
    state = firth.start(hospitals[0].p, negligible)
    while state.newton.status == "going":
        beta, last = state.newton.beta, known(state)
        total = reduce(add, (evaluate(rows, beta, last) for rows in hospitals))
        state = firth.advance(state, total.log_likelihood, total.score.tolist(), total.upper_triangle.tolist())
        if state.here is not None:
            third = sum(third_moments(rows, beta, last, state.weights) for rows in hospitals)
            state = firth.penalised(state, np.asarray(third).tolist())
    return state


def _counts(rows: Rows) -> bool:
    return rows.n > 0 and not rows.is_without_intercept


@dataclass(frozen=True)
class _At:
    """A hospital's patients at one beta and intercept."""

    x: Floats
    """(p, n), from the mean m where the intercept is its own."""
    p: Floats
    q: Floats
    v: Floats
    total: float
    """V where the intercept is its own, else infinite: it has no leverage beside the columns."""
    intercept: float
    log_likelihood: float

    @classmethod
    def of(cls, rows: Rows, beta: ArrayLike, last: ArrayLike) -> _At | None:
        """None where the linear predictor is beyond the floats, or V is 0."""
        with np.errstate(over="ignore", invalid="ignore"):
            eta = np.asarray(beta, np.float64) @ rows.X
        if not np.isfinite(eta).all():
            return None
        a = logistic.own_intercept(eta, int(rows.arm.sum())) if rows.has_own_intercept else 0.0
        first = cls._with(rows, eta, a)
        if not rows.has_own_intercept or first.total == 0.0:
            return first if first.total else None
        return cls._with(rows, eta, _intercept(rows, eta, a, np.asarray(last, np.float64)))

    @classmethod
    def _with(cls, rows: Rows, eta: Floats, a: float) -> _At:
        log_p, log_q = -np.logaddexp(0.0, -(eta + a)), -np.logaddexp(0.0, eta + a)
        v = np.exp(log_p + log_q)
        value = float(np.where(rows.arm, log_p, log_q).sum())
        x, total = rows.X, np.inf
        if rows.has_own_intercept:
            total = float(v.sum())
            x = x - (x @ v / total)[:, None] if total > 0.0 else x
        return cls(x, np.exp(log_p), np.exp(log_q), v, total, a, value)

    def residuals(self, arm: Bools, weights: Floats) -> Floats:
        """Returns y - p + h (1/2 - p)."""
        return np.where(arm, self.q, -self.p) + self.leverage(weights) * (self.q - self.p) / 2

    def leverage(self, weights: Floats) -> Floats:
        return np.asarray(self.v * (1.0 / self.total + (self.x * (weights @ self.x)).sum(axis=0)))


def _intercept(rows: Rows, eta: Floats, near: float, weights: Floats) -> float:
    """Returns the intercept at which the modified residuals add to 0, by regula falsi (Illinois) from the one at which
    the plain ones do. Far below it they add to more than 0, far above to less."""

    def excess(a: float) -> float:
        return float(_At._with(rows, eta, a).residuals(rows.arm, weights).sum())

    low = high = near
    at_low = at_high = excess(near)
    step = 1.0
    while at_low < 0.0:
        low, step = low - step, 2.0 * step
        at_low = excess(low)
    while at_high > 0.0:
        high, step = high + step, 2.0 * step
        at_high = excess(high)
    a = near
    for _ in range(_MOST_STEPS):
        if at_low == at_high:
            break
        before, a = a, (low * at_high - high * at_low) / (at_high - at_low)
        found = excess(a)
        if found == 0.0 or abs(a - before) <= _LAST_STEP * (1.0 + abs(a)):
            break
        if found > 0.0:
            at_high = at_high / 2 if before == low else at_high
            low, at_low = a, found
        else:
            at_low = at_low / 2 if before == high else at_low
            high, at_high = a, found
    return a
