"""What follows from a Cox model, worked by hand for the six patients of Therneau and Grambsch (2000), appendix E.1, all
at a coefficient of 0.

    patient    1    2    3    4    5    6
    day        1    1    6    6    8    9
    event      1    0    1    1    0    1
    x          1    1    1    0    0    0

Day 1: six at risk, mean of x 1/2, hazard 1/6. Day 6: four at risk with x = 1 0 0 0, two events. Day 9: one at risk.

Score residuals, Breslow (day 6: mean 1/4, hazard 2/4), in 24ths:
    1:  (1 - 1/2) - (1/2)(1/6)                      10
    2:            - (1/2)(1/6)                      -2
    3:  (1 - 1/4) - (1/2)(1/6) - (3/4)(1/2)          7
    4:  (0 - 1/4) + (1/2)(1/6) + (1/4)(1/2)         -1
    5:              (1/2)(1/6) + (1/4)(1/2)          5
    6:  (0 - 0)   + (1/2)(1/6) + (1/4)(1/2)          5      sum 24: the score is 1

Efron (day 6: the first event at mean 1/4, hazard 1/4; the second, when half of the events' hazard has left, at mean
(1 - 1/2)/(4 - 1) = 1/6, hazard 1/3; an event counts half of the second), in 144ths:
    1:  60   2:  -12
    3:  (1 - 5/24) - 12/144 - (3/4)(1/4) - (1/2)(5/6)(1/3)      114 - 12 - 27 - 20 = 55
    4:  (0 - 5/24) + 12/144 + (1/4)(1/4) + (1/2)(1/6)(1/3)      -30 + 12 +  9 +  4 = -5
    5 and 6:         12/144 + (1/4)(1/4) + (1/6)(1/3)            12 +  9 +  8 = 29  sum 156: the score is 13/12

Weighted by the day, g = 1, 6, 6, 9. The variance of x at risk is 1/4 on day 1, 0 on day 9; on day 6 twice 3/16
(Breslow), 3/16 and 1/6 - 1/36 = 20/144 (Efron).
    score in g x:                1/2 + 6 (3/4 - 1/4) = 7/2    1/2 + 6 (1 - 10/24) = 4
    information with x:          1/4 + 6 (3/8)       = 5/2    1/4 + 6 (47/144)    = 53/24
    information with itself:     1/4 + 36 (3/8)      = 55/4   1/4 + 36 (47/144)   = 12

Concordance with the linear predictor x. Patient 1 has the event before 2 (censored on that day) and 3 to 6, patients 3
and 4 before 5 and 6, but neither before the other:
    patient              1     2     3     4     5     6
    pairs                5     1     3     3     3     3     18 / 2 = 9
    concordant           3     0     2     1     2     2     10 / 2 = 5, none discordant: s = 5/9
    concordant - s n   2/9  -5/9   3/9  -6/9   3/9   3/9     squares 92/81
so that C = (5 + 4/2) / 9 = 7/9, with an error of sqrt(92) / 9 / 9 / 2.
"""

import numpy as np
import pytest

from riskset.analyses.methods.cox_concordance import concordance_of
from riskset.stats.at_events import AtEvents
from riskset.stats.concordance import pairs
from riskset.stats.cox import evaluate, risk_sets

DAYS, EVENT, X = [1, 1, 6, 6, 8, 9], [True, False, True, True, False, True], [[1], [1], [1], [0], [0], [0]]
RESIDUALS = {
    "breslow": np.array([10, -2, 7, -1, 5, 5]) / 24,
    "efron": np.array([60, -12, 55, -5, 29, 29]) / 144,
}


def score_residuals(rows, beta, ties="efron"):
    events = AtEvents.of(rows, beta, ties)
    return events.score_residuals(np.ones(len(events.u)))


@pytest.mark.parametrize("ties", RESIDUALS)
def test_score_residuals(ties):
    rows = risk_sets(X, DAYS, EVENT)
    assert score_residuals(rows, [0.0], ties)[0] == pytest.approx(RESIDUALS[ties], abs=1e-15)
    assert RESIDUALS[ties].sum() == pytest.approx(evaluate(rows, [0.0], ties).score[0], abs=1e-15)


@pytest.mark.parametrize(
    ("ties", "score", "crossed", "own"), [("breslow", 7 / 2, 5 / 2, 55 / 4), ("efron", 4, 53 / 24, 12)]
)
def test_sums_weighted_by_a_function_of_time(ties, score, crossed, own):
    events, g = AtEvents.of(risk_sets(X, DAYS, EVENT), [0.0], ties), np.array([1.0, 6.0, 6.0, 9.0])
    assert events.score_residuals(g).sum() == pytest.approx(score, abs=1e-14)
    assert events.information(g)[0, 0] == pytest.approx(crossed, abs=1e-14)
    assert events.information(g * g)[0, 0] == pytest.approx(own, abs=1e-13)
    assert events.parts_of_information(g * g).sum() == pytest.approx(own, abs=1e-13)


def test_pairs():
    found = pairs(risk_sets(X, DAYS, EVENT), np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))
    assert found.compared.tolist() == [5, 1, 3, 3, 3, 3]
    assert (found.concordant.tolist(), found.discordant.tolist()) == ([3, 0, 2, 1, 2, 2], [0] * 6)
    assert harrell(found, 6) == pytest.approx((7 / 9, 92**0.5 / 162, 9), abs=1e-15)


def harrell(found, n):
    c, d, m = found.concordant, found.discordant, found.compared
    squares = [(a @ b) / n**2 for a, b in ((c - d, c - d), (c - d, m), (m, m))]
    answer = concordance_of([c.sum() / 2, d.sum() / 2, (m - c - d).sum() / 2], squares, n)
    return answer.estimate, answer.se, answer.pairs


def test_nobody_and_no_event_have_residuals_of_nothing():
    assert score_residuals(risk_sets(np.zeros((0, 2)), [], np.zeros(0, bool)), [0.0, 0.0]).shape == (2, 0)
    assert not score_residuals(risk_sets(X, DAYS, [False] * 6), [0.0]).any()
