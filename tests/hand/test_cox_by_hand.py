"""Three small data sets worked by hand, as in Therneau and Grambsch (2000), appendix E, then asserted.

With one covariate of whole values, every risk set's sum S0 is a polynomial in r = exp(b), and the log likelihood is
A b - sum_j m_j log(poly_j(r)). A term log(sum_k c_k r^k) has, as a function of b, the mean and the variance of k under
weights c_k r^k as its derivatives. So at r = 1 (b = 0) and at r = 2 (b = log 2) score and information are fractions.
"""

from fractions import Fraction as F
from math import acos, cos, exp, log, sqrt

import pytest

from riskset.stats.cox import evaluate, fit, risk_sets
from riskset.stats.newton import advance, start

# E.1: six patients, two events tied on day 6.
#   day      1   1   6   6   8   9
#   event    1   0   1   1   0   1
#   x        1   1   1   0   0   0
# day 1: all six at risk, 3r + 3; the event has x = 1
# day 6: x = 1 0 0 0 at risk, r + 3; events x = 1 and x = 0, among them r + 1
#        Efron's second denominator: r + 3 - (r + 1)/2 = r/2 + 5/2
# day 9: one at risk, log 1 = 0
SIX = {"X": [[1], [1], [1], [0], [0], [0]], "days": [1, 1, 6, 6, 8, 9], "event": [True, False, True, True, False, True]}
SIX_TERMS = {
    "breslow": (2, [(1, {1: 3, 0: 3}), (2, {1: 1, 0: 3})]),
    "efron": (2, [(1, {1: 3, 0: 3}), (1, {1: 1, 0: 3}), (1, {1: F(1, 2), 0: F(5, 2)})]),
}

# E.2: weights.
#   day      1   1   2   2   2   2   3   4   5
#   event    1   0   1   1   1   0   0   1   0
#   x        2   0   1   1   0   1   0   1   0
#   weight   1   2   3   4   3   2   1   2   1
# day 1: r^2 + 11r + 7; the event gives 2b
# day 2: 11r + 5; events of weight 3, 4 (x = 1) and 3 (x = 0): 7b, total weight 10, mean 10/3, among them 7r + 3
# day 4: 2r + 1; weight 2, x = 1: 2b
WEIGHTED = {
    "X": [[2], [0], [1], [1], [0], [1], [0], [1], [0]],
    "days": [1, 1, 2, 2, 2, 2, 3, 4, 5],
    "event": [True, False, True, True, True, False, False, True, False],
    "weights": [1, 2, 3, 4, 3, 2, 1, 2, 1],
}
WEIGHTED_TERMS = {
    "breslow": (11, [(1, {2: 1, 1: 11, 0: 7}), (10, {1: 11, 0: 5}), (2, {1: 2, 0: 1})]),
    "efron": (
        11,
        [(1, {2: 1, 1: 11, 0: 7}), (2, {1: 2, 0: 1})]
        + [(F(10, 3), {1: 11 - F(7 * k, 3), 0: 5 - F(3 * k, 3)}) for k in range(3)],
    ),
}

# E.3: left truncation, (entry, day].
#   entry    1   2   5   2   1   7   3   4   8   8
#   day      2   3   6   7   8   9   9   9  14  17
#   event    1   1   1   1   1   1   1   0   0   0
#   x        1   0   0   1   0   1   1   1   0   0
# day 2: r + 1, day 3: r + 2, day 6: 3r + 2, days 7 and 8: 3r + 1, day 9: 3r + 2 with two events of x = 1, 2r
#        Efron's second denominator on day 9: 2r + 2; events with x = 1: four
ENTERING = {
    "X": [[1], [0], [0], [1], [0], [1], [1], [1], [0], [0]],
    "entry_days": [1, 2, 5, 2, 1, 7, 3, 4, 8, 8],
    "days": [2, 3, 6, 7, 8, 9, 9, 9, 14, 17],
    "event": [True] * 7 + [False] * 3,
}
ENTERING_EARLY = [(1, {1: 1, 0: 1}), (1, {1: 1, 0: 2}), (1, {1: 3, 0: 2}), (2, {1: 3, 0: 1})]
ENTERING_TERMS = {
    "breslow": (4, [*ENTERING_EARLY, (2, {1: 3, 0: 2})]),
    "efron": (4, [*ENTERING_EARLY, (1, {1: 3, 0: 2}), (1, {1: 2, 0: 2})]),
}

CASES = {
    "six": (SIX, SIX_TERMS),
    "weighted": (WEIGHTED, WEIGHTED_TERMS),
    "entering": (ENTERING, ENTERING_TERMS),
}


def by_hand(events_x, terms, r):
    """Log likelihood (float), score and information (fractions) at exp(b) = r."""
    log_likelihood, score, information = float(events_x) * log(r), F(events_x), F(0)
    for m, poly in terms:
        S0 = sum(c * F(r) ** k for k, c in poly.items())
        mean = sum(k * c * F(r) ** k for k, c in poly.items()) / S0
        score -= m * mean
        information += m * sum((k - mean) ** 2 * c * F(r) ** k for k, c in poly.items()) / S0
        log_likelihood -= float(m) * log(S0)
    return log_likelihood, score, information


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("r", [1, 2])
def test_derivatives_are_the_fractions(case, ties, r):
    data, terms = CASES[case]
    found = evaluate(risk_sets(**data), [log(r)], ties)
    log_likelihood, score, information = by_hand(*terms[ties], r)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-14)
    assert found.score[0] == pytest.approx(float(score), rel=1e-13)
    assert found.information[0, 0] == pytest.approx(float(information), rel=1e-13)


def test_the_fractions_themselves():
    """What the text of E.1 and E.3 gives, so that `by_hand` is not its own witness."""
    assert by_hand(*SIX_TERMS["breslow"], 1)[1:] == (1, F(5, 8))
    assert by_hand(*SIX_TERMS["efron"], 1)[1:] == (F(13, 12), F(83, 144))
    assert by_hand(*ENTERING_TERMS["breslow"], 1)[1:] == (F(-2, 15), F(1, 4) + F(2, 9) + F(18, 25) + F(6, 16))


@pytest.mark.parametrize(("ties", "first"), [("breslow", F(8, 5)), ("efron", F(156, 83))])
def test_newton_goes_from_0_by_the_fraction_score_over_information(ties, first):
    rows = risk_sets(**SIX)
    at_0 = evaluate(rows, [0.0], ties)
    state = advance(start(1), at_0.log_likelihood, at_0.score.tolist(), at_0.upper_triangle.tolist())
    assert state.beta[0] == pytest.approx(float(first), rel=1e-15)
    at_1 = evaluate(rows, state.beta, ties)
    next_state = advance(state, at_1.log_likelihood, at_1.score.tolist(), at_1.upper_triangle.tolist())
    _, score, information = by_hand(*SIX_TERMS[ties], F(*at_ratio(state.beta[0])))
    assert next_state.beta[0] == pytest.approx(float(first + score / information), rel=1e-12)


def at_ratio(b):
    """exp(b) as a fraction, as near as a float can say it."""
    return exp(b).as_integer_ratio()


def test_solution_of_six_patients_by_breslow():
    """U = 2 - r/(r+1) - 2r/(r+3) = 0 is r^2 - 3r - 6 = 0."""
    assert fit([risk_sets(**SIX)], "breslow").beta[0] == pytest.approx(log((3 + sqrt(33)) / 2), rel=1e-14)


def test_solution_of_six_patients_by_efron():
    """U = 2 - r/(r+1) - r/(r+3) - r/(r+5) = 0 is r^3 - 23r - 30 = 0, whose real positive root is Viete's."""
    r = 2 * sqrt(23 / 3) * cos(acos(45 / 23 * sqrt(3 / 23)) / 3)
    assert r**3 - 23 * r - 30 == pytest.approx(0, abs=1e-11)
    assert fit([risk_sets(**SIX)], "efron").beta[0] == pytest.approx(log(r), rel=1e-14)
