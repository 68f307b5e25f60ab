"""Two events, four patients: the profile likelihood of a separated column as a square root.

    day      1   2   3   3
    event    1   1   0   0
    z        0   0   1   1
With r = exp(b): l = -log(2 + 2r) - log(1 + 2r), which rises to -log 2 as b falls. So 2 (l_sup - l) = c is
(1 + r)(1 + 2r) = K with K = exp(c / 2): 2 r^2 + 3 r + 1 - K = 0.
"""

from math import exp, log, sqrt

import pytest

from riskset.stats import newton, profile_limit
from riskset.stats.cox import evaluate, risk_sets

CHI2_95 = 3.841458820694124
HR = (sqrt(9 - 8 * (1 - exp(CHI2_95 / 2))) - 3) / 4


def solve(z, days=(1, 2, 3, 3), event=(True, True, False, False), ties="efron"):
    rows = risk_sets([[x] for x in z], days, event)
    state, known = newton.start(1), []
    while state.status == "going":
        totals = totals_at(rows, state.beta, ties)
        known.append(profile_limit.at(state.beta, *totals))
        state = newton.advance(state, *totals)
    assert (state.status, state.separated) == ("separated", (0,))
    search = profile_limit.start(0, state.estimable, known)
    while search.is_going:
        search = profile_limit.advance(search, profile_limit.at(search.beta, *totals_at(rows, search.beta, ties)))
    return search


def totals_at(rows, beta, ties):
    found = evaluate(rows, beta, ties)
    return found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist()


def test_the_fraction_of_the_text():
    product = (1 + HR) * (1 + 2 * HR)
    assert product == pytest.approx(exp(CHI2_95 / 2), rel=1e-14)


def test_a_level_without_events_has_an_upper_limit():
    found = solve([0, 0, 1, 1])
    assert (found.status, found.direction) == ("found", -1.0)
    assert found.supremum == pytest.approx(-log(2), abs=1e-9)
    assert found.beta[0] == pytest.approx(log(HR), abs=1e-9)


def test_the_other_coding_has_the_mirrored_lower_limit():
    found = solve([1, 1, 0, 0])
    assert (found.status, found.direction) == ("found", 1.0)
    assert found.beta[0] == pytest.approx(-log(HR), abs=1e-9)


@pytest.mark.parametrize(("ties", "sup"), [("breslow", -2 * log(2)), ("efron", -log(2))])
def test_both_events_on_one_day(ties, sup):
    """Breslow: l = -2 log(2 + 2r), r = sqrt(K) - 1. Efron: l = -log(2 + 2r) - log(1 + 2r), as on two days."""
    found = solve([0, 0, 1, 1], days=(1, 1, 3, 3), ties=ties)
    r = exp(CHI2_95 / 4) - 1 if ties == "breslow" else HR
    assert found.supremum == pytest.approx(sup, abs=1e-9)
    assert found.beta[0] == pytest.approx(log(r), abs=1e-9)


def test_equal_gaps_in_a_number():
    """x = 3, 2, 1, 0 leaving in that order, the last censored: l = -sum over k = 1..3 of log(1 + q + ... + q^k)."""
    found = solve([3, 2, 1, 0], days=(1, 2, 3, 4), event=(True, True, True, False))
    q = exp(-found.beta[0])
    loss = log(1 + q) + log(1 + q + q**2) + log(1 + q + q**2 + q**3)
    assert 2 * loss == pytest.approx(CHI2_95, abs=1e-8)
    assert (found.status, found.supremum) == ("found", pytest.approx(0, abs=1e-9))
