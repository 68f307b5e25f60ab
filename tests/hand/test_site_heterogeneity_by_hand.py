"""Treatment by site, of four patients at two hospitals, by hand.

At A the patient of the new arm dies on day 1, at B that of the old one; the other patient of each is then alone. The
log partial likelihoods are b - log(1 + e^b) at A and -log(1 + e^b) at B. Each rises to 0 without end, as b goes to
infinity at A and to minus infinity at B: both are separated, and neither tells an estimate. Their sum is largest at
b = 0, where it is -2 log 2. So twice the gain of a hazard ratio for each is 4 log 2, with one degree of freedom.
"""

from math import log

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

ASKED = {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"]}


def two(first_to_die):
    """Returns a hospital's two patients: the arm of the one who dies on day 1; the other dies on day 2."""
    arms = np.array([first_to_die, 1.0 - first_to_die])
    return AnalysisSet(np.array([1, 2]), np.array([True, True]), None, {"arm": arms})


def test_two_separated_hospitals(patients):
    cohorts = {name: Cohort(name, {"os": two(arm)}) for name, arm in (("a", 1.0), ("b", 0.0))}
    study = patients.study(("a", "b"), analyses={"sites": ASKED}, disclosure={"secure_sum": "off", "min_sites": 2})
    outcome = Rehearsal(study, cohorts, is_gated=False, told_alone=("a", "b")).run()
    (entry,) = results_of(study, outcome, ("a", "b")).entries
    found = entry_json(entry)
    assert found["common"]["coef"] == pytest.approx(0.0, abs=1e-12)
    assert found["treatment_by_site"]["likelihood_ratio"]["chi2"] == pytest.approx(4 * log(2), rel=1e-12)
    assert found["treatment_by_site"]["likelihood_ratio"]["df"] == 1
    assert [site["coef"] for site in found["sites"]] == [None, None]
    assert found["sites_combined"] == 0
