"""Logistic regression of one hospital's arm: log likelihood, score and information at a given beta.

The model of a propensity score: the logit of the probability of the treated arm is a + x'beta. These three add over
hospitals, and `newton` is Newton's method (iteratively reweighted least squares) on the totals. With p the
probability and v = p(1 - p):

    log likelihood = sum of log p over the treated + sum of log(1 - p) over the others
    score          = sum of (x - m)(y - p)
    information    = sum of v (x - m)(x - m)'

The intercept a is either common to all hospitals (the caller adds a column of ones, whose coefficient it is) and m = 0.
Or it is each hospital's own, and profiled: at every beta the hospital solves sum(y - p) = 0 for its a and tells nobody,
and m is its mean of x weighted by v. The maximum is that of `glm(arm ~ x + site)`, whose covariance of the slopes is
the inverse of this information (Murphy and van der Vaart, JASA 95 (2000) 449). A hospital where everybody is in one arm
has no finite intercept. Its likelihood rises to 1 whatever beta is: it contributes zeros.
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

from riskset.stats import newton
from riskset.stats.arrays import Bools, Floats
from riskset.stats.cox import Derivatives

__all__ = ["Derivatives", "Rows", "Scores", "evaluate", "fit", "log_likelihood_of_shares", "rows", "scores"]

_BLOCK_ROWS: Final = 8192
"""Rows per block: as in `risk_sets`."""
_MOST_STEPS: Final = 200
"""Of the search for an intercept; bisection alone needs about 65."""
_LAST_STEP: Final = 1e-10
"""A step of Newton's method, against 1 + |a|, after which the error is below rounding: it is squared at each step."""


@dataclass(frozen=True)
class Rows:
    """The rows of one hospital, in the order given. Stays at the hospital. n rows, p columns."""

    X: Floats
    """(p, n), in units of the scale, from `anchor`; a column that is constant at the hospital is exactly 0 where the
    intercept is its own."""
    arm: Bools
    """(n,) True for the treated."""
    anchor: Floats
    """(p,), in units of the scale: the hospital's first row; 0 where the intercept is common."""
    has_own_intercept: bool

    @property
    def n(self) -> int:
        return int(self.X.shape[1])

    @property
    def p(self) -> int:
        return int(self.X.shape[0])

    @property
    def is_without_intercept(self) -> bool:
        """Whether no finite intercept of its own exists: one arm, or nobody."""
        return self.has_own_intercept and (not self.arm.any() or bool(self.arm.all()))


@dataclass(frozen=True)
class Scores:
    """The fitted propensity of a hospital's patients, (n,), as the rows were given. Stays at the hospital."""

    intercept: float
    """Its own, where every column is 0; 0 where the intercept is common and so among the coefficients."""
    logit: Floats
    probability: Floats


def rows(X: ArrayLike, arm: ArrayLike, *, has_own_intercept: bool, scale: ArrayLike | None = None) -> Rows:
    """Returns one hospital's rows for `evaluate`.

    `X` (n, p) finite; `arm` (n,) True for the treated; `scale` (p,) one unit of each coefficient, 1 by default; n may
    be 0. A common intercept (`has_own_intercept` False) is the coefficient of a column of ones in `X`.

    ValueError for another shape, type or value.
    """
    x, y = np.asarray(X, dtype=np.float64), np.asarray(arm)
    if x.ndim != 2 or y.dtype != np.bool_ or y.shape != x.shape[:1]:
        raise ValueError("X must be (n, p) and arm boolean, one element per row")
    units = np.ones(x.shape[1]) if scale is None else np.asarray(scale, dtype=np.float64)
    if units.shape != x.shape[1:] or not (np.isfinite(units) & (units > 0)).all():
        raise ValueError("scale must have one positive number per column; give 1 for a column without spread")
    if not np.isfinite(x).all():
        raise ValueError("X must be finite")
    anchor = x[0] if has_own_intercept and len(x) else np.zeros(x.shape[1])
    return Rows(np.ascontiguousarray(((x - anchor) / units).T), y, anchor / units, has_own_intercept)


def evaluate(rows: Rows, beta: ArrayLike) -> Derivatives:
    """Returns the derivatives at `beta` (p,), in units of the rows' scale: the profiled ones where the intercept is the
    hospital's own.

    Where the linear predictor is beyond the floats, the log likelihood is -inf and the rest 0: the step that led there
    was too long. No rows give zeros; with an intercept of its own, so does one arm. ValueError for a beta of another
    shape.

    Reveals, if it leaves: as `Derivatives` says; at beta = 0, the hospital's numbers of patients in each arm too.
    """
    eta = _linear_predictor(rows, beta)
    if rows.n == 0 or rows.is_without_intercept:
        return Derivatives(0.0, np.zeros(rows.p), np.zeros((rows.p, rows.p)))
    if not np.isfinite(eta).all():
        return Derivatives(-np.inf, np.zeros(rows.p), np.zeros((rows.p, rows.p)))
    z = eta + own_intercept(eta, int(rows.arm.sum())) if rows.has_own_intercept else eta
    log_p, log_q = -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
    mean = rows.X @ _shares(log_p + log_q) if rows.has_own_intercept else np.zeros(rows.p)
    residual = np.where(rows.arm, np.exp(log_q), -np.exp(log_p))
    return Derivatives(
        log_likelihood=float(np.where(rows.arm, log_p, log_q).sum()),
        score=rows.X @ residual - mean * residual.sum(),
        information=_second_moment(rows, mean, np.exp(log_p + log_q)),
    )


def scores(rows: Rows, beta: ArrayLike) -> Scores | None:
    """Returns the fitted scores at `beta` (p,); None where the hospital has no finite intercept. ValueError for a beta
    of another shape, or so far out that a linear predictor is beyond the floats."""
    eta = _linear_predictor(rows, beta)
    if not np.isfinite(eta).all():
        raise ValueError("the linear predictor is beyond the floats")
    if rows.is_without_intercept:
        return None
    a = own_intercept(eta, int(rows.arm.sum())) if rows.has_own_intercept else 0.0
    z = eta + a
    intercept = a - float(rows.anchor @ np.asarray(beta, dtype=np.float64))
    return Scores(intercept, z, np.exp(-np.logaddexp(0.0, -z)))


def fit(hospitals: Sequence[Rows], negligible: float = 0.0) -> newton.Newton:
    """Returns the fit over hospitals whose rows are all available: what a study does over the network, without one.
    `negligible` as in `newton.start`."""
    state = newton.start(hospitals[0].p, negligible)
    while state.status == "going":
        total = reduce(add, (evaluate(rows, state.beta) for rows in hospitals))
        state = newton.advance(state, total.log_likelihood, total.score.tolist(), total.upper_triangle.tolist())
    return state


def log_likelihood_of_shares(treated: int, others: int) -> float:
    """Returns the log likelihood of an intercept alone: of a hospital's, or of all patients'. With an intercept of each
    hospital's own, the fit's `null_log_likelihood` is the sum of these; a common one is a coefficient, which is 0
    there."""
    n = treated + others
    return sum(count * log(count / n) for count in (treated, others) if count)


def own_intercept(eta: Floats, treated: int) -> float:
    """Returns the a at which expit(a + eta) adds to the number of the treated; `eta` (n,), 0 < treated < n.

    The equation is about eta and a number only. With the `treated` largest eta as one group, it says that their
    probabilities of the other arm, added, are those of this arm of all others: two sums without cancellation. Newton's
    method on the difference of their logarithms, which is nearly straight also where the groups are far apart; where it
    leaves the bounds or does not halve its step, bisection.
    """
    order = np.argpartition(eta, len(eta) - treated)
    upper, lower = eta[order[len(eta) - treated :]], eta[order[: len(eta) - treated]]
    even = log(treated / (len(eta) - treated))  # a, were every eta 0
    low, high = even - float(upper.max()), even - float(lower.min())
    a, before = min(max(even - float(eta.mean()), low), high), np.inf
    for _ in range(_MOST_STEPS):
        above, rise = _log_sum_of_expit(-(a + upper))
        below, fall = _log_sum_of_expit(a + lower)
        move = (above - below) / (rise + fall)
        low, high = (a, high) if move > 0.0 else (low, a)
        if abs(move) <= _LAST_STEP * (1.0 + abs(a)):
            return a + move
        if abs(move) > before / 2 or not low <= a + move <= high:
            move = (low + high) / 2 - a
        a, before = a + move, abs(move)
    return a


def _log_sum_of_expit(z: Floats) -> tuple[float, float]:
    """Returns the logarithm of the sum of expit(z), and its slope by a shift of z."""
    logs = -np.logaddexp(0.0, -z)
    highest = float(logs.max())
    parts = np.exp(logs - highest)
    total = float(parts.sum())
    return highest + log(total), float(parts @ np.exp(-np.logaddexp(0.0, z))) / total


def _linear_predictor(rows: Rows, beta: ArrayLike) -> Floats:
    b = np.asarray(beta, dtype=np.float64)
    if b.shape != (rows.p,) or not np.isfinite(b).all():
        raise ValueError(f"beta must hold {rows.p} finite numbers")
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is handled by the caller
        return np.asarray(b @ rows.X)


def _shares(log_v: Floats) -> Floats:
    """Returns v divided by its sum, also where v itself is below the floats."""
    parts = np.exp(log_v - log_v.max())
    return np.asarray(parts / parts.sum())


def _second_moment(rows: Rows, mean: Floats, v: Floats) -> Floats:
    """Returns the sum of v (x - mean)(x - mean)', (p, p), by blocks that fit the cache; `B @ B.T` is half the work."""
    total, root = np.zeros((rows.p, rows.p)), np.sqrt(v)
    for start in range(0, rows.n, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        B = (rows.X[:, block] - mean[:, None]) * root[block]
        total += B @ B.T
    return total
