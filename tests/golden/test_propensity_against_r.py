"""The propensity score equals `glm`, from the hospitals' own derivatives: with a site effect (`propensity.R`,
`more/oracle_more.R`) and without (`oracle.R`)."""

import json
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from riskset.stats import logistic, newton

HERE = Path(__file__).parent


def answers_of(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Fitted:
    """A model fitted over the hospitals, and R's answers."""

    terms: list
    hospitals: list
    state: newton.Newton
    scale: np.ndarray
    r: dict

    def beta(self):
        return dict(zip(self.terms, np.array(self.state.beta) / self.scale, strict=True))

    def se(self):
        V = newton.covariance(self.state)
        return {name: sqrt(V[j][j]) / self.scale[j] for j, name in enumerate(self.terms)}

    def scores(self):
        return [logistic.scores(own, self.state.beta) for own in self.hospitals]


@pytest.fixture(scope="module")
def data(golden):
    if golden.answers["meta"]["dataset"] not in ("lung", "rottgbsg"):
        pytest.skip("R has no such answer over these rows")
    return golden


def fitted(data, which):
    name, terms = data.answers["meta"]["dataset"], data.answers["meta"]["ps_covs"]
    X, arm = data.X(terms), data.arm == 1
    scale = X.std(axis=0)
    if which == "common":
        terms, X, scale = ["(Intercept)", *terms], np.column_stack([np.ones(len(X)), X]), np.array([1, *scale])
    sites = [data.site_codes == code for code in range(len(data.sites))]
    own = which == "site"
    hospitals = [logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale) for at in sites]
    return Fitted(terms, hospitals, logistic.fit(hospitals), scale, answers_of("propensity.json")[name][which])


@pytest.fixture(scope="module")
def by_site(data):
    return fitted(data, "site")


@pytest.fixture(scope="module")
def common(data):
    return fitted(data, "common")


def agree(model):
    assert model.state.status == "ok"
    assert model.state.evaluations <= 8
    for name in model.terms:
        assert abs(model.beta()[name] - model.r["coef"][name]) < 1e-9 * model.r["se"][name]
        assert model.se()[name] == pytest.approx(model.r["se"][name], rel=1e-9)
    assert -2 * model.state.log_likelihood == pytest.approx(model.r["deviance"], rel=1e-12)


def test_with_a_site_effect(data, by_site):
    agree(by_site)
    r = answers_of(f"more/{data.answers['meta']['dataset']}.json")["ps_site_effect"]
    for name in by_site.terms:
        assert abs(by_site.beta()[name] - r["coef"][name]) < 1e-9 * r["se"][name]
        assert by_site.se()[name] == pytest.approx(r["se"][name], rel=1e-7)  # of the step before R's last
    for site, own in zip(data.sites, by_site.scores(), strict=True):
        assert (own is None) == (site in r["left_out_one_arm"])
        if own is not None:
            assert own.intercept == pytest.approx(r["site_intercepts"][site], rel=1e-12)
    fitted = np.full(len(data.arm), np.nan)
    for code, own in enumerate(by_site.scores()):
        if own is not None:
            fitted[data.site_codes == code] = own.probability
    assert fitted[np.isfinite(fitted)][:10].tolist() == pytest.approx(r["first10"], rel=1e-12)


def test_without_a_site_effect(data, common):
    agree(common)
    r, arm = data.answers["ps"], data.arm
    for name in common.terms:
        assert abs(common.beta()[name] - r["coef"][name]) < 1e-9 * r["se"][name]
    null = logistic.log_likelihood_of_shares(int(arm.sum()), int((1 - arm).sum()))
    assert -2 * null == pytest.approx(r["null_deviance"], rel=1e-12)
    logit = np.concatenate([own.logit for own in common.scores()])
    assert logit.std(ddof=1) == pytest.approx(r["sd_logit"], rel=1e-10)
