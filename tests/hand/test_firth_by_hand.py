"""Firth's penalised likelihood, worked by hand.

F.1: k pairs of patients, each a stratum, x = 0 and 1. Whoever has x = 0 has the event, the other is censored later,
so that the likelihood rises as b falls without end. With q = r/(1 + r), r = e^b, each pair has

    score -q, information q (1 - q), third moment q (1 - q)(1 - 2q)

so that a = 1 - 2q whatever k is, and the penalised score -kq + (1 - 2q)/2 is 0 at q = 1/(2k + 2), r = 1/(2k + 1). With
three pairs q = 1/8, b = -log 7, information 3 * 7/64, penalised log likelihood 3 log(7/8) + log(21/64)/2. At b = 0, q
is 1/2, a is 0: 3 log(1/2) + log(3/4)/2, and the score test is (3/2)^2/(3/4) = 3.

F.2: the six patients of Therneau and Grambsch (2000), appendix E.1, at b = 0. x = 1 has 1/2 of the risk set on day 1,
1/4 on day 6 and 0 on day 9. Of a share q, q(1 - q)(1 - 2q) is 0, 3/32, 0. Breslow has day 6 twice, 3/16; Efron
the second time with a share of 1/6, 5/54: 3/32 + 5/54 = 161/864. The informations are 5/8 and 83/144.
"""

from math import log, sqrt

import numpy as np
import pytest

from riskset.stats import firth, newton
from riskset.stats.cox import evaluate, risk_sets

PAIRS = risk_sets([[0], [1]] * 3, [1, 2] * 3, [True, False] * 3, strata=[0, 0, 1, 1, 2, 2])
SIX = risk_sets([[1], [1], [1], [0], [0], [0]], [1, 1, 6, 6, 8, 9], [True, False, True, True, False, True])


def test_the_separated_pairs_have_a_maximum():
    state = firth.start(1)
    while state.newton.status == "going":
        b = state.newton.beta
        found = evaluate(PAIRS, b)
        state = firth.advance(state, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist())
        if state.here is not None:
            state = firth.penalised(state, firth.third_moments(PAIRS, b, state.weights).tolist())
    end = state.newton
    assert end.status == "ok"
    assert end.beta[0] == pytest.approx(-log(7), rel=1e-12)
    assert sqrt(newton.covariance(end)[0][0]) == pytest.approx(sqrt(64 / 21), rel=1e-9)
    assert end.log_likelihood == pytest.approx(3 * log(7 / 8) + log(21 / 64) / 2, rel=1e-12)
    assert end.null_log_likelihood == pytest.approx(3 * log(1 / 2) + log(3 / 4) / 2, rel=1e-12)
    assert end.score_test == pytest.approx(3)
    assert end.evaluations <= 10


@pytest.mark.parametrize(("ties", "third", "information"), [("breslow", 3 / 16, 5 / 8), ("efron", 161 / 864, 83 / 144)])
def test_the_third_moments_of_six_patients(ties, third, information):
    assert firth.third_moments(SIX, [0.0], [[1.0]], ties) == pytest.approx([third])
    state = firth.start(1)
    found = evaluate(SIX, [0.0], ties)
    state = firth.advance(state, found.log_likelihood, found.score.tolist(), found.upper_triangle.tolist())
    assert np.array(state.weights) == pytest.approx(1 / information)
    score = found.score[0] + third / information / 2
    after = firth.penalised(state, [third / information])
    assert after.newton.beta[0] == pytest.approx(score / information)
