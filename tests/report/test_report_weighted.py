"""What a report and results.json say of a weighted population beside its curves."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report.labels import Labels

SITES = ("asan", "kurume", "osaka")
N = 240
DOCS = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
ANALYSES = {
    "score": {"kind": "propensity"},
    "curves": {"kind": "km", "endpoints": ["os"], "populations": ["all", "iptw"], "landmarks": [0.001]},
    "means": {"kind": "rmst", "endpoints": ["os"], "populations": ["iptw"], "tau": [6, 82]},
    "cox": {"kind": "cox", "endpoints": ["os"], "populations": ["iptw"], "multivariable": ["arm"]},
}
"""Hardly anybody is followed for 82 months."""


@pytest.fixture(scope="module")
def results(patients):
    score = {"covariates": ["age"], "site": "none", "adjustments": {"iptw": {"method": "ate", "truncate": 4}}}
    study = patients.study(SITES, analyses=ANALYSES, propensity=score)
    of = [one.name for one in plan(study).sets if one.endpoint is None]
    cohorts = {}
    for name, cohort in patients.deal(patients.rows(seed=5, n=N), patients.sites(SITES, N)).items():
        rows = cohort.analysis_sets["os"]
        cohorts[name] = Cohort(name, {"os": rows} | dict.fromkeys(of, PatientSet(rows.variables, rows.patients)))
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)


@pytest.fixture
def of_results(results):
    return {entry.id: entry_json(entry) for entry in results.entries}


def explained(section):
    """Returns the keys of a section of docs/results.md and of what every result has."""
    parts = dict(part.split("\n", 1) for part in DOCS.split("\n## ")[1:])
    rows = [re.findall(r"^\| `(\w+)` \|", parts[name], re.MULTILINE) for name in (section, "Every result")]
    return {key for of in rows for key in of}


def test_every_key_of_the_means_is_explained(of_results):
    means = of_results["rmst/os/iptw/6"]
    assert means["weighted"]
    assert set(means) | set(means["arms"][0]) | set(means["difference"]) <= explained("`rmst`")


def test_a_mean_without_an_error_says_why(of_results):
    late = of_results["rmst/os/iptw/82"]
    assert {arm["reason"]["code"] for arm in late["arms"]} == {"few at risk"}
    assert all(arm["rmst_days"] > 0 and arm["se"] is None for arm in late["arms"])
    assert late["difference"]["estimate"] is None
    assert late["difference"]["reason"]["code"] == "no information"


def test_the_table_of_the_means(results, printed):
    soon, late = printed(results, Labels()).tables("rmst")
    (mean,) = (row for row in soon.rows if row.label.startswith("Mean"))
    assert all("–" in cell for cell in mean.cells[:2])
    assert mean.cells[2].endswith("(n.e.)*")
    (mean,) = (row for row in late.rows if row.label.startswith("Mean"))
    assert all("(n.e.)" in cell and cell[-1] in "*†" for cell in mean.cells)
    assert [note[0] for note in late.notes[-3:]] == ["*", "†", "‡"]  # why, once each
    assert any("averaged weights" in note for note in soon.notes)


@pytest.mark.parametrize("kind", ["km", "rmst"])
def test_the_patients_in_a_table_are_those_before_adjustment_and_said_to_be(results, of_results, printed, kind):
    """They are of `all`, over whom weights are averaged; the population may be far fewer."""
    (table, *_) = [one for one in printed(results, Labels()).tables(kind) if "weight" in " ".join(one.notes)]
    labels = [row.label for row in table.rows]
    assert labels[:2] == ["Patients before adjustment", "Events before adjustment"]
    of_all = of_results["km/os/all"]
    assert table.rows[0].cells[-1] == str(of_all["overall"]["n"])
    (plain, *_) = [one for one in printed(results, Labels()).tables("km") if one is not table]
    assert kind != "km" or plain.rows[0].label == "Patients"


def test_before_anybody_leaves_the_limits_are_1_as_of_other_curves(of_results):
    for of in ("km/os/all", "km/os/iptw"):
        for arm in of_results[of]["arms"]:
            (mark,) = arm["landmarks"]
            assert mark["day"] < arm["curve"]["day"][0]
            assert [mark[key] for key in ("survival", "std_error", "lower", "upper")] == [1.0, 0.0, 1.0, 1.0]


def test_the_weighted_log_rank_test_is_named(results, of_results, printed):
    model = of_results["cox/os/iptw/multivariable"]
    assert model["weighted_log_rank"]["name"] == "weighted log-rank test (robust score test of the weighted Cox model)"
    assert set(model) | set(model["weighted_log_rank"]) <= explained("A Cox model") | {"name", "chi2", "df", "p"}
    (table,) = printed(results, Labels()).tables("cox")
    (note,) = (note for note in table.notes if "weighted log-rank" in note)
    assert f"{model['weighted_log_rank']['chi2']:.2f}" in note
    assert "weighted_log_rank" in of_results["km/os/iptw"]["log_rank_reason"]["message"]


def test_a_refused_one_says_why(results, printed):
    refusal = RefusedByRule("R8", say("rules.own.R8.influence"), by="a site")
    entries = [
        replace(entry, result=replace(entry.result, weighted_log_rank=refusal)) if entry.kind == "cox" else entry
        for entry in results.entries
    ]
    changed = replace(results, entries=tuple(entries))
    (test,) = (entry_json(entry)["weighted_log_rank"] for entry in changed.entries if entry.kind == "cox")
    assert (test["chi2"], test["reason"]["rule"]) == (None, "R8")
    (table,) = printed(changed, Labels()).tables("cox")
    assert any("no weighted log-rank test" in note for note in table.notes)
