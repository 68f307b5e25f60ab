"""Intervals and strata of the score, worked by hand on six patients of each of two hospitals and three of a third.

The covariate is yes or no, z. Sites have intercepts of their own; the fitted probabilities are shares of the new arm:

    asan      z  0 0 0 1 1 1   arm  0 0 1 0 1 1
    kurume    z  0 0 0 1 1 1   arm  1 0 0 1 0 1
    osaka     z  0 0 0         arm  0 0 0              nobody of the new arm

1/3 and 2/3 at asan and kurume; share 6/12, odds 1; preferences 1/3 and 2/3; osaka has no score
    the fourth and the seventh, each with 4 and 2 of the old arm, and 2 and 4 of the new one; all in equipoise

Strata cut at 1/2; the patients of each hospital and z die on days 1, 2 and 3, in osaka nobody dies. At beta 0:
    asan    z = 0: arm 0 0 1: score -1/3 - 1/2 + 0 = -5/6, information 2/9 + 1/4
            z = 1: arm 0 1 1: score -2/3,                  information 2/9
    kurume  z = 0: arm 1 0 0: score  2/3,                  information 2/9
            z = 1: arm 1 0 1: score  1/3 - 1/2 + 0 = -1/6, information 2/9 + 1/4
    together -1 and 25/18, and the likelihood of each stratum is 1/3 1/2
"""

from math import log

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.methods.preference import FORMS, PREFERENCE, Preferences
from riskset.analyses.plan import plan
from riskset.analyses.populations import Members
from riskset.rehearsal import Rehearsal

Z = [0, 0, 0, 1, 1, 1]
ROWS = {"asan": (Z, [0, 0, 1, 0, 1, 1]), "kurume": (Z, [1, 0, 0, 1, 0, 1]), "osaka": ([0, 0, 0], [0, 0, 0])}
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "z": {"type": "boolean"},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}


@pytest.fixture
def outcome(patients):
    score = {"covariates": ["z"], "preference": True}
    score["adjustments"] = {"halves": {"method": "strata", "cuts": [0.5]}}
    cox = {"kind": "cox", "endpoints": ["os"], "populations": ["halves"], "univariable": ["arm"]}
    asked = {"score": {"kind": "propensity"}, "cox": cox}
    study = patients.study(tuple(ROWS), analyses=asked, variables=VARIABLES, propensity=score)
    cohorts = {name: cohort(study, name, *rows) for name, rows in ROWS.items()}
    return Rehearsal(study, cohorts, is_gated=False).run()


def cohort(study, name, z, arm):
    n = len(z)
    variables = {"arm": np.array(arm, float), "z": np.array(z, float)}
    days, event = np.tile([1, 2, 3], n // 3), np.full(n, name != "osaka")
    rows = AnalysisSet(days, event, None, variables, np.arange(n))
    of = [set_id.name for set_id in plan(study).sets if set_id.endpoint is None]
    return Cohort(name, {"os": rows} | dict.fromkeys(of, PatientSet(variables, np.arange(n))))


def test_tenths_and_shares_in_equipoise(outcome):
    found = outcome.results[PREFERENCE]
    assert found.by_arm == ((0, 0, 0, 4, 0, 0, 2, 0, 0, 0), (0, 0, 0, 2, 0, 0, 4, 0, 0, 0))
    assert [found.in_equipoise(arm) for arm in (0, 1)] == [6, 6]
    assert [found.share(arm) for arm in (0, 1)] == [1.0, 1.0]
    assert found.smallest_share == 1.0


def test_the_model_is_stratified_by_hospital_and_score(outcome):
    fit = outcome.results["cox/os/halves/univariable/arm"]
    assert (fit.n, fit.events) == (15, 12)
    assert fit.null_log_likelihood == pytest.approx(-4 * log(6), rel=1e-14)
    assert fit.score.chi2 == pytest.approx(18 / 25, rel=1e-12)


def test_shares_of_coarser_intervals_and_of_nobody():
    """Two of the old arm and one of the new below 0.3, three and none in equipoise, none and one above."""
    coarse = Preferences(FORMS[2], ((2, 3, 0), (1, 0, 1)))
    assert ([coarse.in_equipoise(arm) for arm in (0, 1)], coarse.share(0), coarse.smallest_share) == ([3, 0], 0.6, 0.0)
    halves = Preferences(FORMS[3], ((3, 2), (0, 0)))
    assert (halves.share(0), halves.share(1), halves.smallest_share) == (0.6, None, None)


def test_each_form_has_every_tenth_once():
    for form in FORMS:
        assert sorted(tenth for of in form.intervals for tenth in of) == list(range(10))


def test_members_are_kept_with_their_levels():
    kept = Members(np.array([0, 3]), codes={"stratum": np.array([2, -1])})
    read = Members.from_bytes(kept.to_bytes())
    assert (read.patients.tolist(), read.codes["stratum"].tolist()) == ([0, 3], [2, -1])
    assert b"codes" not in Members(np.array([0])).to_bytes()
