"""Limits by the profile likelihood and the rules: R5 counts all points of a model, and what is left has Wald limits."""

import pytest

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset.results.document import entry_json
from riskset_report import report_of

SITES = ("asan", "kurume", "osaka")
MODEL = "cox/os/all/multivariable"
ASKED = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}


@pytest.fixture(scope="module")
def run(patients):
    """Returns a function that makes the model in 240 patients, with at most so many evaluations at each site."""
    dealt = patients.deal(patients.rows(3, 240), patients.sites(SITES, 240))

    def run(most=12, spread="3", **more):
        study = patients.study(SITES, analyses={"cox": ASKED | more})
        limits = {site: {"R5.evaluations": str(most), "R7.spread": spread} for site in SITES}
        outcome = Rehearsal(study, dealt, limits=limits).run()
        return study, outcome, results_of(study, outcome, SITES)

    return run


def terms_of(results):
    (entry,) = results.entries
    return entry_json(entry)["terms"]


def test_all_points_of_a_model_are_counted_together(run):
    _, _, plain = run()
    _, outcome, results = run(profile_limits=["arm"])
    fit = outcome.results[MODEL]
    assert isinstance(fit, CoxFit)
    needed, of_fit = fit.iterations, plain.entries[0].result.iterations
    assert of_fit + 4 <= needed <= 12
    (arm, age), (wald, same) = terms_of(results), terms_of(plain)
    assert (arm["limits"], age) == ("profile", same)
    assert arm["lower"] != wald["lower"]
    assert "limits by the profile likelihood" in str(report_of(results))
    last = [(most, terms_of(run(most, profile_limits=["arm"])[2])[0]) for most in (needed, needed - 1)]
    assert [term["limits"] for _, term in last] == ["profile", "wald"]
    cut = last[1][1]
    assert (cut["lower"], cut["upper"]) == (wald["lower"], wald["upper"])
    assert "all that rule R5 allows" in cut["limits_reason"]["message"]


def test_a_refused_point_leaves_the_fit(run):
    """At the fit the linear predictors of a site spread by .29, at the arm's lower limit by .42."""
    _, _, results = run(spread="0.35", profile_limits=["arm"])
    arm = terms_of(results)[0]
    assert (arm["limits"], arm["lower"]) == ("wald", terms_of(run()[2])[0]["lower"])
    assert arm["limits_reason"]["message"].startswith("rule R7 refuses the next point")
    assert "limits not by the profile likelihood: rule R7" in str(report_of(results))
