"""The propensity score equals `glm`, from the hospitals' own derivatives: with a site effect (`propensity.R`,
`more/oracle_more.R`) and without (`oracle.R`). So do what is computed from it: weights, balance, pairs within sites."""

import json
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from riskset.stats import auc, logistic, newton, preference
from riskset.stats.balance import balance, sums
from riskset.stats.balancing_weights import kept, weights
from riskset.stats.two_means import CONTROL, POOLED, TREATED

HERE = Path(__file__).parent
pytestmark = pytest.mark.parametrize("golden", ["lung", "rottgbsg"], indirect=True)


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


def fitted(golden, which):
    name, terms = golden.answers["meta"]["dataset"], golden.answers["meta"]["ps_covs"]
    X, arm = golden.X(terms), golden.arm == 1
    scale = X.std(axis=0)
    if which == "common":
        terms, X, scale = ["(Intercept)", *terms], np.column_stack([np.ones(len(X)), X]), np.array([1, *scale])
    sites = [golden.site_codes == code for code in range(len(golden.sites))]
    own = which == "site"
    hospitals = [logistic.rows(X[at], arm[at], has_own_intercept=own, scale=scale) for at in sites]
    return Fitted(terms, hospitals, logistic.fit(hospitals), scale, answers_of("propensity.json")[name][which])


@pytest.fixture(scope="module")
def by_site(golden):
    return fitted(golden, "site")


@pytest.fixture(scope="module")
def common(golden):
    return fitted(golden, "common")


def agree(model):
    assert model.state.status == "ok"
    assert model.state.evaluations <= 8
    for name in model.terms:
        assert abs(model.beta()[name] - model.r["coef"][name]) < 1e-9 * model.r["se"][name]
        assert model.se()[name] == pytest.approx(model.r["se"][name], rel=1e-9)
    assert -2 * model.state.log_likelihood == pytest.approx(model.r["deviance"], rel=1e-12)


def test_with_a_site_effect(golden, by_site):
    agree(by_site)
    r = answers_of(f"more/{golden.answers['meta']['dataset']}.json")["ps_site_effect"]
    for name in by_site.terms:
        assert abs(by_site.beta()[name] - r["coef"][name]) < 1e-9 * r["se"][name]
        assert by_site.se()[name] == pytest.approx(r["se"][name], rel=1e-7)  # of the step before R's last
    for site, own in zip(golden.sites, by_site.scores(), strict=True):
        assert (own is None) == (site in r["left_out_one_arm"])
        if own is not None:
            assert own.intercept == pytest.approx(r["site_intercepts"][site], rel=1e-12)
    fitted = np.full(len(golden.arm), np.nan)
    for code, own in enumerate(by_site.scores()):
        if own is not None:
            fitted[golden.site_codes == code] = own.probability
    assert fitted[np.isfinite(fitted)][:10].tolist() == pytest.approx(r["first10"], rel=1e-12)


def test_without_a_site_effect(golden, common):
    agree(common)
    r, arm = golden.answers["ps"], golden.arm
    for name in common.terms:
        assert abs(common.beta()[name] - r["coef"][name]) < 1e-9 * r["se"][name]
    null = logistic.log_likelihood_of_shares(int(arm.sum()), int((1 - arm).sum()))
    assert -2 * null == pytest.approx(r["null_deviance"], rel=1e-12)
    logit = np.concatenate([own.logit for own in common.scores()])
    assert logit.std(ddof=1) == pytest.approx(r["sd_logit"], rel=1e-10)


@pytest.mark.parametrize("which", ["site", "common"])
def test_pairs_within_sites(golden, request, which):
    model = request.getfixturevalue("by_site" if which == "site" else "common")
    found = auc.Pairs(0, 0, 0)
    for own, scores in zip(model.hospitals, model.scores(), strict=True):
        if scores is not None:
            found += auc.pairs(scores.logit, own.arm)
    r = model.r["pairs"]
    assert (found.concordant, found.tied) == (r["concordant"], r["tied.x"])
    assert found.compared == r["concordant"] + r["discordant"] + r["tied.x"]
    assert found.auc == pytest.approx((r["concordant"] + r["tied.x"] / 2) / found.compared, rel=1e-15)


def adjusted(golden, model, at, estimand):
    """Returns the weights of R's name for them, and the sums before and after, over the patients `at`."""
    terms, arm = golden.answers["meta"]["ps_covs"], golden.arm[at] == 1
    X = golden.X(terms)[at]
    X = X - X.mean(axis=0)
    logit = np.empty(len(golden.arm))
    for code, own in enumerate(model.scores()):
        logit[golden.site_codes == code] = np.nan if own is None else own.logit
    logit = logit[at]
    estimand = {"matching_w": "matching"}.get(estimand, estimand)
    w = np.ones(len(arm)) if estimand == "unweighted" else weights(estimand, arm, logit, float(arm.mean()))
    return logit, arm, w, sums(X, arm), sums(X, arm, w)


def agree_on_sums(w, after, total, size, largest):
    treated, others = after
    assert [others.weight, treated.weight] == pytest.approx(total, rel=1e-12)
    assert [others.effective_size, treated.effective_size] == pytest.approx(size, rel=1e-12)
    assert w.max() == pytest.approx(largest, rel=1e-12)


@pytest.mark.parametrize("estimand", ["unweighted", "ate", "ate_stab", "att", "overlap", "matching"])
def test_weights_and_balance_with_a_site_effect(golden, by_site, estimand):
    r = answers_of(f"more/{golden.answers['meta']['dataset']}.json")["ps_site_effect"]["weights"][estimand]
    both_arms = ~np.isin(golden.site_codes, [c for c, own in enumerate(by_site.scores()) if own is None])
    _, _, w, before, after = adjusted(golden, by_site, both_arms, estimand)
    agree_on_sums(w, after, r["sum"], r["ess"], r["max"])
    for name, found in zip(by_site.terms, balance(before, after), strict=True):
        for ours, theirs in ((POOLED, "pooled"), (TREATED, "treated"), (CONTROL, "control")):
            assert found.differences[ours] == pytest.approx(r["smd"][name][theirs], rel=1e-9, abs=1e-12)
        assert found.variance_ratio == pytest.approx(r["smd"][name]["variance_ratio"], rel=1e-9)


@pytest.mark.parametrize("estimand", ["ate", "ate_stab", "att", "overlap", "matching_w"])
def test_weights_and_balance_without_a_site_effect(golden, common, estimand):
    r = golden.answers["iptw"][estimand]
    _, _, w, before, after = adjusted(golden, common, np.full(len(golden.arm), True), estimand)
    agree_on_sums(w, after, r["sum_w"], r["ess"], r["max_w"])
    for name, found in zip(common.terms[1:], balance(before, after), strict=True):
        assert found.differences[POOLED] == pytest.approx(r["smd"][name], rel=1e-9, abs=1e-12)


def test_trimming_and_equipoise(golden, by_site):
    r = answers_of(f"more/{golden.answers['meta']['dataset']}.json")["ps_site_effect"]
    both_arms = ~np.isin(golden.site_codes, [c for c, own in enumerate(by_site.scores()) if own is None])
    logit, arm, *_ = adjusted(golden, by_site, both_arms, "unweighted")
    assert kept(1 / (1 + np.exp(-logit)), 0.1, 0.9).sum() == r["trimmed_01_09"]["kept"]
    bins = preference.by_bin(preference.preference(logit, int(arm.sum()), int((~arm).sum())), arm)
    assert bins.sum(axis=1).tolist() == [(~arm).sum(), arm.sum()]
    assert preference.equipoise(bins) == pytest.approx([r["equipoise_03_07"][k] for k in ("t0", "t1")], rel=1e-12)
