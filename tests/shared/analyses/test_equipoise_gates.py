"""A share of each arm in equipoise that a study demands decides about every adjusted population.

The patients are those of `tests/shared/protocol/test_unblinding.py`, twelve at each of three hospitals. Where one of
the old arm has x, the fitted probabilities are 4/5 with x and 2/7 without, which are the preference scores too, as the
arms are equally large: nobody is in equipoise. Where two have x they are 2/3 and 1/3, and everybody is.
"""

import numpy as np
import pytest
from tests.shared.protocol.test_unblinding import SITES, twelve
from tests.test_kinds import with_sets

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.demand import Demand
from riskset.analyses.methods.preference import FORMS, PREFERENCE, Preferences, PreferenceScore
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import report_of

POPULATIONS = ["all", "halves", "iptw", "match"]
ASKED = {
    "score": {"kind": "propensity"},
    "balance": {"kind": "balance"},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": POPULATIONS},
}
ADJUSTMENTS = {
    "halves": {"method": "strata", "cuts": [0.5]},
    "iptw": {"method": "ate"},
    "match": {"method": "nearest", "caliper_sd": None},
}


@pytest.fixture
def run(patients):
    """Returns a function that runs a study with these gates: the results, results.json by id, and the report's text."""

    def run(with_x, **gates):
        score = {"covariates": ["x"], "adjustments": ADJUSTMENTS, "gates": gates}
        variables = patients.variables | {"x": {"type": "boolean"}}
        study = patients.study(SITES, analyses=ASKED, variables=variables, propensity=score)
        cohorts = {name: with_sets(Cohort(name, {"os": twelve(at, with_x)}), study) for at, name in enumerate(SITES)}
        outcome = Rehearsal(study, cohorts, is_gated=False).run()
        results = results_of(study, outcome, SITES, is_gated=False)
        text = str([block for part in report_of(results).parts for block in part.blocks])
        return outcome.results, {entry.id: entry_json(entry) for entry in results.entries}, text

    return run


def outcomes(found):
    """Returns the end of the model of each population."""
    models = [found[f"cox/os/{population}/univariable/arm"] for population in POPULATIONS]
    return [model["reason"]["code"] if "reason" in model else model["status"] for model in models]


def test_outcomes_of_every_adjusted_population_are_withheld(run):
    results, found, text = run(1, equipoise_min=0.5, on_fail="withhold")
    assert results[PREFERENCE].by_arm == ((0, 0, 15, 0, 0, 0, 0, 0, 3, 0), (0, 0, 6, 0, 0, 0, 0, 0, 12, 0))
    assert outcomes(found) == ["ok", "withheld", "withheld", "withheld"]
    message = found["cox/os/iptw/univariable/arm"]["reason"]["message"]
    assert message == "the study withholds it: in equipoise is 0.000 of an arm, below equipoise_min = 0.5"
    (gate,) = found["propensity"]["preference"]["gates"]
    assert gate == {"gate": "equipoise_min", "limit": 0.5, "found": 0.0, "passed": False}
    balance = found["balance/match"]
    assert (balance["status"], "demands" in balance) == ("ok", False), "which is no outcome, and helps to decide"
    assert "not met" in text


def test_outcomes_are_marked(run):
    _, found, _ = run(1, equipoise_min=0.5)
    assert outcomes(found) == ["ok"] * 4
    said = [found[f"cox/os/{population}/univariable/arm"].get("demands") for population in POPULATIONS]
    assert said == [None, "not met", "not met", "not met"]


def test_outcomes_of_arms_in_equipoise_are_computed(run):
    _, found, text = run(2, equipoise_min=1.0, on_fail="withhold")
    assert outcomes(found) == ["ok"] * 4
    assert found["cox/os/iptw/univariable/arm"]["demands"] == "met"
    assert found["propensity"]["preference"]["gates"][0]["passed"]
    assert "passed" in text


def test_a_table_that_a_rule_refuses_is_a_demand_that_is_not_met(run, monkeypatch):
    refused = RefusedByRule("R2", say("analyses.no_patients"))
    monkeypatch.setattr(PreferenceScore, "combine", lambda *_: refused)
    _, found, text = run(2, equipoise_min=0.5, on_fail="ask")
    assert outcomes(found) == ["ok", "withheld", "withheld", "withheld"]
    message = found["cox/os/match/univariable/arm"]["reason"]["message"]
    assert "is not known (needs propensity/preference, which was refused by R2)" in message
    assert found["propensity"]["preference"]["gates"][0] | {"limit": 0} == {
        "gate": "equipoise_min",
        "limit": 0,
        "found": None,
        "passed": False,
    }
    assert "is not known. The study demands at least" in text


@pytest.mark.parametrize(("least", "passes"), [(0.6, True), (0.61, False)])
def test_the_smaller_share_decides(least, passes):
    """3/5 of the old arm, 4/4 of the new one."""
    demand = Demand("equipoise_min", least, withholds=True, is_least=True)
    found = Preferences(FORMS[2], ((2, 3, 0), (0, 4, 0)), demand)
    assert (found.passes, found.withholds is None) == (passes, passes)
    nobody = Preferences(
        FORMS[2], ((2, 3, 0), (0, 0, 0)), Demand("equipoise_min", least, withholds=True, is_least=True)
    )
    assert (nobody.passes, nobody.withholds.code) == (False, "analyses.demand.equipoise_min.unknown")


def test_outcomes_wait_for_coarser_intervals(patients):
    """With all rules on, tenths are refused; of coarser intervals the share is known, and enough."""
    model = {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["match"]}
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    gates = {"equipoise_min": 0.2, "on_fail": "withhold"}
    asked = {"score": {"kind": "propensity"}, "cox": model}
    study = patients.study(SITES, analyses=asked, propensity=score | {"gates": gates})
    dealt = patients.deal(patients.rows(3, 390), patients.sites(SITES, 390))
    outcome = Rehearsal(study, {site: with_sets(cohort, study) for site, cohort in dealt.items()}).run()
    table = next(one for one in outcome.history.plan.reported if one.id == PREFERENCE)
    assert [form for form, _ in table.refusals][:1] == ["tenths"]
    assert np.isfinite(outcome.results[PREFERENCE].smallest_share)
    assert has_result(outcome.results["cox/os/match/univariable/arm"])
