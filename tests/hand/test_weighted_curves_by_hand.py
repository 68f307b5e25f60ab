"""Averaged weights and the curve by them, worked out by hand: six patients, blocks of two.

Days, events and weights, by day:

    day     1    2    3    4    5    6
    event   yes  yes  no   yes  no   no
    weight  1    2    1    3    2    1

The events of days 1 and 2 are a block, and the third event falls to it, since one patient alone has too few: the block
has weights of 1 + 2 + 3 = 6 and the average 2. The censorings of days 3 and 5 are a block, with that of day 6: weights
of 1 + 2 + 1 = 4, average 4/3. So at risk are 3 x 2 + 3 x 4/3 = 10 on day 1, 8 on day 2, 6 - 4/3 = 14/3 on day 4, and

    S(1) = 1 - 2/10 = 4/5,  S(2) = 4/5 (1 - 2/8) = 3/5,  S(4) = 3/5 (1 - 2 / (14/3)) = 12/35.

After day 2, who has the event on day 1 changes S by -3/5 (1/(10 - 2)) per weight beyond what is at risk: with the sums
2/(10 x 8) = 1/40 of day 1 and 2/(8 x 6) = 1/24 of day 2, the derivatives are -3/5 (1/8 - 1/40) = -3/50 on day 1,
-3/5 (1/6 - 1/40 - 1/24) = -3/50 on day 2, and 3/5 (1/40 + 1/24) = 1/25 for all who leave later.

The mean up to day 3 is 1 + 4/5 + 3/5 = 12/5. What a weight changes of it is the sum of what it changes of S after day 1
and after day 2. After day 1 that is -4/5 (1/8 - 1/40) = -2/25 by the event of day 1, and 4/5 (1/40) = 1/50 by all who
leave later. So the derivatives of the mean are -2/25 - 3/50 = -7/50 by day 1, 1/50 - 3/50 = -1/25 by day 2, and
1/50 + 1/25 = 3/50 by all who leave later; after day 3 nothing counts.
"""

from fractions import Fraction

import numpy as np
import pytest

from riskset.stats.averaged_weights import IN_NONE, apart, averages, blocks, influences, influences_on_mean
from riskset.stats.kaplan_meier import product_limit, restricted_mean

COUNTS = np.array([[0, 1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 0, 1, 1]])
WEIGHTS = np.array([[0, 1, 2, 0, 3, 0, 0], [0, 0, 0, 1, 0, 2, 1]])


def totals(found):
    return np.array([WEIGHTS[found.of == block].sum() for block in range(len(found.sizes))], float)


def test_the_blocks():
    found = blocks(COUNTS, 2)
    assert found.of.tolist() == [[-1, 0, 0, -1, 0, -1, -1], [-1, -1, -1, 1, -1, 1, 1]]
    assert found.sizes == (3, 3)


def test_whoever_is_left_is_enough_for_a_block_of_their_own():
    found = blocks(np.array([[2, 1, 0, 1, 2, 1]]), 2)
    assert (found.of.tolist(), found.sizes) == ([[0, 1, -1, 1, 2, 2]], (2, 2, 3))


def test_a_status_with_few_patients_takes_the_average_of_the_others():
    few = np.array([[0, 1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0, 0]])
    found = blocks(few, 2)
    assert (found.of[1] == IN_NONE).all()
    assert averages(found, np.array([6.0]))[1, 3] == 2.0


def test_the_curve():
    found = blocks(COUNTS, 2)
    weighted = COUNTS * averages(found, totals(found))
    curve = product_limit(weighted[0], weighted[1], None, np.arange(7))
    assert curve.at_risk[:2] == pytest.approx([10, 8])
    at = np.searchsorted(curve.day, [1, 2, 4])
    assert curve.survival[at] == pytest.approx([float(Fraction(*x)) for x in ((4, 5), (3, 5), (12, 35))])


def test_the_influences_on_day_2():
    found = blocks(COUNTS, 2)
    each = influences(COUNTS * averages(found, totals(found)), 3 / 5, 2)
    assert each[0, [1, 2, 4]] == pytest.approx([-3 / 50, -3 / 50, 1 / 25])
    assert each[1, [3, 5, 6]] == pytest.approx([1 / 25] * 3)
    # a factor on all weights changes nothing, so that weights times derivatives add up to 0
    assert (COUNTS * averages(found, totals(found)) * each).sum() == pytest.approx(0)


def test_the_influences_on_the_mean_up_to_day_3():
    found = blocks(COUNTS, 2)
    weighted, days = COUNTS * averages(found, totals(found)), np.arange(7)
    assert restricted_mean(product_limit(weighted[0], weighted[1], None, days), 3)[0] == pytest.approx(12 / 5)
    each = influences_on_mean(weighted, days, 3)
    assert each[0, [1, 2, 4]] == pytest.approx([-7 / 50, -1 / 25, 3 / 50])
    assert each[1, [3, 5, 6]] == pytest.approx([3 / 50] * 3)
    assert (weighted * each).sum() == pytest.approx(0)


def test_a_mean_up_to_half_a_day():
    found = blocks(COUNTS, 2)
    each = influences_on_mean(COUNTS * averages(found, totals(found)), np.arange(7), 2.5)
    # half a day less of what counts after day 2
    assert each[0, [1, 2, 4]] == pytest.approx([-2 / 25 - 3 / 100, 1 / 50 - 3 / 100, 1 / 50 + 1 / 50])


def test_which_of_five_times_are_apart():
    """By then 3, 10, 22, 25 and 46 have the event. The first with 20 more than 3 is the fourth; 46 is 21 more."""
    assert apart([3, 10, 22, 25, 46], 20) == [0, 3, 4]
