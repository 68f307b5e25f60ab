"""Whole studies equal R on the rows of all sites (`score_levels.R`): patients of each arm by tenths of the preference
score, and Cox models stratified by site and by the score, which has an intercept of each site's own, or one for all.
In `lung` one site has one arm: its patient has no score, and is a stratum of its own. No rule is applied. Tolerances as
in `test_cox_against_r`."""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of
from tests.golden.test_matched_studies_against_r import COVARIATES, SITE

R = json.loads(Path(__file__).with_name("score_levels.json").read_text(encoding="utf-8"))
STRATA = {"kind": "cox", "endpoint": "os", "populations": ["strata"]}
ASKED = {"cox": STRATA | {"univariable": ["trt"], "multivariable": ["trt", "age"]}}
CASES = [
    ("lung", "site"),
    *(pytest.param(x, marks=pytest.mark.exhaustive) for x in (("lung", "common"), ("rottgbsg", "site"))),
]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def r(case):
    name, which = case
    return R[name][which]


@pytest.fixture(scope="module")
def found(case, r, csv_of, desk_at, tmp_path_factory):
    name, which = case
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    score = f'[propensity]\ncovariates = {json.dumps(COVARIATES[name])}\nsite = "{SITE[which]}"\npreference = true\n'
    score += f'adjustments.strata = {{ method = "strata", cuts = {r["cuts"]} }}\n'
    desk = desk_at(tmp_path_factory.mktemp(name))
    desk.writes_study(study_of(name, rows, by_name, ASKED).replace("[analyses]", f"{score}[analyses]"))
    for site, of in by_name.items():
        desk.adds_site(site, of, DATA[name].mapping)
    return desk.tries()


def test_patients_by_tenths_of_the_preference_score(found, r):
    preference = found["propensity"]["preference"]
    assert preference["form"] == "tenths"
    assert preference["refused"] == []
    assert [[one["n"] for one in arm["intervals"]] for arm in preference["arms"]] == r["tenths"]
    assert [arm["percent"] / 100 for arm in preference["arms"]] == pytest.approx(r["in_equipoise"], rel=1e-12)
    assert [arm["n"] for arm in preference["arms"]] == [sum(arm) for arm in r["tenths"]]


@pytest.mark.parametrize(("id_", "key"), [("univariable/trt", "alone"), ("multivariable", "adjusted")])
def test_models_stratified_by_site_and_score(found, r, id_, key):
    model, expected = found[f"cox/os/strata/{id_}"], r[key]
    assert (model["n"], model["events"]) == (expected["n"], expected["events"])
    assert [model["log_likelihood"][at] for at in ("null", "fitted")] == pytest.approx(expected["loglik"], rel=1e-11)
    assert [term["variable"] for term in model["terms"]] == list(expected["coef"])
    for term in model["terms"]:
        assert term["coef"] == pytest.approx(expected["coef"][term["variable"]], rel=1e-8)
        assert term["se"] == pytest.approx(expected["se"][term["variable"]], rel=1e-8)


def test_the_effect_of_the_arm_is_that_of_the_patients_with_a_score(found, r):
    (term,) = found["cox/os/strata/univariable/trt"]["terms"]
    assert term["coef"] == pytest.approx(r["scored"]["coef"]["trt"], rel=1e-8)
