"""Newton on totals: what it returns where a model has no solution, and that every machine rounds alike."""

import numpy as np
import pytest

from riskset.stats.cox import evaluate, fit, risk_sets
from riskset.stats.newton import Unusable, advance, covariance, start


def simulated(n, seed=1, log_hazard_ratio=0.5):
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    days = 1 + random.exponential(300 * np.exp(-log_hazard_ratio * x)).astype(int)
    return random, x, days, random.random(n) < 0.7


def fit_scaled(X, days, event, **options):
    X = np.asarray(X, dtype=float)
    spread = X.std(axis=0)
    return fit([risk_sets(X, days, event, scale=np.where(spread > 0, spread, 1), **options)])


# --- columns that cannot be estimated


def test_constant_and_collinear_columns_are_left_out_and_the_others_fitted():
    random, x, days, event = simulated(200)
    z = random.normal(size=200)
    state = fit_scaled(np.column_stack([x, np.full(200, 0.1), 2 * x, z, x - z]), days, event)
    alone = fit_scaled(np.column_stack([x, z]), days, event)
    assert state.status == "ok"
    assert state.unusable == (Unusable(1, "constant"), Unusable(2, "collinear", (0,)), Unusable(4, "collinear", (0, 3)))
    assert (state.beta[0], state.beta[3]) == pytest.approx(alone.beta, rel=1e-9)
    assert state.estimable == (0, 3)
    assert [row[1] for row in covariance(state)] == [None] * 5
    assert covariance(state)[0][3] == pytest.approx(covariance(alone)[0][1], rel=1e-9)


def test_a_column_constant_within_every_hospital_is_constant():
    _, x, days, event = simulated(120)
    country = np.arange(120) % 3
    state = fit_scaled(np.column_stack([x, country]), days, event, strata=country)
    assert state.unusable == (Unusable(1, "constant"),)


def test_nearly_collinear_is_still_estimated():
    random, x, days, event = simulated(400)
    state = fit_scaled(np.column_stack([x, x + 1e-4 * random.normal(size=400)]), days, event)
    assert state.status == "ok"
    assert not state.unusable


def test_nothing_to_estimate_has_a_name():
    _, _, days, event = simulated(50)
    assert fit_scaled(np.ones((50, 2)), days, event).status == "nothing estimable"
    assert fit_scaled(np.arange(50.0)[:, None], days, np.zeros(50, dtype=bool)).status == "nothing estimable"


# --- separation


@pytest.mark.parametrize("n", [60, 2000, 100_000])
def test_a_level_with_censored_patients_only_is_separated(n):
    _, x, days, event = simulated(n)
    level = np.arange(n) < max(3, n // 50)
    state = fit_scaled(np.column_stack([x, level]), days, event & ~level)
    assert state.status == "separated"
    assert state.separated == (1,)
    assert state.evaluations < 30


@pytest.mark.parametrize("n", [60, 2000])
def test_a_covariate_that_orders_all_events_is_separated(n):
    _, x, days, _ = simulated(n)
    state = fit_scaled(np.column_stack([x, -days]), days, np.ones(n, dtype=bool))
    assert (state.status, state.separated) == ("separated", (1,))


def test_a_separated_combination_names_its_columns():
    """Neither column alone, their sum: every event has the largest u + v of those at risk."""
    random, x, days, event = simulated(300)
    order = -days * np.ones(300)
    u = random.normal(size=300) * 100
    state = fit_scaled(np.column_stack([x, u, order - u]), days, np.ones_like(event))
    assert state.status == "separated"
    assert set(state.separated) == {1, 2}


@pytest.mark.parametrize("n", [60, 2000, 100_000])
def test_one_event_is_enough_for_an_estimate(n):
    """Hazard ratios of 1e-3 and less, honestly estimated from a single event: not separation."""
    _, x, days, event = simulated(n)
    level = np.arange(n) < max(3, n // 50)
    event &= ~level
    event[0] = True
    days[0] = np.median(days)
    state = fit_scaled(np.column_stack([x, level]), days, event)
    assert state.status == "ok"
    assert state.decrement < 1e-18


@pytest.mark.parametrize("log_hazard_ratio", [-3.0, 3.0, 6.0])
def test_large_effects_are_no_separation(log_hazard_ratio):
    _, x, days, _ = simulated(500, log_hazard_ratio=log_hazard_ratio)
    state = fit_scaled(x[:, None], days, np.ones(500, dtype=bool))
    assert state.status == "ok"
    assert abs(state.beta[0]) > 1.5


# --- the state machine


def quadratic(beta, at, curvature):
    """Totals of a log likelihood -c (b - at)^2 / 2 - 1."""
    return -curvature * (beta - at) ** 2 / 2 - 1, [-curvature * (beta - at)], [curvature]


def test_a_quadratic_is_solved_in_one_step_and_tests_are_its_height():
    state = advance(start(1), *quadratic(0.0, 2.0, 4.0))
    assert state.beta == (2.0,)
    assert state.score_test == 16.0
    state = advance(state, *quadratic(2.0, 2.0, 4.0))
    assert (state.status, state.evaluations) == ("ok", 2)
    assert (state.likelihood_ratio, state.wald) == (16.0, 16.0)
    assert covariance(state) == ((0.25,),)


def test_a_trial_that_is_worse_or_not_finite_is_halved():
    first = advance(start(1), -10.0, [4.0], [1.0])
    for worse in (-10.1, -np.inf, np.nan):
        state = advance(first, worse, [0.0], [1.0])
        assert state.beta == (2.0,)
        assert state.log_likelihood == -10.0
    assert advance(advance(first, -11.0, [0.0], [1.0]), -11.0, [0.0], [1.0]).beta == (1.0,)


def test_a_fall_within_rounding_is_not_halved():
    first = advance(start(1), -1e6, [4.0], [1.0])
    assert advance(first, -1e6 - 1e-4, [0.0], [1.0]).status == "ok"


def test_halving_for_ever_ends():
    state = advance(start(1), -10.0, [4.0], [1.0])
    while state.status == "going":
        state = advance(state, -11.0, [4.0], [1.0])
    assert state.status == "not converged"


def test_totals_without_a_value_at_the_start_end_the_fit():
    assert advance(start(1), -np.inf, [0.0], [0.0]).status == "not converged"


def test_misuse_is_a_value_error():
    done = advance(start(1), -10.0, [0.0], [1.0])
    assert done.status == "ok"
    with pytest.raises(ValueError, match="the fit has ended: ok"):
        advance(done, -10.0, [0.0], [1.0])
    with pytest.raises(ValueError, match="expected 2 scores and 3 elements"):
        advance(start(2), -10.0, [0.0, 0.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="at least one column"):
        start(0)


def test_the_same_totals_give_the_same_bits():
    """Recorded once: every IEEE 754 machine rounds + - * / and sqrt correctly, so every machine gets these digits."""
    totals = (-123.456, [1.1, -2.3, 0.7], [31.7, 2.9, -1.3, 17.1, 4.4, 23.3])
    state = advance(start(3), *totals)
    assert [b.hex() for b in state.beta] == ["0x1.a901671866165p-5", "-0x1.46b6ae3ce09f2p-3", "0x1.024e5f99ded34p-4"]
    assert state == advance(start(3), totals[0], tuple(totals[1]), np.array(totals[2]).tolist())


def test_evaluating_at_the_solution_leaves_no_score():
    _, x, days, event = simulated(400)
    rows = risk_sets(x[:, None], days, event)
    state = fit([rows])
    at = evaluate(rows, state.beta)
    assert abs(at.score[0]) < 1e-9 * np.sqrt(at.information[0, 0])


# Two fits that end at a maximum though coefficients are large, as R's coxph finds them.
COLLINEAR = """51,51.1,25,1  63,63.2,17,0  65,65.1,8,1  62,62.2,2,0  61,61.2,5,1  50,50.2,30,1  64,64.2,3,1  53,53.2,2,1
54,54.2,1,1  54,53.8,117,0  66,66.2,2,1  64,64.1,8,1  53,53.1,128,1  65,64.8,230,1  63,63,8,1  64,64.2,4,0"""
STEEP = """1.8486,1,1 1.6076,2,1 1.2951,3,0 .9745,4,0 .3599,5,1 .365,6,0 .2345,7,0 .107,8,0 .1581,9,1 .0995,10,0"""


def rows_of(text):
    table = np.array([[float(x) for x in row.split(",")] for row in text.split()])
    X = table[:, :-2]
    return risk_sets(X, table[:, -2].astype(int), table[:, -1] == 1, scale=X.std(axis=0)), X.std(axis=0)


def test_strong_effects_of_nearly_collinear_columns_are_not_separation():
    rows, sd = rows_of(COLLINEAR)
    found = fit([rows])
    assert found.status == "ok"
    np.testing.assert_allclose(np.array(found.beta) / sd, [-8.462585, 8.530983], rtol=1e-6)
    assert found.log_likelihood == pytest.approx(-19.02287, rel=1e-6)


def test_one_steep_column_with_a_maximum_is_not_separation():
    rows, sd = rows_of(STEEP)
    found = fit([rows])
    assert found.status == "ok"
    assert found.beta[0] / sd[0] == pytest.approx(51.17, rel=1e-2)
    assert abs(evaluate(rows, found.beta).score[0]) < 1e-9
