"""Frames of patients: what is wrong with them is said at once, by site and column, and never with a value."""

import datetime

import pandas as pd
import pytest

import riskset
from riskset.errors import DataError


def problems(study, frames, **options):
    with pytest.raises(DataError) as wrong:
        riskset.rehearse(study, frames, **options)
    assert wrong.value.__notes__[:-1] == [f"  {problem}" for problem in wrong.value.problems]
    assert wrong.value.__notes__[-1].startswith("hint: ")
    return [str(problem) for problem in wrong.value.problems]


def changed(frames, site, **columns):
    return {**frames, site: frames[site].assign(**columns)}


def test_every_problem_is_said_at_once(study, frames):
    frames = changed(frames, "asan", arm=["old", "secret-7731"], days=[1.5, 7731])
    frames["kurume"] = frames["kurume"].drop(columns="days").rename(columns={"dead": "died"})
    frames["osaka"] = frames["osaka"].reset_index(drop=True).iloc[[0, 0]]
    frames["osak"] = frames["osaka"]
    said = problems(study, frames)
    assert said == [
        "osak: the study has no such site (did you mean 'osaka'?)",
        "asan: column 'arm': 1 value is not a level of the study (the levels are 'old', 'new'; None and NaN are "
        "missing)",
        "asan: column 'days': 1 value is outside 0 to 100 day (the range is the study's; check the unit; give NaN for "
        "a code that means missing)",
        "asan: column 'days': 1 value is not a multiple of the study's step, 1 (the step is the study's; check the "
        "unit, or round the column)",
        "kurume: column 'days': the frame has no such column (the study reads: arm, days, dead, stage, since)",
        "kurume: column 'dead': the frame has no such column (did you mean 'died'?)",
        "osaka: rows: 2 rows share their place in the index with another row (keep one row for each patient; if each "
        "row is one, number them: frame.reset_index(drop=True))",
    ]


@pytest.mark.parametrize(
    ("columns", "site"),
    [
        ({"arm": ["old", "secret-7731"]}, "asan"),
        ({"days": ["1", "7731x"]}, "asan"),
        ({"days": [float("inf"), 1]}, "asan"),
        ({"dead": ["true", "7731"]}, "asan"),
        ({"dead": [True, None]}, "asan"),
        ({"stage": ["I", "i"]}, "asan"),
        ({"since": ["7731-01-01", "3.4.77310"]}, "asan"),
        ({"since": [pd.Timestamp("2100-07-31"), None]}, "asan"),
        ({"days": pd.to_timedelta([77, 31], unit="D")}, "asan"),
        ({"stage": [("7731",), None]}, "asan"),
    ],
)
def test_no_message_holds_a_value(study, frames, columns, site):
    with pytest.raises(DataError) as wrong:
        riskset.rehearse(study, changed(frames, site, **columns))
    said = "\n".join([str(wrong.value), *wrong.value.__notes__, *map(repr, wrong.value.problems)])
    assert "7731" not in said
    assert "2100-07" not in said
    assert next(iter(columns)) in said
    for word in ("[map]", "[source]", "export", "site.toml", "riskset site"):
        assert word not in said, said


def test_a_column_of_another_type_is_refused_by_name(study, frames):
    frames = changed(frames, "asan", days=pd.to_timedelta([1, 6], unit="D"))
    assert problems(study, frames) == [
        "asan: column 'days': it has values of the type Timedelta (give texts, numbers, truth values or dates; of a "
        "duration the number of days)"
    ]


def test_a_column_twice_is_refused(study, frames):
    frame = frames["asan"]
    frames = {**frames, "asan": pd.concat([frame, frame[["days"]]], axis=1)}
    assert problems(study, frames) == [
        "asan: column 'days': the frame has several columns of this name (keep one of them)"
    ]


def test_an_optional_column_that_is_nearly_there_is_a_problem(study, frames):
    frames = {**frames, "asan": frames["asan"].rename(columns={"stage": "Stage"})}
    assert problems(study, frames) == ["asan: column 'stage': the frame has no such column (did you mean 'Stage'?)"]


def test_an_optional_column_may_be_absent(study, frames):
    frames = {**frames, "asan": frames["asan"].drop(columns="stage")}
    assert riskset.rehearse(study, frames, ignore_gate=True)["table1/all"].status == "ok"


def test_sites_without_a_frame(study, frames):
    del frames["osaka"]
    assert problems(study, frames) == [
        "osaka: the study lists this site, but there is no frame for it (add its frame, or leave the site out: "
        "without=['osaka'])"
    ]
    run = riskset.rehearse(study, frames, without=["osaka"], ignore_gate=True)
    assert run.sites == ("asan", "kurume")


def test_no_rows(study, frames):
    frames = {**frames, "asan": frames["asan"].iloc[:0]}
    assert problems(study, frames) == ["asan: rows: the frame has no rows (give one row for each patient)"]


def test_what_is_no_frame(study, frames):
    with pytest.raises(TypeError, match="expected a pandas DataFrame for each site, found list"):
        riskset.rehearse(study, {**frames, "asan": [1, 2]})


@pytest.mark.parametrize(
    "day",
    [
        "2020-02-29",
        datetime.date(2020, 2, 29),
        datetime.datetime(2020, 2, 29, 23, 59, tzinfo=datetime.UTC),
        pd.Timestamp("2020-02-29 13:00"),
        pd.Timestamp("2020-02-29").to_datetime64(),
    ],
)
def test_dates_of_every_type_are_days(day):
    from riskset_notebook.patients import text_of

    assert text_of(day) == "2020-02-29"
