"""`riskset study try --suggest`: what it prints was tried, passes when it is followed, and is as small as it says."""

import json
import re
import shlex
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from riskset.cli import main
from riskset.rehearsal import Rehearsal
from riskset_server.run.outcome import refusals_of
from riskset_server.run.suggest.changes import Loosen, Merge, Transform, WithoutArms
from riskset_server.run.suggest.search import Rehearsals, suggested

SITES = ("asan", "busan", "chiba")
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "age": {"type": "number", "range": [1, 1e4]},
    "stage": {"type": "category", "levels": ["I", "II", "III"]},
    "days": {"type": "number", "range": [0, 5000], "step": 1},
    "dead": {"type": "boolean"},
}


def cox(*covariates):
    return {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates)}


def curve():
    return {"kind": "km", "endpoints": ["os"]}


def rare_level(rows):
    rows.variables["stage"][:] = np.where(np.arange(rows.n) < 6, 2.0, np.arange(rows.n) % 2)


def skewed(rows):
    """As laboratory values are: a few are many times the others, and their logarithms are not."""
    rows.variables["age"][:] = np.exp(4 + 1.2 * np.random.default_rng(2).normal(size=rows.n)).clip(1, 1e4)


def apart(rows):
    rows.variables["arm"][:] = (np.arange(rows.n) % 3 == 0).astype(float)


def few_events(rows):
    rows.event[:] = np.arange(rows.n) % 10 == 0


def all_die(rows):
    rare_level(rows)
    rows.event[:] = True


def unchanged(rows):
    pass


CASES = {
    "level": (120, rare_level, {"cox": cox("arm", "stage")}, [Merge("stage", ("I", "III"))]),
    "number": (120, skewed, {"cox": cox("arm", "age")}, [Transform("age", "log")]),
    "arms apart": (120, apart, {"survival": curve(), "cox": cox("stage")}, [WithoutArms()]),
    "events": (150, few_events, {"cox": cox("arm")}, [Loosen("R3.events", "15")]),
    "parameters": (
        52,
        lambda rows: rare_level(rows) or rows.event.fill(True),
        {"cox": cox("arm", "stage", "age")},
        None,
    ),
    "two sites": (120, unchanged, {"cox": cox("arm", "age")}, [Loosen("R12.contributors", "2")]),
}


def tried(patients, n, spoil, analyses, sites):
    rows = patients.rows(7, n)
    spoil(rows)

    def load(study):
        """The rows as sites read them for a study."""
        age = study.variables["age"].transformed(rows.variables["age"])
        return patients.deal(replace(rows, variables={**rows.variables, "age": age}), patients.sites(sites, n))

    return Rehearsals(patients.study(sites, analyses=analyses, variables=VARIABLES), load, (), {})


def refused(found):
    outcome = Rehearsal(found.study, found.cohorts, exceptions=found.exceptions).run()
    ends = [(one, outcome.results[one.id]) for one in outcome.history.plan.reported]
    return [one.id for one, end in ends if refusals_of(one, end)]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.exhaustive] * (case in ("arms apart", "parameters", "level")))
        for case in CASES
    ],
)
def test_what_is_suggested_passes_and_nothing_of_it_can_be_left_out(patients, case):
    n, spoil, analyses, expected = CASES[case]
    rehearsals = tried(patients, n, spoil, analyses, SITES[:2] if case == "two sites" else SITES)
    assert rehearsals.tried(()).left
    found = suggested(rehearsals, lambda *_: None)
    assert refused(found.best) == []
    assert all(refused(other) == [] for other in found.others[:2])
    assert expected is None or list(found.best.changes) == expected
    for change in found.best.changes:
        assert rehearsals.tried([other for other in found.best.changes if other != change]).left


def test_an_exception_is_as_strict_as_passes_and_the_last_choice(patients):
    found = suggested(tried(patients, *CASES["events"][:3], SITES), lambda *_: None).best
    (change,) = found.changes
    assert change.typed == "R3=15"  # 15 events
    rehearsals = tried(patients, *CASES["events"][:3], SITES)
    assert rehearsals.tried([Loosen("R3.events", "16")]).left
    others = suggested(tried(patients, *CASES["number"][:3], SITES), lambda *_: None)
    ranks = [max(change.rank for change in one.changes) for one in (others.best, *others.others)]
    assert ranks == sorted(ranks)
    assert any(isinstance(change, Loosen) for one in others.others for change in one.changes)
    assert not any(isinstance(change, Loosen) for change in others.best.changes)


def test_what_nothing_lets_pass_is_named(patients):
    rehearsals = tried(patients, 40, unchanged, {"cox": cox("arm", "age")}, SITES)
    best = suggested(rehearsals, lambda *_: None).best
    assert (best.changes, [one.analysis.id for one in best.left]) == ((), ["cox/os/all/multivariable"])
    assert best.left[0].limits == ("R1.population_rows",)


def test_what_can_pass_is_suggested_beside_what_cannot(patients):
    def eight_events(rows):
        apart(rows)
        rows.event[:] = np.arange(rows.n) % 15 == 0

    rehearsals = tried(patients, 120, eight_events, {"survival": curve(), "cox": cox("stage")}, SITES)
    best = suggested(rehearsals, lambda *_: None).best
    assert [one.analysis.id for one in best.left] == ["cox/os/all/multivariable"] == refused(best)
    assert best.changes == (WithoutArms(),)


def test_the_same_study_and_rows_give_the_same_suggestion(patients):
    found = [suggested(tried(patients, *CASES["parameters"][:3], SITES), lambda *_: None) for _ in range(2)]
    assert found[0].best.changes == found[1].best.changes
    assert [one.changes for one in found[0].others] == [one.changes for one in found[1].others]


STUDY = """
schema = 1
study = {{ id = "trial", version = "1", title = "A trial" }}
[sites]
asan = {{ name = "Asan" }}
busan = {{ name = "Busan" }}
[variables]
arm = {{ type = "category", levels = ["old", "new"] }}
stage = {{ type = "category", levels = ["I", "II", "III"], required = false }}
days = {{ type = "number", range = [0, 5000], step = 1 }}
dead = {{ type = "boolean" }}
[comparison]
arm = "arm"
reference = "old"
[time]
grid = {{ width_days = 7, max_days = 5000 }}
[endpoints]
os = {{ days = "days", event = "dead" }}
[analyses]
models = {{ kind = "cox", endpoints = ["os"], multivariable = ["arm", "stage"], univariable = true }}
"""


def toml(value):
    """A value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def follows(desk, said):
    """Changes the files as the suggestion says; returns the command that it prints."""
    study = tomllib.loads(desk.study.read_text(encoding="utf-8"))
    for table, name, key, value in re.findall(r"^  in study.toml, \[(\w+)\] (\w+): (\w+) = (.*)$", said, re.MULTILINE):
        study[table][name][key] = json.loads(value)
    desk.study.write_text("\n".join(f"{key} = {toml(value)}" for key, value in study.items()), encoding="utf-8")
    for name, texts, merged in re.findall(r"\[map\] (\w+): recode the texts of (.*) to '(.*)'$", said, re.MULTILINE):
        recode = dict.fromkeys(texts.split(" and "), merged)
        for file in desk.sites.glob("*/site.toml"):
            line = f"[map]\n{name} = {toml({'column': name, 'recode': recode})}\n"
            file.write_text(file.read_text(encoding="utf-8").replace("[map]\n", line), encoding="utf-8")
    (command,) = re.findall(r"^Then try it: riskset (.*)$", said, re.MULTILINE)
    return shlex.split(command)


def test_the_suggestion_can_be_copied_and_passes(desk, patients, capsys):
    """Two sites, a level that few have: an exception, two files to change and a command to copy."""
    desk.writes_study(STUDY.format())
    rows = patients.rows(5, 160)
    for at, name in enumerate(("asan", "busan")):
        patients_here = range(at, 160, 2)
        stage = {i: "III" if i < 6 else ("I", "II")[i % 3 == 0] for i in patients_here}
        texts = [
            {
                "patient": str(i),
                "arm": ["old", "new"][int(rows.variables["arm"][i])],
                "stage": stage[i],
                "days": str(rows.days[i]),
                "dead": str(bool(rows.event[i])).lower(),
            }
            for i in patients_here
        ]
        desk.adds_site(name, texts)
    assert main([*desk.command, "--suggest"]) == 0
    said = capsys.readouterr().out
    assert "refused by" in said
    assert "every site signs the exception R12=2" in said
    command = follows(desk, said)
    assert command[:2] == ["study", "try"]
    assert command[-2:] == ["--exception", "R12=2"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "passed the gate" in said
    assert "refused" not in said
    assert main([*command, "--suggest"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Every analysis passes: there is nothing to change."


def test_a_command_that_is_offered_has_the_options_that_were_given(desk, patients, capsys):
    """Three sites, of which one has two patients and takes no part."""
    desk.writes_study(STUDY.format().replace("busan = ", 'chiba = { name = "Chiba" }\nbusan = '))
    for name, n in (("asan", 40), ("busan", 40), ("chiba", 2)):
        row = {"arm": "old", "stage": "I", "days": "100", "dead": "true"}
        desk.adds_site(name, [row | {"patient": str(i)} for i in range(n)])
    assert main([*desk.command, "--suggest", "--exception", "R4=1/4"]) == 3
    (command,) = re.findall(r"riskset (study try .*--without chiba)", capsys.readouterr().err)
    assert "--suggest --exception R4=1/4 --without chiba" in command


def test_rules_that_are_ignored_suggest_nothing(desk, capsys):
    desk.writes_study(STUDY.format())
    assert main([*desk.command, "--suggest", "--ignore-gate"]) == 2
    assert "--suggest asks what would pass the rules" in " ".join(capsys.readouterr().err.split())
