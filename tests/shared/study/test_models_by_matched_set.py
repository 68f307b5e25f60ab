"""What a study may ask of models with a baseline hazard for each matched set."""

import pytest
from tests.shared.study.test_study_load import HCC, problems_of, replaced

from riskset.study.load import parse_study

SCORE = """\
[propensity]
covariates = ["age"]
adjustments.match = { method = "nearest" }
adjustments.two = { method = "nearest", ratio = 2 }
adjustments.iptw = { method = "ate" }

[analyses]"""
ASKED = 'kind = "cox", endpoints = ["os"], baseline = "matched-set"'


def asked(**keys):
    more = ", ".join(f"{key} = {value}" for key, value in keys.items())
    return replaced("[analyses]", f"{SCORE}\nadded = {{ {ASKED}, {more} }}", HCC)


def test_the_arm_alone_of_matched_sets_of_two():
    study = parse_study(asked(populations='["match"]', univariable='["arm"]'))
    entry = study.analyses["added"]
    (said,) = map(str, entry.sentences(study))
    assert "each matched set has its own baseline hazard" in said
    assert any("a baseline hazard for each matched set" in str(line) for line in entry.lines(study))
    assert entry.errors_of(study, "match") == "none"


@pytest.mark.parametrize("population", ["all", "two", "iptw"])
def test_other_populations_are_refused_by_name(population):
    (problem,) = problems_of(asked(populations=f'["{population}"]', univariable='["arm"]'))
    assert problem.message.code == "study.cox.not_one_to_one"
    assert population in str(problem.message)


@pytest.mark.parametrize("key", ["univariable", "multivariable"])
def test_other_covariates_are_refused(key):
    (problem,) = problems_of(asked(populations='["match"]', **{key: '["arm", "age"]'}))
    assert problem.message.code == "study.cox.arm_in_sets"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("robust", '"patient"'),
        ("robust", '"matched-set"'),
        ("ph_test", '["km"]'),
        ("concordance", "true"),
        ("firth", "true"),
        ("profile_limits", '["arm"]'),
        ("e_value", "true"),
        ("landmark", "6"),
        ("strata", '["ecog"]'),
        ("weights", '"afp"'),
    ],
)
def test_what_is_not_known_of_it_is_refused_by_name(key, value):
    problems = problems_of(asked(populations='["match"]', univariable='["arm"]', **{key: value}))
    assert "study.cox.not_in_sets" in {problem.message.code for problem in problems}
