"""Balance and Table 1 of weighted patients equal R's formulas with the same rounded weights, and are near those of
exact weights (`weighted_tables.R`).

A hospital's sum of a level is rounded to a quarter of about the mean weight, that of a number to a 64th of it times
half the number's range: a share or a mean is off by at most half of it for each hospital, divided by the weight of the
arm. In `lung`, 18 hospitals of 2 to 36 patients, a difference is off by up to 0.015, in `rottgbsg`, two large ones,
by 0.001.
"""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

from riskset.analyses.design import columns_of
from riskset.analyses.methods.weighted_tables import steps_of
from riskset.study.load import parse_study
from riskset.study.variables import values_of

R = json.loads(Path(__file__).with_name("weighted_tables.json").read_text(encoding="utf-8"))
NEAR = {"lung": (0.016, 0.06), "rottgbsg": (0.001, 0.002)}
"""How far differences are from those by exact weights, and spreads from those of the rounded ones, as a share."""
METHODS = ("ate", "matching", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("att", "overlap")))


@pytest.fixture(scope="module", params=["lung", pytest.param("rottgbsg", marks=pytest.mark.exhaustive)])
def name(request):
    return request.param


@pytest.fixture(scope="module", params=METHODS)
def method(request):
    return request.param


@pytest.fixture(scope="module")
def r(name, method):
    return R[name][method]


@pytest.fixture(scope="module")
def tried(name, method, csv_of, desk_at, tmp_path_factory):
    """Returns the results of a study with one weighted population, and the study."""
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    covariates = list(DATA[name].in_r)[1:]
    table = {"kind": "table1", "missing": "complete", "variables": covariates, "populations": ["w"]}
    text = study_of(name, rows, by_name, {"table": table, "curves": {"kind": "km", "endpoint": "os"}})
    score = f'[propensity]\ncovariates = {json.dumps(covariates)}\nadjustments.w = {{ method = "{method}" }}\n'
    text = text.replace("[analyses]", f"{score}[analyses]")
    desk = desk_at(tmp_path_factory.mktemp(name))
    desk.writes_study(text)
    for site, of in by_name.items():
        desk.adds_site(site, of, DATA[name].mapping)
    return desk.tries(), parse_study(text)


def each(tried, name, found):
    """Yields what is found of each covariate, R's name of it, and how far a mean may be off by rounded sums, as a share
    of one unit of weight."""
    results, study = tried
    for one in found(results):
        (column, *_) = columns_of(study, [one["variable"]])
        steps = steps_of(values_of(study.variables[one["variable"]]))
        yield one, DATA[name].in_r[one["variable"]], (column.half_range if column.is_number else 1.0) / (2 * steps)


def off(r, step):
    """Returns how far a mean of an arm may be off."""
    return r["sites"] * step * r["unit"] / min(r["total"])


def test_balance(tried, name, r):
    balance = tried[0]["balance/w"]
    assert balance["effective"] == dict(zip(("control", "treated"), r["rounded"]["effective"], strict=True))
    for one, in_r, step in each(tried, name, lambda results: results["balance/w"]["variables"]):
        of, exact = r["rounded"]["each"][in_r], r["exact"]["each"][in_r]
        values = [x["value"] for x in one["after"]["by_denominator"]]
        smallest = abs(min(of["before"], *of["sd"]))
        assert values == pytest.approx(of["smd"], rel=1e-9, abs=1e-12 + 4 * off(r, step) / smallest)
        assert values == pytest.approx(exact["smd"], abs=NEAR[name][0])
        assert one["after"]["variance_ratio"] == pytest.approx(of["ratio"], rel=NEAR[name][1])


def test_table_1(tried, name, r):
    table = tried[0]["table1/w"]
    assert [of["effective_n"] for of in table["n"]][:2] == r["rounded"]["effective"]
    for one, in_r, step in each(tried, name, lambda results: results["table1/w"]["variables"]):
        of = r["rounded"]["each"][in_r]
        arms = one["arms"][:2]
        if "mean" in arms[0]:
            assert [arm["mean"] for arm in arms] == pytest.approx(of["mean"], abs=off(r, step))
            assert [arm["sd"] for arm in arms] == pytest.approx(of["sd"], rel=NEAR[name][1])
        else:
            assert [arm["levels"][1]["percent"] / 100 for arm in arms] == pytest.approx(of["mean"], abs=off(r, step))
