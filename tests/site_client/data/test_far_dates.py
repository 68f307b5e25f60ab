"""Dates that cannot be, and codes for missing values that the study's range lets in."""

import math
from datetime import date

import numpy as np
import pytest

from riskset_site.data.check import check_site
from riskset_site.data.spread import spread, suspects

HEADER = "id,arm,age,mvi,start,death,last\n"


def patients(*ends):
    """Patients with these dates of death and last contact."""
    lines = (f"{i},sorafenib,{60 + i},yes,2020-01-01,{death},{last}" for i, (death, last) in enumerate(ends))
    return HEADER + "\n".join(lines)


def messages(problems):
    return [(found.where, str(found.message), found.detail) for found in problems]


@pytest.mark.parametrize("never", ["9999-12-31", "2999-01-01", "2202-03-04", "2026-07-02"])
@pytest.mark.parametrize("column", ["death", "last"])
def test_a_date_after_today_is_a_problem(hospital, never, column):
    ends = [("2020-06-01", "2020-06-01"), (never, "2020-07-01") if column == "death" else ("", never)]
    hospital.exports(patients(*ends))
    check = hospital.check()
    assert messages(check.problems) == [
        (f"column '{column}' (variable {column})", "1 date is after today, 2026-06-30", f"row 3: {never}")
    ]
    assert check.endpoints[0].events == 1  # the living patient is not an event even in the counts


def test_today_is_given_and_may_be_tomorrow_elsewhere(hospital):
    hospital.exports(patients(("", "2020-07-01")))
    problems = {day: check_site(hospital.site_file, hospital.study, date(2020, 6, day)).problems for day in (29, 30)}
    assert (len(problems[29]), len(problems[30])) == (1, 0)


@pytest.mark.parametrize("no_date", ['"9999-12-31"', "9999-12-31", '"never"'])
def test_the_site_file_says_what_is_no_date(hospital, no_date):
    written = "never" if "never" in no_date else "9999-12-31"
    hospital.writes(f"no_date = [{no_date}]")
    hospital.exports(patients((written, "2020-07-01"), ("2020-06-01", "2020-06-01")))
    check = hospital.check()
    assert check.fits
    assert [(found.read, found.missing) for found in check.variables if found.variable == "death"] == [(1, 1)]
    assert hospital.cohort().analysis_sets["os"].event.tolist() == [False, True]


def test_no_date_is_recognised_in_every_format_of_dates(hospital):
    hospital.writes('dates = ["%d/%m/%Y", "%Y-%m-%d"]', 'no_date = ["9999-12-31"]')
    hospital.exports(patients(("31/12/9999", "2020-07-01")))
    assert hospital.cohort().analysis_sets["os"].event.tolist() == [False]


def test_a_birth_date_may_be_none_too(hospital):
    hospital.writes('no_date = ["1900-01-01"]', '[map]\nage = { years_between = ["age", "start"] }')
    hospital.exports(
        "id,arm,age,mvi,start,death,last\n"
        "1,sorafenib,1900-01-01,yes,2020-01-01,,2020-07-01\n"
        "2,sorafenib,1950-01-01,yes,2020-01-01,,2020-07-02\n"
    )
    age = hospital.check().variables[1]
    assert (age.read, age.missing, age.wrong) == (1, 1, 0)


def test_a_date_more_than_a_year_after_the_cut_off(hospital):
    hospital.joins(header="data_cutoff = 2020-12-31")
    hospital.exports(patients(("", "2022-01-01"), ("", "2022-01-02")))
    assert hospital.problems() == [
        (
            "column 'last' (variable last)",
            "1 date is more than a year after the study's data cut-off, 2020-12-31",
            "row 3: 2022-01-02",
        )
    ]


@pytest.mark.parametrize(("exported", "fits"), [("2025-03-01", True), ("2025-02-27", False)])
def test_an_export_of_later_says_when_it_was_made(hospital, exported, fits):
    hospital.joins(header="data_cutoff = 2020-12-31")
    hospital.writes(f"exported = {exported}")
    hospital.exports(patients(("", "2025-02-28")))
    assert hospital.check().fits is fits


def test_the_day_of_the_export_does_not_let_in_the_future(hospital):
    hospital.writes("exported = 2999-01-01")
    hospital.exports(patients(("2500-01-01", "2020-07-01")))
    assert [found[1] for found in hospital.problems()] == [
        "2999-01-01 is after today, 2026-06-30",
        "1 date is after today, 2026-06-30",
    ]


def test_a_cut_off_at_the_end_of_the_calendar(hospital):
    hospital.joins(header="data_cutoff = 9999-12-31")
    hospital.exports(patients(("", "2020-07-01")))
    assert hospital.check().fits


def test_follow_up_over_a_century(hospital):
    hospital.exports(patients(("", "2020-07-01")).replace("2020-01-01", "1900-01-01"))
    assert [found[1] for found in hospital.problems()] == ["follow-up lasts over 100 years in 1 row"]


@pytest.mark.parametrize(
    ("codes", "rest"),
    [
        ([999.0], range(30, 90)),
        ([-9.0], range(60)),
        ([9.0], [0, 1, 2, 3, 4] * 12),
        ([99.0, 99.0], range(30, 90)),
        ([88.0, 88.0], range(30, 80)),
        ([-1.0, 999.0], range(60)),
        ([9999.0] * 3, range(0, 30_000, 2)),
    ],
)
def test_codes_that_the_range_lets_in_are_shown(codes, rest):
    values = np.array([*rest, *codes, math.nan], float)
    ((_, rows),) = suspects(values)
    assert values[rows].tolist() == codes


OLD = [*range(40, 84), 86, 87, 88, 88]


@pytest.mark.parametrize("values", [range(100), [999, 1000, 1500, 2000, 2500], [99.5, *range(60)], [9, 9, 9], OLD])
def test_a_value_among_others_is_not_taken_for_a_code(values):
    assert not list(suspects(np.array(list(values), float)))


def test_a_date_far_from_all_others_is_shown():
    days = np.array(
        ["2020-01-01", "2021-05-01", "2022-03-04", "2020-07-07", "1970-01-01", "1970-01-01", "NaT"], "M8[D]"
    )
    ((_, rows),) = suspects(days)
    assert np.flatnonzero(rows).tolist() == [4, 5]
    assert not list(suspects(days[[0, 1, 2, 3, 0]]))
    ((_, rows),) = suspects(np.array(["2020-01-01"] * 8 + ["1970-01-01"] * 2, "M8[D]"))
    assert np.flatnonzero(rows).tolist() == [8, 9]


def test_the_check_shows_the_rows_of_a_code(hospital):
    hospital.exports(
        "id,arm,age,mvi,afp,start,death,last\n"
        + "".join(
            f"{i},sorafenib,{50 + i},yes,{999 if i < 2 else i},2020-01-01,,2021-01-{i + 1:02}\n" for i in range(12)
        )
    )
    check = hospital.check()
    assert check.fits
    assert messages(check.warnings) == [("variable afp", "2 values look like a missing code", "rows 2, 3: 999, 999")]


def test_quartiles_of_numbers_and_dates():
    assert spread(np.array([1.0, 2.0, 4.0, math.nan])).median == 2.0
    assert spread(np.array(["2020-01-01", "2020-01-04", "NaT"], "M8[D]")).median == "2020-01-02"
    assert spread(np.array([math.nan])) is None
