"""A rule of eligibility that one patient alone fails: the boxes before and after it differ in that patient, whose arm
the counts by arm would tell. So the difference is judged as that of any two sets."""

import csv
import json

import pytest

from riskset import datasets
from riskset.analyses.admission import judging, own_rows, own_tables
from riskset.cli import main

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "lung"
[sites]
{sites}
[variables]
trt   = {{ type = "boolean" }}
time  = {{ type = "number", unit = "day", range = [0, 10000], step = 1 }}
event = {{ type = "boolean" }}
age   = {{ type = "number", unit = "year", range = [18, 100] }}
[[eligibility]]
id = "target"
rule = "{rule}"
[comparison]
arm = "trt"
reference = "false"
[time]
unit = "day"
grid = {{ width_days = 28, max_days = 1120 }}
[endpoints.os]
days = "time"
event = "event"
[analyses]
flow = {{ kind = "flow" }}
"""
OLDEST = 82  # of one patient
HONEST = 75  # exceeded by eleven, at every site
OLD = 73  # exceeded by ten or more at each of two sites, of one arm by four
LESS = 70  # exceeded by five or more of each arm at each of two sites


@pytest.fixture(scope="module")
def rows():
    with datasets.path("lung").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def asks(rows, desk_at, tmp_path):
    """Returns the flow of a study with a rule."""
    asked = []

    def ask(rule, names="abc", *options):
        asked.append(rule)
        desk = desk_at(tmp_path / str(len(asked)))
        sites = "\n".join(f'{name} = {{ name = "{name}" }}' for name in names)
        desk.writes_study(STUDY.format(rule=rule, sites=sites))
        for code, name in enumerate(names):
            desk.adds_site(name, rows[code :: len(names)])
        assert main([*desk.command, *options]) == 0
        document = json.loads((desk.root / "out" / "results.json").read_text(encoding="utf-8"))
        return {box["id"]: box for box in document["results"][0]["steps"]}

    return ask


def by_arm(box):
    return [arm["n"] for arm in box["by_arm"]]


def differ(rows, limit):
    """Returns how many patients of each arm are older."""
    return [sum(row["trt"] == arm and float(row["age"]) > limit for row in rows) for arm in "01"]


def test_the_arm_of_the_only_patient_who_fails_a_rule(asks, rows, monkeypatch):
    older = [row for row in rows if float(row["age"]) >= OLDEST]
    assert len(older) == 1
    with monkeypatch.context() as off:
        for module in (judging, own_rows):
            off.setattr(module.cells, "apart", lambda *_: [])
        off.setattr(own_rows, "_own_pairs", lambda *_: iter(()))
        boxes = asks(f"age < {OLDEST}")
        told = [a - b for a, b in zip(by_arm(boxes["read"]), by_arm(boxes["target"]), strict=True)]
        assert told == [int(older[0]["trt"] == arm) for arm in "01"]
    boxes = asks(f"age < {OLDEST}")
    assert (boxes["read"]["n"], boxes["read"]["reason"]["rule"]) == (None, "R2")
    assert by_arm(boxes["read"]) == [None, None]
    assert sum(by_arm(boxes["target"])) == len(rows) - 1


def test_a_rule_that_enough_patients_fail_is_answered(asks, rows):
    boxes = asks(f"age <= {HONEST}")
    told = [a - b for a, b in zip(by_arm(boxes["read"]), by_arm(boxes["target"]), strict=True)]
    assert told == differ(rows, HONEST)
    assert sum(told) >= 5


def test_the_other_of_two_hospitals_small_cells(asks, rows, monkeypatch):
    """Of two hospitals, each subtracts its own boxes from the totals: what is left is the other's."""
    two = ("ab", "--exception", "R12.contributors=2")
    others = differ(rows[1::2], OLD)
    assert 0 < min(others) < 5 <= sum(others)
    with monkeypatch.context() as off:
        off.setattr(own_tables, "_own_boxes", lambda *_: iter(()))
        boxes = asks(f"age <= {OLD}", *two)
        told = [a - b for a, b in zip(by_arm(boxes["read"]), by_arm(boxes["target"]), strict=True)]
        assert [n - own for n, own in zip(told, differ(rows[0::2], OLD), strict=True)] == others
    boxes = asks(f"age <= {OLD}", *two)
    assert (boxes["read"]["n"], boxes["read"]["reason"]["rule"]) == (None, "R4")
    assert all(by_arm(asks(f"age <= {LESS}", *two)["read"]))
