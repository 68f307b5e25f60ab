"""Whoever leaves an analysis set is counted by reason, wherever the result is shown."""

from dataclasses import replace

import pytest

from riskset.cli import main
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of

SITES = ("hanbit", "minato", "sakura")
STUDY = """
schema = 1
study = { id = "trial", version = "1", title = "A trial" }
[sites]
hanbit = { name = "Hanbit" }
minato = { name = "Minato" }
sakura = { name = "Sakura" }
[variables]
arm = { type = "category", levels = ["old", "new"] }
age = { type = "number", range = [0, 100] }
ecog = { type = "number", range = [0, 4], step = 1, label = "ECOG", required = false }
days = { type = "number", range = [0, 5000], required = false }
dead = { type = "boolean", required = false }
[comparison]
arm = "arm"
reference = "old"
[time]
unit = "month"
grid = { width_days = 7, max_days = 5000 }
[endpoints]
os = { days = "days", event = "dead", label = "Overall survival" }
[analyses]
curves = { kind = "km", endpoints = ["os"] }
models = { kind = "cox", endpoints = ["os"], univariable = ["age", "ecog"] }
"""


@pytest.fixture
def lossy(desk, patients):
    """Two of 240 patients have no follow-up, 60 no ECOG: they are at two of the three sites."""
    rows = patients.rows(7, 240)
    desk.writes_study(STUDY)
    for at, name in enumerate(SITES):
        own = [
            {
                "arm": ["old", "new"][int(rows.variables["arm"][i])],
                "age": str(rows.variables["age"][i]),
                "ecog": "" if at < 2 and i % 8 < 3 else str(i % 3),
                "days": "" if i in (20, 45) else str(rows.days[i]),
                "dead": "" if i in (20, 45) else str(bool(rows.event[i])).lower(),
            }
            for i in range(at, 240, 3)
        ]
        desk.adds_site(name, own)
    return desk


def test_lost_patients_are_counted_by_reason_and_no_figure_is_of_all_patients(lossy, capsys):
    results = lossy.tries(is_printed=True)
    missing = sum(1 for i in range(240) if i % 3 < 2 and i % 8 < 3)
    also_unknown = sum(1 for i in (20, 45) if i % 3 < 2 and i % 8 < 3)
    for result in results.values():
        assert result["analysed"] + sum(reason["n"] for reason in result["excluded"]) == 240
        assert result["excluded"] == [
            {"reason": "no follow-up", "n": 2},
            {
                "reason": "missing covariate",
                "n": missing - also_unknown,
                "variables": [{"variable": "ecog", "n": missing}],
            },
        ]
    said = capsys.readouterr().out
    left = 240 - 2 - missing + also_unknown
    assert (
        f"os: {left} of 240 eligible patients are analysed; not analysed: 2 without known follow-up; "
        f"{missing - also_unknown} without a value of a covariate (ecog {missing})"
    ) in said
    assert "Missing for more than 5% of the eligible patients: ecog. To analyse them, take it out" in said
    page = (lossy.root / "out" / "index.html").read_text(encoding="utf-8")
    assert "all patients" not in page.partition('id="methods"')[0].casefold()  # which say who a test compares
    assert page.count(f"{left} eligible patients are analysed. Not analysed: 2 without known follow-up") >= 2
    assert "Overall survival, complete cases" in page


def test_the_remedy_is_true_when_followed(lossy, capsys):
    lossy.writes_study(STUDY.replace('kind = "km",', 'kind = "km", missing = "by_model",'))
    curves = lossy.tries()["km/os/all"]
    assert curves["analysed"] == 238
    assert curves["excluded"] == [{"reason": "no follow-up", "n": 2}, {"reason": "missing covariate", "n": 0}]


def test_site_check_names_the_covariate_that_costs_rows(lossy, capsys):
    assert main(["site", "check", str(lossy.sites / "hanbit" / "site.toml"), "--study", str(lossy.study)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    missing = sum(1 for i in range(0, 240, 3) if i % 8 < 3)
    assert f"os: eligible rows without a value of ecog {missing}" in said
    assert "Missing for more than 5% of the eligible rows here: ecog." in said


def lost_of(patients, excluded, sites=SITES, **more):
    """Returns `excluded` of the curves, and what the first site sent of it."""
    study, rows = (
        patients.study(sites, analyses={"survival": {"kind": "km", "endpoints": ["os"]}}),
        patients.rows(7, 240),
    )
    cohorts = patients.deal(rows, patients.sites(sites, 240))
    cohorts = {name: replace(cohort, excluded=excluded[name]) for name, cohort in cohorts.items()}
    rehearsal = Rehearsal(study, cohorts, **more)
    document = results_json(results_of(study, rehearsal.run(), sites))
    sent = {
        label: number
        for vector in rehearsal.journals[sites[0]].sent["rehearsal"]
        for _, labels, numbers in vector.numbers
        for label, number in zip(labels, numbers, strict=True)
        if label.startswith(("patients without", "whether too few"))
    }
    return document["results"][0]["excluded"], sent


FEW = {("no follow-up", "os"): 3, ("missing covariate", "os"): 9, ("missing", "arm"): 9}


def test_under_the_sum_small_counts_are_seen_as_totals(patients):
    found, sent = lost_of(patients, dict.fromkeys(SITES, FEW))
    assert [reason["n"] for reason in found] == [9, 27]
    assert sent == {
        "patients without follow-up to os": 3,
        "patients without a covariate of os": 9,
        "patients without a value of arm": 9,
    }


def test_where_a_sites_own_counts_can_be_seen_it_withholds_small_ones(patients):
    from riskset.protocol.approval import ExceptionSigned

    two = ExceptionSigned("R12.contributors", "2", "both know each other")
    found, sent = lost_of(patients, dict.fromkeys(SITES[:2], FEW), SITES[:2], exceptions=(two,))
    assert [reason["n"] for reason in found] == [None, 18]
    assert (
        sent["patients without follow-up to os"],
        sent["whether too few to be told: patients without follow-up to os"],
    ) == (0, 1)
    assert sent["patients without a covariate of os"] == 9
