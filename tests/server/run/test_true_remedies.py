"""What is said of a refusal is true, is said once, and where the study alone shows it, before any data."""

import json
from dataclasses import replace

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.cli import main
from riskset.disclosure.models import events, needed, parameters
from riskset.disclosure.policy import default_policy
from riskset.rehearsal import Rehearsal
from riskset.results import results_of

SITES = ("asan", "busan", "chiba")
COX = {
    "kind": "cox",
    "endpoints": ["os"],
    "univariable": ["arm", "age", "stage"],
    "multivariable": ["arm", "age", "stage"],
}
STUDY = """
schema = 1
study = {{ id = "trial", version = "1", title = "A trial" }}
[sites]
{sites}
[variables]
arm = {{ type = "category", levels = ["old", "new"] }}
stage = {{ type = "category", levels = ["I", "II", "III"] }}
x = {{ type = "category", levels = ["0", "1", "2", "3", "4"] }}
days = {{ type = "number", range = [0, 5000] }}
dead = {{ type = "boolean" }}
[time]
unit = "month"
grid = {{ width_days = 7, max_days = 5000 }}
[endpoints]
os = {{ days = "days", event = "dead" }}
[analyses]
models = {{ kind = "cox", endpoints = ["os"], univariable = true, multivariable = ["arm", "stage", "x"] }}
"""


@pytest.mark.parametrize(
    ("n", "line"),
    [
        (3, "models: 7 parameters need 70 patients and 35 events"),
        (2, "models: at each site, 7 parameters need 70 patients and 14 events"),
    ],
)
def test_study_check_says_what_a_model_needs_before_any_data(desk, capsys, n, line):
    desk.writes_study(STUDY.format(sites="\n".join(f'{name} = {{ name = "{name}" }}' for name in SITES[:n])))
    assert main(["study", "check", str(desk.study)]) == 0
    assert line in capsys.readouterr().out
    assert main(["study", "check", str(desk.study), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["needs"]["models"]["parameters"] == 7


@pytest.mark.parametrize("column", ["pooled", "local"])
@pytest.mark.parametrize("p", [1, 4, 7, 20])
def test_what_it_says_is_what_the_rules_pass_and_no_more(column, p):
    policy = default_policy(column)
    least = needed(policy, p)
    assert events(policy, "model", least["events"], p).passes
    assert parameters(policy, "model", least["patients"], p).passes
    too_few = events(policy, "model", least["events"] - 1, p), parameters(policy, "model", least["patients"] - 1, p)
    assert not too_few[0].passes
    assert not too_few[1].passes or least["patients"] == policy.values["R1.population_rows"]


def test_models_refused_alike_are_told_once(patients, printed):
    rows = patients.rows(4, 120)
    study = patients.study(SITES, analyses={"cox": COX})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 120)), is_gated=False).run()
    alike = [f"cox/os/all/univariable/{name}" for name in ("age", "stage")]
    refused = dict.fromkeys(alike, RefusedByRule("R4", "a patient stands out", "merge levels", by="a site"))
    outcome = replace(outcome, results=outcome.results | refused)
    found = printed(results_of(study, outcome, SITES))
    assert [(ids, status) for ids, status, _ in found.report.missing] == [(", ".join(alike), "refused")]
    (table,) = found.tables("cox")
    told = [note for note in table.notes if "a patient stands out" in note]
    assert told == ["* R4: a patient stands out. What would pass: merge levels."]
    assert [row.cells[1] for row in table.rows if "*" in "".join(row.cells)] != []


def test_figures_of_a_site_are_told_for_refused_analyses_only_and_the_remedy_once(desk, patients, capsys):
    """No event in one arm: the model is separated, which is no skewed number, and no rule refused it."""
    rows = patients.rows(4, 240)
    rows.event[rows.variables["arm"] == 1] = False
    text = STUDY.format(sites="\n".join(f'{name} = {{ name = "{name}" }}' for name in SITES))
    desk.writes_study(text.replace('multivariable = ["arm", "stage", "x"]', 'multivariable = ["arm", "stage"]'))
    for at, name in enumerate(SITES):
        desk.adds_site(
            name,
            [
                {
                    "patient": str(i),
                    "arm": ["old", "new"][int(rows.variables["arm"][i])],
                    "stage": ["I", "II", "III"][int(rows.variables["stage"][i])],
                    "x": str(i % 5),
                    "days": str(rows.days[i]),
                    "dead": str(bool(rows.event[i])).lower(),
                }
                for i in range(at, 240, 3)
            ],
        )
    assert main(desk.command) == 0
    said = capsys.readouterr().out
    assert "separated" in said
    assert "skewed" not in said
    assert "R7" not in said
