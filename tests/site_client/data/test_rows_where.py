"""A value counts in the rows that `where` chooses: what the same column holds in other rows is not judged."""

import numpy as np
import pytest

from riskset_site.data.sources.number_columns import number_column

HEADER = "id,arm,age,mvi,start,death,last,item,result"
ROWS = 'rows = { one_per = "id" }'
AFP = 'afp = { column = "result", where = { item = ["AFP"] } }'


def laboratory(hospital, *lines, n=6):
    """Patients with a row of themselves and the AFP, and one row for each of `lines`: item and result."""
    rows = [
        row
        for i in range(1, n + 1)
        for row in (
            f"{i},sorafenib,{50 + i},yes,2020-01-{i:02},,2021-01-{i:02},AFP,{i}0",
            *(f"{i},,,,,,,{line}" for line in lines),
        )
    ]
    hospital.exports("\n".join([HEADER, *rows]) + "\n")


def codes(hospital):
    return [problem.message.code.rpartition(".")[2] for problem in hospital.check().problems]


@pytest.mark.parametrize("other", ["HBsAg,양성", "CRP,<0.1", "Note,ＡＦＰ", "Date,2021-03-05", "ECOG, １ "])
def test_what_other_rows_hold_is_not_judged(hospital, other):
    hospital.writes(ROWS, "[map]", AFP)
    laboratory(hospital, other)
    assert codes(hospital) == []
    assert hospital.cohort().analysis_sets["os"].variables["age"].tolist() == [51, 52, 53, 54, 55, 56]


def test_what_the_chosen_rows_hold_is_judged(hospital):
    hospital.writes(ROWS, "[map]", AFP)
    laboratory(hospital, "HBsAg,양성", "AFP,양성")
    (found,) = hospital.check().problems
    assert found.message.code == "data.fault.not_a_number"
    assert len(found.rows) == 6


@pytest.mark.parametrize(("others", "found"), [(["ECOG,3", "HBsAg,y"], []), (["MVI,3"], ["half_boolean"])])
def test_a_boolean_is_half_understood_by_the_rows_that_count(hospital, others, found):
    hospital.writes(ROWS, "[map]", 'mvi = { column = "result", where = { item = ["MVI"] } }')
    laboratory(hospital, "MVI,1", *others)
    assert codes(hospital) == found


def test_a_category_is_alike_by_the_rows_that_count(hospital):
    hospital.writes(ROWS, "[map]", 'arm = { column = "result", where = { item = ["drug"] } }')
    laboratory(hospital, "drug,sorafenib", "old drug,Sorafenib")
    assert codes(hospital) == []
    laboratory(hospital, "drug,Sorafenib")
    assert codes(hospital) == ["alike"]


def test_a_part_of_a_date_is_an_event_without_its_day_in_the_rows_that_count(hospital):
    death = 'death = { column = "result", where = { item = ["death"] } }'
    hospital.writes(ROWS, 'dates = ["%Y-%m-%d", "partial:missing"]', "[map]", death)
    laboratory(hospital, "death,2020-12-01", "diagnosis,2019-05", "height,1900")
    assert codes(hospital) == []
    laboratory(hospital, "death,2020-12")
    assert codes(hospital) == ["event_without_day"]


def test_one_row_a_patient_may_name_what_its_value_is(hospital):
    hospital.writes('key = "id"', "[map]", AFP)
    lines = [
        f"{i},sorafenib,{50 + i},yes,2020-01-{i:02},,2021-01-{i:02},{item}"
        for i, item in enumerate(["AFP,12", "PIVKA,검체없음", "AFP,13", "PIVKA,"], 1)
    ]
    hospital.exports("\n".join([HEADER, *lines]) + "\n")
    assert codes(hospital) == []


def test_numbers_that_hardly_repeat_are_blank_in_the_other_rows():
    column = number_column(np.arange(60_000.0) + 0.5).blank_but(np.arange(60_000) % 2 == 0)
    assert (column.by_row[2], column.by_row[3]) == ("2.5", "")
    assert np.isnan(column.values[3])
    assert "3.5" not in column.texts


def test_an_outcome_is_said_where_one_row_of_the_patient_says_it(hospital):
    hospital.writes(ROWS, "[map]", 'death = { date = "result", where = { item = ["death"] } }')
    laboratory(hospital, "death,2021-01-01", ",2020-12-01")
    assert "no_outcome" not in [one.message.code.rpartition(".")[2] for one in hospital.check().warnings]
    hospital.exports(f"{HEADER}\n1,sorafenib,50,yes,2020-01-01,,2021-01-01,,2020-12-01\n")
    assert "no_outcome" in [one.message.code.rpartition(".")[2] for one in hospital.check().warnings]
