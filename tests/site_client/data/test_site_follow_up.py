"""Follow-up, in whole days."""

import pytest

HEADER = "arm,age,mvi,start,death,last\n"


def outcome(hospital, start, death, last, header=""):
    """Days and event of one patient, or None without follow-up."""
    hospital.joins(header=header)
    hospital.exports(f"{HEADER}sorafenib,61,yes,{start},{death},{last}\n")
    found = hospital.cohort().analysis_sets["os"]
    return (int(found.days[0]), bool(found.event[0])) if found.n else None


@pytest.mark.parametrize(
    ("death", "last", "expected"),
    [
        ("2020-01-31", "2020-01-31", (30, True)),  # an event on the day of censoring counts
        ("", "2020-01-31", (30, False)),
        ("2020-01-31", "", (30, True)),
        ("2020-01-31", "2020-01-11", (30, True)),  # it was observed, although after the last contact
        ("2020-01-01", "2020-01-11", (0, True)),  # time 0 is kept
        ("", "2020-01-01", (0, False)),
        ("", "", None),
    ],
)
def test_the_event_ends_follow_up_else_the_date_of_censoring(hospital, death, last, expected):
    assert outcome(hospital, "2020-01-01", death, last) == expected


@pytest.mark.parametrize(
    ("death", "last", "expected"),
    [
        ("2020-02-01", "2020-02-01", (31, True)),  # on the last day that counts
        ("2020-02-02", "2020-02-02", (31, False)),
        ("", "2020-03-01", (31, False)),
        ("2020-03-01", "2020-01-20", (31, False)),  # a later event shows that there was none by the cut-off
        ("", "2020-01-20", (19, False)),
    ],
)
def test_nothing_is_known_after_the_data_cut_off(hospital, death, last, expected):
    assert outcome(hospital, "2020-01-01", death, last, "data_cutoff = 2020-02-01") == expected


def test_a_patient_whose_origin_is_after_the_cut_off_is_not_eligible(hospital):
    assert outcome(hospital, "2020-02-02", "", "2020-03-01", "data_cutoff = 2020-02-01") is None


def test_a_missing_origin_has_no_follow_up(hospital):
    assert outcome(hospital, "", "2020-03-01", "2020-03-01") is None
    assert hospital.check().endpoints[0].no_follow_up == 1


def test_the_earliest_of_several_event_dates_counts(hospital):
    hospital.joins()
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    study = study.replace('event = ["death"]', 'event = ["progression", "death"]')
    hospital.joins_as_written(study.replace("last = {", 'progression = { type = "date" }\nlast = {', 1))
    hospital.exports(
        "arm,age,mvi,start,progression,death,last\n"
        "sorafenib,61,yes,2020-01-01,2020-01-11,2020-01-21,2020-01-31\n"
        "sorafenib,61,yes,2020-01-01,,2020-01-21,2020-01-31\n"
        "sorafenib,61,yes,2020-01-01,2020-01-11,,2020-01-31\n"
    )
    assert hospital.cohort().analysis_sets["os"].days.tolist() == [10, 20, 10]


def joins_with_death_competing(hospital, header=""):
    hospital.joins(header=header)
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    study = study.replace('event = ["death"]', 'event = ["progression"]\ncompeting = ["death"]')
    hospital.joins_as_written(study.replace("last = {", 'progression = { type = "date" }\nlast = {', 1))


def test_a_competing_event_ends_follow_up_and_is_a_kind_of_its_own(hospital):
    joins_with_death_competing(hospital, "data_cutoff = 2020-02-01")
    hospital.exports(
        "arm,age,mvi,start,progression,death,last\n"
        "sorafenib,61,yes,2020-01-01,2020-01-11,2020-01-21,2020-01-21\n"  # progression comes first
        "sorafenib,61,yes,2020-01-01,,2020-01-21,2020-01-21\n"
        "sorafenib,61,yes,2020-01-01,2020-01-21,2020-01-21,2020-01-21\n"  # of two on one day the event counts
        "sorafenib,61,yes,2020-01-01,,,2020-01-31\n"
        "sorafenib,61,yes,2020-01-01,,2020-02-11,2020-02-11\n"  # after the cut-off
    )
    found = hospital.cohort().analysis_sets["os"]
    assert found.days.tolist() == [10, 20, 20, 30, 31]
    assert found.cause.tolist() == [1, 2, 1, 0, 0]
    assert found.event.tolist() == [True, False, True, False, False]


def test_a_competing_event_before_the_origin_is_a_problem(hospital):
    joins_with_death_competing(hospital)
    hospital.exports("arm,age,mvi,start,progression,death,last\nsorafenib,61,yes,2020-01-02,,2020-01-01,2020-01-05\n")
    ((where, _, _),) = hospital.problems()
    assert where == "variable death"


def test_flags_of_days(hospital):
    """Of several flags the event's counts, then the first; follow-up is unknown where a flag is missing."""
    hospital.joins()
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    start, end = study.index("[endpoints"), study.index("[analyses]")
    days = '[endpoints.os]\ndays = "days"\nevent = "relapse"\ncompeting = ["dead", "other"]\n'
    flags = "".join(f'{name} = {{ type = "boolean" }}\n' for name in ("relapse", "dead", "other"))
    number = 'days = { type = "number", range = [0, 1000], step = 1 }\n'
    study = f"{study[:start]}{days}{study[end:]}".replace("last = {", f"{flags}{number}last = {{", 1)
    hospital.joins_as_written(study)
    hospital.exports(
        "arm,age,mvi,start,death,last,days,relapse,dead,other\n"
        "sorafenib,61,yes,2020-01-01,,2020-01-21,10,1,1,0\n"
        "sorafenib,61,yes,2020-01-01,,2020-01-21,11,0,1,1\n"
        "sorafenib,61,yes,2020-01-01,,2020-01-21,12,0,0,1\n"
        "sorafenib,61,yes,2020-01-01,,2020-01-21,13,0,0,0\n"
    )
    found = hospital.cohort().analysis_sets["os"]
    assert found.days.tolist() == [10, 11, 12, 13]
    assert found.cause.tolist() == [1, 2, 3, 0]


def test_an_end_before_the_origin_is_a_problem_of_eligible_rows(hospital):
    hospital.joins(rules='[[eligibility]]\nid = "old"\nrule = "age > 60"')
    hospital.exports(
        f"{HEADER}sorafenib,61,yes,2020-01-02,2020-01-01,\n"
        "sorafenib,60,yes,2020-01-02,2020-01-01,\n"
        "sorafenib,61,yes,2020-01-02,,2019-12-31\n"
    )
    assert hospital.problems() == [
        (
            "variable death",
            "1 date is before start (1 by one day)",
            "row 2: 2020-01-01 before 2020-01-02",
        ),
        (
            "start to death or last",
            "follow-up ends before its origin in 1 row",
            "row 4: 2020-01-02 to 2019-12-31",
        ),
    ]


@pytest.mark.parametrize(
    ("row", "where", "message"),
    [
        ("1,-1,0,0", "column 'days' (variable days)", "1 value is outside 0 to 5000"),
        ("1,1.5,0,0", "variable days", "1 value is not a whole number of days"),
        ("1,5,0,0.5", "variable entry", "1 value is not a whole number of days"),
        ("1,5,0,5", "variable entry", "entry is at or after the end of follow-up in 1 row"),
    ],
)
def test_days_that_cannot_be(hospital, row, where, message):
    hospital.joins_a_study_of_days()
    hospital.exports(f"arm,days,relapse,entry\n{row}\n")
    assert [found[:2] for found in hospital.problems()] == [(where, message)]


@pytest.mark.parametrize("row", ["1,,1,0", "1,5,,0", "1,5,1,"])
def test_without_days_event_or_entry_there_is_no_follow_up(hospital, row):
    hospital.joins_a_study_of_days()
    hospital.exports(f"arm,days,relapse,entry\n{row}\n1,5,1,0\n")
    (found,) = hospital.check().endpoints
    assert (found.no_follow_up, found.rows) == (1, 1)
