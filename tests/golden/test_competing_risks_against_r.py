"""Competing risks equal R's `survfit`, `cmprsk::cuminc` and `finegray`: `competing/competing.R`.

A study of the four sites is rehearsed in memory. Other limits, ties and strata are checked on the arithmetic.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.stats.competing_risks import aalen_johansen, count_causes, gray
from riskset.stats.cox import fit, risk_sets
from riskset.stats.kaplan_meier import limits_of
from riskset.stats.log_rank import log_rank
from riskset.stats.newton import covariance
from riskset.stats.subdistribution import weighted_rows
from riskset.study.load import parse_study

HERE = Path(__file__).parent / "competing"
LIMITS = ("log", "log-log", "plain")

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Rotterdam"
[sites]
A = { name = "A" }
B = { name = "B" }
C = { name = "C" }
D = { name = "D" }
[variables]
arm = { type = "boolean" }
meno = { type = "boolean" }
age = { type = "number", range = [18, 100] }
days = { type = "number", range = [0, 2000], step = 1 }
relapse = { type = "boolean" }
death = { type = "boolean" }
[comparison]
arm = "arm"
reference = "false"
[time]
unit = "day"
grid = { width_days = 1, max_days = 212 }
[endpoints.ttr]
days = "days"
event = "relapse"
competing = ["death"]
[analyses]
cif = { kind = "cumulative-incidence", endpoint = "ttr", landmarks = TIMES, limits = "log", fine_gray = FULL }
cox = { kind = "cox", endpoint = "ttr", multivariable = FULL }
"""


@pytest.fixture(scope="module")
def r():
    return json.loads((HERE / "competing.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def columns():
    with (HERE / "rotterdam.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = {name: np.array([int(row[name]) for row in rows]) for name in rows[0] if name != "site"}
    site = np.unique([row["site"] for row in rows], return_inverse=True)[1]
    return numbers | {"site": site, "cause": np.where(numbers["relapse"] == 1, 1, 2 * numbers["death"])}


@pytest.fixture(scope="module")
def tried(columns, r):
    study = parse_study(STUDY.replace("TIMES", str(r["times"])).replace("FULL", '["arm", "age", "meno"]'))
    outcome = Rehearsal(study, {site: cohort(columns, k) for k, site in enumerate("ABCD")}, is_gated=False).run()
    found = [entry_json(entry) for entry in results_of(study, outcome, "ABCD").entries]
    return {(x["analysis"], x.get("model")): x for x in found}


def cohort(columns, site):
    own = {name: values[columns["site"] == site] for name, values in columns.items()}
    variables = {name: own[name].astype(float) for name in ("arm", "age", "meno")}
    rows = AnalysisSet(own["days"], own["cause"] == 1, own.get("entry"), variables, cause=own["cause"])
    return Cohort("ABCD"[site], {"ttr": rows})


def test_incidence_equals_survfit(tried, r):
    found = tried["cif", None]
    assert (found["status"], found["causes"], found["limits"]) == ("ok", ["relapse", "death"], "log")
    for arms, key in (([found["overall"]], "overall"), (found["arms"], "by_arm")):
        of_r = r["aalen_johansen"]["log"][key]
        marks = [list(zip(*(cause["landmarks"] for cause in arm["causes"]), strict=True)) for arm in arms]
        both = [pair for of_arm in marks for pair in of_arm]
        assert [pair[0]["day"] for pair in both] == of_r["time"]
        for name in ("estimate", "std_error", "lower", "upper"):
            own = np.array([[mark[name] for mark in pair] for pair in both], float)
            np.testing.assert_allclose(own, np.array(of_r[name], float), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", LIMITS)
def test_limits_equal_those_of_survfit(columns, r, kind):
    last = int(columns["days"].max()) + 1
    (counts,) = count_causes(columns["cause"], np.zeros_like(columns["site"]), 1, 2, columns["days"], last)
    found = aalen_johansen(counts[:2], counts[2], np.arange(last))
    at = np.searchsorted(found.day, r["times"], side="right") - 1
    limits = limits_of(found.estimate[:, at], found.std_error[:, at], kind)
    for own, name in zip(limits, ("lower", "upper"), strict=True):
        of_r = np.array(r["aalen_johansen"][kind]["overall"][name], float)
        np.testing.assert_allclose(own.T, of_r, rtol=1e-9, atol=1e-12)


def test_grays_test_equals_cuminc(tried, r):
    found = tried["cif", None]["gray"]
    assert [test["cause"] for test in found] == ["relapse", "death"]
    for test, (chi2, p, df) in zip(found, r["gray"], strict=True):
        assert test["chi2"] == pytest.approx(chi2, rel=1e-9)
        assert test["p"] == pytest.approx(p, rel=1e-7)
        assert test["df"] == df


def test_grays_test_of_four_groups_equals_cuminc(columns, r):
    last = int(columns["days"].max()) + 1
    counts = count_causes(columns["cause"], columns["site"], 4, 2, columns["days"], last)
    tests = [gray(counts[:, 0], counts[:, 1], counts[:, 2]), gray(counts[:, 1], counts[:, 0], counts[:, 2])]
    assert [test.df for test in tests] == [df for _, _, df in r["gray_sites"]]
    assert [test.chi2 for test in tests] == pytest.approx([chi2 for chi2, _, _ in r["gray_sites"]], rel=1e-9)


def test_fine_gray_by_site_equals_finegray_with_strata(tried, r):
    found = tried["cif", "fine-gray"]
    assert_equal(found, r["finegray_strata_site"]["efron"])
    assert (found["cause"], found["censoring"], found["ties"]) == ("relapse", "site", "efron")
    assert (found["n"], found["events"]) == (597, 303)


def test_fine_gray_with_breslows_ties(columns, r):
    of_r, scale = r["finegray_strata_site"]["breslow"], np.array([0.5, 12.0, 0.5])
    X = np.column_stack([columns[name] for name in of_r["coef"]])
    hospitals = []
    for site in range(4):
        own = columns["site"] == site
        parts = weighted_rows(columns["days"][own], columns["cause"][own])
        weighted = {"entry_days": parts.entry_days, "weights": parts.weights, "scale": scale}
        hospitals.append(risk_sets(X[own][parts.row], parts.days, parts.event, **weighted))
    found = fit(hospitals, "breslow")
    se = np.array(list(of_r["se"].values()))
    assert (np.abs(np.array(found.beta) / scale - list(of_r["coef"].values())) < 1e-9 * se).all()
    np.testing.assert_allclose(np.sqrt(np.diag(np.array(covariance(found)))) / scale, se, rtol=1e-9)
    np.testing.assert_allclose([found.null_log_likelihood, found.log_likelihood], of_r["loglik"], rtol=1e-9)


def test_a_cox_model_is_cause_specific(tried, r):
    assert_equal(tried["cox", "multivariable"], r["cause_specific_strata_site"])


def assert_equal(found, r):
    assert [term["variable"] for term in found["terms"]] == list(r["coef"])
    for term in found["terms"]:
        se = r["se"][term["variable"]]
        assert abs(term["coef"] - r["coef"][term["variable"]]) < 1e-9 * se
        assert term["se"] == pytest.approx(se, rel=1e-9)
    log_likelihood = [found["log_likelihood"][key] for key in ("null", "fitted")]
    np.testing.assert_allclose(log_likelihood, r["loglik"], rtol=1e-9)


@pytest.mark.parametrize("rho", [0, 1])
def test_log_rank_by_site_and_strata_equals_survdiff(columns, r, rho):
    event, strata = columns["cause"] == 1, 2 * columns["site"] + columns["meno"]
    found = log_rank(columns["days"], event, columns["arm"], 2, strata=strata, rho=float(rho))
    of_r = r["logrank_strata_site_meno"][f"rho{rho}"]
    np.testing.assert_allclose(found.observed, of_r["obs"], rtol=1e-9)
    np.testing.assert_allclose(found.expected, of_r["exp"], rtol=1e-9)
    np.testing.assert_allclose(found.variance, of_r["var"], rtol=1e-9)
    assert found.test().chi2 == pytest.approx(of_r["chisq"], rel=1e-9)


def test_incidence_with_late_entry_equals_r(columns):
    """The estimate is that of `survfit`; the error is Greenwood's: a jackknife needs who enters when and leaves how."""
    r = json.loads((HERE / "late_entry.json").read_text(encoding="utf-8"))
    entry = np.minimum((np.arange(len(columns["days"])) + 1) % 5, columns["days"] - 1)
    seen = columns["days"] > 0
    late = {name: values[seen] for name, values in (columns | {"entry": entry}).items()}
    text = STUDY.replace('competing = ["death"]', 'competing = ["death"]\nentry = "entry"').replace(
        "[comparison]", 'entry = { type = "number", range = [0, 10], step = 1 }\n[comparison]'
    )
    study = parse_study(
        text.replace("TIMES", str(r["times"])).replace(", fine_gray = FULL", "").replace("FULL", '["arm"]')
    )
    outcome = Rehearsal(study, {site: cohort(late, k) for k, site in enumerate("ABCD")}, is_gated=False).run()
    (found,) = (
        one for entry in results_of(study, outcome, "ABCD").entries if (one := entry_json(entry))["analysis"] == "cif"
    )
    for arm, of_r in zip((found["overall"], *found["arms"]), (r["overall"], *r["arms"]), strict=True):
        assert arm["n"] == of_r["n"]
        marks = list(zip(*(cause["landmarks"] for cause in arm["causes"]), strict=True))
        assert [pair[0]["at_risk"] for pair in marks] == of_r["at_risk"]
        for key in ("estimate", "std_error"):
            np.testing.assert_allclose([[mark[key] for mark in pair] for pair in marks], of_r[key], rtol=1e-9)
    assert [test["reason"]["code"] for test in found["gray"]] == ["late entry"] * 2


@pytest.mark.skipif("RISKSET_PBC3_CSV" not in os.environ, reason="pbc3 is not shipped: see README.md")
def test_pbc3():
    """Transplantation (1) against death (2): `survfit` with `id`, and `cuminc`, on the complete cases."""
    r = json.loads((HERE / "pbc3.json").read_text(encoding="utf-8"))
    with Path(os.environ["RISKSET_PBC3_CSV"]).open(encoding="utf-8", newline="") as file:
        texts = [row for row in csv.DictReader(file) if all(row[name] for name in r["complete_in"])]
    days, arm = (np.array([int(float(row[name])) for row in texts]) for name in ("time", "trt"))
    cause = np.array([int(float(row["cause"])) if row["event"] == "1" else 0 for row in texts])
    assert np.bincount(cause).tolist() == r["counts"]
    steps = np.arange(int(days.max()) + 1)
    counts = count_causes(cause, arm, 2, 2, days, len(steps))
    found = [aalen_johansen(part[:2], part[2], steps) for part in counts]
    at = [(of, int(np.searchsorted(of.day, t, side="right")) - 1) for of in found for t in r["aj"]["time"][:5]]
    for k, name in enumerate(("recurrence", "death")):
        np.testing.assert_allclose([of.estimate[k, i] for of, i in at], r["aj"][name], rtol=1e-9)
        np.testing.assert_allclose([of.std_error[k, i] for of, i in at], r["aj"][f"se_{name}"], rtol=1e-9)
    tests = [gray(counts[:, k], counts[:, 1 - k], counts[:, 2]) for k in (0, 1)]
    assert [test.chi2 for test in tests] == pytest.approx([row[0] for row in r["gray"]["tests"]], rel=1e-9)
