"""Columns made of others, worked by hand.

A spline with knots 0, 1, 3 has one curved part. Below the first knot it is 0. At 1: 1^3 / 3^2 = 1/9. At 3:
(27 - 8 x 3/2) / 9 = 15/9. At 5, (125 - 64 x 3/2 + 8 x 1/2) / 9 = 33/9: from 3 on it rises by 9/9 a unit, straight.

A product of the levels new (of arm) and 1 (of ecog) is 1 where a patient has both; of new and age it is the age in the
new arm, and 0 elsewhere.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from riskset.analyses.admission.two_levels import cells_of_levels
from riskset.analyses.moments import scaled
from riskset.disclosure.composed import product, restricted_cubic, spline
from riskset.disclosure.exposure import Column, Exposure
from riskset.disclosure.placement import unplaced
from riskset.disclosure.policy import default_policy

AGE = Column("age", middle=50, half_range=50)
NEW, ONE = Column("arm", "new", "old", 1), Column("ecog", "1", "0", 1)
MVI = Column("mvi", "true", "false", 1)
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


def test_a_rule_judges_products_of_columns_that_the_model_has():
    assert list(unplaced("cox", exposure(NEW, ONE, product(NEW, ONE)), "os")) == []
    assert list(unplaced("cox", exposure(NEW, AGE, *spline(AGE, (20.0, 50.0, 80.0))), "os")) == []
    (finding,) = unplaced("cox", exposure(NEW, product(NEW, ONE)), "os")
    assert (finding.rule, finding.passes) == ("R2", False)
    three = product(NEW, product(ONE, AGE))
    assert [f.rule for f in unplaced("cox", exposure(NEW, ONE, AGE, three), "os")] == ["R2"]


@pytest.mark.parametrize(("first", "last", "rows"), [(0, 4, 4), (1, 15, 1), (0, 25, 5)])
def test_the_smallest_cell_of_two_levels(first, last, rows):
    """40 patients: the first 20 with ecog 1, and of each 20 the first 10 in the new arm. Patients 0 to 3 have mvi: 4
    have it with ecog 1. 1 to 14: 5 of the old arm have it; all have ecog 1, and of those with ecog 1 and no mvi one is
    in the new arm. 0 to 24: 5 have it with ecog 0."""
    number = np.arange(40)
    has = {NEW: number % 20 < 10, ONE: number < 20, MVI: (number >= first) & (number < last)}

    def gram(features):
        table = np.column_stack([np.ones(40) if f.column is None else has[f.column] for f in features])
        return table.T @ table

    whole = SimpleNamespace(within=None)
    asked = SimpleNamespace(id="cox", analysis_set="os", columns=(NEW, ONE, MVI, product(NEW, ONE)), exposure=whole)
    found = [finding for _, finding in cells_of_levels(default_policy("pooled"), [asked], gram)]
    assert [(f.limit_name, f.value) for f in found] == [("R2.cell", rows), ("R4.level", 10)]
