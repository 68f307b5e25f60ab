"""Texts to values, by the site file's mapping."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset_site.data.faults import Unreadable
from riskset_site.data.mapped_forms import completed_years
from riskset_site.data.number_forms import NumberForm, number_reader
from riskset_site.data.value_kinds import read_boolean, read_number

ROW = {
    "arm": "sorafenib",
    "age": "61",
    "mvi": "no",
    "afp": "1",
    "start": "2020-01-01",
    "death": "",
    "last": "2020-06-01",
}


ALIKE = "1 value differs from a known text only in case, kana size, spaces, the sign for minus or decimals that are 0"


def exports_column(hospital, variable, texts):
    """Export plain patients who differ in one variable, and in a column that no variable needs."""
    rows = ([text if name == variable else plain for name, plain in ROW.items()] for text in texts)
    numbered = ([*row, str(note)] for note, row in enumerate(rows))
    hospital.exports("\n".join(",".join(row) for row in [[*ROW, "note"], *numbered]))


def as_modelled(hospital, variable, texts):
    exports_column(hospital, variable, texts)
    return hospital.cohort().analysis_sets["os"].variables[variable].tolist()


def test_booleans_in_all_their_words(hospital):
    words = ["true", "FALSE", "1", "0", "Yes", "no", "Y", "n", "T", "f"]
    assert as_modelled(hospital, "mvi", words) == [1.0, 0.0] * 5


def test_missing_codes_are_matched_after_stripping_and_letter_by_letter(hospital):
    hospital.writes('missing = ["NA", " 不明 "]')
    exports_column(hospital, "age", ["61", "NA", " NA ", "", "  ", "不明", "na"])
    age = hospital.check().variables[1]
    assert (age.variable, age.read, age.missing, age.wrong) == ("age", 1, 5, 1)


def test_a_recode_precedes_missing_codes_and_may_mean_missing(hospital):
    hospital.writes(
        'missing = ["-"]', '[map]\nmvi = { column = "mvi", recode = { "-" = false, "あり" = true, "x" = "" } }'
    )
    assert as_modelled(hospital, "mvi", ["-", "あり", " あり ", "x", "-"]) == [0.0, 1.0, 1.0, 0.0]


def test_a_recoded_text_is_not_taken_for_a_missing_code(hospital):
    hospital.writes('missing = ["0"]', '[map]\nmvi = { column = "mvi", recode = { "neg" = 0, "pos" = 1 } }')
    assert as_modelled(hospital, "mvi", ["neg", "0", "pos"]) == [0.0, 1.0]


def test_numbers_below_a_limit_can_be_recoded(hospital):
    hospital.joins(covariates='"afp"')
    hospital.writes('[map]\nafp = { column = "afp", recode = { "<2.0" = 1.0 } }')
    np.testing.assert_allclose(as_modelled(hospital, "afp", ["<2.0", "9"]), [np.log10(2), 1.0], rtol=1e-15)


def test_levels_are_matched_letter_by_letter(hospital):
    exports_column(hospital, "arm", ["sorafenib", "Sorafenib", "lenvatinib ", "SOR"])
    assert hospital.problems() == [
        ("column 'arm' (variable arm)", ALIKE, "row 3: 'Sorafenib' = 'sorafenib'"),
        ("column 'arm' (variable arm)", "1 value is not a level of the study", "row 5: 'SOR'"),
    ]


def test_the_range_includes_both_ends(hospital):
    exports_column(hospital, "age", ["18", "100", "17.9", "100.01"])
    assert hospital.problems() == [
        ("column 'age' (variable age)", "2 values are outside 18 to 100 year", "rows 4, 5: 17.9, 100.01")
    ]


def test_many_wrong_rows_are_counted_and_five_shown(hospital):
    exports_column(hospital, "age", ["x"] * 8)
    (found,) = hospital.problems()
    assert found[1:] == ("8 values are not numbers", "rows 2, 3, 4, 5, 6: 'x', 'x', 'x', 'x', 'x' and 3 more")


@pytest.mark.parametrize("text", ["1_000", "1,5", "0x10", "1e", "--1", "１．５.", "5 mg"])
def test_what_is_not_a_number(text):
    with pytest.raises(Unreadable, match="not_a_number"):
        read_number(text)


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite(text):
    with pytest.raises(Unreadable, match="not_finite"):
        read_number(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(number):
    assert read_number(repr(number)) == number


@pytest.mark.parametrize("text", ["2", "ja", "truth", "-1", "1.0"])
def test_what_is_not_true_or_false(text):
    with pytest.raises(Unreadable, match="not_boolean"):
        read_boolean(text)


def days(*texts):
    return np.array(texts, "datetime64[D]")


@pytest.mark.parametrize(
    ("born", "at", "years"),
    [
        ("1950-03-01", "2020-02-29", 69),
        ("1950-03-01", "2020-03-01", 70),
        ("1952-02-29", "2021-02-28", 68),
        ("1952-02-29", "2021-03-01", 69),
        ("1952-02-29", "2020-02-29", 68),
        ("1950-12-31", "2020-01-01", 69),
        ("2020-01-01", "2020-01-01", 0),
        ("2020-01-02", "2020-01-01", -1),
        ("NaT", "2020-01-01", math.nan),
        ("2020-01-01", "NaT", math.nan),
    ],
)
def test_completed_years(born, at, years):
    np.testing.assert_array_equal(completed_years(days(born), days(at)), [years])


@given(st.dates(), st.dates())
def test_completed_years_count_birthdays(born, at):
    birthdays = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    assert completed_years(days(born), days(at)).tolist() == [birthdays]


def test_age_from_a_birthday_in_an_era(hospital):
    hospital.writes('dates = ["%Y-%m-%d", "wareki"]', '[map]\nage = { years_between = ["age", "start"] }')
    assert as_modelled(hospital, "age", ["S25.1.1", "昭和25年1月2日", "", "1999-12-31"]) == [70.0, 69.0, 20.0]


def test_an_age_that_cannot_be_names_both_columns(hospital):
    hospital.writes('[map]\nage = { years_between = ["age", "start"] }')
    exports_column(hospital, "age", ["2019-01-01", "1960-13-01"])
    assert [found[:2] for found in hospital.problems()] == [
        ("column 'age' (variable age)", "1 value is not a date in the formats of [source] dates"),
        ("columns 'age', 'start' (variable age)", "1 value is outside 18 to 100 year"),
    ]


def test_the_last_day_of_the_calendar_does_not_crash(hospital):
    exports_column(hospital, "start", [str(date.max)])
    assert hospital.problems()[0][1] == "1 date is after today, 2026-06-30"


@pytest.mark.parametrize(
    ("decimal", "text", "hint"),
    [
        (".", "1,234", 'thousands = ","'),
        (".", "1,234", 'decimal = ","'),
        (".", "1,234,567.5", 'thousands = ","'),
        (",", "1.234", 'thousands = "."'),
        (",", "12.001", 'decimal = "."'),
        (",", "1,234,567", 'thousands = ",", decimal = "."'),
        (".", "1.234.567", 'thousands = ".", decimal = ","'),
        (",", "1,234.5", 'thousands = ",", decimal = "."'),
        (",", "1'234,5", 'thousands = "\'"'),
        (",", "12.5", 'decimal = "."'),
        (".", "12,5", 'decimal = ","'),
    ],
)
def test_the_hint_names_the_marks_of_the_text(decimal, text, hint):
    with pytest.raises(Unreadable) as raised:
        number_reader(NumberForm(decimal))(text)
    assert hint in str(raised.value.fault.hint)
    assert f'thousands = "{decimal}"' not in str(raised.value.fault.hint) or "decimal =" in str(raised.value.fault.hint)
