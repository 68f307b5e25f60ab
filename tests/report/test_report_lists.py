"""terms.csv, curves.csv and numbers.csv: typed, labelled numbers for whoever goes on computing; all from the cells."""

import csv
import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import VARIABLES
from tests.test_kinds import with_sets

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import report_of
from riskset_report.cells import Mark
from riskset_report.csv_file import csv_file
from riskset_report.curves import COLUMNS as OF_CURVES
from riskset_report.curves import curves_csv
from riskset_report.numbers import COLUMNS as OF_NUMBERS
from riskset_report.numbers import numbers_csv
from riskset_report.printed import places_of, printed_report, printer_of
from riskset_report.terms import COLUMNS as OF_TERMS
from riskset_report.terms import terms_csv

SITES = ("asan", "kurume", "osaka")
N = 240
BROOM = ("term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
SURVFIT = ("time", "n.risk", "n.event", "n.censor", "surv", "std.err", "lower", "upper", "strata")
DOCS = (Path(__file__).parents[2] / "docs" / "run-folder.md").read_text(encoding="utf-8")
ASKED = {
    "score": {"kind": "propensity"},
    "curves": {"kind": "km", "endpoints": ["os"], "populations": ["all", "iptw"], "landmarks": [12]},
    "causes": {"kind": "cumulative-incidence", "endpoints": ["os"], "landmarks": [12], "fine_gray": ["arm", "stage"]},
    "cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage", "arm:age"]},
    "adjusted": {"kind": "cox", "endpoints": ["os"], "populations": ["iptw"], "univariable": ["arm"]},
    "forest": {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"]},
    "means": {"kind": "rmst", "endpoints": ["os"], "tau": [12]},
    "baseline": {"kind": "table1", "variables": ["age", "stage"]},
}


@pytest.fixture(scope="module")
def results(patients):
    study = patients.study(
        SITES,
        analyses=ASKED,
        endpoints={"os": {"days": "days", "event": "dead", "competing": ["lost"]}},
        variables={**VARIABLES, "lost": {"type": "boolean"}, "age": VARIABLES["age"] | {"unit": "year"}},
        propensity={"covariates": ["age"], "adjustments": {"iptw": {"method": "ate"}}},
    )
    dealt = patients.deal(patients.rows(5, N), patients.sites(SITES, N))
    cohorts = {name: with_sets(Cohort(name, of.analysis_sets), study) for name, of in dealt.items()}
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES)


@pytest.fixture(scope="module")
def report(results):
    return report_of(results)


def rows_in(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def terms_of(report):
    return rows_in(terms_csv(report, printer_of(report)))


def curves_of(report):
    return rows_in(curves_csv(report, printer_of(report)))


def test_the_columns_have_the_names_that_r_gives_them():
    assert set(BROOM) < set(OF_TERMS)
    assert set(SURVFIT) < set(OF_CURVES)


@pytest.mark.parametrize(
    ("heading", "columns"), [("numbers.csv", OF_NUMBERS), ("terms.csv", OF_TERMS), ("curves.csv", OF_CURVES)]
)
def test_each_column_is_documented(heading, columns):
    section = next(part for part in DOCS.split("\n## ") if part.startswith(f"`{heading}`\n"))
    assert re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE) == [*columns]


def test_every_coefficient_is_a_row_with_the_numbers_of_results_json(report):
    terms = terms_of(report)
    for entry in report.results.entries:
        own = [row for row in terms if row["result"] == entry.id]
        of = entry_json(entry).get("terms", []) if entry.kind in ("cox", "propensity") else []
        assert len(own) >= len(of)
        for row, term in zip(own, of, strict=False):
            names = {"variable": "variable", "level": "level", "reference": "reference"}
            assert {column: row[column] for column in names} == {
                column: term[key] or "" for column, key in names.items()
            }
            assert float(row["estimate"]) == pytest.approx(term["coef"], rel=1e-12)
            assert float(row["p.value"]) == pytest.approx(term["p"], rel=1e-12)
            ratio = term["hr" if entry.kind == "cox" else "odds_ratio"]
            assert float(row["ratio"]) == pytest.approx(ratio, rel=1e-12)
            assert float(row["conf.low"]) == pytest.approx(math.log(term["lower"]), rel=1e-12)
            assert math.exp(float(row["conf.high"])) == pytest.approx(float(row["ratio.high"]), rel=1e-12)


def test_a_row_says_of_which_model_and_patients_it_is(report):
    terms = terms_of(report)
    assert {row["conf.level"] for row in terms} == {"0.95"}
    assert all(row["n"] for row in terms)
    models = {(row["result"], row["model"], row["ratio.is"]) for row in terms}
    assert ("propensity", "propensity", "odds ratio") in models
    assert ("cox/os/all/multivariable", "multivariable", "hazard ratio") in models
    assert ("cumulative-incidence/os/all/fine-gray", "fine-gray", "hazard ratio") in models
    named = [row["term"] for row in terms if row["result"] == "cox/os/all/multivariable"]
    assert named == ["armnew", "age", "stageII", "stageIII", "armnew:age"]
    (multivariable,) = {(row["n"], row["n.event"]) for row in terms if row["result"] == "cox/os/all/multivariable"}
    (entry,) = (entry_json(one) for one in report.results.entries if one.id == "cox/os/all/multivariable")
    assert multivariable == (str(entry["n"]), str(entry["events"]))


def test_a_subgroup_has_a_row_for_its_own_model_and_one_for_the_interaction(report):
    rows = [row for row in terms_of(report) if row["kind"] == "subgroup"]
    assert [(row["subgroup"], row["model"]) for row in rows] == [
        ("", "subgroup"),
        *((f"stage={level}", model) for level in ("I", "II", "III") for model in ("subgroup", "interaction")),
    ]
    assert {(row["variable"], row["level"], row["reference"]) for row in rows} == {("arm", "new", "old")}
    assert {row["n"] for row in rows if row["model"] == "interaction"} == {rows[0]["n"]}  # of all patients
    own = [row for row in rows if row["subgroup"] and row["model"] == "subgroup"]
    assert sum(int(row["n"]) for row in own) == int(rows[0]["n"])


def test_where_patients_count_by_weights_the_error_is_the_robust_one_and_events_have_a_reason(report):
    (row,) = (row for row in terms_of(report) if row["result"].startswith("cox/os/iptw"))
    (entry,) = (entry_json(one) for one in report.results.entries if one.id == row["result"])
    (term,) = entry["terms"]
    assert float(row["std.error"]) == pytest.approx(term["robust_se"], rel=1e-12)
    assert row["variance"] == "robust"
    assert row["n.event"] == ""
    assert row["reason"].startswith("weighted: ")


def test_a_model_without_coefficients_is_a_row_with_its_reason(report):
    refused = RefusedByRule("R4", "too few events", "more patients")
    entries = [replace(e, result=refused) if e.kind in ("cox", "km") else e for e in report.results.entries]
    told = report_of(replace(report.results, entries=tuple(entries)))
    for rows, kind in ((terms_of(told), "cox"), (curves_of(told), "km")):
        of_kind = [row for row in rows if row["kind"] == kind]
        assert [row["result"] for row in of_kind] == [entry.id for entry in entries if entry.kind == kind]
        assert {row["reason"] for row in of_kind} == {"R4: too few events. What would pass: more patients"}


def test_every_step_of_every_curve_is_a_row(report):
    rows = curves_of(report)
    (entry,) = (entry_json(one) for one in report.results.entries if one.id == "km/os/all")
    for arm in (entry["overall"], *entry["arms"]):
        strata = "All" if arm["level"] is None else f"arm={arm['level']}"
        own = [row for row in rows if (row["result"], row["strata"]) == ("km/os/all", strata)]
        for column, key in (("time", "day"), ("n.risk", "at_risk"), ("n.event", "events"), ("n.censor", "censored")):
            assert [float(row[column]) for row in own] == arm["curve"][key]
        for column, key in (("surv", "survival"), ("std.err", "std_error"), ("lower", "lower")):
            assert [float(row[column] or "nan") for row in own] == pytest.approx(
                [math.nan if x is None else x for x in arm["curve"][key]], rel=1e-12, nan_ok=True
            )
        missing = [row for row in own if row["lower"] == ""]
        assert {row["reason"] for row in missing} <= {"not defined where the estimate is 0 or 1"}


def test_a_cumulative_incidence_names_its_cause_and_has_no_survival(report):
    rows = [row for row in curves_of(report) if row["kind"] == "cumulative-incidence"]
    assert {row["cause"] for row in rows} == {"dead", "lost"}
    assert {row["surv"] for row in rows} == {""}
    assert all(row["cuminc"] for row in rows)


def test_a_curve_of_averaged_weights_says_why_it_has_no_limits(report):
    rows = [row for row in curves_of(report) if row["result"] == "km/os/iptw"]
    assert {row["upper"] for row in rows} == {""}
    assert {row["reason"] for row in rows} == {
        "limits at landmarks only: errors and limits of curves by averaged weights are told at landmarks only, and none"
        " of quartiles"
    }


def test_a_number_held_back_is_its_mark_and_so_are_its_logarithm_and_its_reason(report):
    held_back = Mark("suppressed", "fewer than 5 patients")
    ids = [cell.id for cell in report.cells if cell.place.quantity in ("terms.lower", "overall.curve.at_risk")]
    marked = replace(report, cells=report.cells.with_values(dict.fromkeys(ids, held_back)))
    terms = [row for row in terms_of(marked) if row["kind"] == "cox"]
    assert {row["conf.low"] for row in terms} == {row["ratio.low"] for row in terms} == {"suppressed"}
    assert all("fewer than 5 patients" in row["reason"] for row in terms)
    curves = [row for row in curves_of(marked) if row["kind"] == "km" and row["strata"] == "All"]
    assert {row["n.risk"] for row in curves} == {"suppressed"}


@pytest.fixture(scope="module")
def rows(report):
    printed = printed_report(report, printer_of(report), None)
    return rows_in(numbers_csv(report.cells, places_of(report, printed)))


class TestNumbers:
    """numbers.csv: each number once, with its unit, where it is printed, and why it is missing."""

    def test_each_number_has_an_id_of_its_own(self, report, rows):
        assert [row["id"] for row in rows] == [cell.id for cell in report.cells]
        assert len({row["id"] for row in rows}) == len(rows)

    def test_a_number_without_a_value_has_a_reason_and_one_with_a_value_has_none(self, rows):
        assert [row["id"] for row in rows if (row["value"] == "") != (row["reason"] != "")] == []
        assert not [row["id"] for row in rows if row["reason"] == "no number"]

    @pytest.mark.parametrize(
        ("quantity", "unit"),
        [
            ("arms.median_days.estimate", "day"),
            ("arms.quartiles[0.25].lower", "day"),
            ("overall.landmarks.time", "month"),
            ("overall.rmst_days", "day"),
            ("difference.se", "day"),
            ("ratio.se", "1"),
            ("overall.curve.survival", "1"),
            ("terms.hr", "1"),
            ("n", "1"),
            ("variables.arms.mean", "year"),
            ("variables.arms.levels.percent", "%"),
        ],
    )
    def test_a_number_has_its_unit(self, rows, quantity, unit):
        assert {row["unit"] for row in rows if row["quantity"] == quantity} == {unit}

    def test_a_number_names_every_table_and_figure_that_shows_it(self, rows):
        place = {(row["result"], row["quantity"], row["level"]): row["printed"] for row in rows}
        assert place["km/os/all", "arms.median_days.estimate", "new"] == "figures/km-os-all; tables/km-os-all"
        assert place["cox/os/all/multivariable", "terms.z", "new"] == ""


def test_no_text_is_a_formula():
    content = csv_file(("=a",), [("=1+1",), ("@x",), ("-2",), ("−2",), ("+A1",), ("\tx",), ("-0.5e-3",)])
    found = [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    assert found == ["'=a", "'=1+1", "'@x", "-2", "−2", "'+A1", "'\tx", "-0.5e-3"]
