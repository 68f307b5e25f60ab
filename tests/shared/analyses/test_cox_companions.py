"""How a Cox model's object says that a companion was refused, and what the report says below the table."""

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset.results.document import entry_json
from riskset_server.report import report_of

SITES = ("asan", "kurume", "osaka")
REFUSED = RefusedByRule("R8", say("rules.own.R8.influence"), by="a site")
MODEL = "cox/os/all/multivariable"


@pytest.fixture(scope="module")
def ran(patients):
    """Returns a function that gives the results of a run in which some analyses ended otherwise."""
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"], "robust": "site"}
    study = patients.study(SITES, analyses={"cox": asked, "again": asked})
    dealt = patients.deal(patients.rows(3, 120), patients.sites(SITES, 120))
    outcome = Rehearsal(study, dealt, is_gated=False).run()

    def ran(**ends):
        outcome.results.update(ends)
        return results_of(study, outcome, SITES)

    return ran


def test_a_refused_error_leaves_the_limits_of_the_information(ran):
    results = ran(**{f"{MODEL}/robust/age": REFUSED})
    arm, age = entry_json(results.entries[0])["terms"]
    assert (arm["variance"], arm["z"] * arm["robust_se"]) == ("site", pytest.approx(arm["coef"]))
    assert (age["variance"], age["z"] * age["se"]) == ("model", pytest.approx(age["coef"]))
    assert (age["robust_se"], age["robust_reason"]["rule"]) == (None, "R8")
    notes = [str(note) for part in report_of(results).parts for block in part.blocks for note in block.notes]
    for said in ("clustered by site", "fewer than 10 sites", "no robust error: R8: a patient"):
        assert any(said in note for note in notes), said


def test_two_entries_with_the_same_models_have_companions_of_their_own(ran):
    results = ran()
    first, second = (entry_json(entry) for entry in results.entries)
    assert (first["id"], second["id"]) == (MODEL, f"{MODEL}/again")
    assert second["terms"][0] == first["terms"][0]
    assert second["terms"][0]["robust_se"] > 0
