"""Firth's logistic model, worked by hand: of two groups it adds 1/2 to each of the four cells (Jeffreys' prior).

Six patients, x = 0 0 0 1 1 1; those with x = 1 are treated, the others not. Cells 7/2 and 1/2: probabilities 1/8 and
7/8, coefficient log 49, intercept -log 7. Everybody has v = 7/64, the profiled information is 6 * 7/64 * 1/4 = 21/128,
V = 21/32: the penalised log likelihood is 6 log(7/8) + log(21/128)/2 + log(21/32)/2.

At b = 0 and a = 0, v = 1/4: no slope, since p = 1/2. At b = log 4 of x = 0 0 0 1 1 1 with last = 0 and three treated,
a = -log 2 by symmetry, p = 1/3 and 2/3, v = 2/9, V = 4/3. With 6 for I^-1, h = 2/9 (3/4 + 6/4) = 1/2 for everybody;
the sum of h (1 - 2p)(x - 1/2) is 6 * 1/2 * 1/3 * -1/2 = -1/2.
"""

from math import log

import numpy as np
import pytest

from riskset.stats import logistic, logistic_firth

X = np.array([0, 0, 0, 1, 1, 1], float)[:, None]
ARM = X[:, 0] == 1


@pytest.mark.parametrize("own", [True, False])
def test_cells_have_a_half_more(own):
    columns = X if own else np.column_stack([np.ones(6), X])
    hospital = logistic.rows(columns, ARM, has_own_intercept=own)
    state = logistic_firth.fit([hospital])
    end = state.newton
    assert end.status == "ok"
    assert end.beta[-1] == pytest.approx(log(49), rel=1e-9)
    assert end.log_likelihood == pytest.approx(6 * log(7 / 8) + log(21 / 128) / 2 + log(21 / 32) / 2, rel=1e-12)
    found = logistic_firth.scores(hospital, end.beta, logistic_firth.known(state))
    assert found.probability == pytest.approx([1 / 8] * 3 + [7 / 8] * 3, rel=1e-9)
    assert found.intercept == pytest.approx(-log(7) if own else 0, abs=1e-8)


def test_the_slope_of_the_penalty():
    hospital = logistic.rows(X, ARM, has_own_intercept=True)
    found = logistic_firth.third_moments(hospital, [log(4)], [[0.0]], [[6.0]])
    assert found == pytest.approx([-1 / 2], rel=1e-12)
    assert logistic_firth.third_moments(hospital, [0.0], [[0.0]], [[6.0]]) == pytest.approx([0], abs=1e-15)


def test_unequal_arms_move_the_intercept():
    """One of four treated, without a column of any use: Jeffreys gives 3/2 of 5, whatever b is at a constant column."""
    hospital = logistic.rows(np.full((4, 1), 7.0), np.array([True, False, False, False]), has_own_intercept=True)
    found = logistic_firth.scores(hospital, [0.0], [[0.0]])
    assert found.probability == pytest.approx([3 / 10] * 4, rel=1e-12)
    assert found.intercept == pytest.approx(log(3 / 7), rel=1e-12)


@pytest.mark.parametrize("arm", [[True, True], [False, False], []])
def test_one_arm_and_nobody_contribute_zeros(arm):
    hospital = logistic.rows(np.zeros((len(arm), 1)), np.array(arm, bool), has_own_intercept=True)
    found = logistic_firth.evaluate(hospital, [0.4], [[1.0]])
    assert (found.log_likelihood, found.score.tolist(), found.information.tolist()) == (0.0, [0.0], [[0.0]])
    assert logistic_firth.third_moments(hospital, [0.4], [[1.0]], [[1.0]]).tolist() == [0.0]
    assert logistic_firth.scores(hospital, [0.4], [[1.0]]) is None


def test_a_step_too_long():
    hospital = logistic.rows([[1e200], [-1e200]], np.array([True, False]), has_own_intercept=True)
    assert logistic_firth.evaluate(hospital, [1e200], [[0.0]]).log_likelihood == -np.inf
    assert logistic_firth.evaluate(hospital, [1e-190], [[0.0]]).log_likelihood == -np.inf
