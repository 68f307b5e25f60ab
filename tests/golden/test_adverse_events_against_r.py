"""Adverse events by arm equal R's (`adverse_events.R`), from CSV files through `riskset study try`.

Counts are exact; differences and limits agree to 1e-9 relative, P values to 1e-7.
"""

import json
from pathlib import Path

import pytest

R = json.loads(Path(__file__).with_name("adverse_events.json").read_text(encoding="utf-8"))
TERMS = ("hypertension", "fatigue", "hand_foot")
STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Trial"
[sites]
S1 = { name = "One" }
S2 = { name = "Two" }
S3 = { name = "Three" }
[variables]
arm   = { type = "boolean" }
days  = { type = "number", range = [0, 5000], step = 1 }
dead  = { type = "boolean" }
hypertension = { type = "category", levels = ["0", "1", "2", "3", "4"], ordered = true }
fatigue      = { type = "category", levels = ["0", "1", "2", "3", "4"], ordered = true }
hand_foot    = { type = "category", levels = ["0", "1", "2", "3", "4"], ordered = true }
[comparison]
arm = "arm"
reference = "false"
[time]
unit = "day"
grid = { width_days = 7, max_days = 700 }
[endpoints.os]
days = "days"
event = "dead"
[adverse_events]
grading = "CTCAE 5.0"
safety_population = "arm"
[adverse_events.terms]
hypertension = { from = "hypertension" }
fatigue = { from = "fatigue" }
hand_foot = { from = "hand_foot" }
[analyses]
safety = { kind = "adverse-events" }
"""


@pytest.fixture(scope="module")
def found(desk_at, tmp_path_factory):
    desk = desk_at(tmp_path_factory.mktemp("safety"))
    desk.writes_study(STUDY)
    columns = R["rows"]
    rows = [dict(zip(columns, map(str, values), strict=True)) for values in zip(*columns.values(), strict=True)]
    for site in ("S1", "S2", "S3"):
        here = [row | {"days": "10", "dead": "0"} for row in rows if row["site"] == site]
        desk.adds_site(site, [row | {"patient": str(number)} for number, row in enumerate(here)])
    return desk.tries()["adverse-events/safety"]


def check(grades, expected):
    assert [one["grade"] for one in grades] == ["any", ">=3"]
    for one, r in zip(grades, (expected["any"], expected["severe"]), strict=True):
        assert [arm["n"] for arm in one["arms"]] == r["n"]
        assert [arm["of"] for arm in one["arms"]] == r["of"]
        limits = [one["difference"][key] for key in ("estimate", "lower", "upper")]
        assert limits == pytest.approx(r["difference"], rel=1e-9, abs=1e-12)
        assert one["fisher"]["p"] == pytest.approx(r["p"], rel=1e-7)


@pytest.mark.parametrize("term", TERMS)
def test_each_term(found, term):
    (grades,) = [one["grades"] for one in found["terms"] if one["term"] == term]
    check(grades, R["terms"][term])


def test_any_term(found):
    check(found["any"], R["any"])


def test_terms_are_sorted_by_how_many_had_them(found):
    n = [one["grades"][0]["overall"]["n"] for one in found["terms"]]
    assert n == sorted(n, reverse=True)
