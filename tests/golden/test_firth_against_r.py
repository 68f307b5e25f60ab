"""Firth's penalised Cox model equals the maximum of l + log|I|/2 that R finds: `firth.R` where a column separates,
through the whole protocol in memory; `more/oracle_more.R` over lung, as a study, and the arm alone in each data set.
The study asks for limits by the profile likelihood too.

R's gradient is numerical, so coefficients agree to 1e-6 standard errors; that ours is the maximum to 1e-9 is held
against the equation that defines it (`tests/hand/test_firth_by_hand.py`, `tests/laws/test_firth_laws.py`).
"""

import csv
import json
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
from tests.golden.separated_rows import cohorts_of, study_of
from tests.golden.study_text import study_text

from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.stats import firth
from riskset.stats.cox import evaluate, risk_sets

HERE = Path(__file__).parent
STUDY = study_text(
    """\
age     = { type = "number", unit = "year", range = [18, 100], step = 1 }
ph_ecog = { type = "number", range = [0, 4], step = 1, required = false }
wt_loss = { type = "number", unit = "lb", range = [-60, 120], step = 1, required = false }
""",
    """\
[analyses.cox]
kind = "cox"
endpoint = "os"
univariable = ["trt"]
multivariable = ["trt", "age", "ph_ecog", "wt_loss"]
firth = true
[analyses.limits]
kind = "cox"
endpoint = "os"
multivariable = ["trt", "age", "ph_ecog", "wt_loss"]
profile_limits = ["trt"]
""",
)


def answers_of(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def agree(terms, r):
    for term in terms:
        coef, se = r["coef"][term["variable"]], r["se"][term["variable"]]
        assert abs(term["coef"] - coef) < 1e-6 * se
        assert term["se"] == pytest.approx(se, rel=1e-6)


@pytest.fixture(scope="module", params=["efron", pytest.param("breslow", marks=pytest.mark.exhaustive)])
def separated(request):
    """Returns the results of the models of `separated.json`, by the name R has for them, and R's."""
    cohorts = cohorts_of(answers_of("separated.json")["data"])
    study = study_of(cohorts, request.param, firth=True)
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    found = results_json(results_of(study, outcome, sorted(cohorts)))["results"]
    named = {f"{one['analysis']}{'_alone' if one['model'] == 'univariable' else ''}": one for one in found}
    return named, answers_of("firth.json")[request.param]


def test_a_separated_column_has_the_coefficient_of_r(separated):
    found, r = separated
    assert set(found) == set(r)
    for name, model in found.items():
        assert (model["status"], model["firth"]) == ("ok", True)
        agree(model["terms"], r[name])
        assert model["log_likelihood"]["fitted"] == pytest.approx(r[name]["penalised"], rel=1e-9)
        assert model["log_likelihood"]["null"] == pytest.approx(r[name]["penalised_at_0"], rel=1e-9)
        chi2 = 2 * (r[name]["penalised"] - r[name]["penalised_at_0"])
        assert model["tests"]["likelihood_ratio"]["chi2"] == pytest.approx(chi2, abs=1e-6)
        assert model["iterations"] <= 12  # as many as R5 lets a model have


@pytest.fixture(scope="module")
def lung(tries_by_site, csv_of):
    with csv_of("lung").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ph_ecog"] and row["wt_loss"]]
    return tries_by_site(STUDY, rows)


@pytest.mark.exhaustive
def test_lung_as_a_study(lung):
    r = answers_of("more/lung.json")["firth_strata_site"]
    alone, together, _ = lung
    agree(alone["terms"], r["trt"]["efron"])
    agree(together["terms"], r["full"]["efron"])
    assert alone["log_likelihood"]["fitted"] == pytest.approx(r["trt"]["efron"]["penalised_loglik"], rel=1e-9)
    assert together["log_likelihood"]["fitted"] == pytest.approx(r["full"]["efron"]["penalised_loglik"], rel=1e-9)


def test_profile_limits_of_lung_as_a_study(lung):
    model, r = lung[2], answers_of("more/lung.json")["profile_trt"]
    arm, *others = model["terms"]
    assert arm["limits"] == "profile"
    assert [np.log(arm["lower"]), np.log(arm["upper"])] == pytest.approx([r["lower"], r["upper"]], abs=1e-9)
    assert model["iterations"] <= 12  # as many as R5 lets a model have
    assert all("limits" not in term for term in others)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_arm_alone_in_each_data_set(golden, request, ties):
    name = request.node.callspec.params["golden"]
    if name == "rhdnase":
        pytest.skip("R has no such answer over rhdnase")
    r = answers_of(f"more/{name}.json")["firth_strata_site"]["trt"][ties]
    sites = [golden.site_codes == code for code in range(len(golden.sites))]
    hospitals = [risk_sets(golden.X(["trt"])[own], golden.days[own], golden.event[own]) for own in sites]
    state = firth.start(1)
    while state.newton.status == "going":
        b = state.newton.beta
        total = reduce(add, (evaluate(rows, b, ties) for rows in hospitals))
        state = firth.advance(state, total.log_likelihood, total.score.tolist(), total.upper_triangle.tolist())
        third = sum(firth.third_moments(rows, b, state.weights, ties) for rows in hospitals)
        state = firth.penalised(state, third.tolist())
    assert state.newton.status == "ok"
    assert abs(state.newton.beta[0] - r["coef"]["trt"]) < 1e-6 * r["se"]["trt"]
    assert state.newton.log_likelihood == pytest.approx(r["penalised_loglik"], rel=1e-9)
