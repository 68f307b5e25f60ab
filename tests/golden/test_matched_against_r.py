"""Matched patients of lung and rottgbsg, and the Cox models of them, equal those of R (`matched.R`), pair by pair.
The age has decimals for the row's number, so that no two scores are equal."""

import csv
import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from riskset.stats import cox, logistic, newton
from riskset.stats.balance import balance, sums
from riskset.stats.matching import NOBODY, nearest
from riskset.stats.two_means import POOLED

R = json.loads(Path(__file__).with_name("matched.json").read_text(encoding="utf-8"))
pytestmark = [
    pytest.mark.parametrize("golden", ["lung", "rottgbsg"], indirect=True),
    pytest.mark.parametrize("which", ["site", "common"]),
    pytest.mark.parametrize("ratio", [1, 2]),
]


def rows_in_file(golden, csv_of):
    """Returns the numbers, from 1, of the complete rows in the file."""
    meta = golden.answers["meta"]
    with csv_of(meta["dataset"]).open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    needed = [name for name in ("time", "event", "trt", "site", *meta["covs"]) if name in texts[0]]
    return np.array([i + 1 for i, text in enumerate(texts) if all(text[name] for name in needed)])


def matched(golden, row, which, ratio):
    """Returns the caliper, and each hospital's rows and matched sets; of those whose patients have scores."""
    X, arm = golden.X(golden.answers["meta"]["ps_covs"]), golden.arm == 1
    X[:, 0] += row / 1000
    scale, own = X.std(axis=0), which == "site"
    columns = X if own else np.column_stack([np.ones(len(X)), X])
    sites = [np.flatnonzero(golden.site_codes == code) for code in range(len(golden.sites))]
    unit = scale if own else np.array([1, *scale])
    hospitals = [logistic.rows(columns[at], arm[at], has_own_intercept=own, scale=unit) for at in sites]
    beta = logistic.fit(hospitals).beta
    scored = [(at, logistic.scores(rows, beta)) for at, rows in zip(sites, hospitals, strict=True)]
    scored = [(at, scores.logit) for at, scores in scored if scores is not None]
    caliper = 0.2 * np.concatenate([logit for _, logit in scored]).std(ddof=1)
    return X, caliper, [(at, nearest(logit, arm[at], row[at], ratio=ratio, caliper=caliper)) for at, logit in scored]


def test_sets_balance_and_models(golden, csv_of, which, ratio):
    row, arm = rows_in_file(golden, csv_of), golden.arm == 1
    of_score = R[golden.answers["meta"]["dataset"]][which]
    r = of_score["matched"][ratio - 1]
    X, caliper, found = matched(golden, row, which, ratio)
    scored = np.concatenate([at for at, _ in found])
    assert (len(scored), caliper) == (of_score["n"], pytest.approx(of_score["caliper"], rel=1e-10))
    treated, controls = sum(len(m.treated) for _, m in found), sum(m.controls_found for _, m in found)
    assert (treated, controls) == (r["n_treated"], r["n_control"])
    if "treated" in r:
        sets = {
            row[at[i]]: [None if j == NOBODY else row[at[j]] for j in own]
            for at, m in found
            for i, own in zip(m.treated, m.controls, strict=True)
        }
        assert sets == dict(zip(r["treated"], r["controls"], strict=True))
    weights, set_of = np.zeros(len(arm)), np.full(len(arm), NOBODY)
    for code, (at, m) in enumerate(found):
        weights[at] = m.weights(controls / treated)
        set_of[at] = np.where(m.set_of == NOBODY, NOBODY, code * len(arm) + m.set_of)
    centred = X - X.mean(axis=0)
    columns = balance(sums(centred[scored], arm[scored]), sums(centred[scored], arm[scored], weights[scored]))
    assert [c.differences[POOLED] for c in columns] == pytest.approx(list(r["smd"].values()), rel=1e-9)
    chosen, none = set_of != NOBODY, np.zeros(len(arm), np.int64)
    for strata, name in ((golden.site_codes, "strata_site"), (set_of, "strata_set"), (none, "unstratified")):
        model = cox.fit(
            [
                cox.risk_sets(
                    golden.X(["trt"])[chosen],
                    golden.days[chosen],
                    golden.event[chosen],
                    weights=weights[chosen],
                    strata=strata[chosen],
                )
            ]
        )
        se = sqrt(newton.covariance(model)[0][0])
        assert abs(model.beta[0] - r[name]["coef"]) < 1e-9 * se
        assert se == pytest.approx(r[name]["se"], rel=1e-9)
