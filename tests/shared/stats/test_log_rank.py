"""The log-rank test compared with lifelines, with a million patients, and where there is nothing to compare."""

from math import isnan

import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test

from riskset.stats.log_rank import LogRank, from_counts, log_rank


def test_equals_lifelines():
    random = np.random.default_rng(5)
    arm = random.integers(0, 4, 300)
    days, event = 1 + random.exponential(30 + 5 * arm).astype(int), random.random(300) < 0.7
    theirs = multivariate_logrank_test(days, arm, event)
    found = log_rank(days, event, arm, 4).test()
    assert found.chi2 == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert found.p == pytest.approx(theirs.p_value, rel=1e-7)
    assert found.df == 3


def test_a_million_patients_a_step_do_not_overflow():
    """Products of such counts exceed 2^63: in integers another program's chi-square was 2879 instead of 363."""
    at_risk = np.array([[5_000_000, 4_000_000], [5_000_000, 3_900_000]])
    events = np.array([[900_000, 800_000], [1_000_000, 700_000]])
    found = from_counts(at_risk, events)
    variance = 0
    for (n0, n1), (d0, d1) in zip(at_risk.T.tolist(), events.T.tolist(), strict=True):  # Python's exact integers
        n, d = n0 + n1, d0 + d1
        variance += n0 * n1 * d * (n - d) / (n * n * (n - 1))
    assert found.variance[0, 0] == pytest.approx(variance, rel=1e-13)


def test_an_arm_nobody_was_expected_in_does_not_count():
    found = log_rank(np.array([1, 2, 3, 4]), np.array([True] * 4), np.array([0, 0, 2, 2]), 3)
    two = log_rank(np.array([1, 2, 3, 4]), np.array([True] * 4), np.array([0, 0, 1, 1]), 2)
    assert found.test() == two.test()
    assert found.test().df == 1


@pytest.mark.parametrize("arms", [[0, 0, 0], [0, 1, 1]])
def test_nothing_to_compare_has_no_p(arms):
    """One arm, or no event at all."""
    found = log_rank(np.array([1, 2, 3]), np.array([arms == [0, 0, 0]] * 3), np.array(arms), 2).test()
    assert (found.chi2, found.df) == (0, 0)
    assert isnan(found.p)


def test_arms_that_are_never_at_risk_together_cannot_be_compared():
    """Each is all there is in its stratum: the variance is 0, and no difference is."""
    found = log_rank(
        np.array([1, 2, 1, 2]), np.array([True] * 4), np.array([0, 0, 1, 1]), 2, strata=np.array([0, 0, 1, 1])
    )
    assert found.test().df == 0


def test_hospitals_add():
    one = LogRank(np.array([1.0, 2.0]), np.array([1.5, 1.5]), np.eye(2))
    assert (one + one).observed.tolist() == [2.0, 4.0]
    assert (one + one).variance.tolist() == [[2.0, 0.0], [0.0, 2.0]]
