"""What a finding says: no figure of one site is in its sentences, and a remedy says what would pass."""

import json

import numpy as np
import pytest

from riskset.catalogue import say
from riskset.disclosure import cells, models
from riskset.disclosure.finding import judge
from riskset.disclosure.policy import default_policy, loosened, parse_exception
from riskset.disclosure.rules import COLUMNS

POOLED, LOCAL = default_policy("pooled"), default_policy("local")


def test_a_level_says_how_many_have_it_and_how_many_are_needed():
    finding = cells.level(POOLED, "cox/os: stage = III", 8, 300)
    assert str(finding.message) == (
        "cox/os: stage = III: patients with the level or without it, whichever are fewer: must be at least 10; found 8"
    )
    assert finding.remedy == say("rules.remedy.level_have", n=8, least="10")
    assert str(finding.remedy) == (
        "merge the level with another, or drop the variable: 8 patients have it, 10 are needed"
    )
    assert (finding.value, finding.limit, finding.margin) == (8, 10, -2)
    assert cells.level(POOLED, "x", 299, 300).remedy == say("rules.remedy.level_have_not", n=1, least="10")


@pytest.mark.parametrize("column", COLUMNS)
def test_no_figure_of_one_site_is_in_the_sentences(column):
    policy = default_policy(column)
    own = [
        cells.site_rows(policy, 4),
        *models.linear_predictor(policy, "cox", np.array([-47.125, 46.0, 0.0])),
        models.risk_share(policy, "curve", 0.47125),
    ]
    if column == "local":
        own += [
            cells.population_rows(policy, "all", 29),
            cells.subgroup_rows(policy, "mvi", 29),
            cells.level(policy, "x", 4, 29),
            *cells.apart(policy, "a", "b", 4, 1),
            *cells.changes(policy, "r", 4, 1),
            models.events(policy, "cox", 29, 17),
            models.events(policy, "cox", 4, 1),
            models.parameters(policy, "cox", 29, 17),
            cells.steps_at_risk(policy, "curve", 4),
        ]
    for finding in own:
        assert not finding.passes
        words = f"{finding.message} {finding.remedy} {finding.message.to_json()} {finding.remedy.to_json()}"
        words = words.replace(finding.limit_name, "")  # a code of the catalogue has the rule's number
        for figure in ("29", "47.125", "46", "0.47", " 4 ", "found ", "14", "1.71", "0.586"):
            assert figure not in words, finding


@pytest.mark.parametrize(
    ("events", "p", "verdict", "limit"),
    [
        (40, 8, "pass", "R3.events_per_parameter"),
        (39, 8, "review", "R3.events_per_parameter"),
        (20, 4, "pass", "R3.events"),
        (19, 4, "review", "R3.events"),
        (20, 0, "pass", "R3.events"),
    ],
)
def test_events_are_judged_by_the_limit_that_asks_for_more(events, p, verdict, limit):
    finding = models.events(POOLED, "cox/os", events, p)
    assert (finding.verdict, finding.limit_name) == (verdict, limit)


def test_what_a_remedy_proposes_passes():
    review = models.events(POOLED, "cox/os", 23, 8)
    assert str(review.remedy) == (
        "40 events are needed, or at most 4 of the 8 parameters; or sign R3.events_per_parameter=23/8 with a reason"
    )
    assert models.events(POOLED, "cox/os", 40, 8).passes
    assert models.events(POOLED, "cox/os", 23, 4).passes
    signed = loosened(POOLED, dict([parse_exception("R3.events_per_parameter=23/8", "rare")]))
    assert models.events(signed, "cox/os", 23, 8).passes

    few = models.events(POOLED, "cox/os", 12, 1)
    assert str(few.remedy) == "20 events are needed; or sign R3=12 with a reason"
    assert models.events(loosened(POOLED, {"R3": "12"}), "cox/os", 12, 1).passes
    too_far = models.events(POOLED, "cox/os", 9, 1).remedy
    assert dict(too_far.values)["exception"] == say("rules.exception.too_far", name="R3", floor="10")

    many = models.parameters(POOLED, "cox/os", 87, 10)
    assert many.remedy == say("rules.remedy.parameters_most", most=8, p=10)
    assert models.parameters(POOLED, "cox/os", 87, 8).passes


def test_an_exception_that_is_signed_to_its_floor_is_not_proposed_again():
    signed = loosened(LOCAL, {"R1": "10"})
    assert "R1=10" in str(cells.population_rows(LOCAL, "all", 18).remedy)
    assert cells.population_rows(signed, "all", 18).passes
    assert cells.population_rows(signed, "all", 9).remedy.code == "rules.remedy.population_rows"


def test_a_subgroup_curve_needs_the_exception_by_name_and_five_subgroups_never_pass():
    one, five = ["arm", "sex"], ["arm", "sex", "hcv", "mvi", "ecog", "male"]
    assert str(cells.split(POOLED, "os", one, ["arm"]).remedy) == (
        "request the curve without sex; or sign R11=1 with a reason"
    )
    signed = loosened(POOLED, {"R11": "1"})
    assert cells.split(signed, "os", one, ["arm"]).passes
    assert not cells.split(signed, "os", five, ["arm"]).passes
    assert cells.split(POOLED, "os", [], ["arm"]).passes


@pytest.mark.parametrize(
    ("n", "p", "allowed"),
    [(530, 10, 12), (20, 4, 4), (30, 3, 7), (1, 10, 0), (0, 3, 0), (100, 0, 12)],  # n(p+2) / 2(1 + p + p(p+1)/2)
)
def test_how_often_a_model_may_be_evaluated(n, p, allowed):
    assert models.evaluations_allowed(POOLED, n, p) == allowed
    at, past = models.evaluations(POOLED, "cox", allowed, n, p), models.evaluations(POOLED, "cox", allowed + 1, n, p)
    assert all(finding.passes for finding in at)
    assert not all(finding.passes for finding in past)


def test_further_numbers_at_a_point_leave_fewer_points():
    """20 patients of four columns hold 120 numbers; a point sends 15, and with a further one a column 19."""
    assert models.numbers_sent(4, slopes=True) == 19
    assert models.evaluations_allowed(POOLED, 20, 4, None, slopes=True) == 3
    asked = [models.evaluations(POOLED, "cox", points, 20, 4, None, slopes=True) for points in (3, 4)]
    assert [all(finding.passes for finding in found) for found in asked] == [True, False]


def test_a_model_of_no_patients_does_not_pass():
    assert not models.parameters(POOLED, "cox", 0, 1).passes
    assert all(finding.passes for finding in models.linear_predictor(POOLED, "cox", np.empty(0)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["R4.leverage", "R4.level", "R8.risk_share", "R14.changed_rows"])
def test_what_is_not_a_number_fails(name, value):
    finding = judge(POOLED, name, "x", value)
    assert finding.verdict == "fail"
    assert finding.margin == float("-inf")
    for beta in ([value], [0.0, value]):
        assert not all(found.passes for found in models.linear_predictor(POOLED, "cox", np.array(beta)))


def test_a_limit_that_the_column_does_not_have_cannot_be_asked_for():
    with pytest.raises(KeyError):
        judge(LOCAL, "R2.apart_sites", "x", 3)


def test_a_finding_is_kept_with_its_floats_as_text():
    finding = cells.level(POOLED, "x", 8, 300)
    document = json.loads(json.dumps(finding.to_json()))
    assert set(map(type, document.values())) == {str}
    assert (document["value"], document["margin"], document["verdict"]) == ("8.0", "-2.0", "fail")
