"""The logistic model at its edges: separation, far coefficients, wrong arrays."""

import numpy as np
import pytest

from riskset.stats import logistic
from riskset.stats.newton import Unusable


def patients(n=150, seed=1):
    random = np.random.default_rng(seed)
    x, site = random.normal(size=n), random.integers(0, 3, n)
    arm = random.random(n) < 1 / (1 + np.exp(-(0.8 * x + site - 1)))
    return x, site, arm


def fitted(columns, site, arm, *, own):
    X = np.column_stack(columns if own else [np.ones(len(arm)), *columns])
    scale = np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    sites = [site == s for s in range(3)]
    return logistic.fit([logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale) for at in sites])


@pytest.mark.parametrize("own", [True, False])
def test_complete_separation_names_the_column(own):
    x, site, _ = patients()
    noise = np.random.default_rng(2).normal(size=len(x))
    state = fitted([noise, x], site, x > 0.1, own=own)
    assert state.status == "separated"
    assert len(state.beta) - 1 in state.separated
    assert state.evaluations <= 30


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("treated", [True, False])
def test_quasi_complete_separation_names_the_indicator(own, treated):
    """Everybody who has it is in one arm; the others are mixed."""
    x, site, arm = patients()
    has = np.random.default_rng(3).random(len(x)) < 0.15
    state = fitted([x, has.astype(float)], site, np.where(has, treated, arm), own=own)
    assert (state.status, state.separated) == ("separated", (len(state.beta) - 1,))
    assert state.evaluations <= 20


def test_a_separated_hospital_does_not_separate_the_others():
    x, site, arm = patients()
    arm = np.where(site == 2, x > 0, arm)
    state = fitted([x], site, arm, own=True)
    assert state.status == "ok"
    assert state.beta[0] > 0


def test_a_rare_arm_is_not_a_separated_one():
    x, site, _ = patients(3000)
    arm = np.random.default_rng(4).random(3000) < 0.004
    for own in (True, False):
        assert fitted([x], site, arm, own=own).status == "ok"


def test_columns_that_cannot_be_estimated():
    """A column constant at every hospital has no information beside the hospitals' own intercepts; beside a common
    one, a column constant everywhere is a combination of the ones."""
    x, site, arm = patients()
    by_site = fitted([x, 0.1 * site, 2 * x], site, arm, own=True)
    assert by_site.unusable == (Unusable(1, "constant"), Unusable(2, "collinear", (0,)))
    assert fitted([x, 0.1 * site], site, arm, own=False).status == "ok"
    assert fitted([x, np.full(len(x), 0.1)], site, arm, own=False).unusable == (Unusable(2, "collinear", (0,)),)


@pytest.mark.parametrize("far", [1.0, 30.0, 700.0, 1e6])
def test_the_own_intercept_is_exact_however_far_the_coefficient(far):
    """Half of them are treated and x is symmetric, so the root is the middle."""
    eta = far * np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    assert logistic.own_intercept(eta + 0.5, 3) == pytest.approx(-0.5, abs=1e-15 * max(1, far))
    own = logistic.rows(eta[:, None] / far, np.array([True, False] * 3), has_own_intercept=True)
    found = logistic.evaluate(own, [far])
    assert np.isfinite(found.log_likelihood)
    assert np.isfinite(found.score).all()
    assert (np.linalg.eigvalsh(found.information) >= 0).all()


def test_a_linear_predictor_beyond_the_floats_is_a_step_too_long():
    own = logistic.rows([[1e200], [-1e200]], np.array([True, False]), has_own_intercept=True)
    assert logistic.evaluate(own, [1e200]).log_likelihood == -np.inf
    with pytest.raises(ValueError, match="beyond"):
        logistic.scores(own, [1e200])


@pytest.mark.parametrize(
    ("X", "arm", "scale"),
    [
        ([1.0, 2.0], [True, False], None),
        ([[1.0], [2.0]], [1, 0], None),
        ([[1.0], [2.0]], [True], None),
        ([[np.nan], [2.0]], [True, False], None),
        ([[1.0], [2.0]], [True, False], [0.0]),
        ([[1.0], [2.0]], [True, False], [1.0, 1.0]),
    ],
)
def test_wrong_arrays(X, arm, scale):
    with pytest.raises(ValueError, match="must"):
        logistic.rows(X, np.array(arm), has_own_intercept=True, scale=scale)


def test_a_beta_of_another_shape():
    own = logistic.rows([[1.0], [2.0]], np.array([True, False]), has_own_intercept=True)
    with pytest.raises(ValueError, match="1 finite"):
        logistic.evaluate(own, [0.0, 0.0])
