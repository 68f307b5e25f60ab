"""The flow of lung's patients over its institutions equals R's tables of the pooled rows: `table1.R`, key flow."""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.study_text import sites_text, study_text

from riskset import datasets
from riskset.cli import main

R = json.loads(Path(__file__).with_name("table1.json").read_text(encoding="utf-8"))["flow"]
STUDY = study_text(
    """\
age     = { type = "number", unit = "year", range = [18, 100] }
ph_ecog = { type = "number", range = [0, 4], required = false }
wt_loss = { type = "number", unit = "lb", range = [-60, 120], required = false }
""",
    """\
flow = { kind = "flow" }
cox = { kind = "cox", endpoint = "os", multivariable = ["trt", "age", "ph_ecog", "wt_loss"] }
""",
    grid=(28, 1120),
    rules="""\
[[eligibility]]
id = "adults"
rule = "age >= 50"
""",
)


@pytest.fixture(scope="module", params=[4, pytest.param(3, marks=pytest.mark.exhaustive)])
def flow(request, desk_at, tmp_path_factory):
    """Dealt to four sites, and to three: these counts are of the pooled rows."""
    with datasets.path("lung").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"site{code}" for code in range(request.param)]
    desk = desk_at(tmp_path_factory.mktemp("flow"))
    desk.writes_study(STUDY.format(sites=sites_text(names)))
    for code, name in enumerate(names):
        desk.adds_site(name, rows[code :: request.param])
    assert main(desk.command) == 0
    document = json.loads((desk.root / "out" / "results.json").read_text(encoding="utf-8"))
    return next(result for result in document["results"] if result["id"] == "flow")


def by_arm(box):
    return [arm["n"] for arm in box["by_arm"]]


def test_boxes(flow):
    found = {box["id"]: by_arm(box) for box in flow["steps"]}
    r = R["steps"]
    assert found == {
        "read": r["read"],
        "adults": r["adults"],
        "os/follow-up": r["adults"],
        "os/complete": r["complete"],
    }
    assert [(box["id"], box["after"]) for box in flow["steps"]] == [
        ("read", None),
        ("adults", "read"),
        ("os/follow-up", "adults"),
        ("os/complete", "os/follow-up"),
    ]
    assert all(box["n"] == sum(by_arm(box)) for box in flow["steps"])


def test_missing_values_of_eligible_patients(flow):
    """One patient lacks the performance status: a table may say so, by arm."""
    assert {one["variable"]: by_arm(one) for one in flow["missing"]} == R["missing"]
    assert sum(R["missing"]["ph_ecog"]) < 5
