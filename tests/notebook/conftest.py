"""Six patients of three sites, whose numbers are worked out by hand, and the study that is tried on them."""

import pandas as pd
import pytest

import riskset

STUDY = """
schema = 1
[study]
id = "six"
version = "1"
title.en = "Six patients"
[sites]
asan = { name = "Asan" }
kurume = { name = "Kurume" }
osaka = { name = "Osaka" }
[variables]
arm = { type = "category", levels = ["old", "new"], label = "Treatment" }
days = { type = "number", unit = "day", range = [0, 100], step = 1 }
dead = { type = "boolean" }
stage = { type = "category", levels = ["I", "II"], required = false }
since = { type = "date", required = false }
[comparison]
arm = "arm"
reference = "old"
[time]
unit = "day"
grid = { width_days = 1, max_days = 50 }
[endpoints.os]
days = "days"
event = "dead"
label = "Overall survival"
[analyses]
survival = { kind = "km", endpoint = "os" }
cox = { kind = "cox", endpoint = "os", multivariable = ["arm"] }
table1 = { kind = "table1", variables = ["stage"] }
"""
ROWS = {
    "arm": ["old", "new", "old", "new", "old", "new"],
    "days": [1, 1, 6, 6, 8, 9],
    "dead": [True, False, True, True, False, True],
    "stage": ["I", "II", None, "I", "II", "I"],
}


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("six") / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return riskset.read_study(path)


@pytest.fixture
def frames():
    """Those of the three sites, two patients each."""
    rows = pd.DataFrame(ROWS)
    return {site: rows.iloc[2 * i : 2 * i + 2].copy() for i, site in enumerate(("asan", "kurume", "osaka"))}


@pytest.fixture(scope="session")
def run(study):
    rows = pd.DataFrame(ROWS)
    frames = {site: rows.iloc[2 * i : 2 * i + 2] for i, site in enumerate(("asan", "kurume", "osaka"))}
    return riskset.rehearse(study, frames, ignore_gate=True)
