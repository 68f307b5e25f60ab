"""A column of which a part is understood by itself is recoded in full or not read."""

import json

import pytest

from riskset.cli import main

HEADER = "id,arm,age,mvi,start,death,last\n"
LEVELS = 'levels = ["1", "2"]'


def exports(hospital, texts, variable="mvi"):
    plain = {"arm": "sorafenib", "mvi": "yes"}
    for_row = ({**plain, variable: text} for text in texts)
    lines = (f"{i},{row['arm']},{50 + i},{row['mvi']},2020-01-01,,2021-01-01" for i, row in enumerate(for_row))
    hospital.exports(HEADER + "\n".join(lines))


def mvi_of(hospital):
    return hospital.cohort().analysis_sets["os"].variables["mvi"].tolist()


@pytest.mark.parametrize(
    ("map_", "texts"),
    [
        ("", ["1", "2", "1"]),  # the advice to recode 2 alone would make the censored events
        ('[map]\nmvi = { column = "mvi", recode = { "2" = false } }', ["1", "2", "1"]),
        ('[map]\nmvi = { column = "mvi", recode = { "2" = false } }', ["1", "1"]),  # whatever this export contains
        ('[map]\nmvi = { column = "mvi", other = "exclude" }', ["1", "2"]),
        ('[map]\nmvi = { column = "mvi", recode = { "あり" = true } }', ["あり", "no"]),
    ],
)
def test_a_boolean_that_is_half_understood_is_not_read(hospital, map_, texts):
    hospital.writes(map_)
    exports(hospital, texts)
    check = hospital.check()
    (found,) = check.problems
    assert found.message.code == "data.fault.half_boolean"
    mvi = check.variables[2]
    assert (mvi.variable, mvi.read, mvi.excluded, mvi.wrong) == ("mvi", 0, 0, len(texts))
    assert {met.outcome for met in mvi.texts if met.rows} == {"invalid"}


def test_one_and_two_are_asked_for_both(hospital, capsys):
    exports(hospital, ["1", "2", "1"])
    (found,) = hospital.check().problems
    assert '{ "1" = false, "2" = true }' in found.hint
    assert found.detail == "'1' in 2 rows, '2' in 1 row"
    main(["site", "check", str(hospital.site_file), "--study", str(hospital.folder / "study.toml"), "--json"])
    (printed,) = json.loads(capsys.readouterr().out)["problems"]
    assert printed["detail"] == found.detail


@pytest.mark.parametrize(
    ("recode", "texts", "values"),
    [
        ('"1" = false, "2" = true', ["1", "2", "1"], [0.0, 1.0, 0.0]),
        ('"9" = ""', ["1", "0", "0"], [1.0, 0.0, 0.0]),  # what is missing says nothing of the others
    ],
)
def test_a_boolean_recoded_in_full_or_not_at_all_is_read(hospital, recode, texts, values):
    hospital.writes(f'[map]\nmvi = {{ column = "mvi", recode = {{ {recode} }} }}')
    exports(hospital, texts)
    assert mvi_of(hospital) == values


def exports_events(hospital, events):
    hospital.joins_a_study_of_days()
    rows = (f"{i % 2},{100 + i},{event},0" for i, event in enumerate(events))
    hospital.exports("\n".join(["arm,days,relapse,entry", *rows]))


@pytest.mark.parametrize("events", [["1", "", "1", ""], ["0", "", "0"], ["1", "NA", "1"]])
def test_a_missing_value_beside_one_meaning_of_an_event_is_asked_for(hospital, events):
    exports_events(hospital, events)
    (found,) = hospital.check().problems
    assert (found.message.code, found.where) == ("data.fault.one_meaning", "column 'relapse' (variable relapse)")
    assert 'recode = { "" = false, "1" = true }' in found.hint
    assert not hospital.check().variables[2].wrong  # they are counted as missing


@pytest.mark.parametrize(("empty", "events"), [("false", [True, False, True, False]), ('""', [True, True])])
def test_the_site_file_says_what_an_empty_field_means(hospital, empty, events):
    hospital.writes(f'[map]\nrelapse = {{ column = "relapse", recode = {{ "" = {empty}, "1" = true }} }}')
    exports_events(hospital, ["1", "", "1", ""])
    assert hospital.cohort().analysis_sets["rfs"].event.tolist() == events


def test_an_empty_field_beside_both_meanings_is_missing(hospital):
    exports_events(hospital, ["1", "", "0"])
    assert hospital.cohort().analysis_sets["rfs"].event.tolist() == [True, False]


@pytest.mark.parametrize(
    ("recode", "texts", "fits"),
    [
        ('"0" = "1"', ["0", "1"], False),  # counted from 0 here, from 1 in the study
        ('"0" = "1", "1" = "2"', ["0", "1"], True),
        ('"3" = "2"', ["1", "3"], True),
        ('"x" = "1"', ["x", "1"], True),
    ],
)
def test_a_code_is_not_recoded_to_one_that_occurs_itself(hospital, recode, texts, fits):
    hospital.joins()
    text = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace('levels = ["sorafenib", "lenvatinib"]', LEVELS).replace(
        'reference = "sorafenib"', 'reference = "1"'
    )
    hospital.joins_as_written(text)
    hospital.writes(f'[map]\narm = {{ column = "arm", recode = {{ {recode} }} }}')
    exports(hospital, texts, "arm")
    assert hospital.check().fits is fits


@pytest.mark.parametrize(
    ("texts", "is_box"), [(["1", "2"], False), (["１", "２", "sorafenib"], False), (["1", ""], True)]
)
def test_a_code_beside_other_texts_is_no_checkbox(hospital, texts, is_box):
    hospital.writes("")
    exports(hospital, texts, "arm")
    (found,) = [one for one in hospital.check().problems if one.message.code == "data.fault.not_a_level"]
    assert (found.hint.code == "data.hint.boxes") == is_box
