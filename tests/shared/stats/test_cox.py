"""`cox` compared with lifelines, at its edges, and with errors that other programs have made."""

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from riskset.stats.cox import evaluate, fit, risk_sets
from riskset.stats.newton import covariance


@pytest.fixture(scope="module")
def data():
    """120 patients with ties, entries, weights and three strata."""
    random = np.random.default_rng(20250317)
    n = 120
    X = random.normal(size=(n, 2)).round(2)
    entry = random.integers(0, 10, n)
    days = entry + 1 + random.exponential(20 * np.exp(-0.6 * X[:, 0])).astype(int)
    weights = random.integers(1, 4, n).astype(float)
    return X, days, random.random(n) < 0.7, entry, weights, random.integers(0, 3, n)


def lifelines_fit(data, entry, weights, strata):
    X, days, event, e, w, s = data
    frame = pd.DataFrame({"x": X[:, 0], "z": X[:, 1], "days": days, "event": event, "e": e, "w": w, "s": s})
    used = ["x", "z", "days", "event", *(["e"] * entry), *(["w"] * weights), *(["s"] * strata)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' and numpy's, about lifelines
        return CoxPHFitter().fit(
            frame[used],
            "days",
            "event",
            entry_col="e" if entry else None,
            weights_col="w" if weights else None,
            strata="s" if strata else None,
            fit_options={"precision": 1e-11},
        )


@pytest.mark.parametrize("strata", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("entry", [False, True])
def test_efron_equals_lifelines(data, entry, weights, strata):
    """To 1e-6: lifelines stops there."""
    X, days, event, e, w, s = data
    rows = risk_sets(
        X, days, event, entry_days=e if entry else None, weights=w if weights else None, strata=s if strata else None
    )
    state, theirs = fit([rows]), lifelines_fit(data, entry, weights, strata)
    assert state.beta == pytest.approx(theirs.params_.to_numpy(), abs=1e-6)
    assert state.log_likelihood == pytest.approx(theirs.log_likelihood_, rel=1e-9)
    assert np.array(covariance(state), dtype=float) == pytest.approx(theirs.variance_matrix_.to_numpy(), rel=1e-5)


def test_two_equal_hospitals_halve_the_variance(data):
    """Another program averaged the hospitals' scores and information by rows instead of adding them, so its standard
    errors stayed those of one hospital."""
    X, days, event, *_ = data
    rows = risk_sets(X, days, event)
    one, two = fit([rows]), fit([rows, rows])
    assert two.beta == pytest.approx(one.beta, rel=1e-9)
    assert np.array(covariance(two), dtype=float) == pytest.approx(np.array(covariance(one), dtype=float) / 2, rel=1e-9)


def test_a_level_absent_at_one_hospital_is_no_obstacle(data):
    """Another program's fit crashed: there the column is constant, its information is exactly 0, and others give the
    estimate."""
    X, days, event, _, _, site = data
    level = np.where(site == 2, 0.0, np.arange(len(days)) % 2)
    columns = np.column_stack([X, level])
    apart = [risk_sets(columns[site == k], days[site == k], event[site == k]) for k in range(3)]
    assert (evaluate(apart[2], [0.1, 0.2, 0.3]).information[2] == 0).all()
    assert fit(apart).beta == pytest.approx(fit([risk_sets(columns, days, event, strata=site)]).beta, rel=1e-9)


def test_no_rows_and_no_events_give_zeros():
    nobody = risk_sets(np.empty((0, 2)), np.empty(0, dtype=int), np.empty(0, dtype=bool))
    nothing_happened = risk_sets([[1.0, 2.0], [3.0, 5.0]], [4, 5], [False, False])
    for rows in (nobody, nothing_happened):
        found = evaluate(rows, [1.0, -1.0])
        assert found.log_likelihood == 0
        assert not found.score.any()
        assert not found.information.any()


def test_a_step_too_long_is_minus_infinity_and_not_a_warning():
    rows = risk_sets([[0.0], [5.0], [10.0]], [1, 2, 3], [True, True, True])
    found = evaluate(rows, [-1e308])
    assert found.log_likelihood == -np.inf
    assert not found.score.any()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("entering", [False, True])
def test_hazards_beyond_the_range_of_floats_are_as_exact_as_near_ones(ties, entering):
    """Log hazards over thousands, late risk sets exp(-1000) beside early ones: event time by event time by hand."""
    random = np.random.default_rng(11)
    n, b = 60, 300.0
    days, event = random.integers(2, 25, n), random.random(n) < 0.7
    entry = random.integers(0, 6, n) % days if entering else np.zeros(n, dtype=int)
    strata, weights = random.integers(0, 2, n), random.integers(1, 4, n)
    x = -days * 0.4 + random.random(n) * 0.5
    rows = risk_sets(x[:, None], days, event, strata=strata, weights=weights, entry_days=entry if entering else None)
    log_likelihood = score = information = 0.0
    for s, t in {(int(s), int(t)) for s, t in zip(strata[event], days[event], strict=True)}:
        at_risk = (strata == s) & (entry < t) & (days >= t)
        dies = (strata == s) & event & (days == t)
        m, top = int(dies.sum()), (b * x[at_risk]).max()
        log_likelihood += weights[dies] @ (b * x[dies] - top)
        score += weights[dies] @ x[dies]
        r = weights * np.exp(np.minimum(b * x - top, 0))
        for f in np.arange(m) / m if ties == "efron" else np.zeros(m):
            S0, S1, S2 = (r[at_risk] @ x[at_risk] ** k - f * (r[dies] @ x[dies] ** k) for k in range(3))
            log_likelihood -= weights[dies].mean() * np.log(S0)
            score -= weights[dies].mean() * S1 / S0
            information += weights[dies].mean() * (S2 / S0 - (S1 / S0) ** 2)
    found = evaluate(rows, [b], ties)
    assert (b * x).max() - (b * x[event]).min() > 1000
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-11)
    assert found.score[0] == pytest.approx(score, rel=1e-9, abs=1e-10)
    assert found.information[0, 0] == pytest.approx(information, rel=1e-7, abs=1e-9)


def test_large_hazards_do_not_overflow():
    rows = risk_sets([[0.0], [1.0], [2.0]], [1, 2, 3], [False, False, True])
    assert evaluate(rows, [700.0]).log_likelihood == pytest.approx(0)
    rows = risk_sets([[0.0], [1.0]], [1, 2], [True, True])
    assert evaluate(rows, [300.0]).log_likelihood == pytest.approx(-300)


def test_few_at_risk_among_many_who_enter_later_keep_their_digits():
    """Two patients at first, 20000 of ten million times their hazard later: sums from the end alone lose them."""
    n = 20_000
    X = np.concatenate([[-0.5, 0.5], np.full(n, 16.0)])[:, None]
    days = np.concatenate([[5, 6], 20 + np.arange(n) % 50])
    entry = np.concatenate([[0, 0], np.full(n, 10)])
    event = np.concatenate([[True, True], np.zeros(n, dtype=bool)])
    found = evaluate(risk_sets(X, days, event, entry_days=entry), [1.0])
    r = np.exp(1.0)
    assert found.log_likelihood == pytest.approx(-np.log(1 + r), rel=1e-12)
    assert found.score[0] == pytest.approx(-r / (1 + r), rel=1e-11)
    assert found.information[0, 0] == pytest.approx(r / (1 + r) ** 2, rel=1e-9)


def test_many_small_strata_are_as_exact_as_one_at_a_time():
    """Matched pairs: 2000 strata of two. A pair gives x(event) b - log(sum exp(x b)), whatever the other pairs are."""
    random = np.random.default_rng(7)
    x, first = random.normal(size=(2000, 2)) + 1000 * random.random((2000, 1)), random.random(2000) < 0.5
    days = np.where(first[:, None], [1, 2], [2, 1])
    rows = risk_sets(x.reshape(-1, 1), days.ravel(), days.ravel() == 1, strata=np.repeat(np.arange(2000), 2))
    gap = np.where(first, x[:, 1] - x[:, 0], x[:, 0] - x[:, 1])
    found = evaluate(rows, [0.8])
    assert found.log_likelihood == pytest.approx(-np.log1p(np.exp(0.8 * gap)).sum(), rel=1e-10)
    assert found.score[0] == pytest.approx((-gap / (1 + np.exp(-0.8 * gap))).sum(), rel=1e-9)


@pytest.mark.parametrize("beta", [[1.0], [1.0, np.nan], [1.0, np.inf]])
def test_a_beta_of_wrong_shape_or_value_is_an_error(beta):
    with pytest.raises(ValueError, match="beta must hold 2 finite numbers"):
        evaluate(risk_sets(np.ones((1, 2)), [1], [True]), beta)


def test_ties_have_two_names():
    with pytest.raises(ValueError, match="efron"):
        evaluate(risk_sets([[1.0]], [1], [True]), [0.0], "exact")
