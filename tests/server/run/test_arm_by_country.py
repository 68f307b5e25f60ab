"""Each arm is at hospitals of its own: the comparison is refused, and nothing else with it."""

import json

import numpy as np
import pytest

from riskset.disclosure.rules import LIMITS
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of

SITES = ("asan", "busan", "chiba", "daegu", "eiju", "fukui")
ANALYSES = {
    "survival": {"kind": "km", "endpoints": ["os"]},
    "means": {"kind": "rmst", "endpoints": ["os"], "tau": [12]},
    "follow": {"kind": "follow-up", "endpoints": ["os"]},
    "adjusted": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]},
    "age": {"kind": "cox", "endpoints": ["os"], "univariable": ["age"]},
}


@pytest.fixture(scope="module")
def by_country(patients):
    """360 patients; the first three hospitals give the old treatment, the others the new one."""
    rows, study = patients.rows(11, 360), patients.study(SITES, analyses=ANALYSES)
    at = np.arange(360) % 6
    rows.variables["arm"][:] = (at >= 3).astype(float)
    cohorts = patients.deal(rows, np.array(SITES)[at])
    rehearsal = Rehearsal(study, cohorts)
    document = results_json(results_of(study, rehearsal.run(), SITES))
    return rehearsal, {result["id"]: result for result in json.loads(json.dumps(document))["results"]}


def test_the_curve_of_all_patients_is_not_refused_with_the_arms(by_country):
    rehearsal, results = by_country
    for id_ in ("km/os/all", "rmst/os/all/12", "follow-up/os"):
        found = results[id_]
        assert (found["status"], found["gate"], found["arms"]) == ("ok", "passed", [])
        assert (found["overall"]["n"], found["variable"]) == (360, None)
        assert found["arms_reason"]["rule"] == "R12"
    assert results["cox/os/all/univariable/age"]["status"] == "ok"
    assert results["cox/os/all/multivariable"]["reason"]["rule"] == "R12"
    # counts by arm were never asked of any site
    asked = [
        label
        for site in SITES
        for sent in rehearsal.journals[site].sent["rehearsal"]
        for _, labels, _ in sent.numbers
        for label in labels
    ]
    assert any(label.startswith("all: events") for label in asked)
    assert not any(label.startswith(("old: ", "new: ")) for label in asked)


def test_the_message_says_what_is_true_and_what_helps(by_country):
    why = by_country[1]["km/os/all"]["arms_reason"]
    assert why["message"].startswith("arm = new, at sites that have patients with it and patients without it:")
    assert "no site has patients of both" in why["remedy"]
    assert "merge" not in why["remedy"]


def test_the_curve_of_all_is_that_of_a_study_without_arms(by_country, patients):
    rehearsal, results = by_country
    study = patients.study(SITES, analyses={"survival": ANALYSES["survival"]}, comparison=None)
    outcome = Rehearsal(study, rehearsal.cohorts).run()
    plain = results_json(results_of(study, outcome, SITES))["results"][0]
    assert results["km/os/all"]["overall"] == json.loads(json.dumps(plain["overall"]))


def test_one_site_whose_own_rows_forbid_the_arms_does_not_end_the_curve(patients):
    """Two sites, each judged by its own rows: 4 patients of one arm at one of them."""
    from riskset.protocol.approval import ExceptionSigned

    rows, study = patients.rows(11, 120), patients.study(SITES[:2], analyses={"survival": ANALYSES["survival"]})
    at = np.arange(120) % 2
    rows.variables["arm"][at == 0] = 0.0
    rows.variables["arm"][[0, 2, 4, 6]] = 1.0
    exceptions = (ExceptionSigned("R12.contributors", "2", "both know each other"),)
    rehearsal = Rehearsal(study, patients.deal(rows, np.array(SITES)[at]), exceptions=exceptions)
    found = results_json(results_of(study, rehearsal.run(), SITES[:2]))["results"][0]
    assert (found["status"], found["arms"], found["overall"]["n"]) == ("ok", [], 120)
    assert found["arms_reason"]["by"] == "a site"


def test_a_population_that_is_too_small_is_refused_whole(patients):
    rows, study = patients.rows(11, 30), patients.study(SITES[:3], analyses={"survival": ANALYSES["survival"]})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES[:3], 30))).run()
    assert outcome.results["km/os/all"].rule == "R1"
    assert outcome.rounds <= 3


@pytest.mark.parametrize(("of", "not_in"), [("number", "merge"), ("patients", "differ"), ("level", "differ")])
def test_r12_speaks_of_the_kind_of_column_it_met(of, not_in):
    from riskset.disclosure.cells import contributors
    from riskset.disclosure.policy import default_policy

    finding = contributors(default_policy("pooled"), "age", 2, of)
    assert not finding.passes
    assert not_in not in finding.remedy
    assert LIMITS["R12.contributors"].means in finding.message


def test_a_level_of_nobody_is_not_called_a_difference_between_sites(patients):
    rows = patients.rows(11, 120)
    rows.variables["stage"][rows.variables["stage"] == 2] = 1.0
    study = patients.study(SITES, analyses={"cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["stage"]}})
    rehearsal = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 120)))
    found = results_json(results_of(study, rehearsal.run(), SITES))["results"][0]
    assert (found["status"], found["reason"]["rule"]) == ("refused", "R12")
    assert "no patient has it, or all have" in found["reason"]["remedy"]
