"""Dates as hospitals write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset_site.data.dates import AMBIGUOUS, NOT_A_DATE, OUTSIDE_ERA, WRONG_WEEKDAY, date_reader, is_date_format
from riskset_site.data.faults import Unreadable

wareki = date_reader(["wareki"])


def fault(text, *formats):
    with pytest.raises(Unreadable) as raised:
        date_reader(formats)(text)
    return raised.value.fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和5年7月3日", date(2023, 7, 3)),
        ("R5.7.3", date(2023, 7, 3)),
        ("R05/07/03", date(2023, 7, 3)),
        ("r5-7-3", date(2023, 7, 3)),
        ("Ｒ５．７．３", date(2023, 7, 3)),
        ("令和 5年 7月 3日", date(2023, 7, 3)),
        ("㋿5年7月3日", date(2023, 7, 3)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("S1.12.25", date(1926, 12, 25)),
        ("T15.12.25", date(1926, 12, 25)),  # the day of the change belongs to both eras
        ("T1.7.30", date(1912, 7, 30)),
        ("M45.7.30", date(1912, 7, 30)),
        ("R050703", date(2023, 7, 3)),
        ("Ｈ３１０４３０", date(2019, 4, 30)),
        ("令和050703", date(2023, 7, 3)),
        ("令5.7.3", date(2023, 7, 3)),
        ("平31.4.30", date(2019, 4, 30)),
        ("Ｒ５・７・３", date(2023, 7, 3)),
        ("R5･7･3", date(2023, 7, 3)),
        ("令和五年七月三日", date(2023, 7, 3)),
        ("昭和六十四年一月七日", date(1989, 1, 7)),
        ("平成三十年十二月二十一日", date(2018, 12, 21)),
        ("平成二〇年一〇月三一日", date(2008, 10, 31)),
        ("令和5年7月3日(月)", date(2023, 7, 3)),
    ],
)
def test_a_japanese_date(text, expected):
    assert wareki(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "R1.4.30",
        "H31.5.1",
        "S64.1.8",
        "S0.12.25",
        "T16.1.1",
        "H0.1.8",
        "M1.1.1",
        "R010430",
        "平31.5.1",
        "平成〇年一月八日",
    ],
)
def test_a_date_outside_its_era(text):
    assert fault(text, "wareki") is OUTSIDE_ERA


@pytest.mark.parametrize(
    "text",
    [
        *("令和5年2月29日", "R5.13.1", "R5.7", "5.7.3", "X5.7.3", "2023-07-03", "R5.7.3 X", "R5073", "R50703"),
        *("2030703.0", "R20230703", "5050703", "2020112", "令和十十年七月三日", "令和五五五年七月三日"),
    ],
)
def test_what_is_not_a_japanese_date(text):
    assert fault(text, "wareki").code == NOT_A_DATE.code


@given(st.dates(min_value=date(2019, 5, 1), max_value=date(2117, 12, 31)))
def test_every_day_of_reiwa_is_read_back(day):
    assert wareki(f"R{day.year - 2018}.{day.month}.{day.day}") == day


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%m/%d/%Y"]))
def test_every_day_is_read_back_in_each_format(day, form):
    assert date_reader(["wareki", form])(day.strftime(form)) == day


def test_the_first_format_that_fits_is_not_simply_taken():
    assert fault("03/07/2023", "%d/%m/%Y", "%m/%d/%Y") is AMBIGUOUS
    both = date_reader(["%d/%m/%Y", "%m/%d/%Y"])
    assert both("03/03/2023") == date(2023, 3, 3)
    assert both("13/07/2023") == date(2023, 7, 13)


def test_a_day_that_does_not_exist():
    assert fault("2023-02-31", "%Y-%m-%d") is NOT_A_DATE


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%y", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y-%j", "wareki"])
def test_a_format_that_holds_a_date(form):
    assert is_date_format(form)


@pytest.mark.parametrize("form", ["%m/%d", "%Y-%m", "%Y-%d-%Q", "YYYY-MM-DD", "", "%Y-%M-%d"])
def test_a_format_that_does_not(form):
    assert not is_date_format(form)


@pytest.mark.parametrize(
    ("written", "form", "as_saved"),
    [("001231", "%y%m%d", "1231"), ("01022020", "%d%m%Y", "1022020"), ("20200112", "%Y%m%d", "2020112")],
)
def test_without_separators_a_lost_zero_is_not_another_day(written, form, as_saved):
    """A spreadsheet saves the number without it, and strptime reads on: 1231 as 12 3 1."""
    assert date_reader([form])(written)
    assert fault(as_saved, form) is NOT_A_DATE


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2023/05/09(火)", "%Y/%m/%d"),
        ("2023/05/09（火）", "%Y/%m/%d"),
        ("2023/05/09㈫", "%Y/%m/%d"),
        ("2023年5月9日火曜日", "%Y年%m月%d日"),
        ("2023年5月9日（火曜）", "%Y年%m月%d日"),
        ("2023-05-09 (화)", "%Y-%m-%d"),
        ("2023년 5월 9일 화요일", "%Y년 %m월 %d일"),
        ("09-May-2023 (Tue)", "%d-%b-%Y"),
        ("2023-05-09, Tuesday", "%Y-%m-%d"),
        ("2023/05/09(火) 10:30", "%Y/%m/%d"),
        ("2023/05/09（火）", "%Y/%m/%d（火）"),
        ("2023/05/09(火)", "%Y/%m/%d（火）"),
        ("2023年5月9日（入院）", "%Y年%m月%d日（入院）"),
        ("2023/ 5/ 9", "%Y/%m/%d"),
        ("2023/ 5/ 9", "%Y/ %m/ %d"),
        ("2023. 5. 9.", "%Y.%m.%d."),
        ("2023년5월9일", "%Y년 %m월 %d일"),
        ("9. May 2023", "%d. %b %Y"),
        ("45055(火)", "excel"),
        ("20230509.0", "%Y%m%d"),
    ],
)
def test_the_day_of_the_week_widths_and_spaces_of_padding_are_left_out(text, form):
    assert date_reader([form])(text) == date(2023, 5, 9)
    assert is_date_format(form)


@pytest.mark.parametrize(
    "text", ["2023/05/09(水)", "2023/05/09（水）", "2023/05/09 (수)", "2023/05/09 Wed", "2023/05/09(水) 9:00"]
)
def test_another_day_of_the_week_is_a_problem(text):
    assert fault(text, "%Y/%m/%d") is WRONG_WEEKDAY
    assert fault(text, "%Y/%m/%d", "%Y/%m/%d(水)", "%Y/%m/%d (수)").code == WRONG_WEEKDAY.code


@pytest.mark.parametrize("text", ["2023-05(火)", "2023(火)"])
def test_no_day_has_no_day_of_the_week(text):
    assert fault(text, "%Y-%m-%d", "partial:missing") is WRONG_WEEKDAY


@pytest.mark.parametrize("text", ["(火)", "火曜日", "2023/05/09(祝)", "2023/05/09(火", "2023/05/09火"])
def test_what_is_no_day_of_the_week(text):
    assert fault(text, "%Y/%m/%d").code == NOT_A_DATE.code


def test_with_separators_zeros_may_be_left_out():
    assert date_reader(["%Y/%m/%d"])("2020/1/2") == date(2020, 1, 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("20220713103000", "'%Y%m%d%H%M%S'"),
        ("202207131030", "'%Y%m%d%H%M'"),
        ("21년 1월 10일", "'%y년 %m월 %d일'"),
        ("210110", '"%y%m%d"'),
    ],
)
def test_the_hint_says_what_reads_a_date(text, told):
    assert told in fault(text, "%Y-%m-%d").hint


@pytest.mark.parametrize("text", ["2021-01-10 오후 3시 20분", "2021-01-10오후 3:20", "2021-01-10 15시20분30초"])
def test_a_time_in_korean_words_is_left_out(text):
    assert date_reader(["%Y-%m-%d"])(text) == date(2021, 1, 10)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20220600", date(2022, 6, 1)),
        ("20220699", date(2022, 6, 1)),
        ("20220000", date(2022, 1, 1)),
        ("20229999", date(2022, 1, 1)),
        ("2022-06-00", date(2022, 6, 1)),
        ("2022-00-00", date(2022, 1, 1)),
        ("2022/99/99", date(2022, 1, 1)),
        ("20220630", date(2022, 6, 30)),
    ],
)
def test_a_day_that_a_registry_does_not_know(text, day):
    assert date_reader(["%Y%m%d", "partial:first"])(text) == day
    if not text.endswith("30"):
        assert "partial:mid" in fault(text, "%Y%m%d").hint


@pytest.mark.parametrize("text", ["20221300", "20220631", "99999999", "18881300", "202206000", "2022-13-00"])
def test_what_is_no_part_of_a_date(text):
    assert fault(text, "%Y%m%d", "partial:first").hint == NOT_A_DATE.hint


@pytest.mark.parametrize("text", ["1900-01-00", "1900/1/0", "1900. 1. 0.", "1900年1月0日", "19000100"])
def test_the_day_0_of_excel_is_no_part_of_january_1900(text):
    assert "no_date" in fault(text, "%Y-%m-%d", "partial:first").hint
