"""Weights from a score, balance and pairs, worked by hand on seven patients:

    patient       0     1     2     3     4     5     6
    arm           1     1     1     0     0     0     0
    probability  4/5   1/2   1/4   3/4   1/2   1/3   1/5      of the treated arm
    x             1     2     6     4     0     2     2

ate:       5/4 2 4 | 4 2 3/2 5/4         treated 29/4, others 35/4, squares 345/16 and 381/16 (16 + 4 + 9/4 + 25/16)
att:       1 1 1   | 3 1 1/2 1/4
overlap:   1/5 1/2 3/4 | 3/4 1/2 1/3 1/5
matching:  1/4 1 1 | 1 1 1/2 1/4         min(p, 1-p) over the probability of the own arm
x before: treated mean 3, variance (4 + 1 + 9)/2 = 7; others mean 2, variance (4 + 4)/3 = 8/3.
x by att: treated 3, others (12 + 0 + 1 + 1/2)/(19/4) = 54/19, difference 3/19. The weighted variance of the others:
v = 12 4 2 1 of 19, mean square (12*16 + 2*4 + 4)/19 = 204/19, minus (54/19)^2 = 960/361; 1 - 165/361 = 196/361, the
squares 144 + 16 + 4 + 1: 960/196. The ratio is 7 * 196/960.
Pairs: the treated 4/5 is above all four; 1/2 above 1/3 and 1/5, equal to one; 1/4 above 1/5: 7 and 1 tied of 12.
"""

from math import log, sqrt

import numpy as np
import pytest

from riskset.stats import auc, preference
from riskset.stats.balance import balance, sums
from riskset.stats.balancing_weights import effective_size, kept, truncated, weights
from riskset.stats.two_means import CONTROL, POOLED, TREATED

ARM = np.array([True] * 3 + [False] * 4)
P = np.array([4 / 5, 1 / 2, 1 / 4, 3 / 4, 1 / 2, 1 / 3, 1 / 5])
LOGIT = np.log(P / (1 - P))
X = np.array([1, 2, 6, 4, 0, 2, 2], float)[:, None]


@pytest.mark.parametrize(
    ("estimand", "expected"),
    [
        ("ate", [5 / 4, 2, 4, 4, 2, 3 / 2, 5 / 4]),
        ("ate_stab", [15 / 28, 6 / 7, 12 / 7, 16 / 7, 8 / 7, 6 / 7, 5 / 7]),
        ("att", [1, 1, 1, 3, 1, 1 / 2, 1 / 4]),
        ("overlap", [1 / 5, 1 / 2, 3 / 4, 3 / 4, 1 / 2, 1 / 3, 1 / 5]),
        ("matching", [1 / 4, 1, 1, 1, 1, 1 / 2, 1 / 4]),
    ],
)
def test_weights(estimand, expected):
    assert weights(estimand, ARM, LOGIT, 3 / 7) == pytest.approx(expected, rel=1e-14)


def test_effective_sizes():
    treated, others = sums(X, ARM, weights("ate", ARM, LOGIT))
    assert treated.effective_size == pytest.approx((29 / 4) ** 2 / (345 / 16))
    assert others.effective_size == pytest.approx((35 / 4) ** 2 / (381 / 16))
    assert effective_size(0.0, 0.0) == 0.0


def test_balance_with_the_spread_before_adjustment():
    before, after = sums(X, ARM), sums(X, ARM, weights("att", ARM, LOGIT))
    [unadjusted], [adjusted] = balance(before, before), balance(before, after)
    assert unadjusted.differences[POOLED] == pytest.approx(1 / sqrt((7 + 8 / 3) / 2))
    assert unadjusted.variance_ratio == pytest.approx(21 / 8)
    assert adjusted.differences == {
        POOLED: pytest.approx(3 / 19 / sqrt((7 + 8 / 3) / 2)),
        TREATED: pytest.approx(3 / 19 / sqrt(7)),
        CONTROL: pytest.approx(3 / 19 / sqrt(8 / 3)),
    }
    assert adjusted.variance_ratio == pytest.approx(7 * 196 / 960)


def test_sums_of_two_hospitals_add():
    w = weights("ate", ARM, LOGIT)
    first = np.array([True, False, True, True, False, False, True])
    whole, parts = sums(X, ARM, w), [sums(X[at], ARM[at], w[at]) for at in (first, ~first)]
    [together], [apart] = balance(whole, whole), balance((parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]), whole)
    assert apart.differences[POOLED] == pytest.approx(together.differences[POOLED])


def test_what_has_no_spread_or_nobody_is_unknown():
    same = np.full((7, 1), 0.3)
    [constant] = balance(sums(same, ARM), sums(same, ARM, weights("ate", ARM, LOGIT)))
    assert set(constant.differences.values()) == {None}
    assert constant.variance_ratio is None
    nobody = sums(X, ARM, np.where(ARM, 0.0, 1.0))
    [left] = balance(sums(X, ARM), nobody)
    assert (set(left.differences.values()), left.variance_ratio) == ({None}, None)


def test_trimming_keeps_its_ends_and_truncation_is_at_a_multiple_of_the_mean():
    assert kept(np.array([0.1, 0.09, 0.9, 0.91]), 0.1, 0.9).tolist() == [True, False, True, False]
    assert truncated(np.array([1.0, 2.0, 6.0]), 1.5, 3.0).tolist() == [1.0, 2.0, 4.5]


def test_pairs_and_their_area():
    found = auc.pairs(P, ARM)
    assert (found.compared, found.concordant, found.tied) == (12, 7, 1)
    assert found.auc == 7.5 / 12
    assert auc.pairs(P[:3], ARM[:3]) + auc.pairs(P[3:], ARM[3:]) == auc.Pairs(0, 0, 0)
    assert auc.Pairs(0, 0, 0).auc is None


def test_preference_scores():
    """Of 3 treated and 4 others, a propensity of 3/7 is a preference of 1/2, and odds of r times that r/(1 + r)."""
    logit = np.log(3 / 4) + np.array([0, log(3), log(1 / 9), log(4), 0, log(19), -800])
    score = preference.preference(logit, 3, 4)
    assert score == pytest.approx([1 / 2, 3 / 4, 1 / 10, 4 / 5, 1 / 2, 19 / 20, 0], abs=1e-15)
    bins = preference.by_bin(score + 1e-12, ARM)
    assert bins.tolist() == [[1, 0, 0, 0, 0, 1, 0, 0, 1, 1], [0, 1, 0, 0, 0, 1, 0, 1, 0, 0]]
    assert preference.equipoise(bins) == [1 / 4, 1 / 3]
    assert preference.by_bin(np.ones(7), ARM)[:, -1].tolist() == [4, 3]
    assert preference.equipoise(bins * 0) == [None, None]


def test_wrong_weights():
    for wrong in (None, 0.0, 1.0):
        with pytest.raises(ValueError, match="share"):
            weights("ate_stab", ARM, LOGIT, wrong)
    with pytest.raises(ValueError, match="one of"):
        weights("other", ARM, LOGIT)
    with pytest.raises(ValueError, match="beyond"):
        weights("ate", ARM, np.full(7, -800.0))
