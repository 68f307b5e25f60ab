"""The flow of nine patients in three hospitals, counted by hand.

| hospital | arm | age | ecog | days | dead |
| a | old | 40 | 0 | 10 | yes |      a | new | 17 | 0 | 20 | no |       a | new | 50 | - | 30 | yes |
| b | old | 60 | 1 | - | yes |       b | old | - | 1 | 50 | no |        b | new | 70 | 0 | 60 | yes |
| c | - | 80 | 0 | 70 | no |         c | new | 30 | 1 | 80 | yes |      c | old | 20 | 0 | 90 | no |

Of nine rows eight have an arm: 4 old, 4 new. Six are known to be 18 or older: the new one of 17 and the old one without
an age are not. One old has no follow-up, which leaves 2 old and 3 new; one new of these has no ecog.
"""

import pytest

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "nine"
[sites]
a = { name = "a" }
b = { name = "b" }
c = { name = "c" }
[variables]
arm  = { type = "category", levels = ["old", "new"] }
age  = { type = "number", range = [0, 100] }
ecog = { type = "boolean" }
days = { type = "number", range = [0, 100] }
dead = { type = "boolean" }
[[eligibility]]
id = "adults"
label = "Adults"
rule = "age >= 18"
[comparison]
arm = "arm"
reference = "old"
[time]
unit = "day"
grid = { width_days = 10, max_days = 100 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
curve = { kind = "km", endpoint = "os" }
cox = { kind = "cox", endpoint = "os", multivariable = ["arm", "ecog"] }
flow = { kind = "flow" }
again = { kind = "flow" }
"""
ROWS = {
    "a": [("old", "40", "0", "10", "1"), ("new", "17", "0", "20", "0"), ("new", "50", "", "30", "1")],
    "b": [("old", "60", "1", "", "1"), ("old", "", "1", "50", "0"), ("new", "70", "0", "60", "1")],
    "c": [("", "80", "0", "70", "0"), ("new", "30", "1", "80", "1"), ("old", "20", "0", "90", "0")],
}


@pytest.fixture(scope="module")
def results(desk_at, tmp_path_factory):
    desk = desk_at(tmp_path_factory.mktemp("nine"))
    desk.writes_study(STUDY)
    for site, rows in ROWS.items():
        desk.adds_site(site, [dict(zip(("arm", "age", "ecog", "days", "dead"), row, strict=True)) for row in rows])
    return desk.tries()


def test_boxes(results):
    boxes = {box["id"]: [arm["n"] for arm in box["by_arm"]] for box in results["flow"]["steps"]}
    assert boxes == {"read": [4, 4], "adults": [3, 3], "os/follow-up": [2, 3], "os/complete": [2, 2]}
    assert [box["label"] for box in results["flow"]["steps"]][1] == "Adults"


def test_missing(results):
    (ecog,) = results["flow"]["missing"]
    assert (ecog["variable"], ecog["n"], [arm["n"] for arm in ecog["by_arm"]]) == ("ecog", 1, [0, 1])


def test_two_entries_have_the_same_boxes(results):
    assert results["flow/again"]["steps"] == results["flow"]["steps"]
    assert results["flow/again"]["missing"] == results["flow"]["missing"]


def test_the_last_box_is_the_set_of_the_models(results):
    assert results["km/os/all"]["analysed"] == sum([2, 2])
