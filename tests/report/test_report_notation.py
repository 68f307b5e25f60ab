"""Numbers as a journal prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset_report import differences, notation


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "<.001"),
        (0.000999, "<.001"),
        (0.001, ".001"),
        (0.00449, ".004"),
        (0.0166, ".02"),
        (0.0483, ".048"),  # .05 would say that it is not below .05
        (0.0497, ".0497"),
        (0.05, ".05"),
        (0.147, ".15"),
        (0.989, ".99"),
        (0.996, ">.99"),
        (1.0, ">.99"),
        (None, "–"),
    ],
)
def test_p_value(p, text):
    assert notation.p_value(p) == text


@given(st.floats(0.001, 0.99))
def test_a_printed_p_stays_on_its_side_of_five_per_cent(p):
    assert (float(notation.p_value(p)) < 0.05) == (p < 0.05)


def test_p_in_a_sentence():
    assert [notation.p_phrase(p) for p in (0.03, 0.0001, 0.999)] == ["P = .03", "P < .001", "P > .99"]


@pytest.mark.parametrize(
    ("hr", "lower", "upper", "text"),
    [
        (0.563804, 0.395743, 0.803236, "0.56 (0.40–0.80)"),
        (1.000312, 1.000101, 1.000523, "1.0003 (1.0001–1.0005)"),
        (1.024837, 1.004476, 1.045610, "1.025 (1.004–1.046)"),  # P = .02: 1.00 would deny it
        (0.95, 0.905, 0.9966, "0.950 (0.905–0.997)"),
        (12.3456, 2.5, 61.0, "12.35 (2.50–61.00)"),
        (5.2, 0.001, 123456.0, "5.20 (<0.01–123,456)"),  # a hazard ratio of 0.00 does not exist
        (1366.2, 7.75, 2.6e8, "1,366 (7.75–2.6e+08)"),
        (0.0012, 0.0002, 0.0041, "0.001 (<0.001–0.004)"),
        (1e-9, 1e-30, 0.3, "<0.01 (<0.01–0.30)"),
        (0.0, None, 0.4, "0.00 (n.e.–0.40)"),
        (1.0, 1.0, 1.0, "1.00000 (1.00000–1.00000)"),
    ],
)
def test_ratio_keeps_its_limits_apart_and_off_one(hr, lower, upper, text):
    assert notation.ratio(hr, lower, upper) == text


def test_times_in_the_study_unit():
    median = (287, 224, None)
    assert notation.time_with_limits(*median, "month", 30.4375) == "9.4 (7.4–NR)"
    assert notation.time_with_limits(*median, "year", 365.25) == "0.79 (0.61–NR)"
    assert notation.time_with_limits(287.5, 224, 350, "day", 1) == "287.5 (224–350)"
    assert notation.time_with_limits(None, None, None, "week", 7) == "NR (NR–NR)"


def test_per_cents_and_counts():
    assert notation.percent_with_limits(0.65811, 0.56811, 0.73375) == "65.8 (56.8–73.4)"
    assert notation.percent_with_limits(0.0, None, None) == "0.0 (n.e.)"
    assert notation.percent_with_limits(0.72, 0.64, 0.79, decimals=0) == "72 (64–79)"
    assert [notation.count(n) for n in (7, 1234567, 12.5)] == ["7", "1,234,567", "12.5"]
    assert notation.Words().confidence(0.95) == "95% CI"


def test_chi_square_without_a_value():
    assert notation.chi_square(9.5546, 1, 0.00199) == "χ² = 9.55 (df 1, P = .002)"
    assert notation.chi_square(None, 0, None) == "χ² = – (df 0, P = –)"


def test_a_number_without_a_unit_has_three_digits():
    assert differences.number_with_limits(0.13249, 0.08, -1.5) == "0.132 (0.08 to \N{MINUS SIGN}1.5)"
    assert differences.number_with_limits(0.1, None, None) == "0.1 (\N{EN DASH} to \N{EN DASH})"
    assert differences.number_with_limits(None, None, None) == "\N{EN DASH}"


def test_a_difference_of_days_is_in_the_unit_and_signed():
    assert differences.difference_with_limits(-30.4375, -60.875, 15.21875, "month", 30.4375) == (
        "\N{MINUS SIGN}1.0 (\N{MINUS SIGN}2.0 to 0.5)"
    )
    assert differences.difference_with_limits(None, None, None, "month", 30.4375) == "n.e."
    assert notation.mean_with_limits(None, None, None, "month", 30.4375) == "\N{EN DASH}"
    assert notation.mean_with_limits(60.875, 30.4375, 91.3125, "month", 30.4375) == "2.0 (1.0\N{EN DASH}3.0)"


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [(0.426, 0.828, "0.43–0.83"), (0.493, 1.5, "0.49–1.50"), (0.542, 0.996, "0.542–0.996"), (None, None, "–")],
)
def test_a_ratio_s_interval_is_written_as_in_the_ratio(lower, upper, text):
    assert notation.ratio_interval(lower, upper) == text


def test_a_limit_of_a_difference_touches_zero_only_if_it_is_zero():
    minus = "\N{MINUS SIGN}"
    assert differences.difference_with_limits(18.3, -0.9, 39.6, "month", 30.4375) == f"0.60 ({minus}0.03 to 1.30)"
    assert differences.difference_with_limits(-0.9, -30.4375, 0.0, "month", 30.4375) == f"0.0 ({minus}1.0 to 0.0)"
    assert differences.percent_difference(0.05, -0.0004, 0.1) == f"5.00 ({minus}0.04 to 10.00)"
    assert differences.percent_difference(0.05, 0.01, None) == "5.0 (1.0 to \N{EN DASH})"
    assert notation.standardised(-0.001) == "0.00"


def test_a_ratio_that_is_not_known_at_all_is_one_word():
    assert notation.ratio(None, None, None) == "n.e."


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_zero_of_a_p_value_is_printed_where_journals_print_it(language):
    words = notation.Words(language)
    assert [notation.p_value(p, words) for p in (0.03, 0.0001, 0.999)] == ["0.03", "<0.001", ">0.99"]
    assert notation.chi_square(9.5546, 1, 0.00199, words) == "χ² = 9.55 (df 1, P = 0.002)"
