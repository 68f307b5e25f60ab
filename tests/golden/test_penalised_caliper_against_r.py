"""The standard deviation of penalised scores, by which a caliper on the probability is measured, and the pairs within
it (`penalised_caliper.R`). These scores do not add up to the patients of the arm: taken so, two of three variances are
negative.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.design import Column
from riskset.analyses.methods.propensity_sums import ScoreSums
from riskset.stats import logistic, logistic_firth
from riskset.stats.matching import NOBODY, nearest

R = json.loads(Path(__file__).with_name("penalised_caliper.json").read_text(encoding="utf-8"))
SUMS = ScoreSums(Column("arm", "new", "old"), (), is_penalised=True)


@pytest.mark.parametrize("which", ["common", "site"])
@pytest.mark.parametrize("case", range(3))
def test_spread_of_the_scores_and_pairs(case, which):
    data, r = {name: np.array(of) for name, of in R[case]["data"].items()}, R[case][which]
    arm, own, age = data["arm"] == 1, which == "site", data["age"]
    X = np.column_stack([age] if own else [np.ones(len(age)), age])
    sites = [np.flatnonzero(data["site"] == s) for s in (1, 2, 3)]
    scale = np.array([age.std()] if own else [1.0, age.std()])
    hospitals = [logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale) for at in sites]
    state = logistic_firth.fit(hospitals)
    last = logistic_firth.known(state)
    fitted = [logistic_firth.scores(of, state.newton.beta, last) for of in hospitals]
    found = SUMS.read(sum(SUMS.local(of, scores) for of, scores in zip(hospitals, fitted, strict=True)).tolist())
    assert found["sd_probability"] == pytest.approx(r["sd"], rel=1e-7)
    pairs = {}
    for at, scores in zip(sites, fitted, strict=True):
        ids, caliper = data["id"][at], 0.2 * found["sd_probability"]
        matched = nearest(scores.probability, arm[at], ids, ratio=1, caliper=caliper)
        pairs |= {ids[i]: ids[j] for i, (j,) in zip(matched.treated, matched.controls, strict=True) if j != NOBODY}
    assert pairs == dict(zip(r["treated"], r["controls"], strict=True))


def test_sums_that_no_scores_have_are_not_taken_for_a_spread_of_0():
    """60 patients whose scores add up to 50 have squares of at least 50^2/60."""
    of_r = R[0]["common"]
    squares = of_r["by_treated"] * 59 + 50**2 / 60
    totals = [60, 50, 100, 400, squares, of_r["sum"], 0, 0, 0]
    assert SUMS.read(totals)["sd_probability"] == pytest.approx(of_r["sd"])
    assert SUMS.read([*totals[:4], 41, 50, 0, 0, 0]) is None
    assert SUMS.read([60, 50, 200, 400, *totals[4:]]) is None
