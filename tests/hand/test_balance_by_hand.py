"""Balance of a matched population, worked by hand on eight patients, of whom six are matched:

    patient   0   1   2   3   4   5   6   7
    arm       1   1   1   0   0   0   0   0
    x         1   2   6   0   2   2   4   7
    y         a   b   a   a   a   b   b   b
    matched   *   *   *   *   *   *

x before: treated mean 3, variance (4 + 1 + 9)/2 = 7; others mean 3, variance (9 + 1 + 1 + 1 + 16)/4 = 7: no difference.
x after: treated as before; others 0 2 2, mean 4/3, variance 4/3: difference 5/3, by sqrt(7); ratio 7/(4/3) = 21/4.
y = a before: 2/3 of the treated, variance 3 (2/3)(1/3)/2 = 1/3; 2/5 of the others, variance 5 (2/5)(3/5)/4 = 3/10:
difference 4/15, by the root of 19/60. After: 2/3 of both, no difference, ratio 1.
"""

from math import sqrt

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import SetId
from riskset.analyses.design import Column
from riskset.analyses.methods.balance import BalanceOfMatched
from riskset.analyses.methods.balance_answer import Balanced, Covariate
from riskset.analyses.methods.table1_parts import Counts, Sums
from riskset.analyses.patients_by_arm import Arms
from riskset.catalogue import say
from riskset.stats.two_means import Group

ARMS = Arms(tuple(Column("arm", level, "old", code) for code, level in enumerate(("old", "new"))))
BALANCE = BalanceOfMatched(
    id="balance/match",
    name="balance",
    set_id=SetId(None, "match"),
    arms=ARMS,
    covariates=(Covariate("x", (), "x/before", "x/after"), Covariate("y", ("a", "b"), "y/before", "y/after")),
)
NOBODY = Group(0, 0.0, 0.0)
ENDS = {
    "x/before": Sums((Group(5, 3.0, 7.0), Group(3, 3.0, 7.0)), NOBODY, 0),
    "x/after": Sums((Group(3, 4 / 3, 4 / 3), Group(3, 3.0, 7.0)), NOBODY, 0),
    "y/before": Counts(("a", "b"), ((2, 3), (2, 1)), 0),
    "y/after": Counts(("a", "b"), ((2, 1), (2, 1)), 0),
}


class Fit:
    n = 8


def balanced(**ends):
    return BALANCE.combine([3.0, 3.0], ENDS | {"propensity": Fit()} | ends)


def test_numbers_and_levels():
    found = balanced()
    assert (found.treated, found.control, found.unmatched) == (3, 3, 2)
    x, a, b = found.rows
    assert (x.before.differences["pooled sd"], x.before.variance_ratio) == (0.0, 1.0)
    assert x.after.differences == pytest.approx(dict.fromkeys(x.after.differences, 5 / 3 / sqrt(7)))
    assert x.after.variance_ratio == pytest.approx(21 / 4)
    assert a.before.differences == pytest.approx(
        {
            "pooled sd": 4 / 15 / sqrt(19 / 60),
            "sd of the arm": 4 / 15 / sqrt(1 / 3),
            "sd of the reference": 4 / 15 / sqrt(3 / 10),
        }
    )
    assert (a.after.differences["pooled sd"], a.after.variance_ratio) == (0.0, pytest.approx(1.0))
    assert b.before.differences["pooled sd"] == pytest.approx(-a.before.differences["pooled sd"])
    assert found.largest == pytest.approx(5 / 3 / sqrt(7))


def test_the_largest_is_not_known_where_a_covariate_is_refused():
    refusal = RefusedByRule("R4", say("analyses.no_patients"))
    found = balanced(**{"x/after": refusal})
    assert isinstance(found, Balanced)
    assert (found.largest, found.without) == (None, {"x": refusal})
    x, *_ = BALANCE.result_json(found)["variables"]
    assert x["before"]["smd"] is not None
    assert (x["after"], x["reason"]["rule"]) == (None, "R4")


def test_a_level_that_nobody_has_has_no_difference():
    found = balanced(**{"y/before": Counts(("a", "b"), ((5, 0), (3, 0)), 0)})
    assert found.rows[1].before.differences["pooled sd"] is None
    assert found.largest == pytest.approx(5 / 3 / sqrt(7))


def test_nobody_of_an_arm_is_matched():
    assert BALANCE.combine([3.0, 0.0], ENDS | {"propensity": Fit()}).code == "no patients"
