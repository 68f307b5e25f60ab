"""The limit of a separated column equals R's profile likelihood (`separated.R`), through the whole protocol in memory.

R's coefficients are exact to about 1e-13 of the gap; ours to 1e-9 of 3.84, so a limit agrees to 1e-8 of itself.
"""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from tests.golden.separated_rows import cohorts_of, study_of

from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.stats.cox import fit, risk_sets
from riskset_report.cells import cells_of
from riskset_report.numbers import numbers_csv

CASES = {
    "flag_alone": ("flag", "univariable/flag"),
    "score_alone": ("score", "univariable/score"),
    "flag": ("flag", "multivariable"),
    "score": ("score", "multivariable"),
}


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("separated.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["efron", "breslow"])
def tried(request, answers):
    cohorts = cohorts_of(answers["data"])
    study = study_of(cohorts, request.param)
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    return results_of(study, outcome, sorted(cohorts)), answers["limits"][request.param]


def result_of(results, case):
    variable, model = CASES[case]
    (found,) = (r for r in results_json(results)["results"] if r["analysis"] == variable and model in r["id"])
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_limit_equals_rs_profile_likelihood(tried, case):
    results, r = tried
    found, variable = result_of(results, case), CASES[case][0]
    level, reference = ("true", "false") if variable == "flag" else (None, None)
    assert (found["status"], found["reason"]["code"]) == ("not estimable", "separated")
    assert found["reason"]["columns"] == [{"variable": variable, "level": level, "reference": reference}]
    limit = found["reason"]["limit"]
    assert (limit["variable"], limit["level"]) == (variable, level)
    assert limit["side"] == {"flag": "upper", "score": "lower"}[variable]
    assert limit["coef"] == pytest.approx(r[case]["coef"], rel=1e-8)
    assert limit["hr"] == pytest.approx(r[case]["hr"], rel=1e-8)


@pytest.mark.parametrize("case", ["flag", "score"])
def test_the_other_coefficients_equal_those_of_r_far_out(tried, case):
    results, _ = tried
    ties = results.entries[0].analysis.ties
    r = json.loads(Path(__file__).with_name("under_separation.json").read_text(encoding="utf-8"))[ties][case]
    found = result_of(results, case)["under_separation"]
    assert (found["method"], [term["variable"] for term in found["terms"]]) == ("limit", ["x", "age", "z"])
    for term in found["terms"]:
        coef, se = r["coef"][term["variable"]], r["se"][term["variable"]]
        assert abs(term["coef"] - coef) < 1e-9 * se
        assert term["se"] == pytest.approx(se, rel=1e-9)


def test_without_events_of_a_level_the_others_are_those_without_its_patients(tried, answers):
    results, _ = tried
    names = ["x", "age", "z"]
    columns = {name: np.array(values) for name, values in answers["data"].items()}
    rest = [
        risk_sets(
            np.column_stack([columns[name][own] for name in names]).astype(float),
            columns["time"][own],
            columns["event"][own] == 1,
        )
        for own in ((columns["site"] == site) & (columns["flag"] == 0) for site in np.unique(columns["site"]))
    ]
    expected = fit(rest, results.entries[0].analysis.ties).beta
    terms = result_of(results, "flag")["under_separation"]["terms"]
    np.testing.assert_allclose([term["coef"] for term in terms], expected, rtol=1e-8)


def test_numbers_csv_holds_the_limits(tried):
    results, _ = tried
    rows = list(csv.DictReader(io.StringIO(numbers_csv(cells_of(results)).decode("utf-8-sig"), newline="")))
    for case in CASES:
        found = result_of(results, case)
        kept = {row["quantity"]: row for row in rows if row["result"] == found["id"]}
        kept = {
            quantity: row
            for quantity, row in kept.items()
            if not quantity.startswith(("under_separation.terms.", "levels."))
        }
        of_rows = {"analysed", "excluded[0].n", "excluded[1].n", "events"}
        assert set(kept) == {"reason.limit.coef", "reason.limit.hr"} | of_rows
        assert float(kept["reason.limit.hr"]["value"]) == found["reason"]["limit"]["hr"]
        assert kept["reason.limit.hr"]["variable"] == CASES[case][0]


def test_the_report_shows_the_limits(tried, printed):
    results, r = tried
    flags, scores = printed(results).tables("cox")
    yes = {row.label: row.cells for row in flags.rows}["yes"]
    assert [cell.rstrip("*†‡") for cell in yes if "separated" in cell] == [
        f"< {r['flag_alone']['hr']:.2f} (separated)",
        f"< {r['flag']['hr']:.2f} (separated)",
    ]
    score = {row.label: row.cells for row in scores.rows}["score"]
    assert score[-2].rstrip("*†‡") == f"> {r['score']['hr']:.2f} (separated)"
    assert any(note.startswith("Separated: the likelihood has no maximum") for note in flags.notes)
    assert flags.notes[-1][1:].startswith(" separated: ")
