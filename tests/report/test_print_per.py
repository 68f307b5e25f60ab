"""Ratios of a number for as many units as the study says: printed so, while the fit stays one of one unit."""

import csv
import io
from math import exp, log

import numpy as np
import pytest

from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import Separated, SeparationLimit
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.results.in_steps import end_in_steps, in_steps
from riskset.study.variables import NumberVariable
from riskset_report import labels_of, notation
from riskset_report.terms import terms_csv

SITES = ("asan", "kurume", "osaka")
ANALYSES = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "arm:age"]}}


def tried(patients, **more):
    age = {**patients.variables["age"], "unit": "year", "label": "Age", **more}
    study = patients.study(SITES, analyses=ANALYSES, variables={**patients.variables, "age": age})
    rows = patients.rows(seed=8, n=240)
    outcome = Rehearsal(study, patients.deal(rows, np.array(SITES)[np.arange(rows.n) % 3])).run()
    return study, results_of(study, outcome, SITES)


@pytest.fixture(scope="module")
def per_ten(patients):
    return tried(patients, print_per=10)


def test_a_term_has_the_ratio_for_ten_units_beside_that_of_one(per_ten, patients):
    _, results = per_ten
    _, of_one = tried(patients)
    found, without = (entry_json(of.entries[0])["terms"] for of in (results, of_one))
    age, product = found[1], found[2]
    error = (log(age["upper"]) - log(age["lower"])) / 2
    assert age["per"]["units"] == 10
    assert age["per"]["hr"] == pytest.approx(exp(10 * age["coef"]), rel=1e-12)
    assert age["per"]["upper"] == pytest.approx(exp(10 * (age["coef"] + error)), rel=1e-9)
    assert product["per"]["hr"] == pytest.approx(exp(10 * product["coef"]), rel=1e-12)
    assert "per" not in found[0]  # the arm's
    assert [{key: of[key] for key in of if key != "per"} for of in found] == without


def test_tables_and_figures_print_it_and_say_so(per_ten, printed):
    study, results = per_ten
    found = printed(results, labels_of(study))
    (table,) = found.tables("cox")
    age = entry_json(results.entries[0])["terms"][1]
    numbers = [exp(10 * log(age[key])) for key in ("hr", "lower", "upper")]
    (row,) = (row for row in table.rows if row.label == "Age, per 10 years")
    assert row.cells[1:] == (notation.ratio(*numbers), notation.p_value(age["p"]))
    assert any(row.label == "arm × Age, per 10 years" for row in table.rows)
    from riskset_report.figures.forest_figure import ForestFigure

    (figure,) = found.blocks("cox", ForestFigure)
    (drawn,) = (row for row in figure.plot(found.printer).rows if row.label == "Age, per 10 years")
    assert row.cells[1] in drawn.texts
    assert drawn.intervals[0].estimate == pytest.approx(numbers[0], rel=1e-9)


def test_the_list_of_coefficients_stays_one_of_one_unit(per_ten, printed):
    _, results = per_ten
    found = printed(results)
    rows = list(csv.DictReader(io.StringIO(terms_csv(found.report, found.printer).decode("utf-8-sig"))))
    age = entry_json(results.entries[0])["terms"][1]
    (row,) = (row for row in rows if row["term"] == "age")
    assert float(row["estimate"]) == pytest.approx(age["coef"], rel=1e-12)
    assert float(row["ratio"]) == pytest.approx(age["hr"], rel=1e-12)


def test_a_limit_of_a_separated_number_is_for_as_many_units():
    limit = {"variable": "age", "level": None, "coef": log(2), "hr": 2.0, "side": "lower"}
    found = in_steps({"reason": {"code": "separated", "limit": limit}}, {"age": 3.0})
    assert found["reason"]["limit"]["per"] == {"units": 3.0, "hr": pytest.approx(8.0, rel=1e-14)}
    assert in_steps({"terms": [limit]}, {"age": 1e4})["terms"][0]["per"]["hr"] is None  # 2^10000


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"print_per": 10, "transform": "log2"}, "study.value.print_per_transformed"),
        ({"print_per": 80}, "study.value.print_per_wide"),
        ({"print_per": 0}, None),
    ],
)
def test_a_step_that_no_report_can_print_is_refused(more, code):
    with pytest.raises(ValueError, match="print_per") as refused:
        NumberVariable.model_validate({"type": "number", "range": [18, 90], **more})
    if code == "study.value.print_per_wide":
        assert str(say(code, found=80, lowest=18, highest=90)) in str(refused.value)


def test_a_number_with_a_spline_has_no_ratio_for_ten_units(patients, printed):
    """Below the first knot alone the hazard changes by its coefficient."""
    curved = {
        "cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"], "splines": {"age": [50, 65, 80]}}
    }
    age = {**patients.variables["age"], "unit": "year", "label": "Age", "print_per": 10}
    study = patients.study(SITES, analyses=curved, variables={**patients.variables, "age": age})
    rows = patients.rows(seed=8, n=240)
    outcome = Rehearsal(study, patients.deal(rows, np.array(SITES)[np.arange(rows.n) % 3]), is_gated=False).run()
    results = results_of(study, outcome, SITES, is_gated=False)
    terms = entry_json(results.entries[0])["terms"]
    assert [(term["variable"], "per" in term) for term in terms] == [("arm", False), ("age", False), ("age'", False)]
    found = printed(results, labels_of(study))
    (table,) = found.tables("cox")
    (row,) = (row for row in table.rows if "Age" in row.label)
    assert (row.label, row.cells[1:]) == ("Age", (notation.NO_VALUE, ""))
    assert any("no single hazard ratio" in note for note in table.notes)
    listed = csv.DictReader(io.StringIO(terms_csv(found.report, found.printer).decode("utf-8-sig")))
    assert [row["variable"] for row in listed] == ["arm", "age", "age'"]


@pytest.mark.parametrize(
    ("side", "units", "told"),
    [
        ("lower", 3.0, "> 8 per 3 units"),
        ("upper", 3.0, "< 8 per 3 units"),
        ("lower", 1.0, "> 2"),
        ("lower", 1e4, "> 2"),
    ],
)
def test_the_sentence_of_a_separated_model_has_the_limit_that_its_row_has(side, units, told):
    """2 for one unit is 8 for three: a row with the one and a footnote with the other are two numbers of one limit."""
    age = Column("age")
    end = Separated("separated", "of one unit: > 2", (age,), SeparationLimit(age, side, log(2), 2.0), 9)
    assert told in end_in_steps(end, {"age": units}).message
    assert end_in_steps(end, {"bmi": 5.0}) is end


def test_a_ratio_of_one_unit_that_no_float_holds_is_one_for_a_thousandth():
    """log HR 600 with an error of 100 for one unit, so 0.6 and 0.1 for a thousandth: limits 0.6 -+ 0.196."""
    term = {"variable": "age", "level": None, "coef": 600.0, "se": 80.0, "robust_se": 100.0, "variance": "robust"}
    limits = {"hr": exp(600), "lower": exp(600 - 196), "upper": None}
    (found,) = in_steps({"terms": [term | limits]}, {"age": 0.001})["terms"]
    z = 1.959963984540054
    expected = [exp(0.6), exp(0.404), exp(0.6 + 0.1 * z)]
    assert [found["per"][key] for key in ("hr", "lower", "upper")] == pytest.approx(expected, rel=1e-12)
    small = term | {"coef": -600.0, "hr": exp(-600), "lower": 0.0, "upper": 1.0}
    (found,) = in_steps({"terms": [small]}, {"age": 0.001})["terms"]
    assert found["per"]["lower"] == pytest.approx(exp(-0.6 - 0.1 * z), rel=1e-12)
    (found,) = in_steps({"terms": [term | limits | {"limits": "profile"}]}, {"age": 0.001})["terms"]
    assert found["per"]["upper"] is None  # that of the profile likelihood is not known
