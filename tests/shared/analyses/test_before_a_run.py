"""How many numbers a run asks, as a study says it: what a run asks."""

import pytest
from tests.conftest import COX, KM, deal, in_turn, make_rows, make_study
from tests.test_kinds import with_sets

from riskset.analyses.admission.before_a_run import first_admission, last_admission
from riskset.analyses.analysis import has_result
from riskset.analyses.plan import plan
from riskset.disclosure.policy import default_policy
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.rule_column import column_for
from riskset.rehearsal import Rehearsal


def rehearsed(sites):
    study = make_study(sites, analyses={"survival": KM, "cox": COX})
    exceptions = (ExceptionSigned("R12.contributors", "2", "there are two"),) if len(sites) == 2 else ()
    rehearsal = Rehearsal(study, deal(make_rows(3, 400), in_turn(sites, 400)), exceptions=exceptions)
    return study, rehearsal, rehearsal.run()


@pytest.mark.parametrize("sites", [("asan", "osaka"), ("asan", "kurume", "osaka")], ids=["two", "three"])
def test_a_run_asks_so_many(sites):
    study, rehearsal, outcome = rehearsed(sites)
    sent = [one for of in rehearsal.journals["asan"].sent_in(rehearsal.run_id) for one in of.numbers]
    planned = plan(study)
    policy = default_policy(column_for(study.disclosure, len(sites)), study.disclosure.min_cell)
    asked = {step.id: step.numbers for step in first_admission(planned, policy)}
    assert {id_: len(labels) for id_, labels, _ in sent if id_ in asked} == asked
    assert all(has_result(outcome.results[analysis.id]) for analysis in planned.reported)
    whether = [label for _, labels, _ in sent for label in labels if "too few to be told" in label]
    assert bool(whether) == (len(sites) == 2)
    assert last_admission(planned, policy) == ()


SITES = ("asan", "kurume", "osaka")
MODEL = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}
MODELS = {
    "penalised": MODEL | {"firth": True},
    "profiled": MODEL | {"profile_limits": ["arm"]},
    "bent": MODEL | {"splines": {"age": [50, 65, 80]}, "linearity": "likelihood_ratio"},
    "followed": MODEL | {"ph_test": ["km"], "robust": "site", "concordance": True},
}
SCORES = {"own": {}, "one": {"site": "none"}, "penalised": {"firth": True}, "both": {"site": "none", "firth": True}}


def sizes_in(study):
    """Returns how many numbers a hospital sends in each round of a rehearsal without rules, by what asks for them."""
    found = {}

    def take(contributor, history, sent):
        for id_, labels, _ in sent.numbers if contributor.own.cohort.site == "asan" else ():
            found.setdefault(id_, []).append(len(labels))

    cohorts = {name: with_sets(of, study) for name, of in deal(make_rows(3, 300), in_turn(SITES, 300)).items()}
    Rehearsal(study, cohorts, is_gated=False, watch=take).run()
    return found


@pytest.mark.parametrize("model", MODELS)
def test_a_model_says_how_many_numbers_its_rounds_have(model):
    study = make_study(SITES, analyses={"survival": KM, "cox": MODELS[model]})
    sizes, planned = sizes_in(study), plan(study)
    assert {one.id: max(sizes[one.id]) for one in planned.reported} == {
        one.id: one.most_numbers(len(SITES)) for one in planned.reported
    }


@pytest.mark.parametrize("score", SCORES)
def test_a_score_says_how_many_numbers_its_rounds_have(score):
    of = {"covariates": ["age", "stage"], **SCORES[score]}
    study = make_study(SITES, analyses={"score": {"kind": "propensity"}}, propensity=of)
    [asked] = plan(study).reported
    assert max(sizes_in(study)[asked.id]) == asked.most_numbers(len(SITES))
