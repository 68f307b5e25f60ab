"""What the study asks with each output: a question from the study, never the title again."""

import pytest
from tests.release.conftest import RECORDED

from riskset.catalogue import languages
from riskset_release.asked import asked_of, asked_with
from riskset_release.gated_outputs import outputs_of


@pytest.mark.parametrize("language", languages())
def test_each_output_has_a_question_of_its_own_kind(gate, language):
    for output in outputs_of(gate, RECORDED):
        asked = output.asked.in_language(language)
        assert asked.endswith(("?", "？", "か。", "글.", "記述。")), output.id
        assert output.title not in asked
        told = [one.in_language(language) for one in output.asked_of]
        assert output.kind == "text" or told


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("table km/os/all", "what share of the patients has had no event, over time, and do the arms differ?"),
        ("figure cox/os/all/cox/log-log", "do hazard ratios stay the same over time"),
        ("table ph_test/os/all/curved", "do hazard ratios stay the same over time"),
        ("figure cox/os/all/multivariable/curved/spline/age", "how does the hazard of the event change with age?"),
        ("table cumulative-incidence/os/all/fine-gray", "related to the cumulative incidence"),
        ("table balance/match", "before and after adjustment?"),
        ("table hazel/os/all", "A method of another package computes it; its title says: Hazel."),
    ],
)
def test_the_question_is_of_the_kind_of_analysis(whole, block, said):
    assert said in asked_with(whole.study, block, "Hazel")


def test_arms_patients_and_endpoint_are_told(whole):
    arms, patients, endpoint = asked_of(whole.study, "table km/os/all")
    assert arms == "Compared: old and new (arm)."
    assert patients == "In: all patients."
    assert endpoint.startswith("os: the days in days, with the event in dead.")
    assert asked_of(whole.study, "table balance/match")[1] == "In: matched patients (match)."


def test_without_arms_none_are_told(whole):
    study = whole.study.model_copy(update={"comparison": None})
    assert asked_with(study, "table km/os/all", "").endswith("has had no event, over time?")
    assert [one.code for one in asked_of(study, "table flow")] == []
