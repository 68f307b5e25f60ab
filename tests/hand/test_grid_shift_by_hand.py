"""By how many days a grid may have moved a median: worked by hand, and never exceeded by exact days."""

from math import inf

import numpy as np
import pytest

from riskset.stats.grid import Grid
from riskset.stats.grid_shift import most_days_moved
from riskset.stats.kaplan_meier import exits, limits, product_limit, quantile


def moved(events, censored, days, width):
    curve = product_limit(events, censored, None, np.array(days))
    median = quantile(curve, *limits(curve), 0.5).estimate
    return most_days_moved(curve.day, curve.at_risk, curve.survival, median, width), median


def test_events_alone_move_it_within_their_step():
    """Four patients, two of whom die in the step that ends on day 7: on day 1 at the earliest."""
    most, median = moved([2, 2], [0, 0], [7, 14], 7)
    assert (most, median) == (9.5, 10.5)  # 0.5 is flat up to day 14, so the median is between, as in R; else day 7 - 6
    assert moved([3, 1], [0, 0], [7, 14], 7) == (6.0, 7.0)


def test_censorings_before_the_events_of_a_step_let_the_exact_curve_fall_earlier():
    """10 at risk: 3 events and 3 censorings, then 1 and 1, then 1 and 1. On the grid 0.7, 0.525, 0.2625: day 21. At
    the lowest 4/7, 4/7 x 2/3 = 0.381: day 14, of which the first day is 8."""
    assert moved([3, 1, 1], [3, 1, 1], [7, 14, 21], 7) == (13.0, 21.0)


def test_a_median_that_only_the_lowest_curve_reaches():
    """10 at risk: 4 events and 3 censorings, then 3 censorings. On the grid 0.6; at the lowest 3/7."""
    assert moved([4, 0], [3, 3], [7, 14], 7) == (inf, None)


def test_a_median_that_no_permitted_curve_reaches_did_not_move():
    assert moved([1, 0], [1, 8], [7, 14], 7) == (0.0, None)


def test_whole_days_move_nothing():
    assert moved([3, 1, 1], [3, 1, 1], [7, 8, 9], 1)[0] == 0.0


@pytest.mark.parametrize("width", [2, 3, 7, 30, 90])
def test_exact_days_never_move_it_further(width):
    rng = np.random.default_rng(width)
    grid, fine = Grid(width, 1000), Grid(1, 1000)
    for _ in range(100):
        n = int(rng.integers(2, 40))
        days, event = rng.integers(0, 200, n), rng.random(n) < 0.6
        found = []
        for one in (grid, fine):
            events, censored = exits(days, event, np.zeros(n, np.int64), 1, one)[0]
            curve = product_limit(events, censored, None, one.days)
            found.append((curve, quantile(curve, *limits(curve), 0.5).estimate))
        (curve, coarse), (_, exact) = found
        most = most_days_moved(curve.day, curve.at_risk, curve.survival, coarse, width)
        if coarse is None:
            assert exact is None or most == inf
        else:
            assert exact is not None
            assert coarse - exact <= most
