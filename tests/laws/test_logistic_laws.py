"""Laws of the logistic model, for any rows: its derivatives, hospitals, order, units."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskset.stats import logistic

ROW = st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 4), st.integers(0, 2))
ROWS = st.lists(ROW, min_size=1, max_size=25)
BETA = st.lists(st.floats(-2, 2), min_size=2, max_size=2)
FEW = settings(max_examples=settings().max_examples // 3)


def rows_of(rows, own, chosen=None, shift=0.0, scale=None):
    arm, x, z, site = map(np.array, zip(*rows, strict=True))
    at = np.ones(len(arm), bool) if chosen is None else site == chosen
    X = np.column_stack([x + shift, z]).astype(float)
    if not own:
        X = np.column_stack([np.ones(len(arm)), X])
    return logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale)


def same(a, b, atol=1e-11):
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-12, abs=atol)
    np.testing.assert_allclose(a.score, b.score, rtol=0, atol=atol)
    np.testing.assert_allclose(a.information, b.information, rtol=0, atol=atol)


@pytest.mark.parametrize("own", [True, False])
@FEW
@given(ROWS, BETA)
def test_score_and_information_are_the_slopes(own, rows, beta):
    found, h = rows_of(rows, own), 1e-3
    b = np.array(beta if own else [0.3, *beta])

    def slope(of, j):
        step = h * np.eye(len(b))[j]
        near = [of(logistic.evaluate(found, b + k * step)) for k in (1, -1, 2, -2)]
        return (8 * (near[0] - near[1]) - (near[2] - near[3])) / (12 * h)

    at = logistic.evaluate(found, b)
    for j in range(len(b)):
        np.testing.assert_allclose(slope(lambda d: d.log_likelihood, j), at.score[j], rtol=0, atol=1e-8)
        np.testing.assert_allclose(slope(lambda d: -d.score, j), at.information[j], rtol=0, atol=1e-8)


@FEW
@given(ROWS, BETA, st.permutations(range(25)))
def test_order_shift_and_unit_change_nothing_and_fitted_probabilities_add_to_the_arm(rows, beta, order):
    at = logistic.evaluate(rows_of(rows, own=True), beta)
    same(logistic.evaluate(rows_of([rows[i] for i in order if i < len(rows)], own=True), beta), at)
    same(logistic.evaluate(rows_of(rows, own=True, shift=40.0), beta), at, atol=1e-9)
    unit = np.array([4.0, 0.5])
    scaled = logistic.evaluate(rows_of(rows, own=True, scale=unit), np.array(beta) * unit)
    np.testing.assert_allclose(scaled.score * unit, at.score, rtol=0, atol=1e-10)
    found = logistic.scores(rows_of(rows, own=True, shift=40.0), beta)
    treated = [arm for arm, *_ in rows]
    assert (found is None) == (len(set(treated)) == 1)
    if found is not None:
        assert found.probability.sum() == pytest.approx(sum(treated), rel=1e-12)
        eta = found.intercept + np.array([[x + 40, z] for _, x, z, _ in rows]) @ beta
        np.testing.assert_allclose(found.logit, eta, rtol=0, atol=1e-11)


@FEW
@given(ROWS, BETA)
def test_hospitals_add(rows, beta):
    """Any dealing where the intercept is common; where it is each hospital's own, an empty one and one with one arm."""
    whole = logistic.evaluate(rows_of(rows, own=False), [0.3, *beta])
    dealt = [rows_of(rows, False, chosen=site) for site in range(4)]  # nobody is at the last
    same(reduce(add, (logistic.evaluate(own, [0.3, *beta]) for own in dealt)), whole)
    of_one = [row for row in rows if row[0]]
    more = [rows_of(rows, True), rows_of(rows, True, chosen=3)] + ([rows_of(of_one, True)] if of_one else [])
    total = reduce(add, (logistic.evaluate(own, beta) for own in more))
    same(total, logistic.evaluate(more[0], beta), atol=0)
