"""What a site learns about its data before they are used."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from riskset.cli import main
from riskset.errors import DataError
from riskset_site.data.check import VariableCheck


def test_how_every_variable_was_read(hospital):
    hospital.exports(
        "arm,age,mvi,start,last\n"
        "sorafenib,61,yes,2020-01-01,2020-06-01\n"
        "regorafenib,17,NA,2020-01-01,2020-06-01\n"
        "lenvatinib,,maybe,2020-01-01,2020-06-01\n"
    )
    hospital.writes('[map]\narm = { column = "arm", other = "exclude" }')
    checks = [replace(found, unit="", spread=None, texts=()) for found in hospital.check().variables[:4]]
    assert checks == [
        VariableCheck("arm", ("arm",), "category", read=2, missing=0, excluded=1, wrong=0),
        VariableCheck("age", ("age",), "number", read=1, missing=1, excluded=0, wrong=1),
        VariableCheck("mvi", ("mvi",), "boolean", read=0, missing=1, excluded=0, wrong=2),
        VariableCheck("afp", (), "number", read=0, missing=3, excluded=0, wrong=0),
    ]


def test_how_eligible_rows_come_into_the_analysis(hospital):
    hospital.joins(header="data_cutoff = 2020-12-31")
    hospital.exports(
        "arm,age,mvi,start,death,last\n"
        "sorafenib,61,yes,2020-01-01,2020-06-01,2020-05-01\n"
        "sorafenib,61,yes,2020-01-01,,2021-05-01\n"
        "sorafenib,61,yes,2020-01-01,2020-01-01,\n"
        "sorafenib,61,,2020-01-01,2020-06-01,\n"
        "sorafenib,61,yes,2020-01-01,,\n"
        "sorafenib,61,yes,2021-01-01,,2021-05-01\n"
    )
    check = hospital.check()
    (os,) = check.endpoints
    assert (check.rows, check.eligible) == (6, 5)
    assert (os.no_follow_up, os.incomplete, os.rows, os.events) == (1, 1, 3, 2)
    assert (os.at_time_0, os.at_cutoff, os.event_after_censoring) == (1, 1, 1)


def test_a_missing_column_with_the_name_that_may_be_meant(hospital):
    hospital.exports("arm,Age,mvi,start,lst\nsorafenib,61,yes,2020-01-01,2020-06-01\n")
    problems = hospital.check().problems
    assert [(found.where, str(found.message), str(found.hint)) for found in problems] == [
        ("column 'age' (variable age)", "not in the export", "did you mean 'Age'?"),
        ("column 'last' (variable last)", "not in the export", "did you mean 'lst'?"),
    ]


def test_a_mapped_column_must_be_there_even_of_a_variable_that_is_not_required(hospital):
    hospital.writes('[map]\ndeath = "died_on"')
    assert [found.where for found in hospital.check().problems] == ["column 'died_on' (variable death)"]


def test_the_wrong_delimiter(hospital):
    hospital.exports("arm;age;mvi;start;last\nsorafenib;61;yes;2020-01-01;2020-06-01\n")
    assert {str(found.hint) for found in hospital.check().problems} == {
        'set delimiter = ";" in [source]; all mapped columns then appear'
    }


def test_the_encoding_under_which_every_mapped_column_would_appear(hospital):
    hospital.exports("나이,arm,mvi,start,last\n61,sorafenib,yes,2020-01-01,2020-06-01\n", encoding="cp949")
    hospital.writes('encoding = "cp932"', '[map]\nage = "나이"')
    (found,) = hospital.check().problems
    assert str(found.hint) == "set encoding = 'cp949' in [source]; all mapped columns then appear"


def test_the_encoding_under_which_the_values_would_be_known(hospital):
    """A header in ASCII decodes in every encoding; Korean values then read as Japanese ones, without an error."""
    hospital.exports("note,arm,age,mvi,start,last\n1,렌바티닙,61,yes,2020-01-01,2020-06-01\n", encoding="cp949")
    recode = '{ "렌바티닙" = "lenvatinib" }'
    for other in ("error", "exclude"):
        hospital.writes(
            'encoding = "cp932"', f'[map]\narm = {{ column = "arm", recode = {recode}, other = "{other}" }}'
        )
        (found,) = hospital.check().problems
        assert (found.where, str(found.message)) == ("column 'arm' (variable arm)", "not cp932 text")
        assert "set encoding = 'cp949'" in found.hint
    hospital.writes('encoding = "cp949"', f'[map]\narm = {{ column = "arm", recode = {recode} }}')
    assert hospital.check().fits


def test_the_header_that_was_found_is_shown_once(hospital):
    hospital.exports("drug,years,mvi,start,last\nsorafenib,61,yes,2020-01-01,2020-06-01\n")
    assert [found.detail for found in hospital.check().problems] == ["the header is: drug, years, mvi, start, last", ""]


def test_a_header_of_another_file_is_one_problem(hospital):
    hospital.exports("a,b,c\n1,2,3\n")
    assert hospital.problems() == [
        ("export 'export.csv'", "none of the 5 columns that the study needs is in the header", "the header is: a, b, c")
    ]


def test_the_line_that_tells_excel_the_delimiter(hospital):
    hospital.exports("sep=;\narm;age;mvi;start;death;last\nsorafenib;61;yes;2020-01-01;;2020-06-01\n")
    assert hospital.check().fits


def test_day_numbers_of_excel_are_named(hospital):
    hospital.exports("arm,age,mvi,start,last\nsorafenib,61,yes,44004,2020-06-01\n")
    (found,) = hospital.check().problems
    assert (found.message.code, found.detail) == ("data.fault.excel_day", "row 2: '44004'")


def test_keys_that_are_shared_or_empty(hospital):
    plain = "sorafenib,61,yes,2020-01-01,2020-06-01"
    keys = ["P1", "P2", " P1", "", "NA", "P3", "P2"]
    hospital.exports("\n".join(["arm,age,mvi,start,last,id", *(f"{plain},{key}" for key in keys)]))
    hospital.writes('key = "id"')
    assert hospital.problems() == [
        ("column 'id' ([source] key)", "2 rows have no key", "rows 5, 6: '', 'NA'"),
        (
            "column 'id' ([source] key)",
            "4 rows share their key with another row",
            "rows 2, 3, 4, 8: 'P1', 'P2', 'P1', 'P2'",
        ),
    ]


def test_distinct_keys_are_no_problem(hospital):
    hospital.exports("arm,age,mvi,start,last,id\n" + "sorafenib,61,yes,2020-01-01,2020-06-01,P1\n")
    hospital.writes('key = "id"')
    assert hospital.check().fits


@pytest.mark.parametrize("text", ["", "arm,age\n"])
def test_an_export_that_is_not_a_table_does_not_fit(hospital, text):
    hospital.exports(text)
    check = hospital.check()
    assert not check.fits
    assert (check.rows, check.variables) == (0, ())


def test_an_export_that_another_program_has_locked_cannot_be_checked(hospital, monkeypatch):
    plain_open = Path.open

    def locked(path, *arguments, **how):
        if path.suffix == ".csv":
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *arguments, **how)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(DataError, match="permission denied") as raised:
        hospital.check()
    assert "Excel" in raised.value.hint


def test_a_problem_that_two_endpoints_share_is_reported_once(hospital):
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    again = study.replace(
        "[analyses]", '[endpoints.os2]\norigin = "start"\nevent = ["death"]\ncensor = "last"\n[analyses]'
    )
    hospital.joins_as_written(again)
    hospital.exports("arm,age,mvi,start,death,last\nsorafenib,61,yes,2020-01-02,2020-01-01,\n")
    assert len(hospital.problems()) == 1


def test_the_json_has_what_the_page_shows(hospital, capsys):
    hospital.joins(header="enrolled = { from = 2020-01-01, to = 2020-12-31 }")
    hospital.exports("arm,age,mvi,start,last\nSOR,61,yes,2020-01-01,2020-06-01\n")
    assert (
        main(["site", "check", str(hospital.site_file), "--study", str(hospital.folder / "study.toml"), "--json"]) == 3
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["fits"], found["rows"]) == (1, False, 1)
    assert found["steps"][0]["label"] == "Enrolled in the study period"
    (problem,) = found["problems"]
    assert (problem["message"], problem["detail"]) == ("1 value is not a level of the study", "row 2: 'SOR'")
    assert (problem["code"], problem["values"]) == ("data.fault.not_a_level", {"n": 1})


def test_an_age_between_columns_that_are_not_there_is_told(hospital, capsys):
    hospital.writes("", '[map]\nage = { years_between = ["birth", "first dose"] }')
    hospital.exports("arm,age,mvi,start,death,last\nsorafenib,61,yes,2020-01-01,,2020-06-01\n")
    assert main(["site", "check", str(hospital.site_file), "--study", str(hospital.folder / "study.toml")]) == 3
    assert "column 'birth' (variable age): not in the export" in capsys.readouterr().out
