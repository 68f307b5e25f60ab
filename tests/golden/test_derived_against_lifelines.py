"""Derived variables of a made-up export through `riskset study try`, against the same columns computed by pandas from
all rows together and fitted by lifelines."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

SITES = ("asan", "kurume", "osaka")
STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = { name = "A" }
kurume = { name = "B" }
osaka = { name = "C" }
[variables]
drug = { type = "category", levels = ["old", "new"] }
age = { type = "number", range = [18, 100] }
afp = { type = "number", range = [0, 1e6], required = false }
albi = { type = "number", range = [-5, 1] }
days = { type = "number", range = [0, 5000], step = 1 }
dead = { type = "boolean" }
high = { type = "boolean", rule = "afp >= 400", label = "AFP of 400 or more" }
years = { type = "category", cut = "age", at = [60, 70] }
grade = { type = "category", cut = "albi", at = [-2.6, -1.39], levels = ["1", "2", "3"] }
[[eligibility]]
id = "treatable"
rule = "not (years == '>=70' and high)"
[comparison]
arm = "drug"
reference = "old"
[time]
grid = { width_days = 30, max_days = 4000 }
[endpoints]
os = { days = "days", event = "dead" }
[analyses]
cox = { kind = "cox", endpoint = "os", multivariable = ["drug", "high", "years", "grade"], univariable = true }
"""
COLUMNS = {
    ("drug", "new"): "new",
    ("high", "true"): "high",
    ("years", "60-<70"): "from_60",
    ("years", ">=70"): "from_70",
    ("grade", "2"): "grade_2",
    ("grade", "3"): "grade_3",
}


def export(n=360):
    """Returns made-up rows, with ages and grades on the limits, and AFP missing in every twentieth."""
    random = np.random.default_rng(3)
    age, afp = np.round(random.normal(66, 9, n)), np.round(10 ** random.uniform(0, 4.5, n), 1)
    albi = np.round(0.66 * np.log10(random.uniform(0.4, 4, n) * 17.1) - 0.85 * random.uniform(2.2, 4.6, n), 2)
    albi[:3] = -2.6
    new = random.integers(0, 2, n)
    risk = 0.02 * (age - 66) + 0.5 * (afp >= 400) + 0.4 * (albi + 2.4) - 0.4 * new
    days = 1 + (random.exponential(500 * np.exp(-risk)) // 7 * 7).astype(int)
    rows = {"site": np.array(SITES)[np.arange(n) % 3], "new": new, "age": age, "afp": afp, "albi": albi, "days": days}
    frame = pd.DataFrame(rows | {"dead": random.random(n) < 0.7})
    frame.loc[::20, "afp"] = np.nan
    return frame


def pooled(frame):
    """Returns the rows that are analysed with the derived columns, by pandas alone."""
    found = frame[frame["afp"].notna()].copy()
    found["high"] = (found["afp"] >= 400).astype(float)
    years = pd.cut(found["age"], [-np.inf, 60, 70, np.inf], right=False, labels=False)
    grade = pd.cut(found["albi"], [-np.inf, -2.6, -1.39, np.inf], right=False, labels=False)
    for name, column, code in (
        ("from_60", years, 1),
        ("from_70", years, 2),
        ("grade_2", grade, 1),
        ("grade_3", grade, 2),
    ):
        found[name] = (column == code).astype(float)
    return found[~((years == 2) & (found["high"] == 1))]


@pytest.fixture(scope="module")
def tried(desk_at, tmp_path_factory):
    desk, frame = desk_at(tmp_path_factory.mktemp("desk")), export()
    desk.writes_study(STUDY)
    for site in SITES:
        here = frame[frame["site"] == site]
        rows = [
            {
                "patient": str(i),
                "drug": ("old", "new")[row.new],
                "age": f"{row.age:g}",
                "afp": "" if np.isnan(row.afp) else f"{row.afp:.1f}",
                "albi": f"{row.albi:.2f}",
                "days": str(row.days),
                "dead": str(row.dead).lower(),
            }
            for i, row in enumerate(here.itertuples())
        ]
        desk.adds_site(site, rows)
    results = desk.tries(is_printed=True)
    return results, pooled(frame), (desk.root / "out" / "index.html").read_text(encoding="utf-8")


def fitted(rows, columns):
    exact = {"precision": 1e-20, "r_precision": 0.0, "max_steps": 100}
    frame = rows[["days", "dead", "site", *columns]]
    return CoxPHFitter().fit(frame, "days", "dead", strata=["site"], fit_options=exact).summary.loc[list(columns)]


def same(result, expected):
    found = {COLUMNS[term["variable"], term["level"]]: term for term in result["terms"]}
    assert set(found) == set(expected.index)
    for name, term in found.items():
        assert term["coef"] == pytest.approx(expected.loc[name, "coef"], abs=1e-8)
        assert term["se"] == pytest.approx(expected.loc[name, "se(coef)"], rel=1e-8)


def test_the_multivariable_model(tried):
    results, rows, _ = tried
    result = results["cox/os/all/multivariable"]
    assert result["n"] == len(rows)
    same(result, fitted(rows, COLUMNS.values()))


def test_each_derived_variable_alone(tried):
    results, rows, _ = tried
    for variable in ("high", "years", "grade"):
        columns = [column for (name, _), column in COLUMNS.items() if name == variable]
        same(results[f"cox/os/all/univariable/{variable}"], fitted(rows, columns))


def test_the_report_prints_their_labels_and_levels(tried):
    assert all(text in tried[2] for text in ("AFP of 400 or more", "60–&lt;70", "≥70"))
