"""A propensity score by Firth's penalised likelihood, through the rounds of a run: it is the fit of `logistic_firth`,
which is checked against R."""

import numpy as np
import pytest

from riskset.analyses.analysis import has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.stats import logistic, logistic_firth, newton

SITES = ("asan", "kurume", "osaka")
COVARIATES = ("age", "stage")


@pytest.fixture(scope="module", params=["profiled", "none"])
def run(request, patients):
    """Returns the rows by site, whether sites have their own intercepts, and the results."""
    score = {"covariates": list(COVARIATES), "firth": True, "site": request.param}
    asked = {"score": {"kind": "propensity"}}
    study = patients.study(SITES, analyses=asked, propensity=score)
    dealt = patients.deal(patients.rows(7, 240), patients.sites(SITES, 240))
    rows = {name: cohort.analysis_sets["os"] for name, cohort in dealt.items()}
    cohorts = {
        name: Cohort(name, {"os": of} | {s.name: PatientSet(of.variables, of.patients) for s in plan(study).sets})
        for name, of in rows.items()
    }
    return rows, request.param == "profiled", Rehearsal(study, cohorts).run().results


def design(rows, *, is_own):
    stage = rows.variables["stage"]
    columns = [rows.variables["age"], stage == 1, stage == 2]
    return np.column_stack(columns if is_own else [np.ones(rows.n), *columns]).astype(float)


def test_coefficients_and_errors_are_those_of_the_fit_on_all_rows(run):
    rows, is_own, results = run
    hospitals = [
        logistic.rows(design(of, is_own=is_own), of.variables["arm"] == 1, has_own_intercept=is_own)
        for of in rows.values()
    ]
    end = logistic_firth.fit(hospitals).newton
    fit = results["propensity"]
    assert has_result(fit)
    se = np.sqrt(np.diag(np.array(newton.covariance(end))))
    assert [term.coef for term in fit.terms.terms] == pytest.approx(end.beta, abs=1e-8 * se.min())
    assert [term.se for term in fit.terms.terms] == pytest.approx(se, rel=1e-7)


def test_with_an_intercept_of_its_own_scores_of_a_hospital_add_up_to_its_patients_of_the_arm(run):
    """But for the penalty, which draws them towards one half: by less than a patient."""
    rows, is_own, results = run
    if is_own:
        for of in rows.values():
            scores = results["propensity"].scores(of).probability
            assert 0.0 < abs(scores.sum() - of.variables["arm"].sum()) < 1.0


def test_the_spread_of_the_scores_is_that_of_all_patients(run):
    """Taken as if the scores added up to the number treated, it is another one."""
    rows, _, results = run
    fit = results["propensity"]
    scores = np.concatenate([fit.scores(of).probability for of in rows.values()])
    assert fit.sd_probability == pytest.approx(scores.std(ddof=1), rel=1e-9)
