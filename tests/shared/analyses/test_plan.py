"""From a study to its analyses: ids that name one result each, and the order in which they wait for each other."""

from dataclasses import fields, replace

import pytest

from riskset.analyses.admission.steps import steps
from riskset.analyses.methods.km import KaplanMeier, SurvivalCurves
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import plan
from riskset.errors import DataError
from riskset.protocol.witnessing import read_cosigned
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume")
MODEL = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}


def ids(patients, **analyses):
    return [analysis.id for analysis in plan(patients.study(SITES, analyses=analyses)).reported]


def test_a_result_is_named_by_kind_endpoint_population_and_model(patients):
    found = ids(patients, curves={"kind": "km", "endpoints": ["os"]}, cox=MODEL | {"univariable": True})
    alone = ["cox/os/all/univariable/arm", "cox/os/all/univariable/age"]
    assert found == ["km/os/all", *alone, "cox/os/all/multivariable"]


def test_the_same_question_with_other_options_carries_its_analysis_name(patients):
    found = ids(patients, efron=MODEL, breslow=MODEL | {"ties": "breslow"}, again=MODEL)
    stem = "cox/os/all/multivariable"
    assert found == [stem, f"{stem}/breslow", f"{stem}/again"]


def test_an_entry_that_is_called_as_a_part_of_another_one_takes_no_id_from_it(patients):
    table = {"kind": "table1", "variables": ["age"], "tests": False}
    found = ids(patients, table=table, age=table)
    age = "table1/all/age"
    first = ["table1/all", age, f"{age}/quartiles"]
    assert found == [*first, f"{age}/age", f"{age}/age/age", f"{age}/quartiles/age"]


def test_a_model_needs_what_admission_finds(patients):
    study = patients.study(SITES)
    assert {need for analysis in plan(study).reported for need in analysis.needs} == {moments_id("os")}


def test_what_nobody_makes_is_named_as_the_entry_to_add(patients):
    score = {"covariates": ["age"], "adjustments": {"two": {"method": "nearest", "ratio": 2}}}
    curves = {"curves": {"kind": "km", "endpoints": ["os"], "populations": ["two"]}, "p": {"kind": "propensity"}}
    with pytest.raises(DataError) as raised:
        plan(patients.study(SITES, analyses=curves, propensity=score))
    said = {str(problem.message) for problem in raised.value.problems}
    added = 'add an entry kind = "km", endpoints = ["os"], populations = ["all"]'
    assert said == {f"km/os/two needs the km of os in 'all': {added}"}


def test_every_analysis_and_every_round_of_admission_says_in_a_sentence_what_it_reveals(patients):
    for asked in [*plan(patients.study(SITES)).reported, *steps(["an earlier run"])]:
        assert len(str(asked.reveals).split()) > 5


@pytest.fixture
def cohorts(patients):
    return patients.deal(patients.rows(seed=1, n=40), patients.sites(SITES, 40))


def rounds_of(study, cohorts):
    """Returns what each round asks for behind its flags, and the outcome. The gate is not asked: rows are few."""
    rehearsal, asked = Rehearsal(study, cohorts, is_gated=False), []
    while not rehearsal.coordinator.is_finished:
        history = rehearsal.coordinator._history
        if history is not None:
            asked.append((history.phase, [question.analysis.id for question in history.questions]))
        rehearsal.step()
    return asked, rehearsal.coordinator.outcome()


def test_curves_are_asked_once_at_the_end_and_models_round_by_round(patients, cohorts):
    asked, _ = rounds_of(patients.study(SITES), cohorts)
    *admission, first, second = [phase for phase, _ in asked][:6]
    assert admission == [f"admission/{step}" for step in ("cohorts", "counts", "pairs", "products")]
    assert (first, second) == ("first", "later")
    models = ["cox/os/all/multivariable"]
    assert [ids for _, ids in asked[4:]] == [models] * (len(asked) - 5) + [["km/os/all"]]


def test_curves_alone_are_admission_and_one_round_more(patients, cohorts):
    study = patients.study(SITES, analyses={"curves": {"kind": "km", "endpoints": ["os"]}})
    asked, outcome = rounds_of(study, cohorts)
    assert [phase for phase, _ in asked][4:] == ["close"]
    assert outcome.rounds == 6
    assert isinstance(outcome.results["km/os/all"], SurvivalCurves)


def test_models_alone_end_with_a_round_that_asks_nothing(patients, cohorts):
    _, outcome = rounds_of(patients.study(SITES, analyses={"cox": MODEL}), cohorts)
    assert {read_cosigned(message.payload).vector for message in outcome.replies[-1]} == {b""}
    assert outcome.results["cox/os/all/multivariable"].n == 40


def test_moments_that_nobody_makes_are_found_before_the_run(patients):
    """They would be waited for for ever: admission finds the moments of columns of which sums leave."""

    class Waiting(KaplanMeier):
        needs = (moments_id("os"),)

    planned = plan(patients.study(SITES, analyses={"curves": {"kind": "km", "endpoints": ["os"]}}))
    own = {one.name: getattr(planned.reported[0], one.name) for one in fields(KaplanMeier)}
    waits = replace(planned, reported=(Waiting(**own),))
    assert [problem.message.code for problem in waits.problems()] == ["analyses.plan.no_moments"]
