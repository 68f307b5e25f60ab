"""Laws of limits by the profile likelihood: the deviance there, hospitals and scale."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riskset.stats import likelihood_limits, newton
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.profile_limit import CHI2, at

FEW = settings(max_examples=settings().max_examples // 3)


@FEW
@given(st.integers(0, 10**6))
def test_the_deviance_at_a_limit_with_the_others_at_their_optimum(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(40, 120))
    X = np.column_stack([random.random(n) < 0.5, random.normal(size=n), random.random(n) < 0.4]).astype(float)
    days, event, site = random.integers(1, 30, n), random.random(n) < 0.6, random.integers(0, 3, n)
    estimate, limits, totals = limits_of(X, days, event, site)
    assume(estimate is not None)
    for search in limits:
        assert search.status == "found"
        there = totals(search.beta)
        assert 2 * (estimate.log_likelihood - there.log_likelihood) == pytest.approx(CHI2, abs=1e-7)
        assert all(abs(there.score[k]) < 1e-4 * np.sqrt(there.information[k][k]) for k in (1, 2))
    scaled = limits_of(X * [1.0, 10.0, 1.0], days, event, np.zeros(n, int), strata=site)[1]  # one hospital, 3 strata
    assert [one.beta[0] for one in scaled] == pytest.approx([one.beta[0] for one in limits], rel=1e-7)


def limits_of(X, days, event, site, strata=None):
    """Returns the totals at the estimate, or None, the searches for both limits, and a function of beta to totals."""
    at_site = [site == code for code in np.unique(site)]
    of = np.zeros(len(days), int) if strata is None else strata
    hospitals = [risk_sets(X[own], days[own], event[own], strata=of[own]) for own in at_site]

    def totals(beta):
        found = reduce(add, (evaluate(rows, beta) for rows in hospitals))
        return at(beta, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist())

    state, upper = newton.start(3), np.triu_indices(3)
    while state.status == "going":
        here = totals(state.beta)
        state = newton.advance(state, here.log_likelihood, here.score, np.array(here.information)[upper].tolist())
    if state.status != "ok" or len(state.estimable) < 3:
        return None, (), totals
    searches = []
    for direction in (-1.0, 1.0):
        search = likelihood_limits.start(here, 0, state.estimable, direction)
        while search.status == "searching":
            search = likelihood_limits.advance(search, totals(search.beta))
        searches.append(search)
    return here, searches, totals
