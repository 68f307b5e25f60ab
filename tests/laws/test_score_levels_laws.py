"""Intervals and strata of a score, for any rows: the order of patients and of sites does not matter nor, with one
intercept, how patients are divided among the sites (the strata of a model are of a site, so that it does there)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_kinds import with_sets

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.preference import PREFERENCE
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 120
COX = {"kind": "cox", "endpoints": ["os"], "populations": ["strata"], "multivariable": ["arm", "age"]}
MODEL = "cox/os/strata/multivariable"


@pytest.fixture(scope="module")
def results(patients):
    """Returns the results of a study of rows in an order and at sites; no rule is applied to so few."""

    def results(seed, site="none", order=None, dealt=None, names=SITES):
        score = {"covariates": ["age", "stage"], "site": site, "preference": True}
        score["adjustments"] = {"strata": {"method": "strata", "cuts": [0.45, 0.55]}}
        study = patients.study(SITES, analyses={"score": {"kind": "propensity"}, "cox": COX}, propensity=score)
        rows, at = patients.rows(seed, N), np.array(SITES)[np.arange(N) % 3] if dealt is None else dealt
        order = np.arange(N) if order is None else order
        cohorts = patients.deal(patients.choose(rows, order), at[order])
        cohorts = {name: with_sets(Cohort(name, cohorts[name].analysis_sets), study) for name in names}
        return Rehearsal(study, cohorts, is_gated=False).run().results

    return results


@settings(max_examples=settings().max_examples // 8)
@given(st.integers(0, 2**31 - 1), st.sampled_from(["none", "profiled"]))
def test_the_order_of_patients_and_sites_changes_nothing(results, seed, site):
    order = np.random.default_rng(seed).permutation(N)
    one, other = results(seed, site), results(seed, site, order, names=SITES[::-1])
    assert one[PREFERENCE] == other[PREFERENCE]
    assert [term.coef for term in one[MODEL].terms] == pytest.approx([t.coef for t in other[MODEL].terms], rel=1e-9)


@settings(max_examples=settings().max_examples // 8)
@given(st.integers(0, 2**31 - 1))
def test_how_patients_are_divided_among_sites_changes_no_interval(results, seed):
    dealt = np.array(SITES)[np.random.default_rng(seed).integers(0, 3, N)]
    one, other = results(seed)[PREFERENCE], results(seed, dealt=dealt)[PREFERENCE]
    assert one == other
    assert sum(map(sum, one.by_arm)) == N
