"""A site reads the outcomes that a gate may withhold: its own patients may fail what those of all sites pass."""

from dataclasses import replace

import pytest
from tests.test_kinds import with_sets

from riskset.disclosure.policy import default_policy
from riskset.rehearsal import Rehearsal
from riskset_site.consent.preview import preview

ASKED = {
    "score": {"kind": "propensity"},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["match"]},
    "balance": {"kind": "balance"},
}
MODEL = "cox/os/match/univariable/arm"


@pytest.mark.parametrize("on_fail", ["withhold", "ask"])
def test_outcomes_are_shown_that_a_gate_may_withhold(patients, on_fail):
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    gates = {"smd_max": 0.001, "on_fail": on_fail}
    study = patients.study(["asan"], analyses=ASKED, propensity=score | {"gates": gates})
    cohort = with_sets(patients.deal(patients.rows(3, 130), patients.sites(["asan"], 130))["asan"], study)
    assert Rehearsal(study, {"asan": cohort}, is_gated=False).run().results[MODEL].code == "withheld"
    shown = preview(study, cohort, default_policy("local", 5))
    assert MODEL in {asked_by for one in shown.rounds for asked_by, _, _ in one.numbers}


def test_a_site_whose_score_has_no_fit_alone_reads_the_rest(patients):
    """Here age tells the arm: the site alone has no score, and nobody is matched."""
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    study = patients.study(["asan"], analyses=ASKED | {"all": {"kind": "km", "endpoints": ["os"]}}, propensity=score)
    rows = patients.rows(3, 130)
    of_age = rows.variables | {"arm": (rows.variables["age"] > 60.0).astype(float)}
    apart = replace(rows, variables=of_age)
    cohort = with_sets(patients.deal(apart, patients.sites(["asan"], 130))["asan"], study)
    shown = preview(study, cohort, default_policy("local", 5), default_policy("pooled", 5))
    asked_by = {id_ for one in shown.rounds for id_, _, _ in one.numbers}
    assert "km/os/all" in asked_by
    assert MODEL not in asked_by
    assert {verdict.analysis for verdict in shown.verdicts} >= {"km/os/all"}
