"""Laws of the weighted log-rank test: a factor on all weights changes nothing; with weights of 1 it is nearly the
log-rank test, since the squares add up to nearly the information; whom each hospital has decides by strata only."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume")
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "age"}
N = 300


@pytest.fixture(scope="module")
def of_weights(patients):
    """Returns a function from the weights of the patients, (n,), to the model and its weighted log-rank test."""
    study = patients.study(SITES, analyses={"cox": COX})

    def of_weights(weights, seed=3):
        rows = replace(patients.rows(seed, N), weights=weights)
        cohorts = patients.deal(rows, patients.sites(SITES, N))
        for name, cohort in cohorts.items():
            own = cohort.analysis_sets["os"]
            here = weights[patients.sites(SITES, N) == name]
            sets = {"os": replace(own, weights=None), "os weighted by age": replace(own, weights=here)}
            cohorts[name] = replace(cohort, analysis_sets=sets)
        results = Rehearsal(study, cohorts, is_gated=False).run().results
        return results["cox/os/all/multivariable"], results["cox/os/all/multivariable/robust_score"].test

    return of_weights


@settings(max_examples=max(1, settings().max_examples // 10))  # each is two runs
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_a_factor_changes_nothing(of_weights, seed, factor):
    weights = np.random.default_rng(seed).uniform(0.2, 3, N)
    (_, one), (_, other) = of_weights(weights), of_weights(factor * weights)
    # sums hold 64 binary places; the score is a difference of terms of order n
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_with_weights_of_1_it_is_nearly_the_log_rank_test(of_weights, seed):
    """Under no effect the squares have the information as their mean; 300 patients have some 200 events, so that their
    sum is within a tenth or so of it."""
    fit, test = of_weights(np.ones(N), seed)
    assert test.chi2 == pytest.approx(fit.score.chi2, rel=0.25)
