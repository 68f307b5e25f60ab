"""Columns made of others, worked by hand.

A spline with knots 0, 1, 3 has one curved part. Below the first knot it is 0. At 1: 1^3 / 3^2 = 1/9. At 3:
(27 - 8 x 3/2) / 9 = 15/9. At 5, (125 - 64 x 3/2 + 8 x 1/2) / 9 = 33/9: from 3 on it rises by 9/9 a unit, straight.

A product of the levels new (of arm) and 1 (of ecog) is 1 where a patient has both; of new and age it is the age in the
new arm, and 0 elsewhere.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from riskset.analyses.moments import scaled
from riskset.disclosure.composed import product, restricted_cubic, spline
from riskset.disclosure.exposure import Column, Exposure, unplaced

AGE = Column("age", middle=50, half_range=50)
NEW, ONE = Column("arm", "new", "old", 1), Column("ecog", "1", "0", 1)
ROWS = SimpleNamespace(
    n=4,
    variables={
        "arm": np.array([0.0, 1.0, 1.0, 0.0]),
        "ecog": np.array([1.0, 1.0, 0.0, 0.0]),
        "age": np.array([0.0, 100.0, 70.0, 30.0]),
    },
)


def test_the_curved_part_of_a_spline():
    found = restricted_cubic(np.array([-1.0, 0.0, 1.0, 3.0, 4.0, 5.0]), (0.0, 1.0, 3.0), 0)
    np.testing.assert_allclose(found * 9, [0, 0, 1, 15, 24, 33], atol=1e-14)


def test_products_of_levels_and_numbers():
    assert product(NEW, ONE).values(ROWS).tolist() == [0, 1, 0, 0]
    assert product(NEW, AGE).values(ROWS).tolist() == [0, 100, 70, 0]
    assert (product(NEW, ONE).level, product(NEW, AGE).level, product(AGE, AGE).level) == ("new:1", "new", None)
    assert [product(NEW, other).is_number for other in (ONE, AGE)] == [False, True]


@pytest.mark.parametrize("column", [product(NEW, AGE), product(AGE, AGE), *spline(AGE, (20.0, 50.0, 60.0, 80.0))])
def test_a_number_is_sent_between_minus_1_and_1(column):
    z = scaled(column, ROWS)
    assert (z.min(), z.max()) == pytest.approx((-1, 1), abs=1e-12)


def exposure(*columns):
    return Exposure(design=columns, tables=(), in_time=None, weights=False, is_iterative=True, per_site=False)


def test_what_a_product_holds_is_what_its_columns_hold():
    assert exposure(NEW, ONE, AGE, product(NEW, ONE), *spline(AGE, (20.0, 50.0, 80.0))).held == 3


def test_no_rule_can_judge_a_product_yet():
    (finding,) = unplaced("cox", exposure(NEW, ONE, product(NEW, ONE)), "os")
    assert (finding.rule, finding.passes) == ("R2", False)
    assert list(unplaced("cox", exposure(NEW, AGE, *spline(AGE, (20.0, 50.0, 80.0))), "os")) == []
