"""Laws of Firth's penalised likelihood, for any rows: its slope, hospitals, order, scale."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riskset.stats import firth
from riskset.stats.cox import evaluate, risk_sets

ROW = st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 11), st.integers(-3, 3), st.integers(0, 2))
FEW = settings(max_examples=settings().max_examples // 3)
A = np.array([[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 0.7]])


def columns_of(rows):
    days, event, entry, x, stratum = map(np.array, zip(*rows, strict=True))
    return np.column_stack([x, x * x, days % 2]), days, event, np.minimum(entry, days - 1), stratum


def rows_of(rows, chosen=None, unit=1):
    X, days, event, entry, stratum = columns_of(rows)
    own = np.ones(len(days), bool) if chosen is None else chosen(stratum)
    return risk_sets(X[own], unit * days[own], event[own], entry_days=unit * entry[own], strata=stratum[own])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@FEW
@given(st.lists(ROW, min_size=1, max_size=30), st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=3))
def test_third_moments_are_the_slope_of_the_information(ties, rows, beta):
    """What is sent a reader of the informations at near points has already."""
    found, h = rows_of(rows), 1e-3

    def near(j, k):
        return float(np.sum(A * evaluate(found, np.array(beta) + k * h * np.eye(3)[j], ties).information))

    slope = [(8 * (near(j, 1) - near(j, -1)) - (near(j, 2) - near(j, -2))) / (12 * h) for j in range(3)]
    np.testing.assert_allclose(firth.third_moments(found, beta, A, ties), slope, rtol=1e-6, atol=1e-6)


@FEW
@given(st.lists(ROW, min_size=1, max_size=30), st.permutations(range(30)))
def test_hospitals_add_and_order_and_unit_of_time_change_nothing(rows, order):
    beta = [0.1, -0.1, 0.2]
    whole = firth.third_moments(rows_of(rows), beta, A)
    dealt = [rows_of(rows, lambda stratum, s=s: stratum == s) for s in range(4)]  # nobody is at the last
    np.testing.assert_allclose(sum(firth.third_moments(own, beta, A) for own in dealt), whole, rtol=0, atol=1e-10)
    mixed = [rows[i] for i in order if i < len(rows)]
    np.testing.assert_allclose(firth.third_moments(rows_of(mixed), beta, A), whole, rtol=0, atol=1e-10)
    assert firth.third_moments(rows_of(rows, unit=7), beta, A).tolist() == whole.tolist()


@FEW
@given(st.integers(0, 10**6))
def test_the_end_is_a_maximum_also_where_a_column_separates(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(20, 80))
    X = np.column_stack([random.normal(size=n), random.random(n) < 0.3])
    event = (random.random(n) < 0.5) & (X[:, 1] == 0)
    assume(event.sum() > 4)
    site, days = random.integers(0, 3, n), random.integers(1, 30, n)
    hospitals = [risk_sets(X[site == s], days[site == s], event[site == s]) for s in range(3)]
    end = fitted(hospitals)
    assume(len(end.estimable) == 2)
    assert end.status == "ok"
    assert end.evaluations <= 12

    def penalised(beta):
        total = reduce(add, (evaluate(rows, beta) for rows in hospitals))
        return total.log_likelihood + np.linalg.slogdet(total.information)[1] / 2

    at, h = np.array(end.beta), 1e-2 / np.sqrt(np.diag(np.array(end.information)))
    for j in range(2):
        step = np.eye(2)[j] * h[j]
        rise = 8 * (penalised(at + step) - penalised(at - step)) - (penalised(at + 2 * step) - penalised(at - 2 * step))
        assert abs(rise / 12 / 1e-2) < 1e-6  # per standard error; the difference is of order 4 in 1e-2
        assert penalised(at) > max(penalised(at + step), penalised(at - step))


def fitted(hospitals):
    state = firth.start(2, 1e-9)
    while state.newton.status == "going":
        beta = state.newton.beta
        total = reduce(add, (evaluate(rows, beta) for rows in hospitals))
        state = firth.advance(state, total.log_likelihood, total.score.tolist(), total.upper_triangle.tolist())
        if state.here is not None:
            third = sum(firth.third_moments(rows, beta, state.weights) for rows in hospitals)
            state = firth.penalised(state, third.tolist())
    return state.newton
