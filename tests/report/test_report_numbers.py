"""numbers.csv holds every number of results.json to the last bit, and where it stands."""

import csv
import io

import numpy as np
import pytest

from riskset.results import results_json
from riskset_report.cells import number_text
from riskset_report.numbers import numbers_csv


@pytest.fixture
def rows_of(printed):
    def rows_of(document):
        text = numbers_csv(printed(document).report.cells).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return rows_of


@pytest.fixture
def one(rows_of):
    def one(document, **where):
        (row,) = (row for row in rows_of(document) if all(row[key] == value for key, value in where.items()))
        return row

    return one


def all_numbers(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in all_numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in all_numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_every_number_of_results_json_is_there_once_as_it_is_there(lung, typed, rows_of):
    """All but the days of landmarks and curves, which name the rows of the other numbers."""
    document = results_json(typed(lung))
    for result in document["results"]:
        rows = [row for row in rows_of(lung) if row["value"] and row["result"] == result["id"]]
        assert sorted(float(row["value"]) for row in rows) == sorted(all_numbers(result))


def test_a_number_is_found_by_what_it_is(lung, one):
    coef = one(lung, result="cox/os/all/multivariable", quantity="terms.coef", variable="ecog", level="2+")
    assert float(coef["value"]) == float(f"{lung['results'][-1]['terms'][3]['coef']:.12e}")
    median = one(lung, result="km/os/all", quantity="arms.median_days.lower", level="female")
    assert median["value"] == "350"
    quartile = one(lung, quantity="arms.quartiles[0.75].estimate", level="male")
    assert quartile["value"] == "483"
    landmark = one(lung, quantity="overall.landmarks.survival", day="365.25")
    assert landmark["value"] == "0.436722109602"
    step = one(lung, quantity="arms.curve.events", level="male", day="14")
    assert step["value"] == "5"
    assert one(lung, result="cox/os/all/multivariable", quantity="tests.wald.df")["value"] == "5"
    assert one(lung, result="cox/os/all/multivariable", quantity="covariance[1][0]")["value"] == "3.364427716618e-06"
    assert one(lung, quantity="log_rank.expected[1]")["value"] == "67.56191736065"


def test_no_two_rows_are_of_the_same_place(lung, rows_of):
    places = [row["id"] for row in rows_of(lung)]
    assert len(places) == len(set(places))


def test_what_is_not_reached_is_empty_and_what_is_no_number_is_absent(lung, one, rows_of):
    lung["results"][0]["overall"]["median_days"]["upper"] = None
    assert one(lung, quantity="overall.median_days.upper")["value"] == ""
    quantities = {row["quantity"] for row in rows_of(lung)}
    assert not quantities & {"status", "limits", "reference", "variable", "grid.approximate", "overall.level"}


def test_a_result_without_numbers_has_no_row(lung, rows_of):
    lung["results"][-1] |= {"status": "refused", "reason": {"rule": "R4"}, "levels": []}
    assert not any(row["result"] == lung["results"][-1]["id"] for row in rows_of(lung))


def test_numpy_floats_are_written_as_numbers():
    assert [number_text(number) for number in (np.float64(343.5), np.int64(343))] == ["343.5", "343"]


def test_excel_can_read_it(lung, printed, one):
    lung["results"][0]["arms"][0]["level"] = "ソラフェニブ"
    content = numbers_csv(printed(lung).report.cells)
    assert content.startswith(b"\xef\xbb\xbfresult,quantity,variable,level,day,value,unit,reason,printed,id\r\n")
    assert one(lung, quantity="arms.n", level="ソラフェニブ")["value"] == "126"
