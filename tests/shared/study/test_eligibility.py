"""Eligibility rules: what they say of patients, and what they refuse to be."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError
from riskset.study.eligibility import Kind, ParsedRule, parse_rule

NAN = np.nan
KINDS = {
    "age": Kind("number"),
    "afp": Kind("number"),
    "mvi": Kind("boolean"),
    "ehs": Kind("boolean"),
    "ecog": Kind("category", levels=("0", "1", "2+"), ordered=True),
    "child_pugh": Kind("category", levels=("A", "B")),
    "stage": Kind("category", levels=("A", "B")),
    "start": Kind("date"),
    "death": Kind("date"),
}


def day(*dates):
    return np.array(dates, dtype="datetime64[D]")


COLUMNS = {  # four patients; the last has nothing known
    "age": np.array([17.0, 60.0, 80.0, NAN]),
    "afp": np.array([0.0, 400.0, NAN, NAN]),
    "mvi": np.array([0.0, 1.0, NAN, NAN]),
    "ehs": np.array([1.0, 1.0, 0.0, NAN]),
    "ecog": np.array([0, 1, 2, -1]),
    "child_pugh": np.array([0, 1, 1, -1]),
    "stage": np.array([0, 0, 1, -1]),
    "start": day("2020-01-01", "2020-03-01", "2020-02-28", "NaT"),
    "death": day("2020-01-31", "NaT", "2020-02-27", "NaT"),
}
T, F, U = "true", "false", "unknown"


def told(text, columns=COLUMNS, kinds=KINDS):
    holds, known = parse_rule(text, kinds).evaluate(columns)
    assert not np.any(holds & ~known)
    return [T if h else F if k else U for h, k in zip(holds, known, strict=True)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("age >= 18", [F, T, T, U]),
        ("18 <= age < 80", [F, T, F, U]),
        ("age == 60", [F, T, F, U]),
        ("age != 60", [T, F, T, U]),
        ("-age < -17", [F, T, T, U]),
        ("afp > 4e2 or age > 70", [F, F, T, U]),
        ("age > afp", [T, F, U, U]),
        ("age in [17, 80]", [T, F, T, U]),
        ("mvi", [F, T, U, U]),
        ("not mvi", [T, F, U, U]),
        ("mvi == false", [T, F, U, U]),
        ("mvi != ehs", [T, F, U, U]),
        ("mvi and ehs", [F, T, F, U]),
        ("mvi or true", [T, T, T, T]),
        ("mvi and false", [F, F, F, F]),
        ("child_pugh in ['A', 'B']", [T, T, T, U]),
        ("child_pugh not in ['A']", [F, T, T, U]),
        ("child_pugh == 'B'", [F, T, T, U]),
        ("child_pugh == stage", [T, F, T, U]),
        ("ecog < '2+'", [T, T, F, U]),
        ("'0' < ecog", [F, T, T, U]),
        ("start >= '2020-02-28'", [F, T, T, U]),
        ("'2020-01-01' <= start <= '2020-02-28'", [T, F, T, U]),
        ("start in ['2020-01-01']", [T, F, F, U]),
        ("days(start, death) >= 0", [T, U, F, U]),
        ("days(start, death) == 30", [T, U, F, U]),
        ("days('2020-02-28', start) == 2", [F, T, F, U]),  # 29 February 2020 stands between
        ("missing(death)", [F, T, F, T]),
        ("missing(mvi) or missing(ecog)", [F, F, T, T]),
        ("not missing(age)", [T, T, T, F]),
        ("missing(death) or days(start, death) >= 0", [T, T, F, T]),
        ("not (age < 18 or ecog == '2+')", [F, T, F, U]),
    ],
)
def test_a_rule_says(rule, expected):
    assert told(rule) == expected


def test_names_stand_in_order_of_appearance():
    assert parse_rule("ecog == '0' and age > 1 and ecog != '1'", KINDS).names == ("ecog", "age")


def test_a_rule_of_no_patients_says_nothing():
    nobody = {name: column[:0] for name, column in COLUMNS.items()}
    holds, known = parse_rule("age >= 18 and true", KINDS).evaluate(nobody)
    assert holds.shape == known.shape == (0,)


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        ("__import__('os').system('true')", "expected|no part of a rule"),
        ("open('/etc/passwd')", "no open"),
        ("age.__class__ == 1", "no part of a rule"),
        ("age[0] == 1", "no part of a rule"),
        ("(lambda: age)() == 1", "no part of a rule"),
        ("[x for x in [1]] == age", "no part of a rule"),
        ("age in [x for x in [1]]", "list of values"),
        ("f'{age}' == 'a'", "no part of a rule"),
        ("(x := age) > 1", "no part of a rule"),
        ("age > 9**9**9", "arithmetic"),
        ("age + 1 > 2", "arithmetic"),
        ("age > 1e999", "too large"),
        ("age > " + "9" * 400, "too large"),
        ("age > 1j", "no part of a rule"),
        ("b'A' == child_pugh", "no part of a rule"),
        ("age if mvi else afp", "no part of a rule"),
        ("age is 1", "'is' is not offered"),
        ("age in (1, 2)", "square brackets"),
        ("age in []", "square brackets"),
        ("age in [afp]", "found a variable"),
        ("age in [*[1]]", "no part of a rule"),
        ("mvi == True", "small letters|not offered"),
        ("days(start, death, start) > 1", "two dates"),
        ("days(a=start) > 1", "two dates"),
        ("days(*[start]) > 1", "two dates|no part"),
        ("days(age, start) > 1", "between two dates"),
        ("missing(age > 1)", "one variable"),
        ("missing(age) == true", "true or false already"),
        ("(age > 1) == mvi", "a claim stands where"),
        ("age = 1", "cannot be read"),
        ("age >", "cannot be read"),
        ("", "cannot be read"),
        ("age > 1; mvi", "cannot be read"),
        ("child_pugh == '\\d'", "cannot be read"),
        ("age\x00 > 1", "cannot be read"),
        ("(" * 240 + "age > 1" + ")" * 240, "cannot be read"),
        ("not " * 100 + "mvi", "levels deep"),
        ("-" * 480 + "1 < age", "levels deep|cannot be read"),
        ("age > 1 or " * 60 + "mvi", "at most 500 characters"),
        ("true", "names no variable"),
    ],
)
def test_outside_the_grammar_is_refused_with_a_sentence(attempt, sentence):
    with pytest.raises(DataError, match=sentence):
        parse_rule(attempt, KINDS)


@pytest.mark.parametrize(
    ("rule", "sentence", "hint"),
    [
        ("agee > 1", "column 1: unknown variable 'agee'", "did you mean 'age'?"),
        ("child_pugh == 'a'", "column 15: 'a' is none of the levels A, B", ""),
        ("ecog == '2'", "column 9: '2' is none of the levels 0, 1, 2\\+", "did you mean '2\\+'?"),
        ("ecog == 0", "expected a level in quotes, found 0", ""),
        ("age > 'old'", "expected a number, found 'old'", ""),
        ("age == true", "expected a number, found true", ""),
        ("mvi == 1", "expected true or false, found 1", ""),
        ("mvi < true", "a boolean has no order", "use =="),
        ("child_pugh < 'B'", "a category has no order", "use =="),
        ("start > '2020-2-1'", "is no date", "YYYY-MM-DD"),
        ("start > '20200201'", "is no date", "YYYY-MM-DD"),
        ("start > '2021-02-29'", "is no date", "YYYY-MM-DD"),
        ("start > 2020", "expected a date", ""),
        ("age > start", "a number cannot be compared with a date", ""),
        ("ecog == child_pugh", "different levels", ""),
        ("age", "true or false, found a number", "compare it"),
        ("'A'", "true or false, found a value", "compare it"),
        ("1 < 2 and mvi", "two plain values", "variable"),
        ("-mvi == true", "minus sign", ""),
        ("'A' in ['A']", "a variable before 'in'", ""),
        ("child_pugh == 'Ä' and agee > 1", "column 15: 'Ä'", ""),
    ],
)
def test_a_wrong_rule_is_told_where_and_why(rule, sentence, hint):
    with pytest.raises(DataError, match=sentence) as told_error:
        parse_rule(rule, KINDS)
    assert hint.replace("\\", "") in told_error.value.hint


def test_every_wrong_claim_of_a_rule_is_told():
    with pytest.raises(DataError) as told_error:
        parse_rule("agee > 1 and (mvi or ecog == '3') and not child_pugh", KINDS)
    assert [problem.message.split(":")[0] for problem in told_error.value.problems] == [
        "column 1",
        "column 30",
        "column 43",
    ]


def test_columns_are_counted_in_letters_not_bytes():
    with pytest.raises(DataError, match="column 17"):
        parse_rule("stage == 'A' or nope == 'Ä'", KINDS)
    kinds = {"stage": Kind("category", levels=("ÄÄ", "B"))}
    with pytest.raises(DataError, match="column 18"):
        parse_rule("stage == 'ÄÄ' or nope", kinds)


claims = st.sampled_from(["mvi", "ehs", "age > 50", "ecog == '0'", "missing(afp)"])


@given(claims, claims)
def test_de_morgan_holds_in_three_values(a, b):
    assert told(f"not ({a} and {b})") == told(f"not {a} or not {b}")


@given(claims, claims, claims)
def test_and_distributes_over_or(a, b, c):
    assert told(f"{a} and ({b} or {c})") == told(f"{a} and {b} or {a} and {c}")


@given(st.permutations(range(4)))
def test_the_order_of_patients_is_kept(order):
    shuffled = {name: column[list(order)] for name, column in COLUMNS.items()}
    rule = "mvi or days(start, death) > 5 and not missing(ecog)"
    assert told(rule, shuffled) == [told(rule)[i] for i in order]


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_a_sentence(text):
    with contextlib.suppress(DataError):
        assert isinstance(parse_rule(text, KINDS), ParsedRule)


grammar_words = st.sampled_from(
    [
        "age",
        "mvi",
        "ecog",
        "start",
        "'0'",
        "1",
        "-",
        "<",
        "==",
        "in",
        "[",
        "]",
        "(",
        ")",
        "and",
        "or",
        "not",
        "days",
        ",",
    ]
)


@given(st.lists(grammar_words, min_size=1, max_size=12).map(" ".join))
def test_words_of_the_grammar_in_any_order_never_fail_otherwise(text):
    try:
        holds, known = parse_rule(text, KINDS).evaluate(COLUMNS)
    except DataError:
        return
    assert holds.shape == known.shape == (4,)
