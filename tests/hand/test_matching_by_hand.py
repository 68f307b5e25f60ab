"""Matching at one hospital, worked by hand. Scores in tenths:

    patient    0   1   2   3   4   5   6
    arm        1   1   0   0   0   0   0
    score      9   5   8   7   4   6   1

The treated go 0, 1. Round 1: 0 takes 2 (1 away); of 1, patients 4 and 5 are 1 away, and the smaller key goes first.
Round 2: 0 takes 3 (2 away), 1 the other of 4 and 5. Round 3: only 6 is left, 8 away from 0 and 4 from 1: 0 is first.
With a caliper of 2 it is nobody's, with one of 1 neither is 3.
"""

import numpy as np
import pytest

from riskset.stats.matching import NOBODY, nearest

SCORE = np.array([9, 5, 8, 7, 4, 6, 1]) / 10
ARM = np.array([True, True, False, False, False, False, False])
KEY = np.arange(7)


def sets(key=KEY, **options):
    found = nearest(SCORE, ARM, key, **options)
    assert found.treated.tolist() == [0, 1]
    return [[i for i in row if i != NOBODY] for row in found.controls.tolist()]


def test_rounds_and_keys():
    assert sets() == [[2], [4]]
    assert sets(-KEY) == [[2], [5]]
    assert sets(ratio=2) == [[2, 3], [4, 5]]
    assert sets(ratio=3) == [[2, 3, 6], [4, 5]]


def test_a_caliper_includes_its_end():
    assert sets(ratio=3, caliper=0.2) == [[2, 3], [4, 5]]
    assert sets(ratio=3, caliper=0.1) == [[2], [4, 5]]
    assert len(nearest(SCORE, ARM, KEY, caliper=0.05).treated) == 0


def test_equal_treated_go_by_the_key():
    score, arm = np.array([0.5, 0.5, 0.45]), np.array([True, True, False])
    assert nearest(score, arm, np.array([2, 1, 3])).treated.tolist() == [1]
    assert nearest(score, arm, np.array([1, 2, 3])).treated.tolist() == [0]


def test_sets_and_weights():
    """Three controls of two treated: 3/2 for each of the treated, shared by its controls."""
    found = nearest(SCORE, ARM, KEY, ratio=3, caliper=0.1)  # sets {0, 2}, {1, 4, 5}
    assert found.set_of.tolist() == [0, 1, 0, NOBODY, 1, 1, NOBODY]
    assert found.controls_found == 3
    assert found.weights().tolist() == [1, 1, 1, 0, 1 / 2, 1 / 2, 0]
    assert found.weights(3 / 2).tolist() == [1, 1, 3 / 2, 0, 3 / 4, 3 / 4, 0]


@pytest.mark.parametrize("arm", [[True, True], [False, False], []])
def test_one_arm_and_nobody(arm):
    found = nearest(np.zeros(len(arm)), np.array(arm, bool), np.arange(len(arm)), ratio=2)
    assert (len(found.treated), found.controls.shape, found.n) == (0, (0, 2), len(arm))


@pytest.mark.parametrize(
    ("score", "arm", "key", "options"),
    [
        ([0.1], [True, False], [1, 2], {}),
        ([0.1, 0.2], [1, 0], [1, 2], {}),
        ([0.1, 0.2], [True, False], [1.0, 2.0], {}),
        ([0.1, np.nan], [True, False], [1, 2], {}),
        ([0.1, 0.2], [True, False], [1, 2], {"ratio": 0}),
        ([0.1, 0.2], [True, False], [1, 2], {"caliper": -0.1}),
        ([0.1, 0.2], [True, False], [1, 2], {"caliper": np.nan}),
    ],
)
def test_wrong_arrays(score, arm, key, options):
    with pytest.raises(ValueError, match=r"must|at least"):
        nearest(score, np.array(arm), np.array(key), **options)
