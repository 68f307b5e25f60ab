"""Table 1 and rates of matched patients are those of the patients whom the hospitals keep as matched."""

import numpy as np
from tests.test_kinds import with_sets

from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

SITES = ("asan", "kurume", "osaka")
LEVELS = ("I", "II", "III")
POPULATIONS = {"populations": ["all", "match"]}
ASKED = {
    "score": {"kind": "propensity"},
    "baseline": {"kind": "table1", "variables": ["stage"], **POPULATIONS},
    "rates": {"kind": "response", "of": ["stage"], "orr": ["I"], **POPULATIONS},
}


def test_of_both_populations(patients):
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    study = patients.study(SITES, analyses=ASKED, propensity=score)
    dealt = patients.deal(patients.rows(11, 240), patients.sites(SITES, 240))
    cohorts = {site: with_sets(cohort, study) for site, cohort in dealt.items()}
    outcome, planned = Rehearsal(study, cohorts).run(), plan(study)
    found = {entry.id: entry_json(entry) for entry in results_of(study, outcome, SITES).entries}
    expected = {population: np.zeros((2, 3), int) for population in ("all", "match")}
    for cohort in cohorts.values():
        rows = cohort.analysis_sets["os"]
        arm, stage = (rows.variables[name].astype(int) for name in ("arm", "stage"))
        matched = planned.populations["match"].members(cohort, outcome.results).patients
        np.add.at(expected["all"], (arm, stage), 1)
        np.add.at(expected["match"], (arm[matched], stage[matched]), 1)
    assert expected["match"].sum() < expected["all"].sum() == 240
    for population, counts in expected.items():
        (variable,) = found[f"table1/{population}"]["variables"]
        assert [[of["n"] for of in arm["levels"]] for arm in variable["arms"][:2]] == counts.tolist()
        assert [of["n"] for of in found[f"table1/{population}"]["n"]] == [*counts.sum(axis=1), counts.sum()]
        (rate,) = found[f"response/{population}"]["rates"]
        assert [(arm["n"], arm["of"]) for arm in rate["arms"]] == [(of[0], of.sum()) for of in counts]
