"""Signs and words that change what a text of an export says: it is asked about, and not read as another text."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, plain

from riskset_site.mapping.levels import boolean_meanings, category_meanings
from riskset_site.mapping.spelling import spelled

STAGES, SCORES, CLASSES = ("I", "II", "III"), ("0", "1", "2", "3", "7", "10"), ("A", "B", "C")
DRUGS, CAUSES = ("sorafenib", "lenvatinib"), ("hbv", "hcv", "other")


def meant(text, levels):
    (found,) = category_meanings({text: 1}, levels)
    return found.meaning, found.is_sure


def is_true(text):
    (found,) = boolean_meanings({text: 1}, is_event=False)
    return found.meaning


@pytest.mark.parametrize(
    ("levels", "texts"),
    [
        (STAGES, ["I/II", "I-II", "I II", "Ⅰ/Ⅱ", "Ⅰ～Ⅱ期", "I/II期", "0-I", "stage I-II", "stage IV", "II-"]),
        (SCORES, ["-1", "－1", "1.5", "-7", "1+", "0-1", "1/0", "1 0", "1_0", "ECOG -1", "1,0", "7'"]),
        (CLASSES, ["A-", "-B", "A'", "A/B", "A~B", "Child-Pugh A/B", "Child-Pugh A-B", "A?"]),
    ],
)
def test_a_sign_that_says_something_makes_another_text(levels, texts):
    assert {text: meant(text, levels)[0] for text in texts} == dict.fromkeys(texts)


@pytest.mark.parametrize(
    ("levels", "level", "texts"),
    [
        (STAGES, "II", ["ii", "Ⅱ", "Stage II", "stage-II", "II期", "Ⅱ 期", "II기", "2: II", "2.Ⅱ", "II.", '="II"']),
        (("0", "1", "2", "3"), "1", ["１", "PS1", "PS 1", "PS-1", "ECOG: 1", "ps=1", "grade 1"]),
        (CLASSES, "A", ["a", "Child-Pugh A", "child_pugh a", "CHILD A", "A급", "'A'"]),
        (DRUGS, "lenvatinib", ["Lenvatinib", "렌바티닙", "ﾚﾝﾊﾞﾁﾆﾌﾞ", "1) 렌비마", "2-LEN", "LEN."]),
    ],
)
def test_signs_that_only_divide_words_do_not(levels, level, texts):
    assert {text: meant(text, levels) for text in texts} == dict.fromkeys(texts, (level, True))


def test_plus_and_minus_together_are_neither():
    for text in ("+/-", "＋/－", "(+/-)", "±", "(±)", "-/+", "1+", "あり/なし"):
        assert is_true(text) is None, text
    assert [is_true(text) for text in ("+", "(＋)", "（－）", "음성", "陰性")] == [
        "true",
        "true",
        "false",
        "false",
        "false",
    ]


def test_a_box_with_plus_and_minus_is_not_checked(desk):
    desk.joins('etiology = { type = "category", levels = ["none", "hbv", "hcv"] }')
    marks = ("양성", "음성", "+/-")
    desk.has(f"{HEADER},HBsAg,anti-HCV", lambda i: f"{plain(i)},{marks[i % 3]},{marks[i % 2]}")
    found = desk.proposes().of("etiology")
    assert (found.entry, found.is_sure, found.columns) == (None, False, ("HBsAg", "anti-HCV"))
    assert "1 text of unknown meaning: +/-" in map(str, found.notes)
    assert found.suggestion is not None
    assert "+/-" not in str(found.suggestion)
    assert desk.problems(accept=["etiology"])


def test_an_answer_about_a_text_is_none_about_another_with_a_sign(desk):
    desk.joins('grade = { type = "category", levels = ["low", "high"] }')
    desk.has(f"{HEADER},grade", lambda i: f"{plain(i)},{('q1', 'Q1', '-q1', 'z')[i % 4]}")
    found = desk.proposes(recode={"grade": {"q1": "low"}}).of("grade")
    assert {one.text: one.meaning for one in found.texts} == {"q1": "low", "Q1": "low", "-q1": None, "z": None}


@pytest.mark.parametrize(
    ("levels", "texts"),
    [
        (
            CAUSES,
            ["B형간염 음성", "HBsAg(-)", "HBsAg（－）", "HBs抗原 陰性", "B型肝炎なし", "非B型肝炎", "HBV-", "HBsAg ±"],
        ),
        (
            CAUSES,
            ["hepatitis B negative", "no hepatitis B", "non-hepatitis B", "B형간염 의심", "B型肝炎疑い", "B型肝炎以外"],
        ),
        (CAUSES, ["hepatitis B/C", "B형간염 아님", "C型肝炎(SVR後)", "past hepatitis C"]),
        (
            DRUGS,
            [
                "렌바티닙 거부",
                "소라페닙 불내성",
                "렌바티닙 중단",
                "レンバチニブ拒否",
                "ソラフェニブ中止",
                "ソラフェニブ以外",
            ],
        ),
        (
            DRUGS,
            [
                "lenvatinib refused",
                "sorafenib intolerant",
                "lenvatinib → regorafenib",
                "not sorafenib",
                "post sorafenib",
            ],
        ),
    ],
)
def test_what_denies_or_doubts_a_word_is_asked(levels, texts):
    assert {text: meant(text, levels)[0] for text in texts} == dict.fromkeys(texts)


@pytest.mark.parametrize(
    ("levels", "level", "texts"),
    [
        (CAUSES, "hbv", ["B형간염 양성", "HBsAg（＋）", "hepatitis B carrier", "B형간염 보유자"]),
        (
            DRUGS,
            "lenvatinib",
            ["LENVATINIB MESYLATE 4MG CAP", "レンビマカプセル", "2차: 렌바티닙 투여", "lenvatinib group"],
        ),
    ],
)
def test_a_word_beside_others_is_proposed_and_not_sure(levels, level, texts):
    assert {text: meant(text, levels) for text in texts} == dict.fromkeys(texts, (level, False))


def test_a_fatty_liver_that_is_not_of_alcohol_is_not_of_alcohol():
    levels = ("alcohol", "MASLD", "other")
    assert [meant(text, levels)[0] for text in ("비알코올성 지방간", "非アルコール性脂肪肝")] == ["MASLD", "MASLD"]
    assert meant("알코올성 간경변", levels) == ("alcohol", False)


@pytest.mark.parametrize("names", ["HBV 음성,HCV 음성", "HBV(-),HCV(-)", "HBV陰性,HCV陰性", "no HBV,no HCV"])
def test_a_column_of_those_without_it_is_no_box_of_it(desk, names):
    desk.joins('etiology = { type = "category", levels = ["none", "hbv", "hcv"] }\nhbv = { type = "boolean" }')
    desk.has(f"{HEADER},{names}", lambda i: f"{plain(i)},{i % 2},{i % 3 > 0:d}")
    proposal = desk.proposes()
    assert (proposal.of("etiology").columns, proposal.of("hbv").columns) == ((), ())


def test_a_column_of_yes_or_no_is_one(desk):
    desk.joins('etiology = { type = "category", levels = ["none", "hbv", "hcv"] }')
    desk.has(f"{HEADER},HBV(+/-),HCV 有無", lambda i: f"{plain(i)},{'+-'[i % 2]},{'+-'[i % 3 > 0]}")
    assert desk.proposes().of("etiology").columns == ("HBV(+/-)", "HCV 有無")


@pytest.mark.parametrize("name", ["血小板(×10^4/μL)", "INR (-)", "AST [-]"])
def test_a_sign_in_the_name_of_a_number_is_about_its_unit(desk, name):
    variable = {"血": "platelets", "I": "inr", "A": "ast"}[name[0]]
    desk.joins(f'{variable} = {{ type = "number", range = [0, 100] }}')
    desk.has(f"{HEADER},{name}", lambda i: f"{plain(i)},{i % 9 + 1}")
    assert desk.proposes().of(variable).columns == (name,)


def test_a_number_of_the_patient_is_no_word_for_no(desk):
    desk.has(HEADER.replace("id", "patient no"), plain)
    assert desk.proposes(key="patient no").keys[0].column == "patient no"
    assert desk.fits(key="patient no")
    assert desk.read("age") == (N, 0)


def test_words_are_spelled_as_they_are_compared():
    same = [("Child-Pugh A", "child pugh a"), ("B型・肝炎", "B型肝炎"), ("lost_to follow-up", "lost to follow up")]
    assert all(spelled(one) == spelled(other) for one, other in same)
    other = [("a+b", "ab"), ("1:2", "12"), ("HBV -", "HBV"), ("a; b", "ab")]
    assert not any(spelled(one) == spelled(another) for one, another in other)
