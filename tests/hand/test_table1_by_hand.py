"""Table 1 of seven patients in three hospitals, worked by hand.

| hospital | arm | age | stage | male |     | hospital | arm | age | stage | male |
| a | old | 40 | I  | yes |             | b | new | 60 | II | yes |
| a | old | 50 | II | no  |             | c | new | 62 | II | yes |
| a | new | 64 | II | yes |             | c | new | 70 | I  | -   |
| b | old | -  | I  | no  |

Age, old: 40 and 50, mean 45, variance 50. New: 64, 60, 62, 70, mean 64, variance (0 + 16 + 4 + 36) / 3 = 56/3. All six:
mean 346/6, variance (sum of squares 20540 - 346^2/6) / 5. Difference 19; of the pooled SD sqrt((50 + 56/3) / 2).
Student: pooled variance (50 + 56) / 4 = 26.5, t = 19 / sqrt(26.5 x 3/4), 4 df. Welch: t = 19 / sqrt(25 + 14/3).
Stage: old 2 I, 1 II; new 1 I, 3 II; expected 9/7, 12/7, 12/7, 16/7; chi-square (5/7)^2 x (7/9 + 7/12 + 7/12 + 7/16).
Fisher: of C(7, 3) = 35 tables, 4, 18, 12, 1 have 0 to 3 old with I; no likelier than 2 are 0, 2 and 3: 17/35.
Yang and Dalton: 2/3 less 1/4 over sqrt of the mean of 2/9 and 3/16.
Male: old 1 of 3, new 3 of 3, one missing.
"""

from math import sqrt

import pytest

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "seven"
[sites]
a = {{ name = "a" }}
b = {{ name = "b" }}
c = {{ name = "c" }}
[variables]
arm   = {{ type = "category", levels = {arms} }}
age   = {{ type = "number", unit = "year", range = [0, 100], step = 1 }}
stage = {{ type = "category", levels = ["I", "II"] }}
male  = {{ type = "boolean" }}
days  = {{ type = "number", range = [0, 100] }}
dead  = {{ type = "boolean" }}
{comparison}
[time]
unit = "day"
grid = {{ width_days = 10, max_days = 100 }}
[endpoints.os]
days = "days"
event = "dead"
[analyses]
table1 = {{ kind = "table1", variables = ["age", "stage", "male"] }}
complete = {{ kind = "table1", variables = ["age", "stage", "male"], missing = "complete", tests = false }}
"""
COMPARISON = '[comparison]\narm = "arm"\nreference = "old"'
ROWS = {
    "a": [("old", "40", "I", "1"), ("old", "50", "II", "0"), ("new", "64", "II", "1")],
    "b": [("new", "60", "II", "1"), ("old", "", "I", "0")],
    "c": [("new", "62", "II", "1"), ("new", "70", "I", "")],
}


def tried(desk, arms=("old", "new"), comparison=COMPARISON):
    desk.writes_study(STUDY.format(arms=list(arms), comparison=comparison))
    for site, rows in ROWS.items():
        named = [dict(zip(("arm", "age", "stage", "male"), row, strict=True)) for row in rows]
        desk.adds_site(site, [row | {"days": "10", "dead": "1"} for row in named])
    return desk.tries()


@pytest.fixture(scope="module")
def results(desk_at, tmp_path_factory):
    return tried(desk_at(tmp_path_factory.mktemp("seven")))


def variables(result):
    return {one["variable"]: one for one in result["variables"]}


@pytest.fixture(scope="module")
def table(results):
    return variables(results["table1/all"])


def test_patients(results):
    assert [(of["level"], of["n"]) for of in results["table1/all"]["n"]] == [("old", 3), ("new", 4), ("all", 7)]


def test_age(table):
    age = table["age"]
    assert [(arm["n"], arm["missing"]) for arm in age["arms"]] == [(2, 1), (4, 0), (6, 1)]
    assert [arm["mean"] for arm in age["arms"]] == pytest.approx([45, 64, 346 / 6], rel=1e-12)
    spread = (20540 - 346**2 / 6) / 5
    assert [arm["sd"] ** 2 for arm in age["arms"]] == pytest.approx([50, 56 / 3, spread], rel=1e-12)
    differences = {smd["definition"]: smd["value"] for smd in age["smd"]}
    assert differences == pytest.approx(
        {
            "pooled sd": 19 / sqrt((50 + 56 / 3) / 2),
            "sd of the arm": 19 / sqrt(56 / 3),
            "sd of the reference": 19 / sqrt(50),
        },
        rel=1e-12,
    )
    assert {(smd["arm"], smd["against"]) for smd in age["smd"]} == {("new", "old")}
    assert age["tests"]["t"]["t"] == pytest.approx(19 / sqrt(26.5 * 3 / 4), rel=1e-12)
    assert age["tests"]["t"]["df"] == 4
    assert age["tests"]["welch"]["t"] == pytest.approx(19 / sqrt(25 + 14 / 3), rel=1e-12)


def test_stage(table):
    stage = table["stage"]
    counts = [[level["n"] for level in arm["levels"]] for arm in stage["arms"]]
    assert counts == [[2, 1], [1, 3], [3, 4]]
    assert stage["arms"][0]["levels"][0]["percent"] == pytest.approx(200 / 3, rel=1e-12)
    chi2 = (5 / 7) ** 2 * (7 / 9 + 7 / 12 + 7 / 12 + 7 / 16)
    assert stage["tests"]["chi2"]["chi2"] == pytest.approx(chi2, rel=1e-12)
    assert stage["tests"]["chi2_yates"]["chi2"] == pytest.approx(chi2 * (3 / 14) ** 2 / (5 / 7) ** 2, rel=1e-12)
    assert stage["tests"]["fisher"]["p"] == pytest.approx(17 / 35, rel=1e-12)
    (smd,) = stage["smd"]
    assert smd["value"] == pytest.approx((2 / 3 - 1 / 4) / sqrt((2 / 9 + 3 / 16) / 2), rel=1e-12)


def test_male(table):
    assert [(arm["n"], arm["missing"]) for arm in table["male"]["arms"]] == [(3, 0), (3, 1), (6, 1)]
    assert table["male"]["tests"]["fisher"]["odds_ratio"] is None  # no woman in the arm


def test_complete_cases(results):
    """Five patients have all three."""
    complete = results["table1/all/complete"]
    assert [of["n"] for of in complete["n"]] == [2, 3, 5]
    assert all(arm["missing"] == 0 for one in complete["variables"] for arm in one["arms"])
    assert all(one["tests"] == {} for one in complete["variables"])


def test_a_study_without_arms(desk):
    found = tried(desk, comparison="")["table1/all"]
    assert found["arms"] == ["all"]
    age = variables(found)["age"]
    assert [(arm["level"], arm["n"], arm["missing"]) for arm in age["arms"]] == [("all", 6, 1)]
    assert (age["smd"], age["tests"]) == ([], {})


def test_three_arms_of_which_nobody_is_in_one(desk):
    found = variables(tried(desk, arms=("old", "new", "other"))["table1/all"])
    *_, other, _ = found["age"]["arms"]
    assert (other["level"], other["n"], other["mean"], other["sd"]) == ("other", 0, None, None)
    assert [smd["value"] is None for smd in found["age"]["smd"]] == [False] * 3 + [True] * 3
    assert found["age"]["tests"]["welch"] == {
        "p": None,
        "reason": {"code": "not two arms", "message": "this test compares two arms"},
    }
    assert found["stage"]["tests"]["chi2"]["df"] == 1  # nobody's arm is left out
