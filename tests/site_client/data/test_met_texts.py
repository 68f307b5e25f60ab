"""What the check met in a column of texts, and what became of each."""

import json

import pytest

from riskset.cli import main
from riskset_site.data.check_page import check_page

ARM = '[map]\narm = { column = "arm", recode = { "レンバチニブ" = "lenvatinib", "ソラフェニブ" = "sorafenib" }'


def exports(hospital, texts, variable="arm"):
    plain = {"arm": "sorafenib", "age": "61", "mvi": "yes", "start": "2020-01-01"}
    rows = ({**plain, variable: text} for text in texts)
    lines = (f"{i},{row['arm']},{row['age']},{row['mvi']},{row['start']},,2021-01-01" for i, row in enumerate(rows))
    hospital.exports("\n".join(["note,arm,age,mvi,start,death,last", *lines]))


def met(hospital, position=0):
    return [(one.text, one.outcome, one.meaning, one.rows) for one in hospital.check().variables[position].texts]


def test_excluded_and_recoded_texts_are_listed_with_their_rows(hospital, capsys):
    hospital.writes(ARM + ', other = "exclude" }')
    exports(hospital, ["レンバチニブ"] * 3 + ["レンバチニブ 8mg"] * 2 + ["sorafenib", "NA"])
    assert met(hospital) == [
        ("レンバチニブ", "read", "lenvatinib", 3),
        ("レンバチニブ 8mg", "excluded", "", 2),
        ("sorafenib", "read", "sorafenib", 1),
        ("NA", "missing", "", 1),
        ("ソラフェニブ", "unmet", "sorafenib", 0),
    ]
    assert (
        main(["site", "check", str(hospital.site_file), "--study", str(hospital.folder / "study.toml"), "--json"]) == 0
    )
    listed = json.loads(capsys.readouterr().out)["variables"][0]["texts"]
    assert listed[1] == {"text": "レンバチニブ 8mg", "outcome": "excluded", "meaning": "", "rows": 2, "column": ""}
    page = check_page(hospital.check())
    assert "'レンバチニブ 8mg'   excluded" in page


def test_of_numbers_the_recoded_texts_are_listed(hospital):
    hospital.writes('[map]\nage = { column = "age", recode = { "over 90" = 91, "?" = "" } }')
    exports(hospital, ["61", "over 90", "over 90", "?"], "age")
    assert met(hospital, 1) == [("over 90", "read", "91", 2), ("?", "missing", "", 1)]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("ｿﾗﾌｴﾆﾌﾞ", "sorafenib"),
        ("ソラフエニブ", "sorafenib"),
        ("Ｓｏｒａｆｅｎｉｂ", "sorafenib"),
        ("Sorafenib", "sorafenib"),
        ("レンバ チニブ", "lenvatinib"),
        ("ｎＡ", ""),
    ],
)
@pytest.mark.parametrize("other", ["error", "exclude"])
def test_a_text_that_is_nearly_known_is_proposed_and_not_dropped(hospital, text, meaning, other):
    hospital.writes(f'{ARM}, other = "{other}" }}')
    exports(hospital, ["ソラフェニブ", text, "レンバチニブ"])
    (found,) = hospital.check().problems
    assert (found.message.code, found.detail) == ("data.fault.alike", f"row 3: {text!r} = {meaning!r}")
    assert (text, "proposed", meaning, 1) in met(hospital)
    assert hospital.check().variables[0].excluded == 0


@pytest.mark.parametrize(
    ("variable", "text", "meaning"),
    [
        ("arm", "ｿﾗﾌｪﾆﾌﾞ", "sorafenib"),
        ("arm", "ｓｏｒａｆｅｎｉｂ", "sorafenib"),
        ("arm", "ＮＡ", ""),
        ("arm", "レンバチニブ\u200b", "lenvatinib"),
        ("age", "６１．５", "61.5"),
        ("age", "－１", "-1"),
        ("mvi", "ＹＥＳ", "true"),
        ("mvi", "１", "true"),
        ("start", "２０２０／０１／０２", "2020-01-02"),
    ],
)
def test_a_text_in_another_width_is_read_and_listed(hospital, variable, text, meaning):
    hospital.joins_as_written((hospital.folder / "study.toml").read_text("utf-8").replace("[18, 100]", "[-100, 100]"))
    hospital.writes('dates = ["%Y-%m-%d", "%Y/%m/%d"]', ARM + " }")
    exports(
        hospital, [{"arm": "ソラフェニブ", "age": "50", "mvi": "yes", "start": "2020-01-01"}[variable], text], variable
    )
    assert not hospital.check().problems
    position = ["arm", "age", "mvi", "afp", "start"].index(variable)
    assert (text, "read" if meaning else "missing", meaning, 1) in met(hospital, position)


@pytest.mark.parametrize("text", ["6²", "①", "½", "１²"])
def test_a_sign_that_is_no_other_width_is_no_digit(hospital, text):
    exports(hospital, ["61", text], "age")
    assert [one.message.code for one in hospital.check().problems] == ["data.fault.not_a_number"]


def test_what_the_site_file_says_needs_no_proposal(hospital):
    hospital.writes(ARM.removesuffix(" }") + ', "ｿﾗﾌｴﾆﾌﾞ" = "sorafenib" } }')
    exports(hospital, ["ｿﾗﾌｴﾆﾌﾞ", "レンバチニブ"])
    assert hospital.check().fits


def test_no_text_of_a_patient_is_in_a_message(hospital):
    hospital.writes(ARM + ', other = "exclude" }')
    exports(hospital, ["ｿﾗﾌｴﾆﾌﾞ", "secret 4711"])
    (found,) = hospital.check().problems
    assert "ｿﾗﾌｴﾆﾌﾞ" not in str(found) + repr(found.message.to_json()) + repr(found.to_json())


def test_many_texts_are_counted_on_the_page_and_listed_in_json(hospital):
    hospital.writes(ARM + ', other = "exclude" }')
    exports(hospital, [f"free text {i}" for i in range(30)])
    assert len(hospital.check().variables[0].texts) == 32
    assert "and 12 more texts" in check_page(hospital.check())


@pytest.mark.parametrize(("text", "meaning"), [("2.0", "lenvatinib"), ("１.00", "sorafenib"), ("9.0", "")])
def test_codes_that_a_program_made_numbers_are_proposed(hospital, text, meaning):
    hospital.writes(
        'missing = ["", "9"]\n[map]\narm = { column = "arm", recode = { 1 = "sorafenib", 2 = "lenvatinib" } }'
    )
    exports(hospital, ["1", text, "2"])
    (found,) = hospital.check().problems
    assert (found.message.code, found.detail) == ("data.fault.alike", f"row 3: {text!r} = {meaning!r}")


def test_flags_that_a_program_made_numbers_are_proposed_unless_there_are_others(hospital):
    exports(hospital, ["1.0", "0.0", "", "1.0"], "mvi")
    (found,) = hospital.check().problems
    assert found.detail == "rows 2, 3, 5: '1.0' = '1', '0.0' = '0', '1.0' = '1'"
    exports(hospital, ["1.0", "2.0", "", "1.0"], "mvi")
    (found,) = hospital.check().problems
    assert found.message.code == "data.fault.not_boolean"


def test_a_level_that_is_written_with_decimals_is_that_level(hospital):
    study = (hospital.folder / "study.toml").read_text("utf-8").replace('"sorafenib", "lenvatinib"', '"1.0", "1.5"')
    hospital.joins_as_written(study.replace('"sorafenib"', '"1.0"'))
    exports(hospital, ["1.0", "1.5"])
    assert hospital.check().problems == ()
