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
    cumulative_hazard,
    cumulative_hazard_at,
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


def test_cumulative_hazard(curve):
    """1/6 after day 1, 1/6 + 2/4 = 2/3 after day 6, 5/3 after day 9; variance 1/36 + 2/16 = 11/72 after day 6."""
    hazard, error = cumulative_hazard(curve)
    assert hazard == pytest.approx([1 / 6, 2 / 3, 2 / 3, 5 / 3], rel=1e-15)
    assert error == pytest.approx(np.sqrt([1 / 36, 11 / 72, 11 / 72, 83 / 72]), rel=1e-15)
    assert cumulative_hazard_at(curve, 7.5) == pytest.approx((2 / 3, sqrt(11 / 72)), rel=1e-15)
    assert cumulative_hazard_at(curve, 0.5) == (0.0, 0.0)


def test_log_rank_weighted_and_in_two_strata():
    """Strata: patients 1, 2, 4 (days 1, 1+, 6) and 3, 5, 6 (days 6, 8+, 9); rho = 1.

    First: on day 1 one event among 3 of whom 2 are in arm 1, weight 1: expected 2/3, variance 1 (2/2) 2/3 1/3 = 2/9;
    on day 6 patient 4 is alone: expected 0. Second: on day 6 one event among 3 of whom 1 is in arm 1: expected 1/3,
    variance 2/9; on day 9 patient 6 is alone. Arm 1 has observed 1 + 1; the weight at days 6 and 9 of the last patients
    of arm 0 is S(t-) = 2/3 each, which counts in observed and expected of arm 0.
    """
    found = log_rank(DAYS, EVENT, ARM, 2, strata=np.array([0, 0, 1, 0, 1, 1]), rho=1.0)
    assert found.observed == pytest.approx([4 / 3, 2], rel=1e-15)
    assert found.expected == pytest.approx([1 / 3 + 2 / 3 + 2 / 3 + 2 / 3, 2 / 3 + 1 / 3], rel=1e-15)
    assert found.variance == pytest.approx(np.array([[4, -4], [-4, 4]]) / 9, rel=1e-15)
