"""The questions of `riskset site map` as data managers answer them: in their own words, in full width, by numbers."""

import re

import pytest
from tests.site_client.mapping.exports import DAYS, HEADER, TODAY, N, arm, day, died, plain

from riskset.cli import main
from riskset.errors import DataError
from riskset.language import speaking_to
from riskset_site.commands.map_questions import ask
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.written import written

MORE = """\
mvi = { type = "boolean" }
sex = { type = "category", levels = ["female", "male"] }
afp = { type = "number", range = [0, 100000], required = false }
"""


def row(i):
    return f"{plain(i)},{1 + i % 2},{'XY'[i % 2]},{'2.0未満' if i % 5 == 0 else i}"


@pytest.fixture
def asks(desk, capsys):
    """Answers the questions in order; returns what was answered, and what was printed."""

    def run(*answers, site="kurume"):
        left = list(answers)

        def answer(question):
            assert left, f"not answered: {question}"
            return left.pop(0)

        given = ask(ExportFile(desk.export), desk.study, TODAY, Answers(site=site), answer)
        assert left == []
        return given, capsys.readouterr().out

    return run


@pytest.fixture
def codes(desk):
    desk.joins(MORE)
    desk.has(f"{HEADER},mvi,sex,afp", row)


@pytest.mark.parametrize(
    ("typed", "meanings"),
    [
        ("3 = true; 4 = false", ("true", "false")),
        ("３＝ＴＲＵＥ；４＝いいえ", ("true", "false")),
        ("3 = 예; 4 = 아니오", ("true", "false")),
        ("3 = true、4 = false", ("true", "false")),
        ("3 = true, 4 = false", ("true", "false")),
        ("3 = 1; 4 = 0", ("true", "false")),
        ("3 = 무; 4 = あり", ("false", "true")),
    ],
)
def test_yes_and_no_in_the_field_s_words(asks, codes, typed, meanings):
    given, _ = asks("", "", "", f"{typed}; 5 = 女; 6 = 남", "", "")
    assert tuple(given.recode["mvi"].values()) == meanings
    assert set(given.recode["sex"].values()) == {"female", "male"}


@pytest.mark.parametrize("typed", ["3 = perhaps", "5 = placebo", "3", "true", "99 = true"])
def test_another_meaning_is_refused_at_once(asks, codes, typed):
    given, printed = asks("", "", "", typed, "", "")
    assert given.recode == {}
    assert "is not a value of the study" in printed or "type NUMBER = MEANING, as 3 = false" in printed


@pytest.mark.parametrize(
    ("language", "word"), [("en", "half"), ("ko", "절반"), ("ja", "半分"), ("ja", "１"), ("ko", "Half")]
)
def test_options_in_the_site_s_language(desk, asks, language, word):
    desk.joins(MORE)
    desk.has(f"{HEADER},mvi,sex,afp", lambda i: row(i).replace(f",{1 + i % 2},{'XY'[i % 2]},", f",{i % 2},male,"))
    with speaking_to(language):
        given, printed = asks("", "", "", f"6 = {word}", "")
    assert given.choose == {"afp.below_limit": "half"}
    assert {"en": "? 1 half", "ko": "? 1 절반", "ja": "? 1 半分"}[language] in printed
    assert desk.proposes(**given.model_dump()).of("afp").entry == {"column": "afp", "below_limit": "half"}


def test_columns_in_full_width(desk, asks):
    desk.joins('cr = { type = "number", range = [0, 9], required = false }')
    desk.has(f"{HEADER},ＸＹ２", lambda i: f"{plain(i)},{i % 9}")
    given, printed = asks("", "ｃｒ＝XY2", "", "", "")
    assert given.columns == {"cr": "XY2"}
    assert desk.proposes(**given.model_dump()).of("cr").columns == ("ＸＹ２",)
    _, printed = asks("", "cr", "", "", "")
    assert "type VARIABLE = COLUMN, as arm = arm, not: cr" in printed


def test_several_columns_are_typed_with_any_mark_between_them(desk, asks):
    desk.joins('etiology = { type = "category", levels = ["none", "hbv", "hcv"] }')
    desk.has(f"{HEADER},V1,V2", lambda i: f"{plain(i)},{int(i % 3 == 1)},{int(i % 3 == 2)}")
    for typed in ("V1, V2; age = age", "Ｖ１、Ｖ２", "V1 + V2", "V1,V2, age = age"):
        given, _ = asks("", f"etiology = {typed}", "", "", "3 = B型; 4 = HCV", "")
        assert given.columns["etiology"] == ("V1", "V2")
        assert desk.fits(**given.model_dump())


def test_the_patient_number_that_is_shown_is_taken_also_beside_a_column_without_a_name(desk, asks):
    desk.has(f"{HEADER},", lambda i: f"{plain(i)},")
    given, printed = asks("", "", "", "")
    assert given.key == "id"
    assert "(1 column without a name)" in printed


def test_a_column_that_repeats_is_hardly_the_patient_number(desk, asks):
    desk.has(HEADER, lambda i: plain(i).replace(f",{40 + i},", f",{40 + i % 9},"))
    given, printed = asks("", "", "age", "id", "")
    assert (given.key, "age: only 9 different values in 24 rows" in printed) == ("id", True)
    given, printed = asks("", "", "age", "age", "", "")
    assert given.key == "age"
    assert "first row / 2 last row / 3 largest" in printed  # of a date
    assert "arm: 9 patients" in printed


def test_a_row_that_fits_worse_is_named_and_undone(desk, asks):
    desk.exports("\n".join(["a title", HEADER, *map(plain, range(N))]))
    given, printed = asks("5", "", "", "", "")
    assert given.header == (2,)
    assert "Row 5 has 0 known column names, row 2 has 6" in printed
    given, _ = asks("5", "5", "2", "", "", "", "")
    assert given.header == (2,)
    given, printed = asks("99", "x", "", "", "", "")
    assert "type a row, as 3 or 2,3" in printed


def test_the_question_before_is_asked_again(desk, asks):
    desk.has(HEADER, plain)
    given, printed = asks("", "age = -", "", "<", "back", "＜", "", "", "id", "")
    assert given.columns == {}
    assert printed.count("1. Where is the table?") == 3


def test_which_site_it_is_is_asked(desk, asks):
    desk.has(HEADER, plain)
    given, printed = asks("oslo", "2", "", "", "", "", site=None)
    assert (given.site, "1. Which site of the study is this?" in printed) == ("asan", True)


def test_another_encoding_is_named(desk):
    desk.exports("번호,치료군,나이,시작일,사망일,최종확인일\n1,렌비마,60,2020-01-01,,2020-02-02\n", "cp949")
    for wrong in ("utf-8", "cp932"):
        with pytest.raises(DataError) as refused:
            desk.proposes(encoding=wrong)
        assert "cp949" in str(refused.value.hint)


def test_a_status_names_the_texts_that_count(desk):
    header = "id,arm,age,start,status,last_contact"
    desk.has(header, lambda i: f"{i},{arm(i)},50,{day(i)},{'死亡' if died(i) else '生存'},{day(i, 2022)}")
    (note,) = desk.proposes().of("death").notes
    assert str(note) == "the date in last_contact, only for patients whose status is 死亡"


def test_days_and_a_flag_in_words(desk, asks):
    desk.joins(endpoint=DAYS)
    desk.has("id,arm,age,days,event", lambda i: f"{i},{arm(i)},{40 + i},{100 + i},{8 + died(i)}")
    given, _ = asks("", "", "", "3 = 사망; 4 = 生存", "")
    assert set(given.recode["event"].values()) == {"true", "false"}


def test_which_of_several_visits_counts_is_asked(desk, asks):
    """It is known only with the patient number that a patient has several rows."""
    desk.joins(MORE)
    visits = [(i, v) for i in range(N) for v in (1, 2)]
    desk.has(
        f"{HEADER},visit,mvi,sex,afp",
        lambda n: f"{plain(visits[n][0])},{visits[n][1]},yes,male,{10 * n}",
        n=len(visits),
    )
    given, printed = asks("", "", "id", "5 = first", "")
    assert "afp.take" in printed
    assert given.choose.get("afp.take") == "first"


@pytest.mark.parametrize("typed", ["88,42", "mg", "0", "-5", "1/88", "예"])
def test_a_factor_that_is_none_is_asked_for_again(desk, asks, typed):
    desk.joins('creatinine = { type = "number", unit = "umol/L", range = [10, 2000], required = false }\n')
    desk.has(f"{HEADER},Cr(mg/dL)", lambda i: f"{plain(i)},0.{5 + i % 5}")
    given, printed = asks("", "", "id", f"3 = {typed}", "3 = 88.42", "")
    assert "no number above 0" in printed
    assert given.choose == {"creatinine.factor": "88.42"}


def test_the_century_of_two_digits_is_told_in_the_file(desk):
    desk.has(HEADER, lambda i: re.sub(r",20(\d\d)-(\d\d)-", r",\1/\2/", plain(i)))
    text = written(desk.proposes(), "en")
    (first,) = re.findall(r"two_digit_years = (\d{4})", text)
    assert f"# years of two digits are read as {first} to {int(first) + 99}" in text


def test_an_export_that_is_not_there_is_told_before_anything_is_asked(desk, capsys):
    missing = desk.folder / "other.csv"
    assert main(["site", "map", str(missing), "--study", str(desk.folder / "study.toml")]) == 1
    assert "no such file" in capsys.readouterr().err
