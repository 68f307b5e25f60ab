"""Kaplan-Meier, Greenwood, restricted mean and log-rank of six patients, in fractions.

day      1   1   6   6   8   9
event    1   0   1   1   0   1
arm      1   1   1   0   0   0
"""

from fractions import Fraction as F
from math import exp, log, sqrt

import numpy as np
import pytest

from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import (
    at_risk_before,
    exits,
    limits,
    product_limit,
    quantile,
    restricted_mean,
    survival_at,
)
from riskset.stats.log_rank import from_counts, log_rank

DAYS = np.array([1, 1, 6, 6, 8, 9])
EVENT = np.array([True, False, True, True, False, True])
ARM = np.array([1, 1, 1, 0, 0, 0])
GRID = Grid(width_days=1, max_days=9)


@pytest.fixture
def curve():
    (counts,) = exits(DAYS, EVENT, np.zeros(6, dtype=int), 1, GRID)
    return product_limit(*counts, None, GRID.days)


def test_curve(curve):
    """5/6 after day 1; 5/6 (1 - 2/4) = 5/12 after day 6; nobody is left after day 9."""
    assert curve.day.tolist() == [1, 6, 8, 9]
    assert curve.at_risk.tolist() == [6, 4, 2, 1]
    assert curve.events.tolist() == [1, 2, 0, 1]
    assert curve.censored.tolist() == [1, 0, 1, 0]
    assert curve.survival == pytest.approx([5 / 6, 5 / 12, 5 / 12, 0], rel=1e-15)


def test_greenwood(curve):
    """S^2 sum d/(n(n-d)): after day 6, 25/144 (1/30 + 2/8) = 85/1728; once all have gone it has no value."""
    variance = [float(F(25, 36) * F(1, 30)), 85 / 1728, 85 / 1728]
    assert curve.std_error[:3] == pytest.approx(np.sqrt(variance), rel=1e-15)
    assert np.isnan(curve.std_error[3])


def test_log_log_limits_after_day_6(curve):
    """log(-log S) -+ z se/(S |log S|), by the delta method."""
    z, S, se = 1.959963984540054, 5 / 12, sqrt(85 / 1728)
    lower, upper = limits(curve, "log-log")
    middle, half = log(-log(S)), z * se / (S * -log(S))
    assert (lower[1], upper[1]) == pytest.approx((exp(-exp(middle + half)), exp(-exp(middle - half))), rel=1e-13)


def test_median_and_landmark(curve):
    lower, upper = limits(curve)
    assert quantile(curve, lower, upper, 0.5).estimate == 6
    (landmark,) = survival_at(curve, lower, upper, [7])
    assert (landmark.at_risk, landmark.survival) == (2, pytest.approx(5 / 12))


def test_restricted_mean_to_day_9(curve):
    """Area 1 + 5 * 5/6 + 3 * 5/12 = 77/12; variance (65/12)^2/30 + (5/4)^2/4, the areas still to come."""
    mean, se = restricted_mean(curve, 9)
    assert mean == pytest.approx(77 / 12, rel=1e-15)
    assert se**2 == pytest.approx(float(F(65, 12) ** 2 / 30 + F(5, 4) ** 2 / 4), rel=1e-14)


@pytest.mark.parametrize("by", ["rows", "counts"])
def test_log_rank(by):
    """Arm 1: expected 3/6 on day 1, 2/4 on day 6; variance 1/4 and 2 (2/3)(1/4)(3/4) = 1/4; chi-square 1/(1/2)."""
    if by == "rows":
        found = log_rank(DAYS, EVENT, ARM, 2)
    else:
        counts = exits(DAYS, EVENT, ARM, 2, GRID)
        found = from_counts(at_risk_before(counts[:, 0], counts[:, 1]), counts[:, 0])
    assert found.observed.tolist() == [2, 2]
    assert found.expected == pytest.approx([3, 1], rel=1e-15)
    assert found.variance == pytest.approx(np.array([[0.5, -0.5], [-0.5, 0.5]]), rel=1e-15)
    assert found.test().chi2 == pytest.approx(2, rel=1e-15)
    assert found.test().df == 1


def test_peto_weights():
    """rho = 1 weighs by S just before: 1 on day 1, 5/6 on day 6; expected 1/2 + (5/6)/2, variance 1/4 + (25/36)/4."""
    found = log_rank(DAYS, EVENT, ARM, 2, rho=1)
    assert found.expected[1] == pytest.approx(float(F(1, 2) + F(5, 12)), rel=1e-14)
    assert found.observed[1] == pytest.approx(float(1 + F(5, 6)), rel=1e-14)
    assert found.variance[1, 1] == pytest.approx(float(F(1, 4) + F(25, 144)), rel=1e-14)
