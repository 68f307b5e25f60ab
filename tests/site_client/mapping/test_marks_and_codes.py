"""Marks and codes that only their column explains: a dash beside a circle is a no, a 9 beside 0 and 1 is no grade."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, plain

from riskset_site.mapping.levels import boolean_meanings, category_meanings

MVI = 'mvi = { type = "boolean", required = false }'
PS = 'ecog = { type = "category", levels = ["0", "1", "2+"], required = false }'


def meant(found):
    return {one.text: one.meaning for one in found}


@pytest.mark.parametrize(
    ("yes", "no"), [("＋", "－"), ("+", "-"), ("○", "－"), ("○", "ー"), ("あり", "―"), ("유", "－"), ("+", "\u2212")]
)
def test_a_dash_is_the_no_of_a_column_that_has_no_other(yes, no):
    found = boolean_meanings({yes: 3, no: 4}, is_event=False)
    assert [(one.meaning, one.is_sure) for one in found] == [("true", True), ("false", False)]


@pytest.mark.parametrize("texts", [("あり", "なし", "－"), ("○", "×", "-"), ("없음", "-")])
def test_a_dash_beside_another_no_is_missing(texts):
    assert meant(boolean_meanings(dict.fromkeys(texts, 1), is_event=False))[texts[-1]] == ""


def test_a_dash_for_no_is_not_missing_in_silence(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", lambda i: f"{plain(i)},{'＋－－'[i % 3]}")
    assert "missing" not in desk.proposes().source
    assert desk.problems()  # until somebody says what the dash means
    assert desk.fits(recode={"mvi": {"＋": "true", "－": "false"}})
    assert desk.read("mvi") == (N, 0)


def circled(i, other=""):
    return f"{plain(i)},{'○' if i % 3 == 0 else other}"


def test_an_empty_field_beside_circles_is_asked_about(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", circled)
    (empty,) = [one for one in desk.proposes().of("mvi").texts if not one.text]
    assert (empty.rows, empty.meaning, empty.is_sure) == (N * 2 // 3, "false", False)
    assert desk.problems()
    assert desk.fits(recode={"mvi": {"○": "true", "": "false"}})
    assert desk.read("mvi") == (N, 0)


def test_an_empty_field_may_be_unknown(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", circled)
    assert desk.fits(recode={"mvi": {"○": "true", "": ""}})
    assert desk.read("mvi") == (N // 3, N * 2 // 3)
    assert "data.warning.only_true" in codes(desk)


def codes(desk):
    return [one.message.code for one in desk.check().warnings]


def test_an_empty_field_beside_yes_and_no_is_not_asked_about(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", lambda i: f"{plain(i)},{('あり', 'なし', '')[i % 3]}")
    assert all(one.text for one in desk.proposes().of("mvi").texts)
    assert desk.fits()
    assert "data.warning.only_true" not in codes(desk)


def test_a_flag_that_is_true_and_hardly_ever_missing_is_no_doubt(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", lambda i: f"{plain(i)},{'yes' if i else ''}")
    desk.writes(recode={"mvi": {"yes": "true", "": ""}})
    assert "data.warning.only_true" not in codes(desk)


LEVELS = ("0", "1", "2+")


@pytest.mark.parametrize("code", ["9", "99", "8"])
def test_a_far_code_is_not_the_open_level(code):
    found = meant(category_meanings(dict.fromkeys(("0", "1", "2", "3", code), 1), LEVELS))
    assert found == {"0": "0", "1": "1", "2": "2+", "3": "2+", code: None}


def test_numbers_that_lead_up_from_the_open_level_are_of_it():
    found = category_meanings(dict.fromkeys(map(str, range(10)), 1), ("0", "1", "2", "3+"))
    assert {one.meaning for one in found if int(one.text) > 2} == {"3+"}


@pytest.mark.parametrize("form", ["PS{}", "PS {}", "ECOG {}", "ECOG PS {}", "Grade {}", "ＰＳ{}", "수행상태 {}"])
def test_a_grade_with_the_name_of_its_scale(form):
    texts = {form.format(n): 1 for n in range(4)}
    found = [(one.meaning, one.is_sure) for one in category_meanings(texts, LEVELS)]
    assert found == [("0", True), ("1", True), ("2+", False), ("2+", False)]


def test_a_column_of_scales_is_found(desk):
    desk.joins(PS)
    desk.has(f"{HEADER},PS", lambda i: f"{plain(i)},PS{i % 3}")
    assert desk.fits(recode={"ecog": {"PS2": "2+"}})
    assert desk.read("ecog") == (N, 0)


def test_a_stage_is_not_inside_another():
    assert meant(category_meanings({"II期": 1, "I期": 1}, LEVELS)) == {"II期": "2+", "I期": "1"}


def test_codes_of_yes_no_and_unknown_are_asked_about(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},脈管侵襲", lambda i: f"{plain(i)},{'129'[i % 3]}")
    assert [one.meaning for one in desk.proposes().of("mvi").texts] == [None, None, None]
    assert desk.problems()  # and no variable that is missing in silence
    assert desk.fits(recode={"mvi": {"1": "true", "2": "false", "9": ""}})


def test_numbers_are_no_codes_of_yes_and_no(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},脈管侵襲", lambda i: f"{plain(i)},{i % 9}")
    assert desk.proposes().of("mvi").columns == ()


@pytest.mark.parametrize("text", ["2+", "2以上", "PS2以上", "PS 2 이상", "≥2", "PS ≧ 2", "ECOG >=2", "Grade 2 or more"])
def test_two_and_more_is_the_open_level(text):
    (found,) = category_meanings({text: 1}, LEVELS)
    assert (found.meaning, found.is_sure) == ("2+", True)


@pytest.mark.parametrize("text", ["1以上", "3以上", "2未満", "体重2以上", "2以下"])
def test_another_limit_is_not_the_open_level(text):
    (found,) = category_meanings({text: 1}, LEVELS)
    assert found.meaning is None


def test_a_code_with_a_word_for_unknown_is_missing():
    assert meant(boolean_meanings({"1:あり": 1, "0:なし": 1, "9:不明": 1}, is_event=False))["9:不明"] == ""
    assert meant(category_meanings({"9. 미상": 1, "1": 1}, LEVELS))["9. 미상"] == ""


@pytest.mark.parametrize("levels", [("no", "yes"), ("なし", "あり"), ("negative", "positive")])
def test_a_dash_is_the_no_of_a_category_too(levels):
    found = category_meanings({"＋": 1, "－": 1}, levels)
    assert [(one.meaning, one.is_sure) for one in found] == [(levels[1], True), (levels[0], False)]
    assert meant(category_meanings({"あり": 1, "なし": 1, "－": 1}, levels))["－"] == ""


def test_a_dash_of_other_levels_is_missing():
    assert meant(category_meanings({"A": 1, "-": 1}, ("A", "B"))) == {"A": "A", "-": ""}


@pytest.mark.parametrize(("mark", "meaning"), [("◯", "true"), ("●", None), ("レ", None)])
def test_a_dash_beside_a_mark(mark, meaning):
    assert meant(boolean_meanings({mark: 1, "－": 1}, is_event=False)) == {mark: meaning, "－": "false"}


def test_a_dash_beside_codes_is_missing():
    assert meant(boolean_meanings({"1": 1, "2": 1, "-": 1}, is_event=False))["-"] == ""


def test_an_empty_field_beside_a_mark_is_asked_about_once_the_mark_is_known(desk):
    desk.joins(MVI)
    desk.has(f"{HEADER},mvi", lambda i: f"{plain(i)},{'●' if i % 3 == 0 else ''}")
    assert [one.text for one in desk.proposes().of("mvi").texts] == ["●"]
    assert [one.text for one in desk.proposes(recode={"mvi": {"●": "true"}}).of("mvi").texts] == ["●", ""]
    assert desk.problems(recode={"mvi": {"●": "true"}})
    assert desk.fits(recode={"mvi": {"●": "true", "": "false"}})


def test_an_empty_field_beside_the_yes_of_a_category_is_asked_about(desk):
    desk.joins('mvi = { type = "category", levels = ["no", "yes"], required = false }')
    desk.has(f"{HEADER},mvi", circled)
    assert [(one.text, one.meaning, one.is_sure) for one in desk.proposes().of("mvi").texts][1:] == [("", "no", False)]
    assert desk.fits(recode={"mvi": {"": "no"}})
    assert desk.read("mvi") == (N, 0)
