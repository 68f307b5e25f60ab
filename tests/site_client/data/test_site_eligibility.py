"""Who is eligible, step by step."""

import pytest

RULES = """
[[eligibility]]
id = "adult"
rule = "age >= 60"
label = "60 or older"
[[eligibility]]
id = "invasion"
rule = "mvi == true"
"""

ROWS = """\
arm,age,mvi,start,last
sorafenib,61,yes,2020-01-01,2020-06-01
sorafenib,59,,2020-01-01,2020-06-01
sorafenib,,yes,2020-01-01,2020-06-01
sorafenib,70,no,2020-01-01,2020-06-01
sorafenib,70,,2020-01-01,2020-06-01
regorafenib,70,yes,2020-01-01,2020-06-01
,70,yes,2020-01-01,2020-06-01
sorafenib,70,yes,,2020-06-01
"""

EXCLUDE = '[map]\narm = { column = "arm", other = "exclude" }'


def steps(hospital):
    return [(step.id, step.excluded, step.undecided, step.remaining) for step in hospital.check().steps]


def test_each_row_is_excluded_at_the_first_step_it_does_not_meet(hospital):
    hospital.joins(header="enrolled = { from = 2020-01-01, to = 2020-01-31 }", rules=RULES)
    hospital.exports(ROWS)
    hospital.writes(EXCLUDE)
    check = hospital.check()
    assert check.problems == ()
    assert steps(hospital) == [
        ("mapped values", 1, 0, 7),
        ("enrolled", 0, 1, 6),
        ("adult", 1, 1, 4),
        ("invasion", 1, 1, 2),
    ]
    assert [step.label for step in check.steps][2:] == ["60 or older", "mvi == true"]
    assert (check.rows, check.eligible) == (8, 2)
    (os,) = check.endpoints
    assert (os.incomplete, os.rows) == (1, 1)  # the row without an arm is eligible, and left out of the models


def test_a_mapping_that_excludes_no_row_adds_no_step(hospital):
    hospital.writes(EXCLUDE)
    assert steps(hospital) == []


@pytest.mark.parametrize(
    ("start", "remaining"),
    [("2019-12-31", 0), ("2020-01-01", 1), ("2020-01-31", 1), ("2020-02-01", 0)],
)
def test_the_period_of_enrolment_includes_both_days(hospital, start, remaining):
    hospital.joins(header="enrolled = { from = 2020-01-01, to = 2020-01-31 }")
    hospital.exports(f"arm,age,mvi,start,last\nsorafenib,61,yes,{start},2020-06-01\n")
    assert steps(hospital)[0][3] == remaining


def test_a_site_without_an_eligible_row_learns_at_which_step_most_are_excluded(hospital):
    hospital.joins(rules=RULES.replace(">= 60", "> 99"))
    check = hospital.check()
    assert not check.fits
    (problem,) = check.problems
    assert str(problem.message) == "none of 3 rows is eligible; most are excluded at 'adult'"
