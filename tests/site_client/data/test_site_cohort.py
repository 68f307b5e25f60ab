"""From files to arrays."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.export import read_export

HALF = "2 values are true or false by themselves, but not every text in the column is"


def test_the_cohort_holds_days_events_and_covariates_as_models_take_them(hospital):
    hospital.joins(covariates='"arm", "age", "mvi", "afp"')
    cohort = hospital.cohort()
    found = cohort.analysis_sets["os"]
    assert cohort.site == "kurume"
    assert found.days.tolist() == [182, 366]  # 2020 is a leap year; the third row lacks its AFP
    assert found.event.tolist() == [True, False]
    assert found.entry_days is None
    assert list(found.variables) == ["arm", "age", "mvi", "afp"]
    assert found.variables["arm"].tolist() == [0.0, 1.0]
    assert found.variables["mvi"].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(found.variables["afp"], [1.0, 2.0], rtol=1e-15)
    assert all(values.dtype == np.float64 for values in found.variables.values())


def test_rows_are_complete_in_the_covariates_of_the_endpoints_models_only(hospital):
    assert hospital.cohort().analysis_sets["os"].n == 3


def test_days_events_and_entry_come_as_the_export_holds_them(hospital):
    hospital.joins_a_study_of_days()
    hospital.exports("arm,days,relapse,entry\n1,0,0,\n1,0,0,NA\n0,30,1,0\n1,40,0,39\n,40,0,1\n")
    found = hospital.cohort().analysis_sets["rfs"]
    assert found.days.tolist() == [30, 40]
    assert found.event.tolist() == [True, False]
    assert found.entry_days.tolist() == [0, 39]


def test_all_problems_are_reported_at_once_and_nothing_is_used(hospital):
    hospital.exports(
        "arm,age,mvi,afp,start,death,last\n"
        "sorafinib,61,yes,9,2020-01-01,,2020-06-01\n"
        "lenvatinib,17,perhaps,x,2020-02-31,,2021-02-01\n"
        "lenvatinib,60,no,inf,2020-02-01,2020-01-01,2021-02-01\n"
    )
    with pytest.raises(DataError, match="do not fit") as raised:
        hospital.cohort()
    assert [(problem.where, str(problem.message)) for problem in raised.value.problems] == [
        ("column 'arm' (variable arm)", "1 value is not a level of the study"),
        ("column 'age' (variable age)", "1 value is outside 18 to 100 year"),
        ("column 'mvi' (variable mvi)", HALF),
        ("column 'afp' (variable afp)", "1 value is not a number"),
        ("column 'afp' (variable afp)", "1 value is not a finite number"),
        ("column 'start' (variable start)", "1 value is not a date in the formats of [source] dates"),
        ("variable death", "1 date is before start (0 by one day)"),
    ]


def test_only_detail_holds_a_value(hospital):
    secret = "4711-secret"
    hospital.exports(f"arm,age,mvi,start,last\n{secret},{secret},{secret},{secret},{secret}\n")
    with pytest.raises(DataError) as raised:
        hospital.cohort()
    problems = raised.value.problems
    assert len(problems) == 5
    assert all(secret in problem.detail for problem in problems)
    assert secret not in str(raised.value) + raised.value.hint + "".join(map(str, problems))
    assert secret not in repr([replace(problem, detail="") for problem in problems])  # the values of its messages too


def test_a_site_may_have_no_eligible_patient(hospital):
    hospital.joins(rules='[[eligibility]]\nid = "old"\nrule = "age > 90"')
    assert hospital.cohort().analysis_sets["os"].n == 0


def test_a_variable_that_is_not_required_may_have_no_column(hospital):
    hospital.exports("arm,age,mvi,start,last\nsorafenib,61,yes,2020-01-01,2020-06-01\n")
    found = hospital.cohort().analysis_sets["os"]
    assert (found.days.tolist(), found.event.tolist()) == ([152], [False])


def test_columns_that_are_not_asked_for_are_not_kept(hospital):
    hospital.exports("arm,age,mvi,start,last,name\nsorafenib,61,yes,2020-01-01,2020-06-01,Kim\n")
    export = read_export(load_site_file(hospital.site_file, hospital.study), hospital.study, date(2026, 6, 30))
    assert "Kim" not in repr(export)
