"""How texts are understood: levels, yes and no, dates, numbers."""

from datetime import date

import pytest

from riskset_site.data.dates import date_reader
from riskset_site.data.faults import Unreadable
from riskset_site.mapping.columns import name_certainty, unit_in_name
from riskset_site.mapping.date_forms import date_forms
from riskset_site.mapping.levels import boolean_meanings, category_meanings
from riskset_site.mapping.words import column_words, factor, plain
from riskset_site.mapping.written_numbers import written_numbers


def counts(*texts):
    return dict.fromkeys(texts, 1)


@pytest.mark.parametrize(
    ("levels", "texts"),
    [
        (("F", "M"), {"女": "F", "남": "M", "Male": "M", "女性": "F"}),
        (("no", "yes"), {"なし": "no", "유": "yes", "陽性": "yes"}),
        (("A", "B"), {"Child-Pugh A": "A", "B(7)": "B", "Ａ": "A"}),
        (("HBV", "HCV", "other"), {"B型肝炎": "HBV", "C형간염": "HCV", "その他": "other"}),
        (("1", "2", "3"), {"II期": "2", "Stage III": "3", "Ⅰ": "1"}),
        (("x", "y"), {"yes": None, "no": None}),
        (("sorafenib", "lenvatinib"), {"ﾈｸｻﾊﾞｰﾙ": "sorafenib", "렌비마": "lenvatinib", "2": None}),
        (("0", "1"), {"不明": "", "미상": ""}),
        (("0", "1", "2+"), {"0.0": "0", "1.0": "1", "2.0": "2+", "3.00": "2+", "1.5": None}),
        (("1", "10", "15"), {"1.0": "1", "10.0": "10", "1.5": None, "0.1": None}),
        (("1.0", "1.5"), {"1.0": "1.0", "1.5": "1.5"}),
    ],
)
def test_what_texts_mean_among_levels(levels, texts):
    found = {one.text: one.meaning for one in category_meanings(counts(*texts), levels)}
    assert found == texts


@pytest.mark.parametrize(
    ("levels", "text", "meaning"),
    [
        (("sorafenib", "lenvatinib"), "レンバチニブ 8mg", "lenvatinib"),
        (("0", "1", "2+"), "3", "2+"),
        (("HBV", "HCV", "other"), "알코올성", "other"),
        (("sorafenib", "lenvatinib"), "lenvatinib (第2治療)", "lenvatinib"),
    ],
)
def test_what_only_resembles_a_level_is_not_sure(levels, text, meaning):
    (found,) = category_meanings(counts(text), levels)
    assert (found.meaning, found.is_sure) == (meaning, False)


def test_codes_mean_nothing_by_themselves():
    assert [one.meaning for one in boolean_meanings(counts("1", "2"), is_event=True)] == [None, None]
    assert [one.meaning for one in boolean_meanings(counts("0", "1", "9"), is_event=False)] == [None] * 3
    assert [one.meaning for one in boolean_meanings(counts("0", "1"), is_event=True)] == ["false", "true"]
    assert [one.meaning for one in boolean_meanings(counts("1.0", "2.0"), is_event=True)] == [None, None]
    assert [one.meaning for one in boolean_meanings(counts("0.0", "1.0"), is_event=True)] == ["false", "true"]


def test_pairs_of_marks():
    found = boolean_meanings(counts("O", "X"), is_event=False)
    assert [(one.meaning, one.is_sure) for one in found] == [("true", False), ("false", False)]
    assert [one.meaning for one in boolean_meanings(counts("+", "-"), is_event=False)] == ["true", "false"]
    assert [one.meaning for one in boolean_meanings(counts("死亡", "生存"), is_event=True)] == ["true", "false"]


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("2020-01-31", "2020/1/31"), ("%Y-%m-%d", "%Y/%m/%d")),
        (("2020年1月31日", "R2.1.31"), ("%Y年%m月%d日", "wareki")),
        (("2020. 1. 31.", "2020년 1월 31일"), ("%Y년 %m월 %d일", "%Y. %m. %d.")),
        (("31/1/2020", "1/2/2020"), ("%d/%m/%Y",)),
        (("1/31/2020", "1/2/2020"), ("%m/%d/%Y",)),
        (("99/12/31", "20/1/31"), ("%y/%m/%d",)),
        (("20200131", "2020-01-31 13:45"), ("%Y-%m-%d", "%Y%m%d")),
        (("43861", "2020-01-31"), ("%Y-%m-%d", "excel")),
        (("31-Jan-2020",), ("%d-%b-%Y",)),
        (("20200131.0",), ("%Y%m%d",)),
        (("2020/1/31(金)", "2020/ 1/ 3", "2020/01/31（金） 10:30"), ("%Y/%m/%d",)),
        (("R020131", "令2.1.31", "R２・１・３１", "令和二年一月三一日"), ("wareki",)),
        (("20200131103000", "202001311030"), ("%Y%m%d%H%M%S", "%Y%m%d%H%M")),
        (("20년 1월 31일", "20년1월31일"), ("%y년 %m월 %d일",)),
        (("991231", "200131"), ("%y%m%d",)),
        (("2020-01-31 오후 3시 20분", "2020-01-31 15時20分"), ("%Y-%m-%d",)),
    ],
)
def test_the_formats_that_read_all_dates(texts, formats):
    found = date_forms(counts(*texts))
    assert (found.formats, found.ambiguous, found.unread) == (formats, (), ())


TIMES = (
    "13:45",
    "13:45:00.123",
    "1:45 PM",
    "午後1時45分",
    "오후 3시 20분",
    "오전 9시",
    "15時20分",
    "15:00:00Z",
    "15:00 UTC",
    "15:00:00.000+09",
    "later",
    "3",
)


@pytest.mark.parametrize("time", TIMES)
def test_a_time_is_left_out_of_a_proposal_where_the_reader_leaves_it_out(time):
    text = f"2020-01-31 {time}"
    try:
        reads = date_reader(["%Y-%m-%d"])(text) == date(2020, 1, 31)
    except Unreadable:
        reads = False
    assert (date_forms(counts(text)).formats == ("%Y-%m-%d",)) is reads is (TIMES.index(time) < 7)


def test_six_digits_are_asked_about_where_they_are_several_days():
    (orders,) = date_forms(counts("210110", "210211")).ambiguous
    assert (orders.formats, orders.days) == (("%y%m%d", "%d%m%y"), ("2021-01-10", "2010-01-21"))


def test_an_order_of_day_and_month_that_nobody_can_know():
    (orders,) = date_forms(counts("1/1/2020", "3/4/2020")).ambiguous
    assert (orders.formats, orders.text) == (("%d/%m/%Y", "%m/%d/%Y"), "3/4/2020")
    assert orders.days == ("2020-04-03", "2020-03-04")
    assert date_forms(counts("1/1/2020")).ambiguous == ()  # the same day in both


def test_dates_without_a_day_and_texts_that_are_none():
    found = date_forms(
        {"2020-05": 2, "2020年": 1, "生存": 4, "9999-12-31": 3, "88888888": 2, "0000-00-00": 1}
        | {"不明": 1, "来院せず": 1, "2020-01-31": 9}
    )
    assert found.partial == (("2020-05", 2), ("2020年", 1))
    assert (found.no_date, found.missing, found.unread) == (
        ("生存", "9999-12-31", "88888888", "0000-00-00"),
        ("不明",),
        (("来院せず", 1),),
    )


def test_dates_of_registries_and_the_day_0_of_excel():
    found = date_forms({"20200131": 9, "20200500": 2, "20209999": 1, "1900-01-00": 3, "T1": 1, "S2": 1})
    assert found.partial == (("20200500", 2), ("20209999", 1))
    assert (found.no_date, found.unread) == (("1900-01-00",), (("T1", 1), ("S2", 1)))


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (("1,5", "22,75"), (",", "", False)),
        (("1,234.5", "12"), (".", ",", False)),
        (("1.234,5", "12"), (",", ".", False)),
        (("1.5", "2"), (".", "", False)),
        (("1,234",), (".", ",", True)),
        (("12,345,678", "1,234"), (".", ",", False)),
    ],
)
def test_marks_of_numbers(texts, marks):
    found = written_numbers(counts(*texts), 0, 1e9)
    assert (found.decimal, found.thousands, found.ambiguous) == marks


def test_the_range_decides_what_a_comma_is():
    found = written_numbers(counts("1,234", "3,900"), 0, 10)
    assert (found.decimal, found.ambiguous) == (",", False)


def test_the_step_decides_what_a_comma_is():
    found = written_numbers(counts("1,234", "39"), 0, 1e6, 1)
    assert (found.decimal, found.thousands, found.ambiguous) == (".", ",", False)


def test_units_and_limits():
    found = written_numbers({"<1.3 ng/mL": 2, "12 ng/mL": 1, "＞1000": 1, "不明": 1, "溶血": 1}, 0, 1e6)
    assert (found.unit, found.below, found.above) == ("ng/mL", (("<1.3 ng/mL", 2),), (("＞1000", 1),))
    assert (found.missing, found.unread) == (("不明",), (("溶血", 1),))


def test_factors_between_units():
    assert factor(["creatinine"], "mg/dL", "umol/L") == 88.42
    assert factor(["creatinine"], "mg/dl", "μmol/L") == 88.42
    assert factor(["age"], "mg/dL", "umol/L") is None


def test_names_of_columns():
    names = dict.fromkeys(column_words()["afp"], 1.0)
    assert name_certainty("AFP（ng/mL）", names) > 0.9
    assert name_certainty("baseline/AFP", names) > 0.9
    assert 0.3 < name_certainty("알파태아단백 수치", names) <= 0.8
    assert name_certainty("ALT", names) == 0
    assert 0.3 < name_certainty("AFP_baseline", names) < 0.8
    assert name_certainty("maffplot", names) == 0
    assert plain("Ｃｈｉｌｄ－Ｐｕｇｈ 分類") == plain("child-pugh分類")


def test_the_unit_of_a_time_in_a_name():
    found = [unit_in_name(name) for name in ("OS_MONTHS", "生存期間（月）", "추적기간(일)", "os", "観察月数")]
    assert found == ["month", "month", "day", "", ""]


@pytest.mark.parametrize("text", ["1/2/2020", "2020-01-01", "12:30", "10²", "C22.0", "1e5", "３歳5か月"])
def test_what_is_no_number_with_a_unit(text):
    assert written_numbers(counts(text), 0, 1e6).unread == ((text, 1),)


@pytest.mark.parametrize("header", ["検査/AFP(ng/mL)", "血液検査 / AFP [ng/mL]", "検査/AFP", "검사/AFP（ng/mL）"])
def test_the_name_of_two_rows_with_a_unit(header):
    assert name_certainty(header, {"afp": 1.0}) >= 0.9


def test_a_unit_with_a_slash_is_no_name():
    assert name_certainty("検査/PIVKA(AFP/mL)", {"afp": 1.0}) < 0.9
