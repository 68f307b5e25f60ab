"""A hospital's logistic likelihood with its own intercept, worked by hand.

With one column of 0 and 1, odds o = e^a at 0 and r o at 1. The intercept is the a at which the probabilities add to the
number of the treated.

L.1: six patients, x = 0 0 0 1 1 1, three treated. At r = 4 and o = 1/2 the probabilities are 1/3 and 2/3, and
3/3 + 6/3 = 3: so a = -log 2. Everybody has v = 2/9, the mean of x is 1/2, information 6 * 2/9 * 1/4 = 1/3.
    all with x = 1 treated:          score 3 (1/2)(1/3) + 3 (-1/2)(-1/3) = 1; log likelihood 6 log(2/3)
    two of them and one of x = 0:    score 0: 4 is the odds ratio; 4 log(2/3) + 2 log(1/3)
The variance of a log odds ratio, 1/2 + 1/1 + 1/1 + 1/2 = 3, is 1 / information.

L.2: five patients, x = 0 0 1 1 1, one and two treated: odds ratio 2 and o = 1. v is 1/4 and 2/9, its sums 1/2 and 2/3:
mean of x 4/7, information (1/2)(2/3)/(7/6) = 2/7; 1 + 1 + 1/2 + 1 = 7/2.

At r = 1 the probability is the share of the treated: of L.2, 3/5; score 2 - 3 (3/5) = 1/5, information
(6/25) * 5 * (3/5)(2/5) = 36/125 (four digits: .288).
"""

from math import log

import numpy as np
import pytest

from riskset.stats import logistic, newton

X = {"L.1": [0, 0, 0, 1, 1, 1], "L.2": [0, 0, 1, 1, 1]}
ALL_OF_ONE, MIXED = [False] * 3 + [True] * 3, [True, False, False, True, True, False]
OTHER = [True, False, True, True, False]


def hospital(x, arm, **options):
    return logistic.rows(np.array(x, float)[:, None], np.array(arm, bool), has_own_intercept=True, **options)


@pytest.mark.parametrize(
    ("x", "arm", "r", "log_likelihood", "score", "information"),
    [
        (X["L.1"], ALL_OF_ONE, 4, 6 * log(2 / 3), 1, 1 / 3),
        (X["L.1"], MIXED, 4, 4 * log(2 / 3) + 2 * log(1 / 3), 0, 1 / 3),
        (X["L.2"], OTHER, 2, 2 * log(1 / 2) + 2 * log(2 / 3) + log(1 / 3), 0, 2 / 7),
        (X["L.2"], OTHER, 1, 3 * log(3 / 5) + 2 * log(2 / 5), 1 / 5, 36 / 125),
    ],
)
def test_profiled_derivatives(x, arm, r, log_likelihood, score, information):
    found = logistic.evaluate(hospital(x, arm), [log(r)])
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-14)
    assert found.score[0] == pytest.approx(score, abs=1e-14)
    assert found.information[0, 0] == pytest.approx(information, rel=1e-14)


def test_the_fit_is_the_odds_ratio_and_the_scores_are_the_shares():
    state = logistic.fit([hospital(X["L.2"], OTHER)])
    assert state.beta[0] == pytest.approx(log(2), rel=1e-14)
    assert newton.covariance(state)[0][0] == pytest.approx(7 / 2, rel=1e-9)
    assert state.null_log_likelihood == pytest.approx(logistic.log_likelihood_of_shares(3, 2), rel=1e-14)
    found = logistic.scores(hospital(X["L.2"], OTHER), state.beta)
    assert found.intercept == pytest.approx(0, abs=1e-14)
    assert found.probability == pytest.approx([1 / 2, 1 / 2, 2 / 3, 2 / 3, 2 / 3])
    assert found.logit == pytest.approx([0, 0, log(2), log(2), log(2)], abs=1e-14)


def test_the_intercept_is_where_every_column_is_0_in_any_unit():
    """A site far from 0: x + 50 in units of 10 has the intercept -log 2 - 50 log 4 and the same likelihood."""
    found = logistic.scores(hospital(np.array(X["L.1"]) + 50, MIXED, scale=[10]), [10 * log(4)])
    assert found.intercept == pytest.approx(-log(2) - 50 * log(4), rel=1e-14)
    assert found.probability == pytest.approx([1 / 3] * 3 + [2 / 3] * 3)


def test_one_common_intercept_is_a_coefficient():
    """At a = 0 and r = 1, everybody at 1/2: score (3 - 5/2, 2 - 3/2), information (5, 3; 3, 3) / 4."""
    X_of_2 = np.column_stack([np.ones(5), X["L.2"]])
    found = logistic.evaluate(logistic.rows(X_of_2, np.array(OTHER), has_own_intercept=False), [0.0, 0.0])
    assert found.log_likelihood == pytest.approx(5 * log(1 / 2))
    assert found.score.tolist() == [1 / 2, 1 / 2]
    assert found.information == pytest.approx(np.array([[5, 3], [3, 3]]) / 4)
    state = logistic.fit([logistic.rows(X_of_2, np.array(OTHER), has_own_intercept=False)])
    assert state.beta == pytest.approx((0, log(2)), abs=1e-14)


def test_a_hospital_of_one_arm_or_of_nobody_contributes_zeros():
    for own in (hospital([0, 1, 3], [True] * 3), hospital([0, 1], [False] * 2), hospital([], [])):
        found = logistic.evaluate(own, [0.7])
        assert (found.log_likelihood, found.score.tolist(), found.information.tolist()) == (0.0, [0.0], [[0.0]])
        assert logistic.scores(own, [0.7]) is None
