"""What a study can ask of a population that is stratified by the score, and of the preference score."""

import pytest
from tests.shared.study.test_study_load import HCC, problems_of, replaced

from riskset.study.load import parse_study, study_hash

SCORE = (
    '[propensity]\ncovariates = ["age"]\nadjustments.fifths = { method = "strata", cuts = [0.2, 0.4] }\n\n[analyses]'
)
ASKED = 'added = { kind = "cox", endpoints = ["os"], populations = ["fifths"], univariable = ["arm"] }'


def text(analyses=ASKED, score=SCORE):
    return replaced("[analyses]", f"{score}\n{analyses}", HCC)


@pytest.mark.parametrize("kind", ["km", "follow-up", "rmst", "subgroup", "site-heterogeneity", "table1"])
def test_only_cox_models_are_of_it(kind):
    more = {
        "rmst": "tau = [12]",
        "subgroup": 'by = ["ecog"]',
        "site-heterogeneity": 'covariates = ["arm"]',
        "table1": 'variables = ["age"]',
    }
    of = [] if kind == "table1" else ['endpoints = ["os"]']
    keys = ", ".join([f'kind = "{kind}"', *of, 'populations = ["fifths"]', *filter(None, [more.get(kind)])])
    (problem,) = problems_of(text(f"added = {{ {keys} }}"))
    assert problem.message.code == "study.propensity.not_stratified"


def test_proportional_hazards_are_not_tested_in_it():
    (problem,) = problems_of(text(ASKED.replace(" }", ', ph_test = ["km"] }')))
    assert problem.message.code == "study.cox.ph_by_score"


@pytest.mark.parametrize("cuts", ["[0.4, 0.2]", "[0.0, 0.2]", "[0.2, 1.0]", "[0.2, 0.2]"])
def test_cuts_are_ascending_probabilities(cuts):
    problem, *_ = problems_of(text(score=SCORE.replace("[0.2, 0.4]", cuts)))
    assert problem.message.code == "study.propensity.cuts"


@pytest.mark.parametrize("cuts", [[], [i / 11 for i in range(1, 11)]])
def test_there_are_one_to_nine_of_them(cuts):
    assert problems_of(text(score=SCORE.replace("[0.2, 0.4]", str(cuts))))


def test_the_committee_reads_it():
    study = parse_study(text(score=SCORE.replace('"age"]', '"age"]\npreference = true')))
    said = [str(sentence) for entry in study.analyses.values() for sentence in entry.sentences(study)]
    said += [study.propensity.adjustments["fifths"].sentence("fifths")]
    assert any("cut at 0.2 and 0.4" in str(sentence) for sentence in said)


def test_the_key_changes_the_hash_only_where_it_is_asked():
    plain = study_hash(parse_study(text()))
    off, on = (text(score=SCORE.replace('"age"]', f'"age"]\npreference = {value}')) for value in ("false", "true"))
    assert study_hash(parse_study(off)) == plain
    assert study_hash(parse_study(on)) != plain
