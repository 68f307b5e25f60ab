"""Robust errors, tests of proportional hazards and concordance equal R's: `cox_companions.R`, by the sites of lung."""

import json
from pathlib import Path

import pytest
from tests.golden.study_text import study_text

STUDY = study_text(
    """\
weeks = { type = "number", unit = "day", range = [0, 10000], step = 1 }
late  = { type = "number", unit = "day", range = [0, 10000], step = 1 }
age   = { type = "number", unit = "year", range = [18, 100] }
ecog  = { type = "category", levels = ["0", "1", "2+"] }
""",
    "",
    endpoints="""\
[endpoints]
days  = { days = "time", event = "event" }
weeks = { days = "weeks", event = "event" }
late  = { days = "time", event = "event", entry = "late" }
""",
)
TRANSFORMS = ["km", "identity", "rank", "log"]
ASKED = {
    "days": {"endpoint": "days"},
    "weeks": {"endpoint": "weeks"},
    "breslow": {"endpoint": "weeks", "ties": "breslow"},
    "late": {"endpoint": "late"},
    "strata": {"endpoint": "weeks", "multivariable": ["trt", "age"], "strata": ["ecog"]},
}


def entry(name, **more):
    keys = {"kind": "cox", "multivariable": ["trt", "age", "ecog"]} | ASKED[name] | more
    written = ", ".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return f"{{{{ {written} }}}}"


OTHERS = [name for name in ASKED if name != "weeks"]


@pytest.fixture(scope="module", params=[["weeks"], pytest.param(OTHERS, marks=pytest.mark.exhaustive)], ids=str)
def tried(request, tries_by_site, lung_rows):
    """Returns the results of some of the models, by name."""
    rows = [
        row
        | {"weeks": str(-(-int(row["time"]) // 7)), "late": str(min(37 * int(row["id"]) % 60, int(row["time"]) - 1))}
        for row in lung_rows
    ]
    lines = [
        f"{name} = {entry(name, robust='patient', ph_test=TRANSFORMS, concordance=True)}" for name in request.param
    ]
    endpoints = sorted({ASKED[name]["endpoint"] for name in request.param})
    lines += [f'curves = {{{{ kind = "km", endpoints = {json.dumps(endpoints)} }}}}']
    lines += [f"{name}_by_site = {entry(name, robust='site')}" for name in request.param]
    found = {one["analysis"]: one for one in tries_by_site(STUDY + "\n".join(lines), rows)}
    return {name: (found[name], found[f"{name}_by_site"]) for name in request.param}


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("cox_companions.json").read_text(encoding="utf-8"))


def test_robust_errors_equal_those_of_coxph(tried, answers):
    for name, (model, by_site) in tried.items():
        found, r = model["terms"], answers[name]
        for own, of_r, digits in (
            ("se", "se", 1e-9),
            ("robust_se", "robust", 1e-9),
            ("lower", "lower", 1e-9),
            ("upper", "upper", 1e-9),
            ("p", "p", 1e-7),
        ):
            assert [term[own] for term in found] == pytest.approx(r[of_r], rel=digits)
        assert [term["z"] for term in found] == pytest.approx(r["z"], abs=1e-8)
        assert {term["variance"] for term in found} == {"robust"}
        assert [term["robust_se"] for term in by_site["terms"]] == pytest.approx(r["site"], rel=1e-9)
        assert {term["variance"] for term in by_site["terms"]} == {"site"}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_tests_of_proportional_hazards_equal_cox_zph(tried, answers, transform):
    for name, (model, _) in tried.items():
        found, r = model["ph_test"][transform], answers[name]["zph"][transform]
        for key in ("terms", "variables"):
            tests = [*found[key], found["global"]]
            assert [test["chi2"] for test in tests] == pytest.approx(r[key]["chi2"], rel=1e-9, abs=1e-6)
            assert [test["df"] for test in tests] == r[key]["df"]
            assert [test["p"] for test in tests] == pytest.approx(r[key]["p"], rel=1e-7)


def test_concordance_equals_that_of_survival(tried, answers):
    for name, (model, _) in tried.items():
        found, r = model["concordance"], answers[name]["concordance"]
        assert found["pairs"] == sum(r["counts"][kind] for kind in ("concordant", "discordant", "tied.x"))
        assert found["estimate"] == pytest.approx(r["estimate"], rel=1e-9)
        assert found["se"] == pytest.approx(r["se"], rel=1e-9)
