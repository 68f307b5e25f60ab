"""What a Cox entry can ask where patients have weights (overlap, trimmed inverse probabilities, sets with up to two of
the reference) equals R on the same patients (`adjusted_options.R`); what is not here is refused at `study check`
(`test_weighted_populations`). The data are those of `test_matched_studies_against_r`, the tolerances too."""

import csv
import json
from math import exp, sqrt
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, TRANSFORMS, prepared, study_of

R = json.loads(Path(__file__).with_name("adjusted_options.json").read_text(encoding="utf-8"))
ADJUSTED = """\
adjustments.overlap = { method = "overlap" }
adjustments.trimmed = { method = "ate", trim = [0.35, 0.75] }
adjustments.two = { method = "nearest", ratio = 2 }
"""
AGE = "{ age = [50, 60, 70] }"
COX = {"kind": "cox", "endpoint": "os", "populations": list(R)}
ASKED = {
    "curves": {"kind": "km", "endpoint": "os"},
    "both": COX | {"multivariable": ["trt", "age"], "ph_test": TRANSFORMS, "e_value": True},
    "bent": COX | {"multivariable": ["trt", "age"], "splines": {"age": [50, 60, 70]}, "strata": ["ecog_ge1"]},
    "late": COX | {"univariable": ["trt"], "landmark": 90},
}


@pytest.fixture(scope="module")
def tries(csv_of, desk_at, tmp_path_factory):
    with csv_of("lung").open(encoding="utf-8", newline="") as file:
        rows = prepared("lung", list(csv.DictReader(file)))
    rows = [row | {"age": f"{float(row['age']) + number / 1000:.3f}"} for number, row in enumerate(rows, 1)]
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    score = f'[propensity]\ncovariates = ["age", "ph_ecog", "wt_loss"]\n{ADJUSTED}'

    def tries(asked, width=1):
        text = study_of("lung", rows, by_name, asked).replace("range = [18, 100], step = 1", "range = [18, 110]")
        text = text.replace("width_days = 1,", f"width_days = {width},").replace('{"age": [50, 60, 70]}', AGE)
        desk = desk_at(tmp_path_factory.mktemp("lung"))
        desk.writes_study(text.replace("[analyses]", f"{score}[analyses]"))
        for site, of in by_name.items():
            desk.adds_site(site, of, DATA["lung"].mapping)
        return desk.tries()

    return tries


@pytest.fixture(scope="module")
def found(tries):
    results = tries(ASKED)
    by_entry = {(one["analysis"], one["population"]): one for one in results.values() if one["kind"] == "cox"}
    return lambda entry, name: by_entry[entry, name]


def listed(of):
    """R's answers of one element are no lists."""
    return of if isinstance(of, list) else [of]


def same_model(model, r):
    assert model["analysed"] == r["n"]
    for term, coef, se, robust in zip(model["terms"], *map(listed, (r["coef"], r["se"], r["robust_se"])), strict=True):
        assert abs(term["coef"] - coef) < 1e-8 * se
        assert term["se"] == pytest.approx(se, rel=1e-8)
        assert term["robust_se"] == pytest.approx(robust, rel=1e-8)
    assert list(model["log_likelihood"].values()) == pytest.approx(r["loglik"], rel=1e-9)
    assert model["tests"]["score"]["chi2"] == pytest.approx(r["score"], rel=1e-8)
    limits = [listed(r[key])[0] for key in ("lower", "upper")]
    assert [model["terms"][0][key] for key in ("lower", "upper")] == pytest.approx(limits)


@pytest.mark.parametrize("name", R)
def test_a_landmark(found, name):
    same_model(found("late", name), R[name]["late"])


@pytest.mark.parametrize("name", R)
def test_a_spline_and_strata(found, name):
    model, r = found("bent", name), R[name]["bent"]
    same_model(model, r)
    assert model["splines"][0]["linearity"]["chi2"] == pytest.approx(r["linearity"], rel=1e-7)


@pytest.mark.parametrize("name", R)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_proportional_hazards_by_the_curve_of_all_patients(found, name, transform):
    """`km` and `rank` by the curve of all patients without weights, which `cox.zph` takes where all have one weight."""
    model, r = found("both", name), R[name]
    same_model(model, r["both"])
    test = model["ph_test"][transform]
    tests = [*test["terms"], test["global"]]
    assert [one["chi2"] for one in tests] == pytest.approx([row[0] for row in r["ph_test"][transform]], rel=1e-7)
    assert [one["p"] for one in tests] == pytest.approx([row[2] for row in r["ph_test"][transform]], rel=1e-7)


@pytest.mark.parametrize("name", R)
def test_e_values(found, name):
    """Of a hazard ratio with events in 71 to 73% of the patients, by limits from the robust error."""
    r = R[name]["both"]
    assert R[name]["events"] > 0.15

    def e_value(hr):
        above = max(hr, 1 / hr)
        risk = (1 - 0.5 ** sqrt(above)) / (1 - 0.5 ** sqrt(1 / above))
        return risk + sqrt(risk * (risk - 1))

    (found_,) = found("both", name)["e_value"]
    assert found_["outcome"] == "common"
    assert found_["estimate"] == pytest.approx(e_value(exp(r["coef"][0])))
    nearer = r["upper"][0] if r["coef"][0] < 0 else r["lower"][0]
    assert found_["limit"] == pytest.approx(1.0 if r["lower"][0] <= 1 <= r["upper"][0] else e_value(nearer))


def test_curves_of_sets_with_up_to_two_of_the_reference(tries):
    """By averages of `MatchIt`'s weights, who is in no set having the weight 0."""
    asked = {"curves": {"kind": "km", "endpoint": "os", "populations": ["all", "two"], "landmarks": [3]}}
    arms = sorted(tries(asked, width=7)["km/os/two"]["arms"], key=lambda arm: arm["level"])
    for arm, r in zip(arms, R["two"]["curve"], strict=True):
        for key in ("day", "survival", "at_risk"):
            assert arm["curve"][key] == pytest.approx(r[key], rel=1e-9)
        (mark,) = arm["landmarks"]
        assert [mark[key] for key in ("survival", "lower", "upper")] == r["day_3"]  # before anybody leaves
