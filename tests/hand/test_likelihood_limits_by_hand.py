"""Limits by the profile likelihood, worked by hand.

Twelve pairs of patients, each a stratum, x = 0 and 1; in nine of them whoever has x = 1 has the event, in three the
other. With q = r/(1 + r), r = e^b, the log likelihood is 9 log q + 3 log(1 - q), a binomial's: the estimate is q = 3/4,
b = log 3, and at the limits 9 log(q / (3/4)) + 3 log((1 - q) / (1/4)) = -1.920729. The left side rises up to 3/4; at
1/2 it is -1.570, so that the lower limit is below 1/2 and its b below 0. Both follow by bisection.
"""

from math import exp, log

import pytest

from riskset.stats import likelihood_limits, newton
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.profile_limit import CHI2, at

DAYS = [1 if (x == 1) == (pair < 9) else 2 for pair in range(12) for x in (0, 1)]
PAIRS = risk_sets(
    [[x] for _ in range(12) for x in (0, 1)], DAYS, [day == 1 for day in DAYS], strata=[i // 2 for i in range(24)]
)


def bisected(outside, inside):
    for _ in range(200):
        q = (outside + inside) / 2
        is_inside = 9 * log(q / 0.75) + 3 * log((1 - q) / 0.25) > -CHI2 / 2
        outside, inside = (outside, q) if is_inside else (q, inside)
    return q


def totals(beta):
    found = evaluate(PAIRS, beta)
    return at(beta, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist())


@pytest.mark.parametrize(("direction", "outside"), [(-1.0, 0.01), (1.0, 0.9999)])
def test_the_limits_of_pairs_are_those_of_a_binomial(direction, outside):
    state = newton.start(1)
    while state.status == "going":
        here = totals(state.beta)
        state = newton.advance(state, here.log_likelihood, here.score, [here.information[0][0]])
    assert state.beta[0] == pytest.approx(log(3), rel=1e-12)
    search = likelihood_limits.start(here, 0, (0,), direction)
    while search.status == "searching":
        search = likelihood_limits.advance(search, totals(search.beta))
    r = exp(search.beta[0])
    assert search.status == "found"
    assert r / (1 + r) == pytest.approx(bisected(outside, 0.75), rel=1e-9)
    assert search.evaluations <= 3


def test_two_columns_that_cannot_be_told_apart_have_no_limits():
    same = at((0.0, 0.0), -3.0, [0.0, 0.0], [1.0, 1.0, 1.0])
    assert likelihood_limits.start(same, 0, (0, 1), 1.0).status == "not found"
