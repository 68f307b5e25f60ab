"""From a study to its analyses: ids that name one result each, and the order in which they wait for each other."""

from riskset.analyses.plan import plan
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


def test_what_others_need_stands_before_them(patients):
    planned = plan(patients.study(SITES)).analyses
    for at, analysis in enumerate(planned):
        assert set(analysis.needs) <= {earlier.id for earlier in planned[:at]}


def test_curves_are_asked_once_at_the_end_and_models_round_by_round(patients):
    planned = plan(patients.study(SITES))
    assert [analysis.id for analysis in planned.closing] == ["km/os/all"]
    assert [analysis.id for analysis in planned.iterative] == ["moments/os", "cox/os/all/multivariable"]


def test_every_analysis_says_in_a_sentence_what_it_reveals(patients):
    for analysis in plan(patients.study(SITES)).analyses:
        assert len(analysis.reveals.split()) > 5


def test_curves_alone_are_a_run_of_two_rounds_and_models_alone_end_with_an_empty_one(patients):
    cohorts = patients.deal(patients.rows(seed=1, n=40), patients.sites(SITES, 40))
    curves = patients.study(SITES, analyses={"curves": {"kind": "km", "endpoints": ["os"]}})
    assert Rehearsal(curves, cohorts).run().rounds == 2
    outcome = Rehearsal(patients.study(SITES, analyses={"cox": MODEL}), cohorts).run()
    assert {message.payload for message in outcome.replies[-1]} == {b""}
    assert outcome.results["cox/os/all/multivariable"].n == 40
