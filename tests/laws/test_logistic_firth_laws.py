"""Laws of Firth's logistic model, for any rows: its end is the maximum over slopes and intercepts together, and no
order of the rows matters."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riskset.stats import logistic, logistic_firth

FEW = settings(max_examples=settings().max_examples // 4)


def patients(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(20, 50))
    X = np.column_stack([random.normal(size=n), random.random(n) < 0.4]).astype(float)
    arm = (random.random(n) < 0.5) | (X[:, 1] == 1)  # the second column separates
    site = random.integers(0, 2, n)
    return X, arm, site


def penalised(X, arm, site, slopes, intercepts):
    """Of all coefficients, from the whole design."""
    Z = np.column_stack([X, *(site == s for s in range(len(intercepts)))]).astype(float)
    eta = Z @ np.concatenate([slopes, intercepts])
    v = 1 / (2 + 2 * np.cosh(eta))
    return -np.logaddexp(0, np.where(arm, -eta, eta)).sum() + np.linalg.slogdet((Z.T * v) @ Z)[1] / 2


@FEW
@given(st.integers(0, 10**6))
def test_the_end_is_the_maximum_over_slopes_and_intercepts(seed):
    X, arm, site = patients(seed)
    assume(all(set(arm[site == s].tolist()) == {True, False} for s in range(2)))
    hospitals = [logistic.rows(X[site == s], arm[site == s], has_own_intercept=True) for s in range(2)]
    state = logistic_firth.fit(hospitals)
    assume(len(state.newton.estimable) == 2)
    assert state.newton.status == "ok"
    last = logistic_firth.known(state)
    at = [logistic_firth.scores(own, state.newton.beta, last).intercept for own in hospitals]
    theta, h = np.array([*state.newton.beta, *at]), 1e-2
    assert penalised(X, arm, site, theta[:2], theta[2:]) == pytest.approx(state.newton.log_likelihood, rel=1e-9)
    for j in range(4):
        near = [theta + k * h * np.eye(4)[j] for k in (1, -1, 2, -2)]
        value = [penalised(X, arm, site, one[:2], one[2:]) for one in near]
        assert abs(8 * (value[0] - value[1]) - (value[2] - value[3])) / (12 * h) < 1e-6


@FEW
@given(st.integers(0, 10**6), st.booleans())
def test_order_and_hospitals_of_nobody_change_nothing(seed, own):
    X, arm, _ = patients(seed)
    X = X if own else np.column_stack([np.ones(len(X)), X])
    beta, last, A = np.linspace(0.3, -0.2, X.shape[1]), 0.1 * np.eye(X.shape[1]), 0.2 * np.eye(X.shape[1])
    mixed = np.random.default_rng(seed).permutation(len(X))
    whole, other = (logistic.rows(X[at], arm[at], has_own_intercept=own) for at in (np.arange(len(X)), mixed))
    nobody = logistic.rows(X[:0], arm[:0], has_own_intercept=own)
    for of in (lambda rows: logistic_firth.third_moments(rows, beta, last, A), flat_at(beta, last)):
        np.testing.assert_allclose(of(whole), of(other) + of(nobody), rtol=0, atol=1e-10)


def flat_at(beta, last):
    def flat(rows):
        found = logistic_firth.evaluate(rows, beta, last)
        return np.array([found.log_likelihood, *found.score, *found.upper_triangle])

    return flat
