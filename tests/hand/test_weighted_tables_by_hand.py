"""Tables of a weighted population, worked by hand on six patients:

    patient   0     1     2     3     4     5
    arm       new   new   new   old   old   old
    weight    1     1     2     0.5   1     0.5
    x         1     3     4     0     2     4
    y         a     b     b     a     a     b

New: weight 4, squares 1 + 1 + 4 = 6, as many as 16/6 = 2.67 patients, 2 whole ones. Mean of x (1 + 3 + 8)/4 = 3, sum of
squares about it 4 + 0 + 2 = 6; variance (6/4)/(1 - 6/16) = 12/5. y = b: 3/4.
Old: weight 2, squares .25 + 1 + .25 = 1.5, 4/1.5 = 2.67. Mean of x (0 + 2 + 2)/2 = 2, squares 2 + 0 + 2 = 4; variance
(4/2)/(1 - 1.5/4) = 16/5. y = b: 1/4.
Before: new 1 3 4, mean 8/3, variance (25 + 1 + 16)/9/2 = 7/3; old 0 2 4, mean 2, variance 4. So after adjustment the
difference is 1, divided by the root of (7/3 + 4)/2 = 19/6, and the ratio of the variances is (12/5)/(16/5) = 3/4.
y = b before: 2/3 of three and 1/3 of three, variances 3 (2/9)/2 = 1/3 both. After: 3/4 - 1/4 = 1/2, by the root of 1/3;
both variances are (3/16)/(1 - 3/8) = 3/10.
Yang and Dalton's difference of y, of two levels: (3/4 - 1/4) by the root of (3/16 + 3/16)/2 = 3/16.

All weights are whole 64ths of their mean of 1, and sums of x (a range of 0 to 4) whole 256ths, so that nothing is lost.
"""

from dataclasses import replace
from itertools import permutations
from math import sqrt

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet, SetId
from riskset.analyses.design import Column
from riskset.analyses.methods.balance import BalanceOfWeighted
from riskset.analyses.methods.balance_answer import Balanced, Covariate
from riskset.analyses.methods.described import Described
from riskset.analyses.methods.table1_parts import Counts, Sums
from riskset.analyses.methods.table1_weighted import LevelsOfTable, NumberOfTable, Table1OfWeighted
from riskset.analyses.methods.weighted_tables import CELLS
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.patients_by_arm import Arms
from riskset.analyses.weights import Weights
from riskset.catalogue import say
from riskset.stats.two_means import Group

ARMS = Arms(tuple(Column("arm", level, "old", code) for code, level in enumerate(("old", "new"))))
SET = SetId(None, "w")
X = Column("x", None, None, None, 2.0, 2.0)
Y = tuple(Column("y", level, "a", code) for code, level in enumerate(("a", "b")))
COMMON = {"name": "t", "set_id": SET, "arms": ARMS}
NUMBER = NumberOfTable(**COMMON, id="x/after", variable="x", column=X)
LEVELS = LevelsOfTable(**COMMON, id="y/after", variable="y", levels=Y)
COVARIATES = (Covariate("x", (), "x/before", "x/after"), Covariate("y", ("b",), "y/before", "y/after"))
BALANCE = BalanceOfWeighted(**COMMON, id="balance/w", covariates=COVARIATES)
TABLE = Table1OfWeighted(
    **COMMON, id="table1/w", described=(Described("x", "number", "", None), Described("y", "category", "", None))
)
ROWS = PatientSet(
    {
        "arm": np.array([1.0, 1, 1, 0, 0, 0]),
        "x": np.array([1.0, 3, 4, 0, 2, 4]),
        "y": np.array([0.0, 1, 1, 0, 0, 1]),
    },
    np.arange(6),
    np.array([1, 1, 2, 0.5, 1, 0.5]),
)
INPUTS = {moments_id(SET.name): Moments(6, 0, {}, Weights(6.0, 7.5))}
NOBODY = Group(0, 0.0, 0.0)
BEFORE = {
    "x/before": Sums((Group(3, 2.0, 4.0), Group(3, 8 / 3, 7 / 3)), NOBODY, 0),
    "y/before": Counts(("a", "b"), ((2, 1), (1, 2)), 0),
}


def ended(analysis, rows=ROWS, inputs=INPUTS):
    state = analysis.start(inputs)
    total = analysis.local(analysis.prepare(Cohort("asan", {SET.name: rows}), inputs), state)
    return analysis.combine(total.tolist(), state)


def test_number():
    old, new = ended(NUMBER).groups(None)
    assert (new.n, new.mean, new.variance) == (2, 3.0, pytest.approx(12 / 5))
    assert (old.n, old.mean, old.variance) == (2, 2.0, pytest.approx(16 / 5))


def test_a_sum_half_way_between_two_steps_does_not_depend_on_the_order_of_the_rows():
    """1, 1, 2, 3 of 0 to 5 are -.6, -.6, -.2, .2 half ranges from the middle; by weights of 1/8, 3/8, 1/2, 1/8 they add
    up to -.375, one quarter and a half: two quarters, the even number. Squares: .2, to one quarter."""
    few = replace(NUMBER, column=Column("x", None, None, None, 2.5, 2.5), steps=CELLS)
    x, w = np.array([1.0, 1, 2, 3, 0]), np.array([1 / 8, 3 / 8, 1 / 2, 1 / 8, 1])
    for order in permutations(range(4)):
        rows = PatientSet({"arm": np.array([1.0, 1, 1, 1, 0]), "x": x[[*order, 4]]}, np.arange(5), w[[*order, 4]])
        told = few.local(few.prepare(Cohort("asan", {SET.name: rows}), INPUTS), few.start(INPUTS))
        assert told.reshape(2, -1)[1, 2:].tolist() == [-2.0, 1.0]


def test_levels():
    old, new = ended(LEVELS).groups("b")
    assert (new.mean, new.variance) == (0.75, pytest.approx(3 / 10))
    assert (old.mean, old.variance) == (0.25, pytest.approx(3 / 10))


def test_balance_divides_by_what_was_before():
    found = ended(BALANCE, inputs=INPUTS | BEFORE | {"x/after": ended(NUMBER), "y/after": ended(LEVELS)})
    assert (found.treated, found.control, found.unmatched) == (2, 2, None)
    x, b = found.rows
    assert x.after.differences["pooled sd"] == pytest.approx(1 / sqrt(19 / 6))
    assert x.after.differences["sd of the reference"] == pytest.approx(1 / 2)
    assert x.after.variance_ratio == pytest.approx(3 / 4)
    assert b.after.differences["pooled sd"] == pytest.approx(0.5 / sqrt(1 / 3))
    assert b.after.variance_ratio == pytest.approx(1.0)
    assert found.largest == pytest.approx(0.5 / sqrt(1 / 3))
    assert BALANCE.result_json(found)["effective"] == {"treated": 2, "control": 2}


def test_a_refused_covariate_leaves_the_largest_difference_unknown():
    refused = RefusedByRule("R8", say("analyses.no_patients"))
    found = ended(BALANCE, inputs=INPUTS | BEFORE | {"x/after": refused, "y/after": ended(LEVELS)})
    assert isinstance(found, Balanced)
    assert found.largest is None
    assert BALANCE.result_json(found)["variables"][0]["after"] is None


def test_table_1():
    ends = {NUMBER: ended(NUMBER), LEVELS: ended(LEVELS)}
    found = TABLE.result_json(ended(TABLE)) | TABLE.parts_json(ended(TABLE), list(ends.items()))
    assert [of["effective_n"] for of in found["n"]] == [2, 2, 4]  # 36 / 7.5 = 4.8 in all
    x, y = found["variables"]
    assert [arm["mean"] for arm in x["arms"]] == pytest.approx([2.0, 3.0, 16 / 6])
    assert x["arms"][1]["sd"] == pytest.approx(sqrt(12 / 5))
    assert x["arms"][0]["quartiles"]["reason"]["code"] == "weighted"
    assert [level["percent"] for level in y["arms"][1]["levels"]] == [25.0, 75.0]
    (smd,) = y["smd"]
    assert smd["value"] == pytest.approx(0.5 / sqrt(3 / 16))
    assert y["tests"] == {}
