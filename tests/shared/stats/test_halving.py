"""Quartiles by halving: by hand, exact where intervals end at one value, and never asked of few patients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.halving import QUARTILES, Interval, Search


class Whole:
    """Whole numbers from 0 to `last`."""

    def __init__(self, last):
        self.last = last

    def middle(self, low, high):
        return (low + high) // 2

    def between(self, low, high, share):
        return low + share * (high - low)

    def width(self, low, high):
        return float(high - low)


def halved(values, last, least):
    """Returns the search as it ends, and every interval that was asked about."""
    scale, values, asked = Whole(last), np.asarray(values), []
    search = Search.begin(len(values), last)
    while now := search.asked(least):
        asked += now
        inside = {one: (values >= one.low) & (values <= scale.middle(one.low, one.high)) for one in now}
        search = search.after(scale, {one: int(of.sum()) for one, of in inside.items()})
    return search, asked


class TestByHand:
    """0, 1, 1, 2, 7 of 0 to 7. Ranks 2, 3 and 4 are the quartiles: 1, 1 and 2.

    0 to 3 has four of the five; 0 to 1 has three of these four: ranks 2 and 3 are in it, and rank 4 in 2 to 3; 0 to 0
    has one of the three, so 1 is exact; 2 to 2 has one of one.
    """

    values = (0, 1, 1, 2, 7)

    def test_the_way(self):
        _, asked = halved(self.values, 7, 1)
        assert asked == [
            Interval(0, 7, 0, 5),
            Interval(0, 3, 0, 4),
            Interval(0, 1, 0, 3),
            Interval(2, 3, 3, 1),
        ]

    def test_exact(self):
        search, _ = halved(self.values, 7, 1)
        assert [search.quartile(Whole(7), p) for p in QUARTILES] == [(1, 0), (1, 0), (2, 0)]

    def test_where_few_are_left_the_value_is_interpolated(self):
        """With at least 4 in an interval, 0 to 1 holds the first three and 2 to 3 the fourth. Spread evenly, they are
        1/6, 3/6 and 5/6 of the way from 0 to 1, and half of the way from 2 to 3."""
        search, asked = halved(self.values, 7, 4)
        assert asked == [Interval(0, 7, 0, 5), Interval(0, 3, 0, 4)]
        found = [search.quartile(Whole(7), p) for p in QUARTILES]
        np.testing.assert_allclose(found, [(1 / 2, 1), (5 / 6, 1), (2.5, 1)])

    def test_a_half_of_more_than_the_whole_is_nobodys(self):
        search = Search.begin(5, 7)
        with pytest.raises(ValueError, match="half"):
            search.after(Whole(7), {Interval(0, 7, 0, 5): 6})


VALUES = st.lists(st.integers(0, 100), min_size=1, max_size=60)


@given(VALUES)
def test_down_to_one_value_it_is_numpys_quantile(values):
    """As R's type 7."""
    search, _ = halved(values, 100, 1)
    found = [search.quartile(Whole(100), p) for p in QUARTILES]
    np.testing.assert_allclose(found, [(np.quantile(values, p), 0) for p in QUARTILES], rtol=1e-12)


@given(VALUES, st.integers(2, 20))
def test_no_interval_of_few_is_asked_about_and_the_width_holds_the_quartile(values, least):
    search, asked = halved(values, 100, least)
    assert all(one.inside >= least for one in asked)
    for p in QUARTILES:
        value, width = search.quartile(Whole(100), p)
        assert abs(value - np.quantile(values, p)) <= width + 1e-9
