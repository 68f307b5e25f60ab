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


RECORDED = """\
[comparison]
arm = "drug"
reference = "A"
[adverse_events]
grading = "CTCAE 5.0"
safety_population = "drug"
terms = { pain = { from = "pain" }, itch = { from = "itch", grades = ["any"] } }
[analyses]
"""
WITH_MORE = STUDY.replace("[analyses]\n", RECORDED).replace(
    "days = { type",
    'best = { type = "category", levels = ["CR", "PR", "SD", "PD"] }\n'
    'pain = { type = "category", levels = ["0", "1", "2", "3"] }\nitch = { type = "boolean" }\ndays = { type',
    1,
)
ASKED = {
    '{ kind = "flwo" }': ['"site-heterogeneity", found "flwo"', "did you mean 'flow'?"],
    "{ kind = 3 }": ["found 3"],
    '{ kind = "table1", variables = ["drug:age"] }': ["expected the name of one variable"],
    '{ kind = "table1", variables = ["age"], populations = ["treated"] }': [
        'expected "all" or an adjustment of [propensity]'
    ],
    '{ kind = "table1", variables = ["age"], landmarks = [6] }': ["landmarks is a key of km and cumulative-incidence"],
    '{ kind = "response", of = ["drug"], orr = ["A"] }': ["'drug' is the arm"],
    '{ kind = "response", of = ["best"], orr = [true] }': ["expected text in quotes, found true"],
    '{ kind = "response", of = ["best"], orr = ["CR", "PR"], dcr = ["CR", "SD"] }': ["dcr lacks PR"],
    '{ kind = "response", of = ["best"], orr = ["CR"], complete_in = ["mvi"] }': ["'mvi' belongs to the outcome"],
    '{ kind = "adverse-events", terms = ["itch"], grades = [">=3"] }': ["'itch' is counted at none of these grades"],
    '{ kind = "adverse-events", grades = ["any"], complete_in = ["days"] }': ["'days' belongs to the outcome"],
    '{ kind = "cox", endpoint = "os", multivariable = ["drug", "drug:drug"] }': ["drug cannot interact with itself"],
    '{ kind = "cox", endpoint = "os", multivariable = ["drug", "drug:aeg"] }': ["'aeg'", "did you mean 'age'?"],
    '{ kind = "cox", endpoint = "os", multivariable = ["drug", "days"] }': ["'days' is part of the endpoint"],
    '{ kind = "cox", endpoint = "os", univariable = ["age"], e_value = true }': ["there is no E-value"],
    '{ kind = "cox", endpoint = "os", univariable = ["age"], splines = { aeg = [20, 40, 60] } }': ["mean 'age'?"],
    '{ kind = "cox", endpoint = "os", univariable = ["age"], strata = ["site"] }': [
        "for each site already; leave it out"
    ],
}


@pytest.mark.parametrize("entry", ASKED)
def test_what_an_entry_asks_wrongly_is_told_once(entry):
    start = WITH_MORE.index("cox = {")
    (found,) = problems(f"{WITH_MORE[:start]}asked = {entry}\n")
    for said in ASKED[entry]:
        assert said in found
    assert found.count('"response"') == ("flwo" in entry or "kind = 3" in entry)


def test_a_subgroup_is_not_adjusted_for_a_formula():
    """Its run ended with an error: what the sum of terms varies within a level is not told."""
    score = 'score = { type = "number", formula = "2 * age", range = [0, 200] }\nmvi = {'
    asked = '{ kind = "subgroup", endpoint = "os", by = ["pain"], adjusted = ["score"] }'
    text = WITH_MORE.replace("mvi = {", score, 1)
    (found,) = problems(f"{text[: text.index('cox = {')]}asked = {asked}\n")
    assert "'score' is computed by a formula" in found


def test_sites_are_compared_by_two_arms():
    asked = 'asked = { kind = "site-heterogeneity", endpoint = "os", covariates = ["drug"] }'
    assert "the study has no [comparison]" in problems(changed("cox = {", f"{asked}\ncox = {{"))[0]


def test_a_spline_is_proposed_of_numbers_only():
    of_number = WITH_MORE.replace('["drug", "age"]', '["drug", "age", "age:age"]')
    assert "splines = { age = [...] }" in problems(of_number)[0]


def test_yes_or_no_has_no_grade():
    (found,) = problems(WITH_MORE.replace('grades = ["any"]', 'grades = [">=3"]'))
    assert "'itch' is yes or no" in found


def test_more_sites_than_there_are_is_told_before_a_run():
    (found,) = problems(STUDY + "[disclosure]\nmin_sites = 3\n")
    assert "3 is more than the sites of this study, 1" in found


def test_a_key_of_another_type_is_told_with_the_type():
    found = problems(changed("mvi = {", 'old = { type = "category", rule = "age > 60" }\nmvi = {'))
    assert any("rule is a key of boolean" in one for one in found)


def test_a_right_study_is_shown_with_what_cannot_pass_by_default_and_all_that_models_are_asked(tmp_path, capsys):
    asked = '["drug", "both"], landmark = 6, strata = ["mild"], concordance = true, e_value = true }'
    both = (
        'both = { type = "boolean", rule = "age > 60 and drug == \'A\'" }\nmild = { type = "boolean" }\ndays = { type'
    )
    (tmp_path / "study.toml").write_text(
        STUDY.replace("days = { type", both, 1).replace('["drug", "age"] }', asked), encoding="utf-8"
    )
    assert main(["study", "check", str(tmp_path / "study.toml")]) == 0
    said = capsys.readouterr().out
    assert "passes only where every site signs R4.combined" in said
    assert "cox: cox with a landmark at 6 months; strata mild; E-values; concordance" in said
