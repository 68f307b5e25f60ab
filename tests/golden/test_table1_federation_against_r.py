"""Table 1 of a study over its sites equals R on the pooled rows, whatever the sites: `table1.R`.

Each variable is described in the patients who have it. The way is a stranger's: CSV files and a study file, `riskset
study try`, results.json. Tolerances as in `test_cox_against_r`.
"""

import csv
import json
import math
from pathlib import Path

import pytest
from tests.golden.study_text import sites_text, study_text

from riskset import datasets

R = json.loads(Path(__file__).with_name("table1.json").read_text(encoding="utf-8"))
LUNG = """\
age       = { type = "number", unit = "year", range = [18, 100], step = 1 }
wt_loss   = { type = "number", unit = "lb", range = [-60, 120], step = 1, required = false }
pat_karno = { type = "number", range = [0, 100], step = 10, required = false }
ph_ecog   = { type = "category", levels = ["0", "1", "2", "3"], required = false }
"""
ROTTGBSG = """\
age     = { type = "number", unit = "year", range = [18, 100], step = 1 }
lnodes  = { type = "number", range = [0, 100], step = 1, transform = "log1p" }
meno    = { type = "boolean" }
sizecat = { type = "category", levels = ["1", "2", "3"] }
grade3  = { type = "boolean" }
"""
RHDNASE = """\
fev = { type = "number", range = [1, 200] }
"""
VARIABLES = {"lung": LUNG, "rottgbsg": ROTTGBSG, "rhdnase": RHDNASE}
STEP = {"age": 1, "wt_loss": 1, "pat_karno": 10, "lnodes": 1, "fev": 5}
"""The number's step, or what few patients of the data set lie in."""
SMD = ("pooled sd", "sd of the arm", "sd of the reference")


def dealt(name, rows, into):
    """Returns the rows by site: those of the data set, made fewer, as in the script; or in turn."""
    if into is not None:
        return {f"s{code}": rows[code::into] for code in range(into)}
    sites = sorted({row["site"] for row in rows})
    by_site = {}
    for row in rows:
        by_site.setdefault(f"s{sites.index(row['site']) % R[name]['sites']}", []).append(row)
    return by_site


CASES = [
    ("lung", None),
    *(
        pytest.param(case, marks=pytest.mark.exhaustive)
        for case in (("lung", 3), ("rottgbsg", None), ("rhdnase", None))
    ),
]


def named(case):
    return str(case)


@pytest.fixture(scope="module", params=CASES, ids=named)
def tried(request, desk_at, tmp_path_factory):
    """Returns the variables of the table by name, R's answers, and whether the sites are R's."""
    name, into = request.param
    with datasets.path(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_site = dealt(name, rows, into)
    names = [line.split()[0] for line in VARIABLES[name].splitlines()]
    desk = desk_at(tmp_path_factory.mktemp(name))
    asked = f'table1 = {{ kind = "table1", variables = {names} }}'
    study = study_text(VARIABLES[name], asked, title=name, grid=(28, 9996))
    desk.writes_study(study.format(sites=sites_text(by_site)))
    for site, own in by_site.items():
        desk.adds_site(site, own, 'lnodes = "nodes"' if name == "rottgbsg" else "")
    found = desk.tries()["table1/all"]
    return {one["variable"]: one for one in found["variables"]}, R[name], into is None


def of_type(tried, *types):
    found, r, is_as_in_r = tried
    return [(one, r[name], is_as_in_r) for name, one in found.items() if one["type"] in types]


def test_everybody_is_counted_and_missing_values_too(tried):
    for one, r, _ in of_type(tried, "number", "boolean", "category"):
        *arms, every = one["arms"]
        assert [arm["level"] for arm in one["arms"]] == ["false", "true", "all"]
        assert [arm["missing"] for arm in arms] == r["missing"]
        assert (every["n"], every["missing"]) == (sum(a["n"] for a in arms), sum(r["missing"]))


def test_means_and_standard_deviations(tried):
    for one, r, _ in of_type(tried, "number"):
        assert [arm["n"] for arm in one["arms"][:2]] == r["n"]
        assert [arm["mean"] for arm in one["arms"]] == pytest.approx([*r["mean"], r["mean_all"]], rel=1e-9)
        assert [arm["sd"] for arm in one["arms"]] == pytest.approx([*r["sd"], r["sd_all"]], rel=1e-9)
        found = {smd["definition"]: smd["value"] for smd in one["smd"]}
        assert [found[name] for name in SMD] == pytest.approx(r["smd"], rel=1e-9)


def test_quartiles_are_as_near_as_their_width(tried):
    for one, r, _ in of_type(tried, "number"):
        for arm, expected in zip(one["arms"], [*r["quartiles"], r["quartiles_all"]], strict=True):
            found = arm["quartiles"]
            truth = expected if one["scale"] is None else [math.expm1(value) for value in expected]
            assert [found[p] for p in ("p25", "p50", "p75")] == pytest.approx(truth, abs=found["width"] + 1e-9)
            assert found["width"] <= 0.25 * (truth[2] - truth[0]) + STEP[one["variable"]]


def test_t_tests(tried):
    for one, r, _ in of_type(tried, "number"):
        for key in ("t", "welch"):
            found = one["tests"][key]
            assert (found["t"], found["df"]) == pytest.approx((r[key]["t"], r[key]["df"]), rel=1e-9)
            assert found["p"] == pytest.approx(r[key]["p"], rel=1e-7)


def test_rank_tests_within_sites(tried):
    for one, r, is_as_in_r in of_type(tried, "number"):
        for key in ("van_elteren", "kruskal_wallis_by_site"):
            found = one["tests"][key]
            assert found["df"] == 1
            if is_as_in_r:
                assert found["chi2"] == pytest.approx(r[key]["chi2"], rel=1e-9)
                assert found["p"] == pytest.approx(r[key]["p"], rel=1e-7)


def test_levels_and_their_tests(tried):
    for one, r, _ in of_type(tried, "boolean", "category"):
        counts = [[level["n"] for level in arm["levels"]] for arm in one["arms"]]
        assert counts == [*r["counts"], [sum(pair) for pair in zip(*r["counts"], strict=True)]]
        assert one["smd"][0]["value"] == pytest.approx(r["smd"], rel=1e-9)
        for key in ("chi2", "chi2_yates"):
            if key in r:
                assert one["tests"][key]["chi2"] == pytest.approx(r[key]["chi2"], rel=1e-9)
                assert one["tests"][key]["p"] == pytest.approx(r[key]["p"], rel=1e-7)
        assert one["tests"]["fisher"]["p"] == pytest.approx(r["fisher"]["p"], rel=1e-7)
        for key in r["fisher"].keys() - {"p"}:
            assert one["tests"]["fisher"][key] == pytest.approx(r["fisher"][key], rel=1e-4)
