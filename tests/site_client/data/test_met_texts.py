"""What the check met in a column of texts, and what became of each."""

import json

import pytest

from riskset.cli import main
from riskset_site.data.check_page import check_page

ARM = '[map]\narm = { column = "arm", recode = { "レンバチニブ" = "lenvatinib", "ソラフェニブ" = "sorafenib" }'


def exports(hospital, texts, variable="arm"):
    plain = {"arm": "sorafenib", "age": "61", "mvi": "yes"}
    rows = ({**plain, variable: text} for text in texts)
    lines = (f"{i},{row['arm']},{row['age']},{row['mvi']},2020-01-01,,2021-01-01" for i, row in enumerate(rows))
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
    assert listed[1] == {"text": "レンバチニブ 8mg", "outcome": "excluded", "meaning": "", "rows": 2}
    page = check_page(hospital.check())
    assert "'レンバチニブ 8mg'   excluded" in page


def test_of_numbers_the_recoded_texts_are_listed(hospital):
    hospital.writes('[map]\nage = { column = "age", recode = { "over 90" = 91, "?" = "" } }')
    exports(hospital, ["61", "over 90", "over 90", "?"], "age")
    assert met(hospital, 1) == [("over 90", "read", "91", 2), ("?", "missing", "", 1)]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("ｿﾗﾌｪﾆﾌﾞ", "sorafenib"),
        ("ソラフエニブ", "sorafenib"),
        ("ｓｏｒａｆｅｎｉｂ", "sorafenib"),
        ("Sorafenib", "sorafenib"),
        ("レンバ チニブ", "lenvatinib"),
        ("ＮＡ", ""),
        ("レンバチニブ\u200b", "lenvatinib"),
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
    ("variable", "text", "meaning"), [("age", "６１．５", "61.5"), ("mvi", "ＹＥＳ", "yes"), ("mvi", "１", "1")]
)
def test_digits_and_words_in_full_width_are_proposed(hospital, variable, text, meaning):
    exports(hospital, [{"age": "50", "mvi": "yes"}[variable], text], variable)
    (found,) = hospital.check().problems
    assert found.detail == f"row 3: {text!r} = {meaning!r}"


def test_what_the_site_file_says_needs_no_proposal(hospital):
    hospital.writes(ARM.removesuffix(" }") + ', "ｿﾗﾌｪﾆﾌﾞ" = "sorafenib" } }')
    exports(hospital, ["ｿﾗﾌｪﾆﾌﾞ", "レンバチニブ"])
    assert hospital.check().fits


def test_no_text_of_a_patient_is_in_a_message(hospital):
    hospital.writes(ARM + ', other = "exclude" }')
    exports(hospital, ["ｿﾗﾌｪﾆﾌﾞ", "secret 4711"])
    (found,) = hospital.check().problems
    assert "ｿﾗﾌｪﾆﾌﾞ" not in str(found) + repr(found.message.to_json()) + repr(found.to_json())


def test_many_texts_are_counted_on_the_page_and_listed_in_json(hospital):
    hospital.writes(ARM + ', other = "exclude" }')
    exports(hospital, [f"free text {i}" for i in range(30)])
    assert len(hospital.check().variables[0].texts) == 32
    assert "and 12 more texts" in check_page(hospital.check())
