"""Strata within hospitals, and a category as a whole, equal R's `coxph`: `further_strata.R`, over the sites of lung."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from riskset import datasets

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "lung"
[sites]
{sites}
[variables]
trt   = {{ type = "boolean" }}
time  = {{ type = "number", unit = "day", range = [0, 10000], step = 1 }}
event = {{ type = "boolean" }}
age   = {{ type = "number", unit = "year", range = [18, 100] }}
ecog  = {{ type = "category", levels = ["0", "1", "2+"] }}
[comparison]
arm = "trt"
reference = "false"
[time]
unit = "day"
grid = {{ width_days = 1, max_days = 2000 }}
[endpoints.os]
days = "time"
event = "event"
[analyses]
strata = {{ kind = "cox", endpoint = "os", univariable = ["trt"], multivariable = ["trt", "age"], strata = ["ecog"] }}
breslow = {{ kind = "cox", endpoint = "os", ties = "breslow", multivariable = ["trt", "age"], strata = ["ecog"] }}
whole = {{ kind = "cox", endpoint = "os", multivariable = ["trt", "age", "ecog"], e_value = true }}
"""


@pytest.fixture(scope="module")
def tried(desk_at, tmp_path_factory):
    with datasets.path("lung").open(encoding="utf-8", newline="") as file:
        rows = [
            row | {"ecog": {"2": "2+", "3": "2+"}.get(row["ph_ecog"], row["ph_ecog"])} for row in csv.DictReader(file)
        ]
    rows = [row for row in rows if row["ecog"]]
    sites = sorted({row["site"] for row in rows})
    desk = desk_at(tmp_path_factory.mktemp("lung"))
    desk.writes_study(STUDY.format(sites="\n".join(f'{site} = {{ name = "{site}" }}' for site in sites)))
    for site in sites:
        desk.adds_site(site, [row for row in rows if row["site"] == site], "")
    return list(desk.tries().values())


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("further_strata.json").read_text(encoding="utf-8"))


def of(tried, analysis, model="multivariable"):
    (found,) = (one for one in tried if (one["analysis"], one.get("model")) == (analysis, model))
    return found


@pytest.mark.parametrize(
    ("analysis", "model", "ties", "key"),
    [
        ("strata", "multivariable", "efron", "strata"),
        ("breslow", "multivariable", "breslow", "strata"),
        ("strata", "univariable", "efron", "alone"),
    ],
)
def test_the_fit_equals_coxph_with_further_strata(tried, answers, analysis, model, ties, key):
    found, r = of(tried, analysis, model), answers[ties][key]
    assert (found["n"], found["events"], found["strata"]) == (r["n"], r["events"], ["ecog"])
    vcov = np.array(r["vcov"], dtype=float).reshape(len(found["terms"]), -1)
    se = np.sqrt(np.diag(vcov))
    coef = np.array([term["coef"] for term in found["terms"]])
    assert (np.abs(coef - list(r["coef"].values())) / se).max() < 1e-9
    np.testing.assert_allclose([term["se"] for term in found["terms"]], se, rtol=1e-9)
    np.testing.assert_allclose([found["log_likelihood"][k] for k in ("null", "fitted")], r["loglik"], rtol=1e-9)


def test_a_category_as_a_whole_has_the_wald_test_of_its_levels(tried, answers):
    (found,), r = of(tried, "whole")["categories"], answers["efron"]["category"]
    assert (found["variable"], found["df"]) == ("ecog", r["df"])
    assert found["chi2"] == pytest.approx(r["chi2"], rel=1e-9)
    assert found["p"] == pytest.approx(r["p"], rel=1e-7)


def test_the_e_values_are_of_the_levels(tried):
    found = of(tried, "whole")
    assert [(value["variable"], value["level"]) for value in found["e_value"]] == [
        ("trt", "true"),
        ("ecog", "1"),
        ("ecog", "2+"),
    ]
    assert {value["outcome"] for value in found["e_value"]} == {"common"}
    assert all(value["estimate"] >= value["limit"] >= 1 for value in found["e_value"])
