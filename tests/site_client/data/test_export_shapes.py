"""Shapes in which hospitals export: each is read as the site file says, and refused where it says nothing."""

import pytest

from riskset.errors import DataError
from riskset_site.data.check_page import check_page

HEADER = "id,arm,age,mvi,afp,start,death,last"


def row(i, **values):
    plain = {"id": i, "arm": "sorafenib", "age": 50 + i, "mvi": "yes", "afp": i, "start": f"2020-01-{i + 1:02}"}
    plain |= {"death": f"2021-03-{i + 1:02}" if i % 2 else "", "last": f"2021-03-{i + 1:02}"}
    return ",".join(str(one) for one in (plain | values).values())


@pytest.fixture
def read(hospital):
    """Returns the check of an export, and its problems by code."""

    def run(lines, *site_file):
        hospital.writes(*(site_file or ('key = "id"',)))
        hospital.exports("\n".join(lines) + "\n")
        found = hospital.check()
        return found, {problem.message.code.removeprefix("data."): problem for problem in found.problems}

    return run


def counts(check):
    (endpoint,) = check.endpoints
    return endpoint.rows, endpoint.events


EVENTS = [
    "record_id,event,arm,age,mvi,start,death,last",
    *(
        line
        for i in range(1, 9)
        for line in (
            f"{i},baseline,{['sorafenib', 'lenvatinib'][i % 2]},{50 + i},no,2020-01-{i:02},,2020-01-{i:02}",
            f"{i},visit,,,,,,2020-06-{i:02}",
            f"{i},end,,,,,{f'2021-02-{i:02}' if i < 4 else ''},2021-02-{i:02}",
        )
    ),
]


def test_events_of_a_registry_become_one_row_a_patient(read):
    _, problems = read(EVENTS, "")
    assert "one_per" in problems["fault.several_rows"].hint
    check, problems = read(
        EVENTS, 'rows = { one_per = "record_id" }', "[map]", 'last = { column = "last", take = "max" }'
    )
    assert not problems
    assert (check.rows_of_file, check.rows, *counts(check)) == (24, 8, 8, 3)
    assert "24 rows of 8 patients read from export.csv, 8 eligible" in check_page(check)
    check, problems = read(EVENTS, 'rows = { one_per = "record_id" }')
    assert list(problems) == ["fault.rows_differ"]


def test_a_flag_may_be_in_one_row_of_each_patient(hospital):
    hospital.joins_a_study_of_days()
    lines = [f"{i},{i % 2},{100 + i}," for i in range(6)] + [f"{i},,,1" for i in range(3)]
    hospital.exports("\n".join(["id,arm,days,relapse", *lines]) + "\n")
    rows = (
        'rows = { one_per = "id" }\n[map]\nentry = { column = "days", recode = { "*" = "" }, pattern = { "*" = "0" } }'
    )
    hospital.writes(rows)
    assert [problem.message.code for problem in hospital.check().problems] == ["data.fault.one_meaning"]
    hospital.writes(rows, 'relapse = { column = "relapse", recode = { "" = false, "1" = true }, take = "max" }')
    assert not hospital.check().problems
    assert counts(hospital.check()) == (6, 3)


def test_a_death_is_a_status_and_one_date(read):
    lines = ["id,arm,age,mvi,start,status,last"]
    lines += [f"{i},sorafenib,{50 + i},no,2020-01-0{i},{'死亡' if i < 4 else '生存'},2021-02-0{i}" for i in range(1, 9)]
    _, problems = read(lines, 'key = "id"', "[map]", 'death = { column = "status", recode = { "生存" = "" } }')
    assert "where" in problems["fault.not_a_date"].hint
    where = '[map]\ndeath = { date = "last", where = { "status" = ["死亡"] } }'
    check, problems = read(lines, 'key = "id"', where)
    assert not problems
    assert counts(check) == (8, 3)
    (death,) = (one for one in check.variables if one.variable == "death")
    assert [(one.column, one.text, one.outcome, one.rows) for one in death.texts] == [
        ("status", "生存", "not_counted", 5),
        ("status", "死亡", "counted", 3),
    ]
    lines[3] = lines[3].replace("2021-02-03", "")
    _, problems = read(lines, 'key = "id"', where)
    assert problems["fault.no_date_where"].detail.startswith("row 4")
    _, problems = read([line.replace("死亡", "死 亡") for line in lines], 'key = "id"', where)
    assert "fault.alike_where" in problems


def test_day_numbers_of_excel_beside_dates(read):
    lines = [HEADER, *(row(i, **({"start": 43831 + i} if i % 3 == 0 else {})) for i in range(9))]
    _, problems = read(lines)
    assert '"excel"' in problems["fault.excel_day"].hint
    check, problems = read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "excel"]')
    assert not problems
    (start,) = (one for one in check.variables if one.variable == "start")
    assert (start.spread.minimum, start.spread.maximum) == ("2020-01-01", "2020-01-09")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("1.234,5", 'decimal = ","\nthousands = "."', "thousands"),
        ('"12,5"', 'decimal = ","', "decimal"),
        ("<2.0", '[map]\nafp = { column = "afp", below_limit = "half" }', "below_limit"),
        (">9999", '[map]\nafp = { column = "afp", above_limit = "value" }', "above_limit"),
        ("12 ng/mL", '[map]\nafp = { column = "afp", unit = "ng/mL" }', "unit"),
        ("2.0＞", '[map]\nafp = { column = "afp", recode = { "2.0＞" = 1 } }', "either side"),
        ("2.0 <=", '[map]\nafp = { column = "afp", recode = { "2.0 <=" = 1 } }', "either side"),
    ],
)
def test_the_hint_of_a_number_followed(read, text, said, hint):
    text = text if text.startswith('"') else f'"{text}"'
    lines = [HEADER, *(row(i, **({"afp": text} if i == 3 else {})) for i in range(6))]
    _, problems = read(lines)
    (problem,) = problems.values()
    assert hint in problem.hint
    assert not read(lines, 'key = "id"', said)[1]


def test_a_study_may_say_what_a_limit_of_detection_means(hospital, read):
    study = (hospital.folder / "study.toml").read_text("utf-8")
    hospital.joins_as_written(study.replace('transform = "log10p1"', 'transform = "log10p1", below_limit = "half"'))
    lines = [HEADER, *(row(i, **({"afp": "<0.5"} if i == 0 else {})) for i in range(6))]
    check, problems = read(lines)
    assert not problems
    (afp,) = (one for one in check.variables if one.variable == "afp")
    assert [(one.text, one.meaning, one.rows) for one in afp.texts] == [("<0.5", "0.25", 1)]
    hospital.writes("[map]", 'afp = { column = "afp", below_limit = "value" }')
    with pytest.raises(DataError) as refused:
        hospital.check()
    assert "'half'" in str(refused.value.problems[0].message)


def test_a_column_of_checkboxes_is_no_category(read):
    lines = ["id,arm___1,arm___2,age,mvi,start,death,last"]
    lines += [f"{i},{i % 2},{1 - i % 2},{50 + i},no,2020-01-0{i},,2021-02-0{i}" for i in range(1, 9)]
    _, problems = read(lines, 'key = "id"', "[map]", 'arm = "arm___1"')
    assert "any_of" in problems["fault.not_a_level"].hint
    check, problems = read(
        lines, 'key = "id"', "[map]", 'arm = { any_of = { arm___1 = "sorafenib", arm___2 = "lenvatinib" } }'
    )
    assert not problems
    assert [(one.text, one.meaning, one.rows) for one in check.variables[0].texts] == [
        ("arm___1", "sorafenib", 4),
        ("arm___2", "lenvatinib", 4),
    ]


def test_a_value_of_several_rows_needs_them(hospital):
    hospital.writes("[map]", 'afp = { column = "afp", take = "max" }')
    with pytest.raises(DataError) as refused:
        hospital.check()
    assert "one_per" in str(refused.value.problems[0].message)


@pytest.mark.parametrize("text", ["2023", "2024-01-02 25:10", "2024-01-02 10:61", "2024-01-02T10:61:00+09:00"])
def test_what_is_nearly_a_date_is_none(read, text):
    lines = [HEADER, *(row(i, **({"start": text} if i == 3 else {})) for i in range(6))]
    _, problems = read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "excel"]')
    assert list(problems) == ["fault.not_a_date"]


def test_a_remark_below_the_table_is_no_patient(read):
    lines = [HEADER, *map(row, range(12)), "※ 4週以内の値,,,,,,,"]
    check, problems = read(lines)
    (warning,) = (one for one in check.warnings if one.message.code == "data.fault.only_key")
    assert "footer = 1" in warning.hint
    assert not problems
    check, _ = read(lines, 'key = "id"', "footer = 1")
    assert [one.message.code for one in check.warnings if "only_key" in one.message.code] == []


STATUS = [
    "id,arm,age,mvi,start,status,last",
    *(
        f"{i},sorafenib,{50 + i},no,2020-01-{i:02},{'dead' if i < 4 else 'alive'},2021-0{i % 9 + 1}-01"
        for i in range(1, 9)
    ),
]


def test_only_the_dates_that_count_are_listed(read):
    lines = [line.removesuffix("-01") if i in (3, 6) else line for i, line in enumerate(STATUS)]
    where = '[map]\ndeath = { date = "last", where = { status = ["dead"] } }'
    check, problems = read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "partial:mid"]', where)
    assert not problems
    (death,) = (one for one in check.variables if one.variable == "death")
    assert [(one.text, one.meaning) for one in death.texts if one.outcome == "read"] == [("2021-04", "2021-04-15")]


def test_a_word_for_alive_is_hardly_a_death(read):
    where = '[map]\ndeath = { date = "last", where = { status = ["alive"] } }'
    check, _ = read(STATUS, 'key = "id"', where)
    assert "data.fault.alive_counts" in [one.message.code for one in check.warnings]
    check, _ = read(STATUS, 'key = "id"', where.replace("alive", "dead"))
    assert "data.fault.alive_counts" not in [one.message.code for one in check.warnings]


def test_boxes_of_which_none_is_checked_are_listed(read):
    lines = ["id,a,b,age,mvi,start,death,last"]
    lines += [f"{i},{int(i == 1)},{int(i == 2)},{50 + i},no,2020-01-0{i},,2021-02-0{i}" for i in range(1, 9)]
    check, problems = read(lines, 'key = "id"')
    assert "any_of" in problems["export.missing_column"].hint
    check, _ = read(lines, 'key = "id"', "[map]", 'arm = { any_of = { a = "sorafenib", b = "lenvatinib" } }')
    assert (str(check.variables[0].texts[-1].text), check.variables[0].texts[-1].outcome) == (
        "(no box is checked)",
        "missing",
    )
    assert check.variables[0].texts[-1].rows == 6


def test_two_texts_that_mean_the_same_for_all_are_shown(read):
    lines = [HEADER, *(row(i, mvi=["あり", "なし"][i % 2]) for i in range(6))]
    said = '[map]\nmvi = { column = "mvi", recode = { "あり" = false, "なし" = false } }'
    check, _ = read(lines, 'key = "id"', said)
    assert "data.warning.one_level" in [one.message.code for one in check.warnings]
    check, _ = read(lines, 'key = "id"', said.replace('"あり" = false', '"あり" = true'))
    assert "data.warning.one_level" not in [one.message.code for one in check.warnings]


def test_a_date_of_an_era_is_told_with_its_day(read):
    lines = [HEADER, *(row(i, **({"start": "R2.1.4"} if i == 3 else {})) for i in range(6))]
    check, problems = read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "wareki"]')
    assert not problems
    (start,) = (one for one in check.variables if one.variable == "start")
    assert [(one.text, one.meaning) for one in start.texts] == [("R2.1.4", "2020-01-04")]


def test_the_header_is_in_another_row_than_the_site_file_says(read):
    lines = ["A trial,,,,,,,", "patient,,,,,,,last", HEADER, *map(row, range(6))]
    _, problems = read(lines, 'key = "id"', "header = 2")
    assert list(problems) == ["source.other_header"]
    assert "header = 3" in problems["source.other_header"].hint


def several(*lines):
    return ["id,line,visit,arm,age,mvi,start,death,last", *lines]


def patient_of(i, line, arm, visit="", **rest):
    plain = {"age": 50 + i, "mvi": "yes", "start": f"2020-01-{i:02}", "death": "", "last": f"2021-01-{i:02}"} | rest
    return ",".join(map(str, (i, line, visit, arm, *plain.values())))


def test_a_visit_is_a_date_where_all_of_them_are_dates(read):
    """As numbers, 15 January 2021 comes after 1 February."""
    lines = several(
        *(patient_of(i, 1, "sorafenib", "15012021") for i in range(1, 5)),
        *(patient_of(i, 2, "lenvatinib", "01022021") for i in range(1, 5)),
    )
    rows = 'rows = { one_per = "id", take = "last", order = "visit" }'
    check, problems = read(lines, rows, 'dates = ["%Y-%m-%d", "%d%m%Y"]')
    assert not problems
    assert [(one.text, one.rows) for one in check.variables[0].texts] == [("sorafenib", 4), ("lenvatinib", 4)]
    assert check.eligible == 4
    assert counts(check) == (4, 0)


def test_only_the_row_that_counts_excludes_a_patient(read):
    lines = several(
        *(patient_of(i, 1, "sorafenib") for i in range(1, 9)), *(patient_of(i, 2, "regorafenib") for i in range(1, 4))
    )
    rows = 'rows = { one_per = "id", take = "first", order = "line" }'
    arm = '[map]\narm = { column = "arm", other = "exclude" }'
    check, _ = read(lines, rows, arm)
    assert check.eligible == 8
    check, _ = read(lines, rows.replace("first", "last"), arm)
    assert check.eligible == 5
    _, problems = read(lines, rows.replace('take = "first", ', ""), arm)
    assert "fault.rows_differ" in problems


def test_of_several_columns_a_text_that_excludes_is_a_text(read):
    lines = [
        line + ("," + "regorafenib" if i in (2, 3) else ",arm2" if i == 0 else ",")
        for i, line in enumerate([HEADER, *map(row, range(6))])
    ]
    arm = '[map]\narm = { first_of = ["arm", "arm2"], other = "exclude" }'
    check, _ = read(lines, 'key = "id"', arm)
    assert check.eligible == 6
    assert "data.fault.columns_differ" in [one.message.code for one in check.warnings]
    check, _ = read(lines, 'key = "id"', arm.replace('"arm", "arm2"', '"arm2", "arm"'))
    assert check.eligible == 4


@pytest.mark.parametrize("text", ["20210300", "2021-03-99"])
@pytest.mark.parametrize("key", ["missing", "no_date"])
def test_an_event_of_an_unknown_day_is_not_missing(read, text, key):
    lines = [HEADER, *(row(i, **({"death": text} if i == 3 else {})) for i in range(6))]
    _, problems = read(lines, 'key = "id"', f'{key} = ["", "{text}"]' if key == "missing" else f'{key} = ["{text}"]')
    assert list(problems) == ["fault.event_without_day"]


@pytest.mark.parametrize("text", ["2021-03", "2021"])
def test_an_event_of_an_unknown_day_is_no_censored_patient(read, text):
    lines = [HEADER, *(row(i, **({"death": text} if i == 3 else {})) for i in range(6))]
    _, problems = read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "partial:missing"]')
    assert list(problems) == ["fault.event_without_day"]
    assert not read(lines, 'key = "id"', 'dates = ["%Y-%m-%d", "partial:first"]')[1].keys() - {
        "fault.end_before_origin"
    }


@pytest.mark.parametrize(("text", "mark"), [("0,125", ","), ("00,125", ","), ("0 125", " ")])
def test_no_grouped_number_begins_with_zero(read, text, mark):
    lines = [HEADER, *(row(i, **({"afp": f'"{text}"'} if i == 3 else {})) for i in range(6))]
    _, problems = read(lines, 'key = "id"', f'thousands = "{mark}"')
    assert list(problems) == ["fault.not_a_number"]


def test_a_status_that_is_not_said_is_shown(read):
    where = '[map]\ndeath = { date = "last", where = { status = ["dead", "fallen"] } }'
    lines = [
        line.replace("alive", "Deceased") if i == 5 else line.replace("alive", "") if i == 6 else line
        for i, line in enumerate(STATUS)
    ]
    check, problems = read(lines, 'key = "id"', where)
    assert not problems
    found = [one.message.code.rpartition(".")[2] for one in check.warnings]
    assert {"where_unmet", "death_not_counted", "no_outcome"} <= set(found)
    check, _ = read(STATUS, 'key = "id"', where.replace(', "fallen"', ""))
    assert not {"where_unmet", "death_not_counted", "no_outcome"} & {
        one.message.code.rpartition(".")[2] for one in check.warnings
    }


def test_one_code_in_two_spellings_is_asked_for(read):
    lines = [line.replace("dead", "01" if i == 2 else "1") for i, line in enumerate(STATUS)]
    _, problems = read(lines, 'key = "id"', '[map]\ndeath = { date = "last", where = { status = ["1"] } }')
    assert problems["fault.alike_where"].detail.startswith("row 3")


def test_all_others_are_not_what_is_nearly_named(read):
    lines = [HEADER, *(row(i, mvi=["C22.0", "K74.6", "c22.1"][i % 3]) for i in range(6))]
    said = '[map]\nmvi = { column = "mvi", pattern = { "C22*" = true, "*" = false } }'
    _, problems = read(lines, 'key = "id"', said)
    assert problems["fault.two_patterns"].detail.startswith("rows 4, 7")
    assert not read([line.replace("c22", "C22") for line in lines], 'key = "id"', said)[1]


def test_a_box_that_is_unknown_is_not_unchecked(read):
    lines = ["id,arm,a,b,age,start,death,last"]
    lines += [
        f"{i},sorafenib,{'不明' if i < 3 else 0},{int(i == 1)},{50 + i},2020-01-0{i},,2021-02-0{i}" for i in range(1, 9)
    ]
    check, _ = read(lines, 'key = "id"', 'missing = ["", "不明"]', "[map]", 'mvi = { any_of = ["a", "b"] }')
    (mvi,) = (one for one in check.variables if one.variable == "mvi")
    assert (mvi.read, mvi.missing) == (7, 1)


@pytest.mark.parametrize(("text", "code"), [("999.0", "999"), ('"999,50"', "999,5")])
def test_a_code_for_missing_is_its_number(read, text, code):
    lines = [HEADER, *(row(i, **({"afp": text} if i == 3 else {})) for i in range(6))]
    decimal = 'decimal = ","' if "," in code else ""
    check, problems = read(lines, 'key = "id"', decimal, f'missing = ["", "{code}"]')
    assert not problems
    (afp,) = (one for one in check.variables if one.variable == "afp")
    assert (afp.missing, afp.spread.maximum) == (1, 5)


def by_visit(counts, *others, take="first"):
    """Patients with a row for each visit: only the arm of the one that counts is a level of the study."""
    arms = {counts: "sorafenib"} | dict.fromkeys(others, "regorafenib")
    lines = [patient_of(i, 1, arm, f'"{visit}"') for i in range(1, 5) for visit, arm in arms.items()]
    arm = '[map]\narm = { column = "arm", other = "exclude" }'
    return several(*lines), f'rows = {{ one_per = "id", take = "{take}", order = "visit" }}', arm


def test_months_are_not_ordered_as_numbers(read):
    """As a number, 2022.10 comes before 2022.9."""
    lines, rows, arm = by_visit("2022.9", "2022.10", "2022.11")
    _, problems = read(lines, rows, arm)
    assert "partial:first" in problems["fault.not_a_date"].hint
    check, problems = read(lines, rows, 'dates = ["%Y-%m-%d", "partial:first"]', arm)
    assert not problems
    assert check.eligible == 4


@pytest.mark.parametrize("visits", [("15012021", "01022021"), ("1312020", "2012020"), ("12312020", "01022021")])
def test_days_whose_year_is_last_are_not_ordered_as_numbers(read, visits):
    assert list(read(*by_visit(*visits))[1]) == ["fault.not_a_date"]


@pytest.mark.parametrize(
    "visits",
    [
        ("2021", "2022"),
        ("0.10", "0.25"),
        ("0.25", "0.5"),
        ("12.5", "2000.5"),
        ("9", "10"),
        ("0.5", "1.0"),
        ("20210115", "20210201"),
        ("9912021", "99012021"),
    ],
)
def test_numbers_are_ordered_as_numbers(read, visits):
    check, problems = read(*by_visit(*visits))
    assert not problems
    assert check.eligible == 4
    assert "data.fault.order_of_parts" not in [one.message.code for one in check.warnings]


@pytest.mark.parametrize("late", ["1.10", "1.11"])
def test_a_tenth_part_that_is_read_as_a_number_is_told(read, late):
    check, problems = read(*by_visit(late, "1.9"))
    assert not problems
    (found,) = (one for one in check.warnings if one.message.code == "data.fault.order_of_parts")
    assert found.detail == f"rows 2, 4, 6, 8: '{late}', '{late}', '{late}', '{late}'"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2022-03-15 09:00", "2022-03-15 15:00"),
        ("2022-03-15", "2022-03-15 00:30:00"),
        ("2022-03-15 오전 11:10", "2022-03-15 오후 1:05"),
        ("2022-03-15 12:05 AM", "2022-03-15 1:05 AM"),
        ("2022-03-15 9時5分", "2022-03-15 10時0分"),
        ("44635.25", "44635.5"),
        ("202203150900", "202203151500"),
        ("2022-03-14 23:00", "2022-03-15 01:00"),
    ],
)
def test_times_order_the_rows_of_a_day(read, first, second):
    dates = 'dates = ["%Y-%m-%d", "%Y%m%d%H%M", "excel"]'
    for lines, rows, arm in (by_visit(first, second), by_visit(second, first, take="last")):
        check, problems = read(lines, rows, dates, arm)
        assert not problems
        assert check.eligible == 4


def test_one_time_of_a_day_is_one_place_in_the_order(read):
    lines, rows, arm = by_visit("2022-03-15 09:00", "2022-03-15 9:00")
    assert list(read(lines, rows, arm)[1]) == ["fault.same_order"]
