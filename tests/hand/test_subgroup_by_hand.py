"""The model of one level's patients, and what follows from the model with the interaction, by hand.

Six patients with ecog 1: days 1, 2, 3+, 4, 5+, 6 (+ is censored), in the new arm those of days 1, 3 and 4. At 0 the
arm's share of those at risk is 3/6 on day 1, 2/5 on day 2, 1/3 on day 4 and 0 on day 6:

    log likelihood  -log(6 x 5 x 3 x 1) = -log 90
    score           1/2 - 2/5 + 2/3 = 23/30
    information     1/4 + 6/25 + 2/9 = 641/900

Two further patients with ecog 0 are at risk of nothing here.
"""

from math import exp, log, sqrt

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.methods.cox_fit import CoxFit, Term
from riskset.analyses.methods.subgroup import LevelModel, OfLevel
from riskset.analyses.methods.subgroup_answer import Answer, answer_json
from riskset.analyses.moments import ColumnMoments, Moments, moments_id
from riskset.catalogue import NOTHING
from riskset.disclosure.composed import product
from riskset.disclosure.exposure import Column
from riskset.stats.log_rank import Test

ARM, ONE = Column("arm", "new", "old", 1), Column("ecog", "1", "0", 1)
ROWS = AnalysisSet(
    np.array([1, 2, 3, 4, 5, 6, 2, 5]),
    np.array([1, 1, 0, 1, 0, 1, 1, 1], bool),
    None,
    {"arm": np.array([1.0, 0, 1, 1, 0, 0, 1, 0]), "ecog": np.array([1.0] * 6 + [0.0] * 2)},
)
CROSSED = product(ARM, ONE)


def test_the_sums_of_a_level():
    analysis = LevelModel(
        id="one",
        name="forest",
        set_id=SetId("os"),
        design=(ARM,),
        ties="efron",
        model="multivariable",
        within=ONE,
        order=("old", "new"),
    )
    moments = Moments(6, 4, {ARM: ColumnMoments(1.0, is_constant=False, within=1.5)})
    assert analysis.needs == ("moments/os with ecog = 1",)
    inputs = {moments_id("os with ecog = 1"): moments}
    state = analysis.start(inputs)
    total = analysis.local(analysis.prepare(Cohort("asan", {"os": ROWS}), inputs), state)
    assert total == pytest.approx([-log(90), 23 / 30, 641 / 900, 3, 2])
    assert [label.text for label in analysis.labels(state)][-2:] == ["patients with arm = new", "events with arm = new"]
    after = analysis.combine(total.tolist(), state)
    assert after.of_arm == (3, 2)
    assert len(analysis.labels(after)) == 3
    assert analysis.out_of_evaluations(after).arms == {"old": (3, 2), "new": (3, 2)}


def fit(log_likelihood, *terms, covariance):
    known = tuple(
        Term(column, coef, sqrt(v[i]), 0, 0, 0, 0, 0) for i, (column, coef) in enumerate(terms) for v in [covariance[i]]
    )
    nothing = Test(0.0, 0, None)
    return CoxFit(60, 40, 5, -20.0, log_likelihood, known, {}, covariance, nothing, nothing, nothing)


def test_what_follows_from_the_model_with_the_interaction():
    """The arm's coefficient is -0.2 at ecog 0 and -0.2 + 0.5 at ecog 1, of variance 0.04 + 0.09 - 2 x 0.03 = 0.07; the
    log likelihood is 2 above that without the product, so the likelihood ratio is 4, and Wald's 0.25 / 0.09."""
    covariance = ((0.04, 0.0, -0.03), (0.0, 0.05, 0.0), (-0.03, 0.0, 0.09))
    crossed = fit(-10.0, (ARM, -0.2), (ONE, 0.1), (CROSSED, 0.5), covariance=covariance)
    main = fit(-12.0, (ARM, 0.1), (ONE, 0.1), covariance=((0.02, 0.0), (0.0, 0.05)))
    own = OfLevel(fit(-5.0, (ARM, 0.4), covariance=((0.1,),)), {"old": (20, 9), "new": (18, 7)})
    refused = RefusedByRule("R4", NOTHING)
    answer = Answer({"old": (31, 21), "new": (29, 19)}, main, main, crossed, (("0", refused), ("1", own)))
    found = answer_json(answer, ARM)
    assert (found["overall"]["n"], found["overall"]["events"]) == (60, 40)
    zero, one = found["levels"]
    assert (zero["n"], zero["hr"], zero["reason"]["rule"]) == (None, None, "R4")
    assert (one["n"], one["events"], one["coef"]) == (38, 16, 0.4)
    assert [arm["n"] for arm in one["by_arm"]] == [20, 18]
    assert (zero["interaction_model"]["coef"], zero["interaction_model"]["se"]) == pytest.approx((-0.2, 0.2))
    assert (one["interaction_model"]["coef"], one["interaction_model"]["se"]) == pytest.approx((0.3, sqrt(0.07)))
    assert one["interaction_model"]["hr"] == pytest.approx(exp(0.3))
    assert found["interaction"]["likelihood_ratio"]["chi2"] == pytest.approx(4.0)
    assert found["interaction"]["wald"]["chi2"] == pytest.approx(0.25 / 0.09)
    assert {test["df"] for test in found["interaction"].values()} == {1}


def test_without_the_interaction_there_is_a_reason():
    refused = RefusedByRule("R2", NOTHING)
    main = fit(-12.0, (ARM, 0.1), covariance=((0.02,),))
    found = answer_json(Answer({"old": (31, 21), "new": (29, 19)}, main, main, refused, (("1", refused),)), ARM)
    assert (found["interaction"]["wald"], found["interaction"]["reason"]["rule"]) == (None, "R2")
    assert (found["levels"][0]["interaction_model"]["hr"], found["overall"]["coef"]) == (None, 0.1)
