"""Cumulative incidence, Gray's test and the weights of Fine and Gray for six patients, in fractions.

day     1   2   2   3   4   5
cause   1   2   0   1   0   1     (0 censored, 1 the event, 2 the competing one)
arm     0   1   0   1   0   1
"""

from fractions import Fraction as F

import numpy as np
import pytest

from riskset.stats.competing_risks import aalen_johansen, count_causes, gray
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.subdistribution import weighted_rows

DAYS = np.array([1, 2, 2, 3, 4, 5])
CAUSE = np.array([1, 2, 0, 1, 0, 1])
ARM = np.array([0, 1, 0, 1, 0, 1])


def counts(arm=ARM, arms=2):
    return count_causes(CAUSE, arm, arms, 2, DAYS, 6)


def test_counts():
    found = counts()
    assert found[0].tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 1, 0]]
    assert found[1].tolist() == [[0, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]]


def test_incidence():
    """S is 1, 5/6, 2/3, 4/9 just before days 1, 2, 3, 5. F1: 1/6; + 2/3 1/3 = 7/18; + 4/9 = 5/6. F2: 5/6 1/5 = 1/6."""
    (of_all,) = counts(np.zeros(6, int), 1)
    found = aalen_johansen(of_all[:2], of_all[2], np.arange(6))
    assert found.day.tolist() == [1, 2, 3, 4, 5]
    assert found.at_risk.tolist() == [6, 5, 3, 2, 1]
    assert found.estimate[0] == pytest.approx([1 / 6, 1 / 6, 7 / 18, 7 / 18, 5 / 6], rel=1e-15)
    assert found.estimate[1] == pytest.approx([0, 1 / 6, 1 / 6, 1 / 6, 1 / 6], rel=1e-15)


def test_error_until_somebody_is_censored():
    """Nobody is censored before day 2, so until its events F is a share of six patients: variance 1/6 5/6 / 6."""
    (of_all,) = counts(np.zeros(6, int), 1)
    found = aalen_johansen(of_all[:2], of_all[2], np.arange(6))
    assert found.std_error[0][:2] == pytest.approx([np.sqrt(5 / 216)] * 2, rel=1e-14)
    assert found.std_error[1][:2] == pytest.approx([0, np.sqrt(5 / 216)], rel=1e-14)


def test_error_on_day_3():
    """F1(3) = 1/n d + S(2) d3/n3. Its derivatives for the weights of the patients, with S(2) = 2/3 and d3/n3 = 1/3:

    day 1: of d1/n 5/36; 1/3 of that of S: -2/15 ... worked out below as a sum of products of fractions.
    """
    shares = [(F(1, 6), 0, 6), (0, F(1, 5), 5), (F(1, 3), 0, 3)]  # hazards of the two causes on days 1 to 3, at risk
    derivatives = []
    for i in range(6):
        of_S, of_F, S = F(0), F(0), F(1)
        for day, (one, two, n) in enumerate(shares, start=1):
            at_risk, ends = DAYS[i] >= day, DAYS[i] == day
            d_one = ((1 if ends and CAUSE[i] == 1 else 0) - (one if at_risk else 0)) / F(n)
            d_two = ((1 if ends and CAUSE[i] == 2 else 0) - (two if at_risk else 0)) / F(n)
            of_F += of_S * one + S * d_one
            of_S = of_S * (1 - one - two) - S * (d_one + d_two)
            S *= 1 - one - two
        derivatives.append(of_F)
    (of_all,) = counts(np.zeros(6, int), 1)
    found = aalen_johansen(of_all[:2], of_all[2], np.arange(6))
    assert sum(derivatives) == 0
    assert found.std_error[0][2] == pytest.approx(float(sum(d * d for d in derivatives)) ** 0.5, rel=1e-14)


def test_grays_score():
    """R = n (1 - F1(t-))/S(t-) by arm. Day 1: 3, 3. Day 3: arm 0 has n = 1, F1 = 1/3, S = 2/3, so R = 1; arm 1 has
    n = 2, F1 = 0, S = 2/3, so R = 3. Day 5: arm 1 alone. Score of arm 1: (0 - 1/2) + (1 - 3/4) + 0 = -1/4."""
    found = counts()
    test = gray(found[:, 0], found[:, 1], found[:, 2])
    assert test.df == 1
    d1 = found[:, 0].astype(float)
    score = -F(1, 2) + 1 - F(3, 4)
    assert score == F(-1, 4)
    variance = float(score) ** 2 / test.chi2  # that of R, which the golden test checks
    assert 0 < variance < d1.sum()


def test_weights():
    """Censoring: on day 2 one of the four at risk after its event leaves, G = 3/4; on day 4 one of two, G = 3/8. The
    patient of day 2 with the competing event stays: weight 1 to day 2, 3/4 to day 4, 3/8 to the last event on day 5."""
    found = weighted_rows(DAYS, CAUSE)
    own = found.row == 1
    assert found.entry_days[own].tolist() == [-1, 2, 4]
    assert found.days[own].tolist() == [2, 4, 5]
    assert found.weights[own] == pytest.approx([1, 3 / 4, 3 / 8], rel=1e-15)
    assert not found.event[own].any()
    assert sorted(found.row[~own].tolist()) == [0, 2, 3, 4, 5]
    assert found.weights[~own].tolist() == [1] * 5


def test_score_of_fine_and_gray_at_0():
    """Events at days 1, 3, 5 in arms 0, 1, 1. Shares of arm 1 among those at risk: 3/6; (2 + 3/4)/(3 + 3/4) = 11/15;
    (1 + 3/8)/(1 + 3/8) = 1. Score: 2 - 1/2 - 11/15 - 1 = -7/30."""
    parts = weighted_rows(DAYS, CAUSE)
    rows = risk_sets(
        ARM[parts.row][:, None], parts.days, parts.event, entry_days=parts.entry_days, weights=parts.weights
    )
    found = evaluate(rows, [0.0])
    assert found.score == pytest.approx([-7 / 30], rel=1e-14)
    assert found.information[0] == pytest.approx([1 / 4 + (11 / 15) * (4 / 15)], rel=1e-14)
    assert found.log_likelihood == pytest.approx(-np.log(6) - np.log(15 / 4) - np.log(11 / 8), rel=1e-14)


def test_late_entry():
    """Four patients enter after day 0, 0, 2 and 1, and leave on day 2 (cause 1), 4 (cause 2), 3 (cause 1) and 5.

    The third is not at risk on day 2: 3, 3, 2 and 1 are at risk on days 2 to 5, and S is 1, 2/3, 4/9, 2/9 before them.
    F1 = 1/3, then + 2/3 1/3 = 5/9; F2 = 4/9 1/2 = 2/9 on day 4. Variances, with g = (F later - F)/(1 - h):
    F1 on day 3: 4/9 2/9 / 3, and of day 2 with g = 1/3: 2/9 / 3 - 2 (2/9)/3 g + 2/9 / 3 g^2. Together 16/243.
    F2 on day 4: 16/81 1/4 / 2, and of days 2 and 3 with g = 1/3 each: 2/9 / 3 g^2. Together 10/243.
    """
    events, censored = np.array([[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]]), np.array([0, 0, 0, 0, 0, 1])
    found = aalen_johansen(events, censored, np.arange(6), np.array([2, 1, 1, 0, 0, 0]))
    assert found.at_risk.tolist() == [3, 3, 2, 1]
    assert found.estimate[0] == pytest.approx([1 / 3, 5 / 9, 5 / 9, 5 / 9], rel=1e-15)
    assert found.estimate[1] == pytest.approx([0, 0, 2 / 9, 2 / 9], rel=1e-15)
    assert found.std_error[0][1] ** 2 == pytest.approx(16 / 243, rel=1e-14)
    assert found.std_error[1][2] ** 2 == pytest.approx(10 / 243, rel=1e-14)
