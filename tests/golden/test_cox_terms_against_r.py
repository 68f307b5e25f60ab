"""Interactions, splines and a landmark equal R's `coxph`: `cox_terms.R`, over the sites of lung."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.golden.study_text import study_text

STUDY = study_text(
    """\
age     = { type = "number", unit = "year", range = [18, 100] }
logage  = { type = "number", unit = "year", range = [18, 100], transform = "log" }
ecog    = { type = "category", levels = ["0", "1", "2+"] }
ph_ecog = { type = "number", range = [0, 4] }
""",
    """\
interactions = { kind = "cox", endpoint = "os", multivariable = ["trt", "age", "ecog", "trt:age", "trt:ecog"] }
numbers = { kind = "cox", endpoint = "os", multivariable = ["age", "ph_ecog", "age:ph_ecog"] }
log_spline = { kind = "cox", endpoint = "os", univariable = ["logage"], splines = { logage = [50, 60, 70] } }
landmark = { kind = "cox", endpoint = "os", multivariable = ["trt", "age"], landmark = 3 }
[analyses.spline]
kind = "cox"
endpoint = "os"
multivariable = ["trt", "age"]
splines = { age = [50, 60, 65, 75] }
linearity = "likelihood_ratio"
""",
    unit="month",
)


@pytest.fixture(scope="module")
def tried(tries_by_site, lung_rows):
    return {one["analysis"]: one for one in tries_by_site(STUDY, lung_rows, 'logage = "age"')}


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("cox_terms.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("analysis", ["interactions", "numbers", "spline", "log_spline", "landmark"])
def test_the_fit_equals_coxph(tried, answers, analysis):
    found, r = tried[analysis], answers[analysis]
    assert (found["n"], found["events"]) == (r["n"], r["events"])
    se = np.sqrt(np.diag(np.array(r["vcov"], dtype=float)))
    coef = np.array([term["coef"] for term in found["terms"]])
    assert (np.abs(coef - r["coef"]) / se).max() < 1e-9
    np.testing.assert_allclose([term["se"] for term in found["terms"]], se, rtol=1e-9)
    np.testing.assert_allclose([found["log_likelihood"][k] for k in ("null", "fitted")], r["loglik"], rtol=1e-9)


def test_who_left_before_the_landmark_is_counted(tried):
    everyone, found = tried["spline"], tried["landmark"]
    assert found["landmark_days"] == 91
    assert {"reason": "before landmark", "n": everyone["n"] - found["n"]} in found["excluded"]


def test_terms_are_named(tried):
    assert [(term["variable"], term["level"]) for term in tried["interactions"]["terms"]][3:] == [
        ("ecog", "2+"),
        ("trt:age", "true"),
        ("trt:ecog", "true:1"),
        ("trt:ecog", "true:2+"),
    ]
    assert [term["variable"] for term in tried["spline"]["terms"]] == ["trt", "age", "age'", "age''"]
    assert tried["spline"]["covariates"] == ["trt", "age"]


def test_the_test_of_linearity_and_the_curve_equal_r(tried, answers):
    (found,), r = tried["spline"]["splines"], answers["spline"]
    assert (found["variable"], found["knots"], found["reference"]) == ("age", [50, 60, 65, 75], 60)
    assert found["linearity"]["df"] == r["linearity"]["df"]
    assert found["linearity"]["chi2"] == pytest.approx(r["linearity"]["chi2"], rel=1e-8)
    assert found["linearity"]["p"] == pytest.approx(r["linearity"]["p"], rel=1e-7)
    points = [found["curve"][i] for i in (0, 10, 40)]
    for key, of_r in (("at", "at"), ("coef", "coef"), ("se", "se")):
        np.testing.assert_allclose([point[key] for point in points], r["curve"][of_r], rtol=1e-8)


def test_the_likelihood_ratio_test_of_linearity_equals_r(tried, answers):
    found, r = tried["spline"]["splines"][0]["likelihood_ratio"], answers["spline"]["likelihood_ratio"]
    assert found["df"] == r["df"]
    assert found["chi2"] == pytest.approx(r["chi2"], abs=1e-6)
    assert found["p"] == pytest.approx(r["p"], rel=1e-6)


def test_the_basis_spans_what_natural_splines_span(tried, answers):
    likelihoods = [tried["spline"]["log_likelihood"][k] for k in ("null", "fitted")]
    np.testing.assert_allclose(likelihoods, answers["spline"]["loglik_ns"], rtol=1e-9)
