"""The limit of a separated column: few evaluations, the right supremum, others at their optimum, the same bits."""

from dataclasses import replace
from math import inf, lgamma, nan

import numpy as np
import pytest

from riskset.stats import newton
from riskset.stats.cox import evaluate, fit, risk_sets
from riskset.stats.profile_limit import CHI2, MAX_EVALUATIONS, advance, at, start


def simulated(n, seed=1):
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    days = 1 + random.exponential(300 * np.exp(-0.5 * x)).astype(int)
    return x, days, random.random(n) < 0.7


def searched(rows):
    def totals(beta):
        found = evaluate(rows, beta)
        return found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist()

    state, known = newton.start(rows.p), []
    while state.status == "going":
        known.append(at(state.beta, *totals(state.beta)))
        state = newton.advance(state, *totals(state.beta))
    assert state.status == "separated"
    search = start(state.separated[0], state.estimable, known)
    while search.is_going:
        search = advance(search, at(search.beta, *totals(search.beta)))
    return search


def scaled(X, days, event):
    X = np.asarray(X, dtype=float)
    return risk_sets(X, days, event, scale=X.std(axis=0))


@pytest.mark.parametrize("n", [60, 2000, 100_000])
def test_a_level_of_censored_patients_takes_few_evaluations(n):
    x, days, event = simulated(n)
    level = np.arange(n) < max(3, n // 50)
    rows = scaled(np.column_stack([x, level]), days, event & ~level)
    found = searched(rows)
    assert (found.status, found.column, found.direction) == ("found", 1, -1.0)
    assert found.evaluations <= 6
    here = evaluate(rows, found.beta)
    assert 2 * (found.supremum - here.log_likelihood) == pytest.approx(CHI2, abs=3e-9)
    assert here.score[0] ** 2 / here.information[0, 0] < 1e-14
    without = risk_sets(x[~level][:, None], days[~level], event[~level], scale=[x.std()])
    assert found.supremum == pytest.approx(fit([without]).log_likelihood, abs=1e-7)


@pytest.mark.parametrize("n", [10, 60, 300, 2000])
def test_days_as_a_covariate(n):
    """Follow-up itself among the covariates: every event has the largest value at risk."""
    x, days, _ = simulated(n)
    rows = scaled(np.column_stack([x, -days]), days, np.ones(n, dtype=bool))
    found = searched(rows)
    assert (found.status, found.direction) == ("found", 1.0)
    deaths = np.unique(days, return_counts=True)[1]
    tied = deaths[deaths > 1]
    if tied.max(initial=0) <= 2:  # two tied patients leave x nothing to order: each pair costs log 2
        assert found.supremum == pytest.approx(-sum(lgamma(m + 1) for m in tied), abs=1e-6)
    here = evaluate(rows, found.beta)
    assert 2 * (found.supremum - here.log_likelihood) == pytest.approx(CHI2, abs=3e-9)
    assert here.score[0] ** 2 / here.information[0, 0] < 1e-14


def test_a_likelihood_with_a_maximum_has_no_such_limit():
    """Were Newton wrong, the climb would see the slope turn."""
    search = start(0, (0,), [at((0.0,), -10.0, [2.0], [1.0])])
    while search.is_going:
        b = search.beta[0]
        search = advance(search, at((b,), -8.0 - (b - 2.0) ** 2 / 2.0, [2.0 - b], [1.0]))
    assert search.status == "not found"


@pytest.mark.parametrize("away", [-1e12, -inf, nan])
def test_a_point_out_of_range_is_halved(away):
    search = start(0, (0,), [at((5.0,), -1.01, [0.01], [0.01])])
    assert search.beta[0] > 6.0
    halved = advance(search, at(search.beta, away, [0.0], [0.0]))
    assert halved.beta[0] == pytest.approx((5.0 + search.beta[0]) / 2.0)
    while halved.is_going:
        halved = advance(halved, at(halved.beta, away, [0.0], [0.0]))
    assert halved.status == "not found"


def test_a_search_that_does_not_end_is_ended():
    search = start(0, (0,), [at((0.0,), -100.0, [1.0], [1.0])])
    for k in range(MAX_EVALUATIONS):
        assert search.is_going
        search = advance(search, at(search.beta, -100.0 + 0.1 * k, [1.0], [1.0]))
    assert search.status == "not found"


def test_misuse_is_a_value_error():
    ended = replace(start(0, (0,), [at((5.0,), -1.0, [0.01], [0.01])]), status="found")
    with pytest.raises(ValueError, match="the search has ended: found"):
        advance(ended, at((5.0,), -1.0, [0.01], [0.01]))
    with pytest.raises(ValueError, match="expected 2 scores and 3 elements"):
        at((0.0, 0.0), -1.0, [0.0], [1.0])


def test_the_same_totals_give_the_same_bits():
    """Recorded once, as in `test_newton`."""
    first = at((5.0, 0.5), -20.125, [0.013, 0.7], [0.014, 0.002, 31.7])
    search = start(0, (0, 1), [first])
    assert [b.hex() for b in search.beta] == ["0x1.63702f820ab10p+4", "0x1.0b46ae7a7ac8cp-1"]
