"""Eligibility rules: their truth for each patient, and what the grammar rejects."""

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


COLUMNS = {  # four patients; all values of the last are missing
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


def problems_of(text, kinds=KINDS):
    with pytest.raises(DataError) as raised:
        parse_rule(text, kinds)
    return raised.value.problems


def truth_of(text, columns=COLUMNS, kinds=KINDS):
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
        ("days('2020-02-28', start) == 2", [F, T, F, U]),  # 29 February 2020 is between them
        ("missing(death)", [F, T, F, T]),
        ("missing(mvi) or missing(ecog)", [F, F, T, T]),
        ("not missing(age)", [T, T, T, F]),
        ("missing(death) or days(start, death) >= 0", [T, T, F, T]),
        ("not (age < 18 or ecog == '2+')", [F, T, F, U]),
    ],
)
def test_the_truth_of_a_rule(rule, expected):
    assert truth_of(rule) == expected


def test_names_are_in_order_of_appearance():
    assert parse_rule("ecog == '0' and age > 1 and ecog != '1'", KINDS).names == ("ecog", "age")


def test_a_rule_about_no_patients_has_no_values():
    nobody = {name: column[:0] for name, column in COLUMNS.items()}
    holds, known = parse_rule("age >= 18 and true", KINDS).evaluate(nobody)
    assert holds.shape == known.shape == (0,)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        ("__import__('os').system('true')", "rule.outside"),
        ("open('/etc/passwd')", "rule.unknown_function"),
        ("age.__class__ == 1", "rule.outside"),
        ("age[0] == 1", "rule.outside"),
        ("(lambda: age)() == 1", "rule.outside"),
        ("[x for x in [1]] == age", "rule.outside"),
        ("age in [x for x in [1]]", "rule.after_in"),
        ("f'{age}' == 'a'", "rule.outside"),
        ("(x := age) > 1", "rule.outside"),
        ("age > 9**9**9", "rule.arithmetic"),
        ("age + 1 > 2", "rule.arithmetic"),
        ("age > 1e999", "rule.too_large"),
        ("age > " + "9" * 400, "rule.too_large"),
        ("age > 1j", "rule.outside"),
        ("b'A' == child_pugh", "rule.outside"),
        ("age if mvi else afp", "rule.outside"),
        ("age is 1", "rule.is"),
        ("age in (1, 2)", "rule.after_in"),
        ("age in []", "rule.after_in"),
        ("age in [afp]", "rule.variable_in_list"),
        ("age in [*[1]]", "rule.outside"),
        ("mvi == True", "rule.python_boolean"),
        ("days(start, death, start) > 1", "rule.days_takes"),
        ("days(a=start) > 1", "rule.days_takes"),
        ("days(*[start]) > 1", "rule.days_takes"),
        ("days(age, start) > 1", "rule.days_of"),
        ("missing(age > 1)", "rule.missing_takes"),
        ("missing(age) == true", "rule.missing_is_claim"),
        ("(age > 1) == mvi", "rule.claim_as_value"),
        ("age = 1", "rule.unreadable"),
        ("age >", "rule.unreadable"),
        ("", "rule.unreadable"),
        ("age > 1; mvi", "rule.unreadable"),
        ("child_pugh == '\\d'", "rule.unreadable"),
        ("age\x00 > 1", "rule.unreadable"),
        ("(" * 240 + "age > 1" + ")" * 240, "rule.unreadable"),
        ("not " * 100 + "mvi", "rule.too_deep"),
        ("age > 1 or " * 60 + "mvi", "rule.too_long"),
        ("true", "rule.no_variable"),
    ],
)
def test_outside_the_grammar_is_rejected(attempt, code):
    (problem,) = problems_of(attempt)
    assert problem.message.code == f"study.{code}"


def test_a_rule_too_deep_for_pythons_parser_is_rejected_too():
    (problem,) = problems_of("-" * 480 + "1 < age")  # which of the two depends on the version of Python
    assert problem.message.code in ("study.rule.too_deep", "study.rule.unreadable")


@pytest.mark.parametrize(
    ("rule", "column", "code", "hint"),
    [
        ("agee > 1", 1, "variable.unknown", "did you mean 'age'?"),
        ("child_pugh == 'a'", 15, "rule.unknown_level", ""),
        ("ecog == '2'", 9, "rule.unknown_level", "did you mean '2+'?"),
        ("ecog == 0", 9, "rule.expected_category", ""),
        ("age > 'old'", 7, "rule.expected_number", ""),
        ("age == true", 8, "rule.expected_number", ""),
        ("mvi == 1", 8, "rule.expected_boolean", ""),
        ("mvi < true", 1, "rule.no_order", "use ==, != or in [...]"),
        ("child_pugh < 'B'", 1, "rule.no_order", "use ==, != or in [...]"),
        ("start > '2020-2-1'", 9, "rule.not_a_date", "write dates as 'YYYY-MM-DD'"),
        ("start > '20200201'", 9, "rule.not_a_date", "write dates as 'YYYY-MM-DD'"),
        ("start > '2021-02-29'", 9, "rule.not_a_date", "write dates as 'YYYY-MM-DD'"),
        ("start > 2020", 9, "rule.expected_date", ""),
        ("age > start", 7, "rule.kinds_differ", ""),
        ("ecog == child_pugh", 9, "rule.levels_differ", ""),
        ("age", 1, "rule.kind_as_claim", "compare it with ==, !=, <, <=, >, >= or in [...]"),
        ("'A'", 1, "rule.value_as_claim", "compare it with ==, !=, <, <=, >, >= or in [...]"),
        ("1 < 2 and mvi", 5, "rule.two_literals", "one side must be a variable or days(a, b)"),
        ("-mvi == true", 2, "rule.minus", ""),
        ("'A' in ['A']", 1, "rule.before_in", ""),
        ("child_pugh == 'Ä' and agee > 1", 15, "rule.unknown_level", ""),
    ],
)
def test_a_wrong_rule_has_column_cause_and_hint(rule, column, code, hint):
    problem = problems_of(rule)[0]
    assert (problem.column, problem.message.code, str(problem.hint)) == (column, f"study.{code}", hint)


def test_a_problem_names_what_was_found():
    (problem,) = problems_of("ecog == '2'")
    assert str(problem) == "rule, column 9: unknown level '2'; the levels are 0, 1, 2+ (did you mean '2+'?)"


def test_all_wrong_claims_of_a_rule_are_reported():
    found = problems_of("agee > 1 and (mvi or ecog == '3') and not child_pugh")
    assert [problem.column for problem in found] == [1, 30, 43]


def test_columns_are_counted_in_characters_and_not_in_bytes():
    assert problems_of("stage == 'A' or nope == 'Ä'")[0].column == 17
    kinds = {"stage": Kind("category", levels=("ÄÄ", "B"))}
    assert problems_of("stage == 'ÄÄ' or nope", kinds)[0].column == 18


claims = st.sampled_from(["mvi", "ehs", "age > 50", "ecog == '0'", "missing(afp)"])


@given(claims, claims)
def test_de_morgan_holds_in_three_values(a, b):
    assert truth_of(f"not ({a} and {b})") == truth_of(f"not {a} or not {b}")


@given(claims, claims, claims)
def test_and_distributes_over_or(a, b, c):
    assert truth_of(f"{a} and ({b} or {c})") == truth_of(f"{a} and {b} or {a} and {c}")


@given(st.permutations(range(4)))
def test_the_order_of_patients_is_kept(order):
    shuffled = {name: column[list(order)] for name, column in COLUMNS.items()}
    rule = "mvi or days(start, death) > 5 and not missing(ecog)"
    assert truth_of(rule, shuffled) == [truth_of(rule)[i] for i in order]


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_a_data_error(text):
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
