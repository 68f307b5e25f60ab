"""Limits by the profile likelihood equal those that R finds with the column as an offset: `more/oracle_more.R`. A study
that asks for them is in `test_firth_against_r.py`."""

import json
from functools import reduce
from operator import add
from pathlib import Path

import pytest

from riskset.stats import likelihood_limits, newton
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.profile_limit import at

HERE = Path(__file__).parent


def answer_of(name):
    return json.loads((HERE / f"more/{name}.json").read_text(encoding="utf-8"))["profile_trt"]


def test_the_arm_of_each_data_set(golden, request):
    name = request.node.callspec.params["golden"]
    if name == "rhdnase":
        pytest.skip("R has no such answer over rhdnase")
    r, X = answer_of(name), golden.X(golden.covariates)
    sites = [golden.site_codes == code for code in range(len(golden.sites))]
    hospitals = [risk_sets(X[own], golden.days[own], golden.event[own], scale=X.std(axis=0)) for own in sites]

    def totals(beta):
        found = reduce(add, (evaluate(rows, beta) for rows in hospitals))
        return at(beta, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist()), found

    state = newton.start(X.shape[1])
    while state.status == "going":
        here, found = totals(state.beta)
        state = newton.advance(state, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist())
    for direction, limit in ((-1.0, r["lower"]), (1.0, r["upper"])):
        search = likelihood_limits.start(here, 0, state.estimable, direction)
        while search.status == "searching":
            search = likelihood_limits.advance(search, totals(search.beta)[0])
        assert search.beta[0] / X[:, 0].std() == pytest.approx(limit, abs=1e-9)
        assert search.evaluations <= 3
