"""How a Cox model's object says that a companion was refused, and what the report says below the table."""

from dataclasses import fields, replace

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_ph_test import _moments
from riskset.analyses.methods.cox_robust import RobustError
from riskset.analyses.methods.cox_robust_score import RobustScore
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset.results.document import entry_json
from riskset.stats.at_events import AtEvents
from riskset.stats.kaplan_meier import product_limit
from riskset_report import report_of
from riskset_report.blocks import Table
from riskset_server.run.outcome import not_reported

SITES = ("asan", "kurume", "osaka")
REFUSED = RefusedByRule("R8", say("rules.own.R8.influence"), by="a site")
MODEL = "cox/os/all/multivariable"
COX = {
    "kind": "cox",
    "endpoints": ["os"],
    "multivariable": ["arm", "stage"],
    "robust": "site",
    "ph_test": ["km", "log"],
    "concordance": True,
}
ASKED = {"cox": COX, "again": COX, "km": {"kind": "km", "endpoints": ["os"]}}


@pytest.fixture(scope="module")
def ran(patients):
    """Returns a function that gives the results of a run in which some analyses ended otherwise."""
    study = patients.study(SITES, analyses=ASKED)
    dealt = patients.deal(patients.rows(3, 120), patients.sites(SITES, 120))
    outcome = Rehearsal(study, dealt, is_gated=False).run()

    def ran(**ends):
        return results_of(study, replace(outcome, results={**outcome.results, **ends}), SITES)

    ran.study, ran.results = study, outcome.results

    return ran


def tables_of(results):
    blocks = (block for part in report_of(results).parts for block in part.blocks)
    return [block for block in blocks if isinstance(block, Table)]


class Wider(RobustError):
    """Sends a number of a column beside the model's."""

    @property
    def exposure(self):
        opens = super().exposure
        return replace(opens, design=(*opens.design, Column("age")))


def test_what_sends_no_more_than_its_model_is_admitted_with_it(patients):
    planned = plan(patients.study(SITES, analyses=ASKED))
    parts = [one for one in planned.reported if one.part_of]
    assert planned.admitted_with == {part.id: part.part_of for part in parts}
    errors = [part for part in parts if isinstance(part, RobustError)]
    others = [one for one in planned.reported if one not in errors]
    own = [field.name for field in fields(RobustError)]
    wider = [Wider(**{name: getattr(part, name) for name in own}) for part in errors]
    assert not {part.id for part in wider} & replace(planned, reported=(*others, *wider)).admitted_with.keys()
    elsewhere = [replace(part, set_id=replace(part.set_id, landmark_days=9)) for part in errors]
    assert not {part.id for part in errors} & replace(planned, reported=(*others, *elsewhere)).admitted_with.keys()


@pytest.mark.parametrize("method", [RobustError, RobustScore])
@pytest.mark.parametrize("over", ["patient", "matched-set"])
def test_what_a_robust_sum_reveals_is_said_whatever_it_is_over(patients, method, over):
    part = next(one for one in plan(patients.study(SITES, analyses=ASKED)).reported if isinstance(one, RobustError))
    own = {field.name: getattr(part, field.name) for field in fields(method)}
    assert over.split("-")[-1] in method(**own | {"over": over}).reveals


def test_a_refused_error_leaves_the_limits_of_the_information(ran):
    results = ran(**{f"{MODEL}/robust/arm = new": REFUSED})
    arm, second, _ = entry_json(results.entries[0])["terms"]
    assert (second["variance"], second["z"] * second["robust_se"]) == ("site", pytest.approx(second["coef"]))
    assert (arm["variance"], arm["z"] * arm["se"]) == ("model", pytest.approx(arm["coef"]))
    assert (arm["robust_se"], arm["robust_reason"]["rule"]) == (None, "R8")
    notes = [str(note) for table in tables_of(results) for note in table.notes]
    for said in ("clustered by site", "fewer than 10 sites", "no robust error: R8: a patient"):
        assert any(said in note for note in notes), said


def test_two_entries_with_the_same_models_have_companions_of_their_own(ran):
    results = ran()
    first, second = (entry_json(entry) for entry in results.entries if entry.kind == "cox")
    assert (first["id"], second["id"]) == (MODEL, f"{MODEL}/again")
    assert second["terms"][0] == first["terms"][0]
    assert second["terms"][0]["robust_se"] > 0


def test_a_refused_test_of_proportional_hazards_leaves_the_others(ran):
    results = ran(**{f"{MODEL}/ph_test/log": REFUSED})
    found = entry_json(results.entries[0])["ph_test"]
    assert (found["log"]["global"], found["log"]["reason"]["rule"]) == (None, "R8")
    assert [test["df"] for test in found["km"]["variables"]] == [1, 2]
    (table,) = (table for table in tables_of(results) if table.id == "table ph_test/os/all/cox")
    assert (table.columns, len(table.rows)) == (("1 − S(t−)", "log t"), 6)
    assert all(row.cells[1][0] == "refused (R8)" for row in table.rows if row.cells)
    assert all("R8: a patient" in str(row.whys) for row in table.rows if row.cells)


def test_rows_sites_and_the_unit_of_time_change_nothing(ran, patients):
    truth = entry_json(ran().entries[0])
    rows, sites = patients.rows(3, 120), patients.sites(SITES, 120)
    order = np.random.default_rng(1).permutation(120)
    other = patients.deal(patients.choose(rows, order), sites[order])
    nobody = patients.choose(other["asan"].analysis_sets["os"], slice(0))
    study = patients.study((*SITES, "seoul"), unit="year", analyses=ASKED)
    cohorts = {**dict(reversed(other.items())), "seoul": Cohort("seoul", {"os": nobody})}
    found = results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), (*SITES, "seoul"))
    again = entry_json(found.entries[0])
    for ours, theirs in zip(again["terms"], truth["terms"], strict=True):
        assert ours["robust_se"] == pytest.approx(theirs["robust_se"], rel=1e-10)
    assert again["concordance"] == pytest.approx(truth["concordance"], rel=1e-10)
    for transform, of in truth["ph_test"].items():
        for ours, theirs in zip(again["ph_test"][transform]["terms"], of["terms"], strict=True):
            assert ours["chi2"] == pytest.approx(theirs["chi2"], rel=1e-9, abs=1e-9)


def test_a_refused_concordance_is_null_with_the_reason(ran):
    assert entry_json(ran().entries[0])["concordance"]["pairs"] > 1000
    results = ran(**{f"{MODEL}/concordance": REFUSED})
    found = entry_json(results.entries[0])["concordance"]
    assert (found["estimate"], found["se"], found["pairs"], found["reason"]["rule"]) == (None, None, None, "R8")
    assert any("no concordance: R8" in str(note) for table in tables_of(results) for note in table.notes)


def test_the_companions_of_a_refused_model_are_not_told_one_by_one(ran):
    parts = [one.id for one in plan(ran.study).reported if one.part_of == MODEL]
    ends = {MODEL: REFUSED, **{id_: NotEstimable("needs", "the model") for id_ in parts}}
    assert len(parts) == 6
    (line,) = not_reported(ran.study, ran.results | ends)
    assert MODEL in line


BENT = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"], "splines": {"age": [50, 60, 70]}}


def test_linearity_by_the_likelihood_ratio_is_that_of_two_models(patients):
    straight = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}
    study = patients.study(SITES, analyses={"bent": BENT | {"linearity": "likelihood_ratio"}, "straight": straight})
    dealt = patients.deal(patients.rows(3, 120), patients.sites(SITES, 120))
    outcome = Rehearsal(study, dealt, is_gated=False).run()
    results = results_of(study, outcome, SITES)
    bent, linear = (entry_json(entry) for entry in results.entries)
    gained = bent["log_likelihood"]["fitted"] - linear["log_likelihood"]["fitted"]
    assert bent["splines"][0]["likelihood_ratio"]["chi2"] == pytest.approx(2 * gained, abs=1e-9)
    assert any("likelihood ratio " in str(note) for table in tables_of(results) for note in table.notes)
    refused = {**outcome.results, f"{MODEL}/linear/age": REFUSED}
    results = results_of(study, replace(outcome, results=refused), SITES)
    (found,) = entry_json(results.entries[0])["splines"]
    assert (found["likelihood_ratio"], found["likelihood_ratio_reason"]["rule"]) == (None, "R8")
    assert any("no likelihood-ratio test: R8" in str(note) for table in tables_of(results) for note in table.notes)


def test_without_events_on_two_steps_of_the_grid_no_function_of_time_differs(patients):
    rows = replace(patients.rows(3, 120), days=np.where(patients.rows(3, 120).event, 20, 30))
    study = patients.study(SITES, analyses=ASKED)
    dealt = patients.deal(rows, patients.sites(SITES, 120))
    results = Rehearsal(study, dealt, is_gated=False).run().results
    assert {results[f"{MODEL}/ph_test/{transform}"].code for transform in ("km", "log")} == {"one step"}
    nobody = product_limit([0.0], [3.0], None, np.array([7]))
    assert _moments(nobody, "km") == (0.0, 0.0)


def test_rows_that_do_not_allow_the_share_of_a_patient_are_refused(patients, monkeypatch):
    def vanishing(*_):
        raise ArithmeticError

    monkeypatch.setattr(AtEvents, "of", vanishing)
    dealt = patients.deal(patients.rows(3, 240), patients.sites(SITES, 240))
    results = Rehearsal(patients.study(SITES, analyses=ASKED), dealt).run().results
    found = results[f"{MODEL}/ph_test/km"]
    assert (found.rule, found.message.code) == ("R8", "rules.own.R8.unjudged")
    assert results[f"{MODEL}/concordance"].pairs > 1000
