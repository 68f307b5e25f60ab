"""What a study cannot ask of a weighted population."""

import pytest
from tests.shared.study.test_study_load import CIF, HCC, TTP, problems_of, replaced

from riskset.study.asked import OWN
from riskset.study.entry import AnalysisEntry
from riskset.study.load import parse_study

SCORE = """[propensity]
covariates = ["age"]
adjustments.iptw = { method = "ate" }
adjustments.pairs = { method = "nearest" }
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
        ("km", 'populations = ["all", "iptw", "two"]', "study.km.one_weighted"),
        ("rmst", 'populations = ["all", "two"], tau = [12]', "study.rmst.weighted_needs_curve"),
        ("follow-up", 'populations = ["all", "two"]', "study.propensity.not_weighted"),
    ],
)
def test_it_is_said(kind, more, code):
    text = replaced("[analyses]", f'{SCORE}\nadded = {{ kind = "{kind}", endpoints = ["os"], {more} }}', HCC)
    (problem,) = problems_of(text)
    assert problem.message.code == code


NOT_WEIGHTED = {
    "follow-up": 'endpoints = ["os"]',
    "subgroup": 'endpoints = ["os"], by = ["mvi"]',
    "site-heterogeneity": 'endpoints = ["os"], covariates = ["arm"]',
}


@pytest.mark.parametrize("kind", NOT_WEIGHTED)
@pytest.mark.parametrize("population", ["iptw", "two"])
def test_a_kind_that_counts_each_patient_once_is_refused_where_patients_have_weights(kind, population):
    def asked(name):
        own = f'own = {{ kind = "{kind}", {NOT_WEIGHTED[kind]}, populations = ["{name}"] }}'
        return replaced("[analyses]", f"{SCORE}\n{own}", HCC)

    (problem,) = problems_of(asked(population))
    assert (problem.message.code, problem.where) == ("study.propensity.not_weighted", "[analyses] own.populations")
    assert kind in str(problem.message)
    assert population in str(problem.message)
    assert parse_study(asked("pairs"))


@pytest.mark.parametrize("population", ["iptw", "two"])
def test_incidences_too(population):
    own = CIF.replace('endpoint = "ttp"', f'endpoint = "ttp", fine_gray = ["arm"], populations = ["{population}"]')
    text = replaced("[analyses]\n", f"{TTP}{own}", replaced("[analyses]", SCORE, HCC))
    assert [problem.message.code for problem in problems_of(text)] == ["study.propensity.not_weighted"]
    assert parse_study(text.replace(f'populations = ["{population}"]', 'populations = ["pairs"]'))


def test_what_a_package_provides_does_not_use_weights_until_it_says_so():
    assert AnalysisEntry.takes_weights is False
    weighted = {kind for kind, entry in OWN.items() if entry.takes_weights}
    assert {"km", "cox", "rmst"} <= weighted
    assert weighted.isdisjoint({*NOT_WEIGHTED, "response", "cumulative-incidence"})


COX = 'kind = "cox", endpoints = ["os"]'
WEIGHT = 'w = { type = "number", range = [0.1, 10] }\n'


@pytest.mark.parametrize("population", ["iptw", "two"])
@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("concordance", 'univariable = ["arm"], concordance = true'),
        ("firth", 'univariable = ["arm"], firth = true'),
        ("profile_limits", 'univariable = ["arm"], profile_limits = ["arm"]'),
        ("linearity", 'univariable = ["age"], splines = { age = [50, 60, 70] }, linearity = "likelihood_ratio"'),
        ("arm:age", 'multivariable = ["arm", "age", "arm:age"]'),
    ],
)
def test_what_is_not_known_of_a_weighted_model_is_refused_as_with_the_key_weights(population, key, more):
    def asked(rest):
        text = replaced("[analyses]", f"{SCORE}\nown = {{ {COX}, {more}{rest} }}", HCC)
        return replaced("sex  ", f"{WEIGHT}sex  ", text)

    (problem,) = problems_of(asked(f', populations = ["all", "{population}"]'))
    assert problem.message.code == "study.cox.not_in_weighted"
    assert key in str(problem.message)
    assert [one.message.code for one in problems_of(asked(', weights = "w"'))] == ["study.cox.not_weighted"]
    assert parse_study(asked(', populations = ["all", "pairs"]'))


@pytest.mark.parametrize("population", ["iptw", "two", "pairs"])
def test_weights_of_the_export_do_not_count_beside_the_score_and_are_refused(population):
    """A result said `weights: w`, and none of them counted."""

    def asked(populations):
        text = f'{SCORE}\nown = {{ {COX}, univariable = ["arm"], weights = "w", populations = {populations} }}'
        return replaced("sex  ", f"{WEIGHT}sex  ", replaced("[analyses]", text, HCC))

    (problem,) = problems_of(asked(f'["all", "{population}"]'))
    assert (problem.message.code, problem.where) == ("study.cox.weights_beside_score", "[analyses] own.weights")
    assert parse_study(asked('["all"]'))


@pytest.mark.parametrize("curve_of", ["all", "pairs"])
def test_time_is_measured_by_a_curve_that_counts_each_patient_once(curve_of):
    """That of all where patients have weights, that of the matched ones where each counts once."""
    curves = replaced(KM, f'{KM}, populations = ["{curve_of}"]', HCC)
    for population in ("all", "iptw", "two", "pairs"):
        own = f'own = {{ {COX}, univariable = ["arm"], ph_test = ["km"], populations = ["{population}"] }}'
        text = replaced("[analyses]", f"{SCORE}\n{own}", curves)
        needed = "pairs" if population == "pairs" else "all"
        if needed == curve_of:
            assert parse_study(text)
        else:
            (problem,) = problems_of(text)
            assert problem.message.code == "study.cox.ph_needs_curve"
            assert f'kind = "km", endpoints = ["os"], populations = ["{needed}"]' in str(problem.message)


def test_curves_of_a_second_weighted_population_are_refused_in_another_entry_too():
    text = replaced("[analyses]", SCORE, replaced(KM, f'{KM}, populations = ["all", "iptw"]', HCC))
    asked = 'second = { kind = "km", endpoints = ["os"], populations = ["all", "two"] }'
    found = problems_of(replaced("[analyses]", f"[analyses]\n{asked}", text))
    assert {problem.message.code for problem in found} == {"study.km.one_weighted"}
    again = asked.replace("two", "iptw").replace('["os"]', '["os"], limits = "log"')
    assert parse_study(replaced("[analyses]", f"[analyses]\n{again}", text))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ('adjustments.pairs = { method = "nearest", caliper = 0.2 }', "study.key.unknown"),
        ('adjustments.pairs = { method = "nearest" }\nadjustments.iptw = { method = "ate", trim = [1, 0] }', None),
        ('adjustments.pairs = { method = "nearest" }\nadjustments.iptw = { method = "other" }', None),
    ],
)
def test_what_is_wrong_with_an_adjustment_is_said_once_and_nothing_else(wrong, code):
    """It was said besides that nobody is matched one to one, or that there is no such population."""
    own = f'own = {{ {COX}, univariable = ["arm"], robust = "matched-set", populations = ["pairs"] }}'
    text = replaced("[analyses]", f'[propensity]\ncovariates = ["age"]\n{wrong}\n\n[analyses]\n{own}', HCC)
    (problem,) = problems_of(text)
    assert "[propensity]" in problem.where
    assert code in (None, problem.message.code)
    found = problems_of(text.replace('covariates = ["age"]', 'covariates = ["ehss"]'))
    assert [
        problem.message.code for problem in found if "covariates" in problem.where or "ehss" in str(problem.message)
    ]


def test_an_estimand_of_a_study_is_of_its_adjustments():
    (problem,) = problems_of(replaced("[comparison]", '[comparison]\nestimand = "ATE"', HCC))
    assert "[propensity]" in str(problem.message)


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
