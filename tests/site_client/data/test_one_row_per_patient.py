"""A patient who has several rows counts once or is a problem; dates whose order cannot be are shown."""

import random

import pytest

HEADER = "arm,age,mvi,start,death,last\n"


def row(age=61, start="2020-01-01", death="", last="2020-06-01"):
    return f"sorafenib,{age},yes,{start},{death},{last}"


def exports(hospital, header, rows):
    hospital.exports("\n".join([header, *rows]))


def codes(problems):
    return [found.message.code.removeprefix("data.fault.") for found in problems]


def test_equal_rows_without_a_key_are_a_problem(hospital):
    exports(hospital, HEADER.strip(), [row(), row(62), row()])
    (found,) = hospital.check().problems
    assert (found.message.code, found.detail) == ("data.fault.equal_rows", "rows 2, 4")
    assert "key" in found.hint


def test_rows_that_differ_only_in_a_column_that_nothing_needs_are_no_problem(hospital):
    exports(hospital, "note,arm,age,mvi,start,death,last", [f"a,{row()}", f"b,{row()}"])
    assert hospital.check().fits


@pytest.mark.parametrize(
    "header", ["record_id", "ID", "Patient No.", "USUBJID", "患者番号", "カルテ番号", "환자번호", "등록번호"]
)
def test_a_repeated_patient_number_that_is_not_named_as_key_is_a_problem(hospital, header):
    exports(hospital, f"{header},arm,age,mvi,start,death,last", [f"1,{row()}", f"2,{row(70)}", f"1,{row(80)}"])
    (found,) = hospital.check().problems
    assert found.message.code == "data.fault.several_rows"
    assert found.detail == "rows 2, 4: '1', '1'"


@pytest.mark.parametrize("header", ["code", "hospital_id", "No of lesions", "note", "study_id"])
def test_other_columns_repeat_without_being_a_patient_number(hospital, header):
    exports(hospital, f"{header},arm,age,mvi,start,death,last", [f"1,{row()}", f"2,{row(70)}", f"1,{row(80)}"])
    assert hospital.check().fits


def test_rows_that_only_a_running_number_distinguishes(hospital):
    rows = [row(30 + i, f"2020-01-{i % 28 + 1:02}", last=f"2021-{i % 12 + 1:02}-11") for i in range(60)]
    numbered = (f"{i},{one}" for i, one in enumerate([*rows, rows[7]]))
    exports(hospital, "running,arm,age,mvi,start,death,last", numbered)
    assert [(found.message.code, found.detail) for found in hospital.check().problems] == [
        ("data.fault.equal_rows", "rows 9, 62")
    ]


def visits(column="visit_of", seed=1):
    """Twenty patients: a row of their baseline, and three visits without it."""
    choose = random.Random(seed)
    for patient in range(20):
        arm = choose.choice(["sorafenib", "lenvatinib"])
        yield f"x{patient},{arm},{choose.randint(30, 90)},yes,2020-01-{patient + 1:02},,2020-02-01"
        yield from (f"x{patient},,,,,,2020-0{month}-01" for month in (3, 4, 5))


@pytest.mark.parametrize("complete", [False, True])
def test_visits_in_rows_of_their_own_are_seen_whatever_the_column_is_called(hospital, complete):
    rows, baseline = [], ""
    for line in visits():
        patient, *values = line.split(",")
        baseline = values[:4] if values[0] else baseline
        rows.append(",".join([patient, *(baseline if complete else values[:4]), *values[4:]]))
    exports(hospital, "pt_key_x,arm,age,mvi,start,death,last", rows)
    assert "several_rows" in codes(hospital.check().problems)


def test_columns_that_patients_share_are_not_taken_for_a_patient_number(hospital):
    choose = random.Random(3)
    rows = [
        f"ward {choose.randint(1, 4)},2019-12-{choose.randint(1, 28):02},"
        f"{choose.choice(['sorafenib', 'lenvatinib'])},{choose.randint(30, 90)},yes,"
        f"2020-01-{choose.randint(1, 28):02},,2020-06-{choose.randint(1, 30):02}"
        for _ in range(60)
    ]
    exports(hospital, "ward,diagnosed,arm,age,mvi,start,death,last", rows)
    assert hospital.check().fits


def test_one_patient_there_twice_under_a_number_of_any_name_is_shown(hospital):
    rows = [row(30 + i, f"2020-01-{i % 28 + 1:02}") for i in range(40)]
    numbered = [f"x{i},{one}" for i, one in enumerate(rows)]
    again = f"x7,{row(37, '2020-01-08', last='2020-09-09')}"
    exports(hospital, "strange,arm,age,mvi,start,death,last", [*numbered, again])
    check = hospital.check()
    assert check.fits
    assert [(found.message.code, found.detail) for found in check.warnings if found.detail] == [
        ("data.fault.perhaps_same", "rows 9, 42: 'x7', 'x7'")
    ]


def test_with_the_key_named_it_decides(hospital):
    hospital.writes('key = "no"')
    exports(hospital, "no,arm,age,mvi,start,death,last", [f"1,{row()}", f"2,{row(70)}", f"２,{row(80)}"])
    assert hospital.problems() == [
        ("column 'no' ([source] key)", "2 rows share their key with another row", "rows 3, 4: '2', '２'")
    ]


def test_a_patient_with_two_numbers_is_shown(hospital):
    hospital.writes('key = "no"')
    rows = [row(30 + i, f"2020-01-{i % 28 + 1:02}", last=f"2021-{i % 12 + 1:02}-11") for i in range(60)]
    exports(hospital, "no,arm,age,mvi,start,death,last", [f"{i},{one}" for i, one in enumerate([*rows, rows[7]])])
    check = hospital.check()
    assert check.fits
    assert [(found.message.code, found.detail) for found in check.warnings if found.detail] == [
        ("data.fault.twins", "rows 9, 62: '7', '60'")
    ]


def test_patients_who_agree_by_accident_are_not_shown(hospital):
    hospital.writes('key = "no"')
    hospital.joins_a_study_of_days()
    exports(
        hospital, "no,arm,days,relapse,entry", [f"{i},{i % 2},{i % 10 * 100 + 1},{i // 10 % 2},0" for i in range(100)]
    )
    assert hospital.check().warnings == ()


def has_progression(hospital):
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    study = study.replace('event = ["death"]', 'event = ["progression", "death"]')
    hospital.joins_as_written(study.replace("last = {", 'progression = { type = "date" }\nlast = {', 1))


def test_contact_and_progression_after_death_are_shown_with_their_rows(hospital):
    has_progression(hospital)
    exports(
        hospital,
        "arm,age,mvi,start,progression,death,last",
        [
            "sorafenib,61,yes,2020-01-01,2020-03-01,2020-02-01,2020-02-01",
            "sorafenib,62,yes,2020-01-01,2020-01-20,2020-02-01,2020-05-01",
            "sorafenib,63,yes,2020-01-01,2020-02-01,2020-02-01,2020-02-01",
            "sorafenib,64,yes,2020-01-01,2020-02-01,,2020-05-01",
        ],
    )
    check = hospital.check()
    assert check.fits
    assert [(found.where, str(found.message), found.detail) for found in check.warnings] == [
        ("variable progression", "1 date is after death", "row 2: 2020-03-01 after 2020-02-01"),
        ("variable last", "1 date is after death", "row 3: 2020-05-01 after 2020-02-01"),
    ]


def test_death_is_recognised_by_its_column_or_by_being_the_last_date(hospital):
    has_progression(hospital)
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8").replace("death", "os_date")
    hospital.joins_as_written(study)
    exports(
        hospital,
        "arm,age,mvi,start,progression,os_date,last",
        [
            "sorafenib,61,yes,2020-01-01,2020-03-01,2020-05-01,2020-05-01",
            "sorafenib,62,yes,2020-01-01,2020-01-20,2020-05-01,2020-05-01",
            "sorafenib,63,yes,2020-01-01,2020-02-01,2020-05-01,2020-06-01",
        ],
    )
    assert [found.where for found in hospital.check().warnings] == ["variable last"]


def test_an_event_before_its_origin_is_counted_apart_by_a_day(hospital):
    has_progression(hospital)
    exports(
        hospital,
        "arm,age,mvi,start,progression,death,last",
        [
            "sorafenib,61,yes,2020-01-02,2020-01-01,,2020-02-01",
            "sorafenib,62,yes,2020-01-02,2019-12-01,2020-02-01,2020-02-01",
            "sorafenib,63,yes,2020-01-02,,2020-01-01,2020-02-01",
        ],
    )
    assert hospital.problems() == [
        (
            "variable progression",
            "2 dates are before start (1 by one day)",
            "rows 2, 3: 2020-01-01 before 2020-01-02, 2019-12-01 before 2020-01-02",
        ),
        ("variable death", "1 date is before start (1 by one day)", "row 4: 2020-01-01 before 2020-01-02"),
    ]
