"""Sums over all patients less those over the matched ones are the sums over who is not matched: of one patient, that
patient's covariates (R2)."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
ASKED = {"score": {"kind": "propensity"}, "balance": {"kind": "balance", "populations": ["match"]}}
PROPENSITY = {
    "covariates": ["age", "stage"],
    "adjustments": {"match": {"method": "nearest", "caliper_sd": 10}},
}


@pytest.fixture
def run(patients):
    """Returns the rows, and the ends of a run in which each site has as many patients of each arm, and `more` of the
    reference: they are not matched."""

    def run(more, *, is_gated=True):
        study = patients.study(SITES, analyses=ASKED, propensity=PROPENSITY)
        site = np.concatenate([np.repeat(name, 120 + n) for name, n in zip(SITES, more, strict=True)])
        rows = patients.rows(5, len(site))
        arm = np.concatenate([np.arange(120 + n) % 2 * (np.arange(120 + n) < 120) for n in more]).astype(float)
        rows = replace(rows, variables=rows.variables | {"arm": arm})
        cohorts = {}
        for name, cohort in patients.deal(rows, site).items():
            of = cohort.analysis_sets["os"]
            sets = {s.name: PatientSet(of.variables, of.patients) for s in plan(study).sets if s.endpoint is None}
            cohorts[name] = Cohort(name, {"os": of} | sets)
        return cohorts, Rehearsal(study, cohorts, is_gated=is_gated).run().results

    return run


def test_without_the_rule_the_only_unmatched_patient_is_read(run):
    cohorts, results = run((0, 0, 1), is_gated=False)
    found = results["balance/match"]
    (_, before), (_, after) = found.before, found.after
    assert before.n - after.n == 1
    age, *stages = found.scale.centre + (before.first - after.first) * found.scale.unit
    variables = cohorts["osaka"].analysis_sets["os"].variables
    rows = np.column_stack([variables["age"], variables["stage"] == 1, variables["stage"] == 2])
    assert np.isclose(rows, [age, *stages], atol=1e-6).all(axis=1).any()


def test_with_it_nothing_is_told_of_the_matched(run):
    _, results = run((0, 0, 1))
    assert has_result(results["propensity"])
    found = results["balance/match"]
    assert isinstance(found, RefusedByRule)
    assert found.rule == "R2"


def test_where_patients_of_three_sites_are_not_matched_it_is_told(run):
    _, results = run((12, 12, 12))
    assert has_result(results["balance/match"])
    assert results["balance/match"].before[1].n - results["balance/match"].after[1].n == 36
