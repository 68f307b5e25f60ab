"""Times in another unit than the study's: said in the site file, else seen in the check."""

import numpy as np
import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file

HEADER = "arm,days,relapse,entry\n"


def exports(hospital, times, entry="0"):
    hospital.joins_a_study_of_days()
    hospital.exports(HEADER + "".join(f"{i % 2},{time},1,{entry}\n" for i, time in enumerate(times)))


def maps(hospital, *entries):
    hospital.writes("[map]", *entries)


@pytest.mark.parametrize(
    ("unit", "days"), [("month", [403, 669]), ("week", [93, 154]), ("year", [4836, 8028]), ("day", [13, 22])]
)
def test_a_unit_of_the_column_is_converted_to_whole_days(hospital, unit, days):
    exports(hospital, ["13.24", "21.98"])
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8").replace("[0, 5000]", "[0, 9000]")
    hospital.joins_as_written(study)
    maps(hospital, f'days = {{ column = "days", unit = "{unit}" }}')
    assert hospital.cohort().analysis_sets["rfs"].days.tolist() == days


def test_the_range_and_step_are_of_days_after_conversion(hospital):
    exports(hospital, ["13.24", "200"])
    maps(hospital, 'days = { column = "days", unit = "month" }')
    (problem,) = hospital.check().problems
    assert (problem.message.code, problem.detail) == ("data.fault.outside_range", "row 3: 6088")


def test_nobody_is_advised_to_round(hospital):
    exports(hospital, ["13.24", "21.98"])
    (problem,) = hospital.check().problems
    assert 'unit = "month"' in problem.hint
    assert "round" not in problem.hint


def test_another_variable_of_time_is_converted_too(hospital):
    hospital.exports("id,arm,months,mvi,start,death,last\n1,sorafenib,732,yes,2020-01-01,,2020-06-01\n")
    maps(hospital, 'age = { column = "months", unit = "month" }')
    np.testing.assert_allclose(hospital.cohort().analysis_sets["os"].variables["age"], [61.0], rtol=1e-15)


@pytest.mark.parametrize("name", ["afp", "mvi", "start"])
def test_what_is_not_a_time_has_no_unit(hospital, name):
    maps(hospital, f'{name} = {{ column = "{name}", unit = "month" }}')
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file, hospital.study)
    (found,) = raised.value.problems
    assert found.where == f"[map] {name}.unit"


MONTHS = [3, 8, 8, 9, 12, 13, 14, 14, 17, 22, 31, 60]


@pytest.mark.parametrize("days_per_unit", [1, 7])
def test_months_or_weeks_in_a_column_of_days_are_seen(hospital, days_per_unit):
    exports(hospital, [round(30.4375 / 7) * time if days_per_unit == 7 else time for time in MONTHS])
    check = hospital.check()
    assert check.fits
    (warning,) = check.warnings
    assert warning.message.code == "data.warning.short"
    assert "unit" in warning.hint


def test_days_called_months_are_seen(hospital):
    exports(hospital, [30 * time for time in MONTHS])
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8").replace("[0, 5000]", "[0, 99999]")
    hospital.joins_as_written(study)
    maps(hospital, 'days = { column = "days", unit = "month" }')
    assert [found.message.code for found in hospital.check().warnings] == ["data.warning.long"]


@pytest.mark.parametrize("times", [[30 * time for time in MONTHS], [*range(5, 60, 5), 900]])
def test_days_are_not_warned_of_also_where_most_patients_leave_early(hospital, times):
    exports(hospital, times)
    assert hospital.check().warnings == ()


def test_ages_longer_than_a_life_are_seen(hospital):
    study = hospital.folder / "study.toml"
    hospital.joins_as_written(study.read_text(encoding="utf-8").replace("range = [18, 100]", "range = [0, 2000]"))
    rows = (f"sorafenib,{600 + 20 * i},yes,2020-01-01,,2021-01-{i + 1:02}" for i in range(12))
    hospital.exports("\n".join(["arm,age,mvi,start,death,last", *rows]))
    assert [(found.where, found.message.code) for found in hospital.check().warnings] == [
        ("variable age", "data.warning.long")
    ]


def test_the_check_shows_how_times_are_distributed(hospital, capsys):
    exports(hospital, [10, 20, 30, 40, 50])
    check = hospital.check()
    days, os = check.variables[1], check.endpoints[0]
    assert (days.variable, days.spread.minimum, days.spread.median, days.spread.maximum) == ("days", 10, 30, 50)
    assert (os.rows, os.no_follow_up, os.days.q1, os.days.q3) == (5, 0, 20, 40)


@pytest.mark.parametrize(
    ("texts", "wrong"), [(["3.3", "0.1", "70.0"], 0), (["3.35", "0.1"], 1), (["1e6", "999999.9", "123456.75"], 1)]
)
def test_the_step_is_enforced(hospital, texts, wrong):
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    hospital.joins_as_written(study.replace("range = [0, 1e6],", "range = [0, 1e6], step = 0.1,"))
    rows = (f"sorafenib,{50 + i},yes,{text},2020-01-01,,2020-06-01" for i, text in enumerate(texts))
    hospital.exports("\n".join(["arm,age,mvi,afp,start,death,last", *rows]))
    assert sum(found.message.code == "data.fault.between_steps" for found in hospital.check().problems) == wrong
    assert hospital.check().variables[3].wrong == wrong


def test_days_between_steps_are_told_once(hospital):
    exports(hospital, ["13.24", "21"])
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    hospital.joins_as_written(study.replace("days = { type", "days = { step = 1, type"))
    (problem,) = hospital.check().problems
    assert problem.detail == "row 2: 13.24"
    assert 'unit = "month"' in problem.hint
