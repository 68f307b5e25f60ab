"""What people type who know another language, or whose editor corrects them."""

import json

import pytest

from riskset.errors import DataError
from riskset.study.eligibility import Kind, parse_rule
from riskset.study.load import parse_study
from riskset.study.mistyped import sign_hint, type_hint

NAMES = {"age": Kind("number"), "sex": Kind("category", levels=("男", "女", "other")), "mvi": Kind("boolean")}

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = { name = "Kurume" }
[variables]
age = { type = "number", range = [18, 100] }
mvi = { type = "boolean" }
days = { type = "number", range = [0, 5000] }
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
days = "days"
event = "mvi"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["age"] }
"""


def hint_of(rule):
    with pytest.raises(DataError) as raised:
        parse_rule(rule, NAMES)
    return str(raised.value.problems[0].hint)


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("age >= 18 & age < 80", "for & write and"),
        ("age >= 18 | mvi", "for | write or"),
        ("age >= 18 && mvi", "for && write and"),
        ("age >= 18 || mvi", "for || write or"),
        ("age = 18", "for = write =="),
        ("age => 18", "for => write >="),
        ("age ≥ 18", "for ≥ write >="),
        ("age <> 18", "for <> write !="),
        ("age ＝ 18", "for ＝ write =="),
        ("!mvi", "for ! write not"),
        ("age >= 18 AND mvi", "for AND write and"),
        ("sex == ‘other’", "for ‘ write a straight quotation mark, ' or \""),
        ("sex == “other”", "for “ write a straight quotation mark, ' or \""),
        ("sex == 男", "put a level in quotes: '男'"),
        ("sex in [男, 女]", "put a level in quotes: '男'"),
        ("sex == other", "put a level in quotes: 'other'"),
        ("agee >= 18", "did you mean 'age'?"),
    ],
)
def test_a_sign_of_another_language_is_named_with_what_to_write(rule, hint):
    assert hint_of(rule) == hint


@pytest.mark.parametrize("rule", ["sex == 'a & b' and", "age >= 18 and (mvi", "age == 18 18", "age <= 18 >="])
def test_signs_in_quotes_and_right_signs_are_not_blamed(rule):
    assert not sign_hint(rule)


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        ("integer", 'write type = "number", and step = 1 for whole numbers'),
        ("float", 'write type = "number"'),
        ("factor", 'write type = "category"'),
        ("Bool", 'write type = "boolean"'),
        ("datetime", 'write type = "date"'),
        ("polygon", ""),
    ],
)
def test_a_type_of_another_language(found, hint):
    assert type_hint(found) == hint


def problem_of(text):
    with pytest.raises(DataError) as raised:
        parse_study(text)
    (found,) = raised.value.problems
    return found


def test_the_hint_of_a_type_is_with_the_problem_of_the_study():
    found = problem_of(STUDY.replace('age = { type = "number"', 'age = { type = "integer"'))
    assert "step = 1" in found.hint


def test_an_interaction_is_said_to_be_unsupported():
    found = problem_of(STUDY.replace('multivariable = ["age"]', 'multivariable = ["age", "age:mvi"]'))
    assert found.message.code == "study.analysis.interaction"


@pytest.mark.parametrize("quoted", ["“trial”", "‘trial’"])
def test_curly_quotation_marks_in_the_file(quoted):
    found = problem_of(STUDY.replace(json.dumps("trial"), quoted))
    assert (found.line, found.hint.code) == (3, "study.rule.straight_quotes")
