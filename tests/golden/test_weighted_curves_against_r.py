"""Curves by averaged weights equal R's `survfit` with these averages as weights, and the error at a landmark what R's
influences give with each patient's own weight (`weighted_curves.R`). So do restricted means, by `residuals` of the
curve. Tolerances as in `test_cox_against_r`."""

import csv
import json
from math import log, sqrt
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

R = json.loads(Path(__file__).with_name("weighted_curves.json").read_text(encoding="utf-8"))
LANDMARKS = {"lung": [182, 476], "rottgbsg": [728, 1456]}
ADJUSTED = 'adjustments.iptw = { method = "ate" }\n'


@pytest.fixture(scope="module", params=["lung", pytest.param("rottgbsg", marks=pytest.mark.exhaustive)])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def results(name, csv_of, desk_at, tmp_path_factory):
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    asked = {"kind": "km", "endpoint": "os", "populations": ["all", "iptw"], "landmarks": LANDMARKS[name]}
    means = {"kind": "rmst", "endpoint": "os", "populations": ["iptw"], "tau": [LANDMARKS[name][1]]}
    text = study_of(name, rows, by_name, {"curves": asked, "means": means}).replace(
        "width_days = 1, ", "width_days = 7, "
    )
    score = f"[propensity]\ncovariates = {json.dumps(list(DATA[name].in_r)[1:])}\n{ADJUSTED}"
    desk = desk_at(tmp_path_factory.mktemp(name))
    desk.writes_study(text.replace("[analyses]", f"{score}[analyses]"))
    for site, of in by_name.items():
        desk.adds_site(site, of, DATA[name].mapping)
    return desk.tries()


@pytest.fixture(scope="module")
def found(results):
    return results["km/os/iptw"]


@pytest.fixture(params=[0, 1])
def arm(request, found, name):
    """Returns an arm as found and as R has it; R's is 0 where ours is false."""
    arms = sorted(found["arms"], key=lambda arm: arm["level"])
    return arms[request.param], R[name]["arms"][request.param]


def test_who_has_a_weight(found, name):
    assert found["analysed"] == R[name]["weighted"]
    assert found["weights"] == {"averaged_over": 20, "rounded_to": 0.125}


def test_the_curve_is_that_of_survfit(arm):
    found, r = arm
    assert (found["n"], found["events"]) == (r["n"], r["events"])
    assert [q["estimate"] for q in found["quartiles"]] == r["quartiles"]
    for key, values in (r["curve"] or {}).items():
        assert found["curve"][key] == pytest.approx(values, rel=1e-9)


@pytest.mark.parametrize("key", ["survival", "std_error", "lower", "upper"])
def test_landmarks(arm, key):
    found, r = arm
    assert [mark[key] for mark in found["landmarks"]] == pytest.approx(r["landmarks"][key], rel=1e-9)


@pytest.fixture
def means(results, name):
    """Returns the restricted means as found, and each arm's as R has it, that of our reference first."""
    found = results[f"rmst/os/iptw/{LANDMARKS[name][1]}"]
    levels = sorted(arm["level"] for arm in found["arms"])
    of_r = dict(zip(levels, (arm["rmst"] for arm in R[name]["arms"]), strict=True))
    return found, [of_r[found["reference"]], *(of_r[level] for level in levels if level != found["reference"])]


def test_restricted_means(means, name):
    found, of_r = means
    assert (found["tau_days"], found["weighted"]) == (LANDMARKS[name][1], True)
    arms = sorted(found["arms"], key=lambda arm: arm["level"] != found["reference"])
    assert [arm["rmst_days"] for arm in arms] == pytest.approx([arm["mean"] for arm in of_r], rel=1e-9)
    assert [arm["se"] for arm in arms] == pytest.approx([arm["se"] for arm in of_r], rel=1e-9)
    assert (found["overall"]["se"], found["overall"]["reason"]["code"]) == (None, "by arm only")


def test_how_restricted_means_differ(means):
    found, (reference, arm) = means
    a, b = arm["mean"], reference["mean"]
    assert found["difference"]["estimate"] == pytest.approx(a - b, rel=1e-9)
    assert found["difference"]["se"] == pytest.approx(sqrt(arm["se"] ** 2 + reference["se"] ** 2), rel=1e-9)
    assert log(found["ratio"]["estimate"]) == pytest.approx(log(a / b), rel=1e-9)
    assert found["ratio"]["se"] == pytest.approx(sqrt((arm["se"] / a) ** 2 + (reference["se"] / b) ** 2), rel=1e-9)
