import numpy as np
import pytest

from riskset.stats.linear import dot, factor, from_upper_triangle, inverse, quadratic_form, solve, submatrix

A = [[4.0, 2.0, 0.4], [2.0, 3.0, 0.5], [0.4, 0.5, 2.0]]


def test_factor_solves_and_inverts():
    found = factor(A)
    assert found.kept == (0, 1, 2)
    assert solve(found.L, [1.0, 2.0, 3.0]) == pytest.approx(np.linalg.solve(A, [1, 2, 3]), rel=1e-14)
    np.testing.assert_allclose(inverse(found.L), np.linalg.inv(A), rtol=1e-13)


def test_a_dependent_column_is_named_with_its_combination():
    """Column 2 = 2 (column 0) - (column 1); column 3 has no spread; the later columns go, as in R's coxph."""
    B = np.random.default_rng(1).normal(size=(20, 2)) @ np.array([[1, 0, 2, 0], [0, 1, -1, 0]])
    found = factor((B.T @ B).tolist())
    assert found.kept == (0, 1)
    assert found.dependent[2] == pytest.approx((2, -1), rel=1e-12)
    assert found.dependent[3] == ()


def test_small_parts():
    assert from_upper_triangle([1, 2, 3, 4, 5, 6], 3) == ((1, 2, 3), (2, 4, 5), (3, 5, 6))
    assert submatrix(A, [0, 2]) == [[4.0, 0.4], [0.4, 2.0]]
    assert quadratic_form(A, [1.0, 1.0, 0.0]) == 11.0
    with pytest.raises(ValueError, match="argument"):
        dot([1.0], [1.0, 2.0])


def test_sums_are_taken_from_the_first_on():
    """Python 3.12's `sum` and numpy's would give 1.0 or another grouping; every party must round alike."""
    assert dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == 0.0
