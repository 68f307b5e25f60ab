"""Hospitals of unlike sizes, ties, patients at day 0 and late entries equal R's: `many_sites.R`, through study try.

The tiny hospitals lack a stage or an arm, and one has two patients: levels come from the study, not from a site.
"""

import json
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.exhaustive

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Four hospitals"
[sites]
tokyo = { name = "Tokyo" }
busan = { name = "Busan" }
kurume = { name = "Kurume" }
seoul = { name = "Seoul" }
[variables]
arm = { type = "boolean" }
age = { type = "number", range = [0, 120] }
stage = { type = "category", levels = ["I", "II", "III"] }
afp = { type = "number", range = [0, 1e6], transform = "log10p1" }
early = { type = "number", range = [0, 5000], step = 1 }
entry = { type = "number", range = [0, 5000], step = 1 }
days = { type = "number", range = [0, 5000], step = 1 }
dead = { type = "boolean" }
[comparison]
arm = "arm"
reference = "false"
[time]
unit = "day"
grid = { width_days = 1, max_days = 5000 }
[endpoints.early]
days = "early"
event = "dead"
[endpoints.late]
days = "days"
event = "dead"
entry = "entry"
[analyses]
log = { kind = "km", endpoints = ["early", "late"], limits = "log", landmarks = [30, 90, 200] }
log-log = { kind = "km", endpoints = ["early", "late"], limits = "log-log", landmarks = [30, 90, 200] }
plain = { kind = "km", endpoints = ["early", "late"], limits = "plain", landmarks = [30, 90, 200] }
[analyses.efron]
kind = "cox"
endpoints = ["early", "late"]
multivariable = ["arm", "age", "stage", "afp"]
[analyses.breslow]
kind = "cox"
ties = "breslow"
endpoints = ["early", "late"]
multivariable = ["arm", "age", "stage", "afp"]
"""


@pytest.fixture(scope="module")
def r():
    return json.loads(Path(__file__).with_name("many_sites.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(r, desk_at, tmp_path_factory):
    """Returns each result by (analysis, endpoint)."""
    columns = r["data"]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    desk = desk_at(tmp_path_factory.mktemp("many-sites"))
    desk.writes_study(STUDY)
    for site in sorted(set(columns["site"])):
        desk.adds_site(site, [row for row in rows if row["site"] == site])
    return {(result["analysis"], result["endpoint"]): result for result in desk.tries().values()}


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("endpoint", ["early", "late"])
def test_cox_equals_coxph(found, r, endpoint, ties):
    fit, expected = found[ties, endpoint], r["cox"][endpoint][ties]
    terms = {name: [term[name] for term in fit["terms"]] for name in ("coef", "se", "lower", "upper", "p")}
    assert (np.abs(np.subtract(terms["coef"], expected["coef"])) / expected["se"]).max() < 1e-9
    for name, tolerance in (("se", 1e-9), ("lower", 1e-9), ("upper", 1e-9), ("p", 1e-7)):
        np.testing.assert_allclose(terms[name], expected[name], rtol=tolerance)
    size = np.outer(expected["se"], expected["se"])
    assert (np.abs(np.subtract(fit["covariance"], expected["vcov"])) / size).max() < 2e-9
    np.testing.assert_allclose(list(fit["log_likelihood"].values()), expected["loglik"], rtol=1e-9)
    tests = {name: test["chi2"] for name, test in fit["tests"].items()}
    twice = 2 * (expected["loglik"][1] - expected["loglik"][0])
    assert tests == pytest.approx(
        {"score": expected["score"], "wald": expected["wald"], "likelihood_ratio": twice}, rel=1e-8
    )


@pytest.mark.parametrize("kind", ["log", "log-log", "plain"])
@pytest.mark.parametrize("endpoint", ["early", "late"])
@pytest.mark.parametrize("arm", [0, 1])
def test_curves_equal_survfit(found, r, endpoint, kind, arm):
    ours, theirs = found[kind, endpoint]["arms"][arm], r["km"][endpoint][kind][arm]
    for name in ("day", "at_risk", "events", "censored"):
        assert ours["curve"][name] == theirs[name]
    for name in ("survival", "std_error", "lower", "upper"):
        values = np.array(ours["curve"][name], float)
        np.testing.assert_allclose(values, np.array(theirs[name], float), rtol=1e-9, atol=1e-14)
        marks = np.array([mark[name] for mark in ours["landmarks"]], float)
        np.testing.assert_allclose(marks, np.array(theirs["landmarks"][name][1:], float), rtol=1e-9, atol=1e-14)
    quartiles = [[quartile[name] for name in ("estimate", "lower", "upper")] for quartile in ours["quartiles"]]
    assert quartiles == theirs["quartiles"]


@pytest.mark.parametrize("endpoint", ["early", "late"])
@pytest.mark.parametrize(("ours", "theirs"), [("log_rank", "pooled"), ("log_rank_by_site", "by_site")])
def test_log_rank_equals_survdiff(found, r, endpoint, ours, theirs):
    expected = r["log_rank"][endpoint][theirs]
    assert found["log", endpoint][ours]["chi2"] == pytest.approx(expected["chisq"], rel=1e-9)


def test_days_of_entries_are_named_exact_on_the_grid_of_single_days(found):
    assert not found["log", "late"]["grid"]["approximate"]
