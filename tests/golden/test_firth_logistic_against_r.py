"""Firth's penalised logistic model equals the root of the modified score over all columns, those of the sites too
(`firth_logistic.R`), also where a column separates the arms; without a site effect, `more/oracle_more.R` too.

Steps end at a decrement of 1e-13 that stays: coefficients are 1e-9 standard errors from R's, errors of the last step
but one 1e-8.
"""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from riskset.stats import logistic, logistic_firth, newton

HERE = Path(__file__).parent
R = json.loads((HERE / "firth_logistic.json").read_text(encoding="utf-8"))


def hospitals_of(golden, case, which):
    terms, X, arm = golden.answers["meta"]["ps_covs"], golden.X(golden.answers["meta"]["ps_covs"]), golden.arm == 1
    if case == "separated":
        terms, X = [*terms, "only"], np.column_stack([X, R["separated"]["column"]])
    scale = X.std(axis=0)
    if which == "common":
        terms, X, scale = ["(Intercept)", *terms], np.column_stack([np.ones(len(X)), X]), np.array([1, *scale])
    sites = [golden.site_codes == code for code in range(len(golden.sites))]
    own = which == "site"
    return terms, scale, [logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale) for at in sites]


@pytest.mark.parametrize("which", ["site", "common"])
@pytest.mark.parametrize(
    ("golden", "case"), [("lung", "lung"), ("rottgbsg", "rottgbsg"), ("lung", "separated")], indirect=["golden"]
)
def test_coefficients_errors_and_scores(golden, case, which):
    terms, scale, hospitals = hospitals_of(golden, case, which)
    r = R[case][which]
    state = logistic_firth.fit(hospitals)
    end, V = state.newton, newton.covariance(state.newton)
    assert (end.status, logistic.fit(hospitals).status) == ("ok", "separated" if case == "separated" else "ok")
    assert end.evaluations <= 12  # as many as R5 lets a model have
    for j, name in enumerate(terms):
        assert abs(end.beta[j] / scale[j] - r["coef"][name]) < 1e-9 * r["se"][name]
        assert sqrt(V[j][j]) / scale[j] == pytest.approx(r["se"][name], rel=1e-8)
    assert end.log_likelihood + np.log(scale).sum() == pytest.approx(r["penalised"], rel=1e-9)
    if which == "site":
        last = logistic_firth.known(state)
        for site, own in zip(golden.sites, hospitals, strict=True):
            found = logistic_firth.scores(own, end.beta, last)
            assert (found is None) == (site not in r["coef"])
            if found is not None:
                assert found.intercept == pytest.approx(r["coef"][site], abs=2e-9 * r["se"][site])


@pytest.mark.parametrize("golden", ["lung", "rottgbsg"], indirect=True)
def test_the_oracle_without_a_site_effect(golden):
    name = golden.answers["meta"]["dataset"]
    r = json.loads((HERE / f"more/{name}.json").read_text(encoding="utf-8"))["firth_logistic"]
    terms, scale, hospitals = hospitals_of(golden, name, "common")
    beta = logistic_firth.fit(hospitals).newton.beta
    for j, name in enumerate(terms):
        assert abs(beta[j] / scale[j] - r["coef"][name]) < 1e-9 * r["se"][name]
