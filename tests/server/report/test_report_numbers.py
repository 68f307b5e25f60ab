"""numbers.csv holds every number of results.json to the last bit, and where it stands."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from riskset_server.report.numbers import numbers, numbers_csv


@pytest.fixture
def lung():
    return json.loads((Path(__file__).parents[2] / "golden" / "report" / "lung.json").read_text(encoding="utf-8"))


def rows_of(results):
    return list(csv.DictReader(io.StringIO(numbers_csv(results).decode("utf-8-sig"), newline="")))


def one(results, **where):
    (row,) = (row for row in rows_of(results) if all(row[key] == value for key, value in where.items()))
    return row


def all_numbers(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in all_numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in all_numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_every_number_stands_there_once_at_full_precision(lung):
    """All but the days of landmarks and curves, which name the rows of the other numbers."""
    for result in lung["results"]:
        rows = [row for row in rows_of({"results": [result]}) if row["value"]]
        assert sorted(float(row["value"]) for row in rows) == sorted(all_numbers(result))


def test_a_number_is_found_by_what_it_is(lung):
    coef = one(lung, result="cox/os/all/multivariable", quantity="terms.coef", variable="ecog", level="2+")
    assert float(coef["value"]) == lung["results"][-1]["terms"][3]["coef"]
    median = one(lung, result="km/os/all", quantity="arms.median_days.lower", level="female")
    assert median["value"] == "350"
    quartile = one(lung, quantity="arms.quartiles[0.75].estimate", level="male")
    assert quartile["value"] == "483"
    landmark = one(lung, quantity="overall.landmarks.survival", day="365.25")
    assert landmark["value"] == "0.436722109602022"
    step = one(lung, quantity="arms.curve.events", level="male", day="14")
    assert step["value"] == "5"
    assert one(lung, result="cox/os/all/multivariable", quantity="tests.wald.df")["value"] == "5"
    assert one(lung, result="cox/os/all/multivariable", quantity="covariance[1][0]")["value"] == "3.3644277166177e-06"
    assert one(lung, quantity="log_rank.expected[1]")["value"] == "67.561917360652"


def test_no_two_rows_stand_for_the_same_place(lung):
    places = [(n.result, n.quantity, n.variable, n.level, n.day) for n in numbers(lung)]
    assert len(places) == len(set(places))


def test_what_is_not_reached_is_empty_and_what_is_no_number_is_absent(lung):
    lung["results"][0]["overall"]["median_days"]["upper"] = None
    assert one(lung, quantity="overall.median_days.upper")["value"] == ""
    quantities = {row["quantity"] for row in rows_of(lung)}
    assert not quantities & {"status", "limits", "reference", "variable", "grid.approximate", "overall.level"}


def test_a_result_without_numbers_has_no_row():
    refused = {"id": "cox/os/all/multivariable", "kind": "cox", "status": "refused", "reason": {"rule": "R4"}}
    assert rows_of({"results": [refused]}) == []


def test_numpy_floats_are_written_as_numbers():
    result = {"id": "km/os/all", "median_days": {"estimate": np.float64(343.5)}}
    assert one({"results": [result]})["value"] == "343.5"


def test_excel_can_read_it(lung):
    lung["results"][0]["arms"][0]["level"] = "ソラフェニブ"
    content = numbers_csv(lung)
    assert content.startswith(b"\xef\xbb\xbfresult,quantity,variable,level,day,value\r\n")
    assert one(lung, quantity="arms.n", level="ソラフェニブ")["value"] == "126"
