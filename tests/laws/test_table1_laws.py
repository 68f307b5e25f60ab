"""Laws of the tests of tables: they depend on no order, no name and no unit."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riskset.stats.contingency import chi_square
from riskset.stats.fisher_tables import fisher_p
from riskset.stats.rank_sums import rank_sums
from riskset.stats.two_means import POOLED, TREATED, Group, standardised, student, welch, yang_dalton

ROWS = st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)
TABLES = st.lists(st.tuples(*[st.integers(0, 5)] * 4), min_size=2, max_size=3)
HALF = settings(max_examples=settings().max_examples // 2)


def by_site(rows, is_weighted, arms=(0, 1, 2), turned=1.0):
    """Returns the sums of three sites, the last of which may be empty."""
    values, arm, site = map(np.array, zip(*rows, strict=True))
    arm = np.array(arms)[arm]
    parts = (rank_sums(turned * values[site == s], arm[site == s], 3, is_weighted=is_weighted) for s in range(3))
    return reduce(add, parts)


def assert_same(found, expected):
    """Two tests; None where nothing is compared."""
    assert (found is None) == (expected is None)
    if found is not None:
        assert (found.chi2, found.df) == (pytest.approx(expected.chi2, rel=1e-7, abs=1e-9), expected.df)


@pytest.mark.parametrize("is_weighted", [True, False])
class TestRanks:
    @HALF
    @given(ROWS, st.randoms(use_true_random=False))
    def test_neither_the_order_of_rows_nor_the_scale_changes_anything(self, is_weighted, rows, random):
        found, other = by_site(rows, is_weighted), by_site(random.sample(rows, len(rows)), is_weighted, turned=0.3)
        np.testing.assert_allclose(other.excess, found.excess, atol=1e-12)
        np.testing.assert_allclose(other.variance, found.variance, rtol=1e-12, atol=1e-12)

    @HALF
    @given(ROWS)
    def test_nothing_is_in_excess_over_all_arms_and_a_turned_scale_turns_it(self, is_weighted, rows):
        found, turned = by_site(rows, is_weighted), by_site(rows, is_weighted, turned=-1.0)
        assert found.excess.sum() == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(found.variance.sum(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(turned.excess, -found.excess, atol=1e-12)
        assert_same(turned.test(), found.test())

    @HALF
    @given(ROWS, st.permutations([0, 1, 2]))
    def test_the_names_of_arms_change_no_test(self, is_weighted, rows, arms):
        assert_same(by_site(rows, is_weighted, arms).test(), by_site(rows, is_weighted).test())

    @HALF
    @given(ROWS)
    def test_of_one_site_both_are_one_test(self, is_weighted, rows):
        alone = [(value, arm, 0) for value, arm, _ in rows]
        assert_same(by_site(alone, is_weighted).test(), by_site(alone, not is_weighted).test())


class TestTables:
    @HALF
    @given(TABLES, st.permutations([0, 1, 2, 3]), st.randoms(use_true_random=False))
    def test_the_order_of_arms_and_levels_changes_no_test(self, table, levels, random):
        other = [[row[i] for i in levels] for row in random.sample(table, len(table))]
        assert fisher_p(other) == pytest.approx(fisher_p(table), rel=1e-9)
        assert_same(chi_square(other), chi_square(table))

    @HALF
    @given(TABLES, st.permutations([0, 1, 2, 3]))
    def test_the_difference_of_two_arms_has_no_sign_and_no_order_of_levels(self, table, levels):
        one, two = table[:2]
        found = yang_dalton(one, two)
        for other in (yang_dalton(two, one), yang_dalton([one[i] for i in levels], [two[i] for i in levels])):
            assert (other is None) == (found is None)
            assert found is None or other == pytest.approx(found, rel=1e-6, abs=1e-7)


VALUES = st.lists(st.integers(-50, 50), min_size=2, max_size=20)


def group(values, factor=1.0, shift=0.0):
    x = factor * np.array(values, float) + shift
    return Group(len(x), float(x.mean()), float(x.var(ddof=1)))


class TestMeans:
    @given(VALUES, VALUES)
    def test_exchanged_arms_turn_the_statistic(self, a, b):
        assume(len(set(a)) > 1 or len(set(b)) > 1)
        for test in (student, welch):
            found, turned = test(group(a), group(b)), test(group(b), group(a))
            assert (turned.t, turned.df) == (-found.t, found.df)
            assert turned.p == found.p
        pair = standardised(group(a), group(b))[POOLED], standardised(group(b), group(a))[POOLED]
        assert pair == (None, None) or pair[0] == -pair[1]

    @given(VALUES, VALUES, st.floats(0.01, 100), st.floats(-10, 10))
    def test_the_unit_changes_nothing(self, a, b, factor, shift):
        assume(len(set(a)) > 1 and len(set(b)) > 1)
        one, other = ((group(a, *unit), group(b, *unit)) for unit in ((), (factor, shift * factor)))
        for test in (student, welch):
            found, scaled = test(*one), test(*other)
            assert (scaled.t, scaled.df) == (
                pytest.approx(found.t, rel=1e-7, abs=1e-9),
                pytest.approx(found.df, rel=1e-7),
            )
        for key in (POOLED, TREATED):
            assert standardised(*other)[key] == pytest.approx(standardised(*one)[key], rel=1e-7, abs=1e-9)
