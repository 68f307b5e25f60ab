"""What people write who are used to other programs: each mistake is told once, with what to write instead."""

import pytest

from riskset.cli import main
from riskset.errors import DataError
from riskset.study.load import parse_study
from riskset_site.data.config import load_site_file

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
asan = { name = "Site A" }
[variables]
drug = { type = "category", levels = ["A", "B"] }
age = { type = "number", range = [18, 100] }
mvi = { type = "boolean" }
days = { type = "number", range = [0, 5000], step = 1 }
[[eligibility]]
id = "adults"
rule = '''age >= 20'''
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
days = "days"
event = "mvi"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["drug", "age"] }
"""
SITE = """\
schema = 1
study = "trial"
site = "asan"
[source]
csv = "export.csv"
[map]
drug = { column = "arm", recode = { "x" = "A" } }
"""


def problems(text):
    with pytest.raises(DataError) as raised:
        parse_study(text)
    return [f"{problem.message} | {problem.hint}" for problem in raised.value.problems] or [str(raised.value)]


def changed(old, new):
    assert old in STUDY
    return STUDY.replace(old, new)


RULES = {
    "age >= 20 & mvi": "in words, in lower case",
    "age >= 20 && mvi": "in words, in lower case",
    "age >= 20 || mvi": "in words, in lower case",
    "age >= 20 AND mvi": "in words, in lower case",
    "!mvi": "in words, in lower case",
    "drug = 'A'": "== for equal",
    "drug <> 'A'": "!= for not equal",
    "age => 20": ">= for at least",
    "age ≥ 20": ">= for at least",
    "drug == ‘A’": "‘ is curly",
    "drug == “A”": "“ is curly",
    "age between 20 and 80": "20 <= x <= 80",
    "age >= ２０": "'２' is a full-width character",
    "drug == A": "in quotation marks: 'A'",
    "drug == 男": "in quotation marks: '男'",
    "age != NULL": "missing(x)",
    "drug == None": "missing(x)",
    "gae >= 20 and gae < 80": "did you mean 'age'?",
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_as_other_programs_write_it(rule):
    (told,) = problems(changed("age >= 20", rule))
    assert RULES[rule] in told


def test_signs_inside_quotation_marks_are_not_taken_for_a_mistake():
    (told,) = problems(changed("age >= 20", "drug == 'A & B' foo"))
    assert "a rule consists of" in told


TOML = {
    ('"trial"', "“trial”"): "“ is curly",
    ('levels = ["A", "B"]', 'levels = [男, "B"]'): "put 男 in quotation marks",
    ("asan = {", "서울 = {"): "put 서울 in quotation marks",
    ('levels = ["A", "B"]', 'levels = [A, "B"]'): "put A in quotation marks",
    ('type = "boolean"', "type = boolean"): "put boolean in quotation marks",
    ('type = "boolean"', 'type = "boolean", required = True'): "true or false in lower case",
    ("range = [18, 100]", "range = [18; 100]"): "commas between values",
    ("schema = 1", "schema ＝ 1"): "'＝' is full-width",
    ('version = "1.0.0"', 'version = "1.0.0"\ndata_cutoff = 31.05.2024'): "a date as 2024-05-31",
    ('version = "1.0.0"', 'version = "1.0.0"\ndata_cutoff = 2024/05/31'): "a date as 2024-05-31",
}


@pytest.mark.parametrize("change", TOML, ids=[new for _, new in TOML])
def test_a_line_that_is_not_toml(change):
    (told,) = problems(changed(*change))
    assert TOML[change] in told


SITE_LINES = {'"x" = "A"': '男 = "A"', 'column = "arm"': "column = ”arm”"}


@pytest.mark.parametrize("line", SITE_LINES)
def test_the_same_in_a_site_file(tmp_path, line):
    path = tmp_path / "site.toml"
    path.write_text(SITE.replace(line, SITE_LINES[line]), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_site_file(path, needs_export=False)
    (problem,) = raised.value.problems
    assert "in quotation marks" in problem.hint or "is curly" in problem.hint


@pytest.mark.parametrize("covariate", ["drug*mvi", "log(age)", "I(age^2)", "drug + mvi"])
def test_an_interaction_is_called_one(covariate):
    (told,) = problems(changed('"drug", "age"', f'"drug", "{covariate}"'))
    assert told.startswith("expected the name of one variable")
    assert "an interaction as arm:ecog" in told


TYPES = {"integer": 'type = "number", with step = 1', "float": '"number"', "string": '"category"', "Bool": '"boolean"'}


@pytest.mark.parametrize("type_", TYPES)
def test_a_type_of_another_program(type_):
    told = problems(changed('mvi = { type = "boolean" }', f'mvi = {{ type = "{type_}" }}'))
    assert TYPES[type_] in told[0]
    assert len(told) == 1


def test_a_misspelt_key_is_told_once():
    (told,) = problems(changed("[endpoints.os]", "[endpoint.os]"))
    assert "did you mean 'endpoints'?" in told
    (told,) = problems(changed('event = "mvi"', 'evnt = "mvi"'))
    assert "did you mean 'event'?" in told


def test_a_study_file_given_as_a_site_file_and_the_other_way_round(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(DataError, match="is a study file, not a site file"):
        load_site_file(path, needs_export=False)
    assert problems(SITE) == ["the study file is a site file, not a study file"]


def test_the_nearest_command_is_proposed_once(capsys):
    assert main(["site", "chek"]) == 2
    assert capsys.readouterr().err.count("Did you mean") == 1
