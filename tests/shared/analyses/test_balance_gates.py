"""What a study demands of the balance of a matched population: its outcomes are marked, or withheld."""

import pytest
from tests.test_kinds import with_sets

from riskset.analyses import methods
from riskset.analyses.analysis import NotEstimable, has_result
from riskset.analyses.methods.balance_answer import Balanced
from riskset.analyses.methods.demand import Demand
from riskset.analyses.methods.propensity_fit import PropensityFit
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import report_of

SITES = ("asan", "kurume", "osaka")
ASKED = {
    "score": {"kind": "propensity"},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["all", "match"]},
    "balance": {"kind": "balance"},
}


@pytest.fixture(scope="module")
def run(patients):
    """Returns a function that runs a study with these gates: the results, and results.json by id."""

    def run(**gates):
        score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}, "gates": gates}
        study = patients.study(SITES, analyses=ASKED, propensity=score)
        dealt = patients.deal(patients.rows(11, 240), patients.sites(SITES, 240))
        cohorts = {site: with_sets(cohort, study) for site, cohort in dealt.items()}
        outcome = Rehearsal(study, cohorts, is_gated=False).run()
        results = results_of(study, outcome, SITES, is_gated=False)
        return results, {entry.id: entry_json(entry) for entry in results.entries}

    return run


def text_of(results):
    return str([block for part in report_of(results).parts for block in part.blocks])


def test_outcomes_are_computed_and_marked(run):
    results, found = run(smd_max=0.001)
    (gate,) = found["balance/match"]["gates"]
    assert (gate["found"], gate["passed"]) == (found["balance/match"]["largest_smd"], False)
    flagged = found["cox/os/match/univariable/arm"]
    assert (flagged["status"], flagged["demands"]) == ("ok", "not met")
    assert "demands" not in found["cox/os/all/univariable/arm"]
    assert "are not what the study demands" in text_of(results)
    assert "not met" in text_of(results)


def test_outcomes_are_withheld(run):
    _, found = run(smd_max=0.001, on_fail="withhold")
    withheld = found["cox/os/match/univariable/arm"]
    assert (withheld["status"], withheld["reason"]["code"]) == ("not estimable", "withheld")
    assert "smd_max = 0.001" in withheld["reason"]["message"]
    assert found["cox/os/all/univariable/arm"]["status"] == found["balance/match"]["status"] == "ok"


@pytest.mark.exhaustive
def test_outcomes_of_a_balanced_population_are_computed(run):
    results, found = run(smd_max=1.0, on_fail="withhold")
    assert found["cox/os/match/univariable/arm"]["demands"] == "met"
    assert found["cox/os/match/univariable/arm"]["status"] == "ok"
    assert "not what the study demands" not in text_of(results)


def test_a_population_may_have_several_gates(run, monkeypatch):
    """Here the score itself is the second one; the balance passes. Outcomes wait for both."""
    monkeypatch.setattr(methods, "DEMANDS", [*methods.DEMANDS, lambda study: {"match": "propensity"}])
    _, found = run(smd_max=1.0)
    assert found["cox/os/match/univariable/arm"]["demands"] == "not met"
    assert found["balance/match"]["gates"][0]["passed"]
    monkeypatch.setattr(PropensityFit, "withholds", property(lambda fit: "by the score"))
    _, found = run(smd_max=1.0, on_fail="withhold")
    withheld = found["cox/os/match/univariable/arm"]
    assert withheld["reason"] == {"code": "withheld", "message": "by the score"}
    assert found["balance/match"]["status"] == "ok"


def test_what_is_not_known_is_withheld():
    gate = Demand("smd_max", 0.1, withholds=True)
    found = Balanced(3, 3, 2, (), {"x": NotEstimable("range", "lost")}, gate)
    assert found.passes is False
    assert "is not known" in str(found.withholds)
    assert Balanced(3, 3, 2, (), {}, None).withholds is None
    assert has_result(found)
