"""What a study cannot ask of a weighted population."""

import pytest
from tests.shared.study.test_study_load import HCC, problems_of, replaced

from riskset.study.load import parse_study

SCORE = """\
[propensity]
covariates = ["age"]
adjustments.iptw = { method = "ate" }
adjustments.two = { method = "nearest", ratio = 2 }

[analyses]"""
KM = 'kind = "km"'


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("km", 'populations = ["iptw"]', "study.km.weighted_alone"),
        ("km", 'populations = ["all", "iptw"], missing = "by_model"', "study.km.weighted_by_model"),
        ("rmst", 'populations = ["iptw"], tau = [12]', "study.rmst.weighted_needs_curve"),
        ("follow-up", 'populations = ["all", "iptw"]', "study.propensity.not_weighted"),
        ("km", 'populations = ["two"]', "study.km.weighted_alone"),
        ("rmst", 'populations = ["all", "two"], tau = [12]', "study.rmst.weighted_needs_curve"),
        ("follow-up", 'populations = ["all", "two"]', "study.propensity.not_weighted"),
    ],
)
def test_it_is_said(kind, more, code):
    text = replaced("[analyses]", f'{SCORE}\nadded = {{ kind = "{kind}", endpoints = ["os"], {more} }}', HCC)
    (problem,) = problems_of(text)
    assert problem.message.code == code


def test_means_of_the_patients_of_each_model_are_not_weighted():
    text = replaced("[analyses]", SCORE, replaced(KM, f'{KM}, populations = ["all", "iptw"]', HCC))
    asked = 'kind = "rmst", endpoints = ["os"], populations = ["iptw"], tau = [12]'
    problems = problems_of(replaced("[analyses]", f'[analyses]\nmeans = {{ {asked}, missing = "by_model" }}', text))
    assert [problem.message.code for problem in problems] == ["study.rmst.weighted_by_model"]
    study = parse_study(replaced("[analyses]", f"[analyses]\nmeans = {{ {asked} }}", text))
    assert any("averaged weights" in str(one) for one in study.analyses["means"].sentences(study))


def test_its_curves_beside_those_of_all_are_right():
    text = replaced("[analyses]", SCORE, HCC)
    study = parse_study(replaced(KM, f'{KM}, populations = ["all", "iptw"]', text))
    said = [str(sentence) for sentence in study.analyses["survival"].sentences(study)]
    assert any("averaged weights" in sentence for sentence in said)
