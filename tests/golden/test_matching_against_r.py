"""Matched sets equal those of `MatchIt` (`matching.R`), patient by patient: of made-up scores, and of the propensity
scores of lung and rottgbsg, where equal scores go by the key. The pairs of `oracle.R` are not compared: the script says
why."""

import json
from pathlib import Path

import numpy as np
import pytest

from riskset.stats import logistic
from riskset.stats.balance import balance, sums
from riskset.stats.matching import NOBODY, RESOLUTION, nearest
from riskset.stats.two_means import POOLED

R = json.loads(Path(__file__).with_name("matching.json").read_text(encoding="utf-8"))


def sets_by_id(ids, at, matched):
    return {
        ids[at[i]]: [None if j == NOBODY else ids[at[j]] for j in row]
        for i, row in zip(matched.treated, matched.controls, strict=True)
    }


def of_r(answer):
    return dict(zip(answer["treated"], answer["controls"], strict=True))


@pytest.mark.parametrize("case", range(3))
@pytest.mark.parametrize("answer", range(6))
def test_made_up_scores(case, answer):
    data, answer = R["made_up"][case]["data"], R["made_up"][case]["matched"][answer]
    ids, site, score, arm = (np.array(data[name]) for name in ("id", "site", "score", "arm"))
    sites = [np.flatnonzero(site == s) for s in range(1, 6)]  # a site that a case does not have is empty
    options = {"ratio": answer["ratio"], "caliper": answer["caliper"]}
    found = [nearest(score[at], arm[at] == 1, ids[at], **options) for at in sites]
    sets = {}
    for at, own in zip(sites, found, strict=True):
        sets |= sets_by_id(ids, at, own)
    assert sets == of_r(answer)
    controls_per_treated = sum(own.controls_found for own in found) / len(sets)
    weights = np.zeros(len(ids))
    for at, own in zip(sites, found, strict=True):
        weights[at] = own.weights(controls_per_treated)
    assert weights == pytest.approx(np.array(answer["weights"]), rel=1e-12)


@pytest.mark.parametrize("golden", ["lung", "rottgbsg"], indirect=True)
@pytest.mark.parametrize("answer", [0, 1], ids=["1:1", "2:1"])
def test_propensity_scores_within_sites(golden, answer):
    name = golden.answers["meta"]["dataset"]
    terms, arm = golden.answers["meta"]["ps_covs"], golden.arm == 1
    X, r, ids = golden.X(terms), R[name], np.arange(len(arm)) + 1
    sites = [np.flatnonzero(golden.site_codes == code) for code in range(len(golden.sites))]
    hospitals = [logistic.rows(X[at], arm[at], has_own_intercept=True, scale=X.std(axis=0)) for at in sites]
    beta = logistic.fit(hospitals).beta
    fitted = [logistic.scores(own, beta) for own in hospitals]
    logit = np.concatenate([own.logit for own in fitted if own is not None])
    caliper = 0.2 * logit.std(ddof=1)
    assert caliper == pytest.approx(r["caliper"], rel=1e-10)
    sets, weights = {}, np.zeros(len(arm))
    options = {"ratio": r["matched"][answer]["ratio"], "caliper": r["caliper"]}
    for at, own in zip(sites, fitted, strict=True):
        if own is not None:
            order = np.lexsort((at, -np.rint(own.logit / RESOLUTION)))
            key = np.argsort(order)  # R takes the first by descending score and row
            matched = nearest(own.logit, arm[at], key, **options)
            sets |= sets_by_id(ids, at, matched)
            weights[at] = matched.weights()
    assert sets == of_r(r["matched"][answer])
    both_arms = np.concatenate([at for at, own in zip(sites, fitted, strict=True) if own is not None])
    X, arm = X - X.mean(axis=0), arm[both_arms]
    found = balance(sums(X[both_arms], arm), sums(X[both_arms], arm, weights[both_arms]))
    smd = [r["matched"][answer]["smd"][name] for name in terms]
    assert [column.differences[POOLED] for column in found] == pytest.approx(smd, rel=1e-9)
