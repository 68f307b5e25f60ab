"""Subgroups: which rows and models an entry asks for, and a level whose likelihood has no maximum."""

from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable
from riskset.analyses.methods.subgroup import LevelModel, Subgroups
from riskset.analyses.methods.subgroup_answer import NoFit
from riskset.analyses.plan import plan
from riskset.errors import DataError
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.study.load import parse_study

SITES = ("asan", "kurume", "osaka")


def entry(**more):
    return {"kind": "subgroup", "endpoints": ["os"], "by": ["stage", "mvi"], "adjusted": ["age", "stage"]} | more


def asked(patients, **more):
    variables = patients.variables | {"mvi": {"type": "boolean"}}
    return patients.study(SITES, variables=variables, analyses={"forest": entry(**more)})


def test_each_variable_has_its_models_and_all_patients_one(patients):
    reported = plan(asked(patients)).reported
    assert [one.id for one in reported if not one.is_part] == ["subgroup/os/all/stage", "subgroup/os/all/mvi"]
    assert [one.id for one in reported if one.id.endswith("/overall")] == ["subgroup/os/all/stage/forest/overall"]
    of_stage = [one for one in reported if isinstance(one, LevelModel) and one.within.variable == "stage"]
    assert [column.variable for column in of_stage[0].design] == ["arm", "age"]  # within a stage, the stage is none
    assert {one.analysis_set for one in reported} == {"os"}


def test_each_variable_has_its_own_rows_by_model(patients):
    reported = plan(asked(patients, missing="by_model", adjusted=["age"])).reported
    of_each = {one.variable: one for one in reported if isinstance(one, Subgroups)}
    assert of_each["stage"].analysis_set == "os with arm and stage and age"
    assert of_each["mvi"].overall == "subgroup/os/all/mvi/forest/overall"


def test_a_level_without_events_in_an_arm_has_its_patients_and_a_reason(patients):
    study = patients.study(SITES, analyses={"forest": entry(by=["stage"], adjusted=[])})
    rows = patients.rows(seed=3, n=240)
    rows.event[(rows.variables["stage"] == 1) & (rows.variables["arm"] == 1)] = False
    cohorts = patients.deal(rows, patients.sites(SITES, 240))
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    (found,) = (entry_json(one) for one in results_of(study, outcome, SITES).entries)
    first, second = found["levels"][:2]
    assert first["hr"] is not None
    assert (second["hr"], second["reason"]["code"]) == (None, "separated")
    assert [arm["events"] > 0 for arm in second["by_arm"]] == [True, False]
    assert second["n"] == sum(arm["n"] for arm in second["by_arm"])
    ends = [result for id_, result in outcome.results.items() if id_.startswith("subgroup/os/all/stage/forest")]
    assert [type(end) for end in ends if isinstance(end, NotEstimable)].count(NoFit) == 1


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('by = ["arm"]', "'arm' is the arm"),
        ('by = ["age"]', "expected type: boolean, category"),
        ('by = ["mvi"], adjusted = ["arm"]', "'arm' is the arm"),
        ('by = ["mvi"]\n[comparison]', "two arms"),
    ],
)
def test_what_cannot_be_asked(keys, told):
    text = (Path(__file__).parents[3] / "configs" / "hcc-second-line.toml").read_text(encoding="utf-8")
    asked, _, moved = keys.partition("\n")
    text = text.replace("[analyses]", f'[analyses]\nforest = {{ kind = "subgroup", endpoints = ["os"], {asked} }}')
    if moved:
        before, _, after = text.partition("[comparison]")
        text = before + after[after.index("\n[") :]
    with pytest.raises(DataError) as raised:
        parse_study(text)
    assert any(told in str(problem.message) for problem in raised.value.problems)


def test_models_of_levels_go_on_while_what_is_left_of_a_refused_analysis_is_admitted(patients):
    """A rare stratum is refused with its log-rank test; the curves are then admitted by themselves."""
    variables = patients.variables | {"rare": {"type": "boolean"}}
    curves = {"kind": "km", "endpoints": ["os"], "strata": ["rare"]}
    asked = {"survival": curves, "forest": entry(by=["stage"], adjusted=[])}
    rows = patients.rows(seed=3, n=360)
    rows.variables["rare"] = (np.arange(360) < 2).astype(float)
    study = patients.study(SITES, variables=variables, analyses=asked)
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 360))).run()
    found = {one.id: entry_json(one) for one in results_of(study, outcome, SITES).entries}
    assert (found["km/os/all"]["status"], found["subgroup/os/all/stage"]["status"]) == ("ok", "ok")
    assert all(level["hr"] for level in found["subgroup/os/all/stage"]["levels"])
