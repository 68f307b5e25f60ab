"""The log-rank test by site and further variables: what it sums, what it waives, and what a study may ask."""

import numpy as np
import pytest

from riskset.errors import DataError
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.stats.log_rank import log_rank
from riskset.study.load import parse_study

SITES = ("asan", "kurume", "osaka")
ASKED = {"survival": {"kind": "km", "endpoints": ["os"], "strata": ["stage"], "rho": 1}}


def results(study, cohorts, **more):
    outcome = Rehearsal(study, cohorts, **more).run()
    return {entry.id: entry_json(entry) for entry in results_of(study, outcome, SITES).entries}


@pytest.fixture(scope="module")
def dealt(patients):
    rows, sites = patients.rows(3, 240), patients.sites(SITES, 240)
    return rows, sites


def test_it_is_that_of_the_pooled_rows_in_their_strata(patients, dealt):
    rows, sites = dealt
    found = results(patients.study(SITES, analyses=ASKED), patients.deal(rows, sites))["km/os/all"]
    code = np.unique(sites, return_inverse=True)[1] * 3 + rows.variables["stage"].astype(int)
    truth = log_rank(rows.days, rows.event, rows.variables["arm"].astype(int), 2, strata=code, rho=1.0)
    assert (found["rho"], found["strata"]) == (1, ["stage"])
    for key, values in (("observed", truth.observed), ("expected", truth.expected), ("variance", truth.variance)):
        # each number is rounded to 2^-64 at each site
        np.testing.assert_allclose(found["log_rank_by_strata"][key], values, rtol=1e-12)
    assert found["log_rank_by_strata"]["chi2"] == pytest.approx(truth.test().chi2, rel=1e-11)
    assert found["log_rank_by_site"]["chi2"] != pytest.approx(truth.test().chi2, rel=1e-3)


def test_a_rare_level_costs_this_test_and_not_the_arms(patients, dealt):
    """Four patients of stage III: R4 refuses the level, and everything else is made."""
    rows, sites = dealt
    stage = np.minimum(rows.variables["stage"], 1.0)
    stage[:4] = 2.0
    rare = type(rows)(rows.days, rows.event, None, {**rows.variables, "stage": stage})
    found = results(patients.study(SITES, analyses=ASKED), patients.deal(rare, sites))["km/os/all"]
    assert found["status"] == "ok"
    assert found["log_rank_by_strata"] is None
    assert found["strata_reason"]["rule"] == "R4"
    assert len(found["arms"]) == 2
    assert found["log_rank_by_site"]["df"] == 1


STUDY = """
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = { name = "Asan" }
[variables]
arm = { type = "category", levels = ["old", "new"] }
age = { type = "number", range = [0, 100] }
days = { type = "number", range = [0, 5000] }
dead = { type = "boolean" }
[time]
grid = { width_days = 28, max_days = 2520 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
survival = { kind = "km", endpoint = "os", ENTRY }
"""
COMPARISON = '[comparison]\narm = "arm"\nreference = "old"\n'


def problems(entry, comparison=COMPARISON):
    with pytest.raises(DataError) as refused:
        parse_study(STUDY.replace("[time]", f"{comparison}[time]").replace("ENTRY", entry))
    return " ".join(f"{problem.where} {problem.message}" for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('strata = ["age"]', "age"),
        ('strata = ["arm"]', "stratum"),
        ('strata = ["nobody"]', "nobody"),
        ("rho = -1", "rho"),
        ("rho = 2", "rho is 0, 0.5 or 1"),
    ],
)
def test_what_cannot_be_strata_is_refused(entry, said):
    assert said in problems(entry)


def test_weights_need_arms():
    assert "no [comparison]" in problems("rho = 1", comparison="")
