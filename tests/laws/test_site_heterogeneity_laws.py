"""Whatever the rows, with sites that tell their own estimates: the order of sites, a site without patients and the unit
of time change nothing, and the order of a site's rows no more than its sums are rounded."""

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

SITES = ("asan", "kurume", "osaka")
ASKED = {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True}
OFF = {"secure_sum": "off", "min_sites": 2}


@pytest.fixture(scope="module")
def rows(patients):
    return patients.rows(5, 150)


@pytest.fixture(scope="module")
def truth(patients, rows):
    return answered(patients, patients.deal(rows, patients.sites(SITES, 150)))


def answered(patients, cohorts, **more):
    study = patients.study(tuple(cohorts), analyses={"sites": ASKED}, disclosure=OFF, **more)
    outcome = Rehearsal(study, cohorts, is_gated=False, told_alone=tuple(cohorts)).run()
    (entry,) = results_of(study, outcome, tuple(cohorts)).entries
    return entry_json(entry)


def test_the_order_of_sites_and_an_empty_one_change_no_bit(patients, rows, truth):
    cohorts = patients.deal(rows, patients.sites(SITES, 150))
    nobody = Cohort("busan", {"os": patients.choose(rows, slice(0))})
    assert answered(patients, {"busan": nobody, **dict(reversed(cohorts.items()))}) == truth
    assert truth["sites_combined"] == 3


def test_the_unit_of_time_changes_nothing(patients, rows, truth):
    weeks = AnalysisSet(rows.days * 7, rows.event, None, rows.variables, cause=rows.cause)
    found = answered(patients, patients.deal(weeks, patients.sites(SITES, 150)), max_days=2520 * 7)
    assert found == truth


def test_the_order_of_rows_changes_nothing(patients, rows, truth):
    order = np.random.default_rng(2).permutation(150)
    found = answered(patients, patients.deal(patients.choose(rows, order), patients.sites(SITES, 150)[order]))
    assert patients.numbers(found) == pytest.approx(patients.numbers(truth), rel=1e-9, abs=1e-9)
