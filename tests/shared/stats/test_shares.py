"""The largest share in a sum, in the direction in which it is largest."""

import numpy as np
import pytest

from riskset.stats import shares


def test_two_vectors_that_differ_from_the_rest_in_one_direction():
    # ten patients at (1, 0), two at (1, 1) and (1, -1): sums of squares 12 and 2; along (1/12, 1/2) each of the two is
    # 1/12 + 1/2 of the sum
    vectors = np.array([[1.0] * 12, [0.0] * 10 + [1.0, -1.0]])
    white = shares.whitener(vectors @ vectors.T)
    assert shares.of_vectors(vectors, white) == pytest.approx(1 / 12 + 1 / 2, abs=1e-14)
    squares = np.einsum("in,jn->nij", vectors, vectors)
    assert shares.of_matrices(squares, white) == pytest.approx(1 / 12 + 1 / 2, abs=1e-14)


def test_a_direction_without_anything_counts_for_nothing():
    vectors = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert shares.of_vectors(vectors, shares.whitener(vectors @ vectors.T)) == pytest.approx(16 / 25)
    nothing = shares.whitener(np.zeros((2, 2)))
    assert shares.of_vectors(np.zeros((2, 0)), nothing) == 0.0
    assert shares.of_matrices(np.zeros((0, 2, 2)), nothing) == 0.0
