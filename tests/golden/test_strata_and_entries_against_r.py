"""Strata within hospitals, late entry, and a category as a whole equal R's `coxph`, over the sites of lung:
`further_strata.R`, `left_truncation.R`."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.golden.study_text import study_text

STUDY = study_text(
    """\
entry = { type = "number", unit = "day", range = [0, 80], step = 1 }
age   = { type = "number", unit = "year", range = [18, 100] }
ecog  = { type = "category", levels = ["0", "1", "2+"] }
""",
    """\
strata = { kind = "cox", endpoint = "os", univariable = ["trt"], multivariable = ["trt", "age"], strata = ["ecog"] }
breslow = { kind = "cox", endpoint = "os", ties = "breslow", multivariable = ["trt", "age"], strata = ["ecog"] }
late = { kind = "cox", endpoint = "late", multivariable = ["trt", "age"] }
late_breslow = { kind = "cox", endpoint = "late", ties = "breslow", multivariable = ["trt", "age"] }
late_strata = { kind = "cox", endpoint = "late", multivariable = ["trt", "age"], strata = ["ecog"] }
whole = { kind = "cox", endpoint = "os", multivariable = ["trt", "age", "ecog"], e_value = true }
""",
    endpoints="""\
[endpoints.os]
days = "time"
event = "event"
[endpoints.late]
days = "time"
event = "event"
entry = "entry"
""",
)


def with_entry(row):
    """As `left_truncation.R` does."""
    entry = 20 * (int(row["id"]) % 5)
    return row | {"entry": str(entry if entry < int(row["time"]) else 0)}


@pytest.fixture(scope="module")
def tried(tries_by_site, lung_rows):
    return tries_by_site(STUDY, list(map(with_entry, lung_rows)))


def answers(name):
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))


def of(tried, analysis, model="multivariable"):
    (found,) = (one for one in tried if (one["analysis"], one.get("model")) == (analysis, model))
    return found


@pytest.mark.parametrize(
    ("analysis", "model", "file", "ties", "key"),
    [
        ("strata", "multivariable", "further_strata", "efron", "strata"),
        ("breslow", "multivariable", "further_strata", "breslow", "strata"),
        ("strata", "univariable", "further_strata", "efron", "alone"),
        ("late", "multivariable", "left_truncation", "efron", "plain"),
        ("late_breslow", "multivariable", "left_truncation", "breslow", "plain"),
        ("late_strata", "multivariable", "left_truncation", "efron", "strata"),
    ],
)
def test_the_fit_equals_coxph(tried, analysis, model, file, ties, key):
    found, r = of(tried, analysis, model), answers(file)[ties][key]
    assert (found["n"], found["events"]) == (r["n"], r["events"])
    assert found["strata"] == ([] if key == "plain" else ["ecog"])
    vcov = np.array(r["vcov"], dtype=float).reshape(len(found["terms"]), -1)
    se = np.sqrt(np.diag(vcov))
    coef = np.array([term["coef"] for term in found["terms"]])
    assert (np.abs(coef - list(r["coef"].values())) / se).max() < 1e-9
    np.testing.assert_allclose([term["se"] for term in found["terms"]], se, rtol=1e-9)
    np.testing.assert_allclose([found["log_likelihood"][k] for k in ("null", "fitted")], r["loglik"], rtol=1e-9)


def test_a_category_as_a_whole_has_the_wald_test_of_its_levels(tried):
    (found,), r = of(tried, "whole")["categories"], answers("further_strata")["efron"]["category"]
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
