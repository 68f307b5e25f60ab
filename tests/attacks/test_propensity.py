"""A propensity score to which one or two hospitals alone add something, since the others have one arm: its sums are
their own (R12)."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
ASKED = {"score": {"kind": "propensity"}, "survival": {"kind": "km", "endpoints": ["os"]}}


@pytest.fixture
def run(patients):
    """Returns the end of the score in a run in which only the hospitals `with_both` have both arms."""

    def run(with_both, *, is_gated=True, only=SITES):
        study = patients.study(only, analyses=ASKED, propensity={"covariates": ["age", "stage"]})
        dealt = patients.deal(patients.rows(5, 360), patients.sites(SITES, 360))
        cohorts = {}
        for name in only:
            rows = dealt[name].analysis_sets["os"]
            arm = rows.variables["arm"] if name in with_both else np.zeros(rows.n)
            rows = replace(rows, variables=rows.variables | {"arm": arm})
            sets = {s.name: PatientSet(rows.variables, rows.patients) for s in plan(study).sets if s.endpoint is None}
            cohorts[name] = Cohort(name, {"os": rows} | sets)
        return Rehearsal(study, cohorts, is_gated=is_gated).run().results["propensity"]

    return run


def test_without_the_rule_the_score_is_that_of_the_only_hospital_with_both_arms(run):
    alone, among_three = (
        [term.coef for term in run(["osaka"], is_gated=False, only=only).terms.terms] for only in (["osaka"], SITES)
    )
    assert among_three == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("with_both", [["osaka"], ["osaka", "asan"]])
def test_hospitals_with_one_arm_do_not_count(run, with_both):
    found = run(with_both)
    assert isinstance(found, RefusedByRule)
    assert found.rule == "R12"


def test_three_hospitals_with_both_arms_have_a_score(run):
    assert has_result(run(SITES))
