"""Two means, two distributions and their tests, by hand and beside scipy."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.contingency import chi_square
from riskset.stats.fisher_tables import fisher_p
from riskset.stats.student import two_sided_p
from riskset.stats.two_means import (
    CONTROL,
    POOLED,
    TREATED,
    Group,
    standardised,
    student,
    welch,
    yang_dalton,
)


class TestByHand:
    """1, 2, 3 against 2, 4, 6, 8: means 2 and 5, variances 1 and 20/3.

    Pooled variance (2 x 1 + 3 x 20/3) / 5 = 22/5, so t^2 = 9 / (22/5 x 7/12). Welch: variances of the means 1/3 and
    5/3, so t = -3 / sqrt 2, with df = 4 / (1/18 + 25/27) = 216/53.
    """

    few, many = Group(3, 2.0, 1.0), Group(4, 5.0, 20 / 3)

    def test_student(self):
        found = student(self.few, self.many)
        assert (found.t, found.df) == (pytest.approx(-3 / sqrt(22 / 5 * 7 / 12), rel=1e-14), 5)

    def test_welch(self):
        found = welch(self.few, self.many)
        assert (found.t, found.df) == (pytest.approx(-3 / sqrt(2), rel=1e-14), pytest.approx(216 / 53, rel=1e-14))

    def test_standardised_differences(self):
        found = standardised(self.few, self.many)
        assert found == pytest.approx({POOLED: -3 / sqrt(23 / 6), TREATED: -3.0, CONTROL: -3 / sqrt(20 / 3)}, rel=1e-14)

    def test_nothing_varies(self):
        flat = Group(3, 2.0, 0.0)
        assert student(flat, flat) is None
        assert welch(flat, flat) is None
        assert set(standardised(flat, flat).values()) == {None}
        assert student(Group(1, 2.0, float("nan")), self.many) is None

    def test_one_degree_of_freedom_is_cauchy(self):
        """P(|T| > 1) = 1/2 with one degree of freedom, 1 - 1/sqrt 3 with two."""
        assert two_sided_p(1.0, 1) == pytest.approx(0.5, rel=1e-14)
        assert two_sided_p(-1.0, 2) == pytest.approx(1 - 1 / sqrt(3), rel=1e-14)


class TestTablesByHand:
    """[[1, 3], [4, 2]]: expected 2, 2, 3, 3; chi-square 1/2 + 1/2 + 1/3 + 1/3, with Yates a quarter of it."""

    table = ((1, 3), (4, 2))

    def test_chi_square(self):
        assert chi_square(self.table).chi2 == pytest.approx(5 / 3, rel=1e-14)
        assert chi_square(self.table, is_corrected=True).chi2 == pytest.approx(5 / 12, rel=1e-14)

    def test_a_level_of_nobody_is_left_out(self):
        assert chi_square(((1, 0, 3), (4, 0, 2))) == chi_square(self.table)
        assert fisher_p(((1, 0, 3), (4, 0, 2))) == pytest.approx(fisher_p(self.table), rel=1e-14)
        assert chi_square(((1, 3), (0, 0))) is None
        assert fisher_p(((1, 3), (0, 0))) == 1.0

    def test_fisher(self):
        """C(5, x) C(5, 4 - x) = 5, 50, 100, 50, 5 of 210 tables have x = 0 to 4; all but 2 are no likelier than 1."""
        assert fisher_p(self.table) == pytest.approx(110 / 210, rel=1e-12)

    def test_two_levels_differ_by_their_proportions(self):
        """1/4 against 2/3 without the level: differences 5/12, mean of the variances (3/16 + 2/9) / 2 = 59/288."""
        assert yang_dalton(*self.table) == pytest.approx(5 / 12 / sqrt(59 / 288), rel=1e-14)
        assert yang_dalton((2, 0, 6), (4, 0, 2)) == pytest.approx(yang_dalton(*self.table), rel=1e-14)

    def test_what_tells_the_arms_apart_has_no_difference(self):
        assert yang_dalton((3, 0), (0, 4)) is None
        assert yang_dalton((0, 0), (1, 4)) is None


@given(st.floats(0.0, 50.0), st.floats(1.0, 5000.0))
def test_tails_of_t_are_scipys(t, df):
    from scipy.special import stdtr

    assert two_sided_p(t, df) == pytest.approx(2 * float(stdtr(df, -t)), rel=1e-8)


COUNTS = st.integers(0, 5)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=2, max_size=2))
def test_fisher_is_the_same_of_the_table_turned(table):
    found = fisher_p(table)
    assert found == pytest.approx(fisher_p(list(zip(*table, strict=True))), rel=1e-9)
    assert found == pytest.approx(fisher_p([row[::-1] for row in table[::-1]]), rel=1e-9)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_two_by_two_is_fishers(a, b, c, d):
    from riskset.stats.fisher import fisher_2x2

    assert fisher_p([[a, b], [c, d]]) == pytest.approx(fisher_2x2(a, b, c, d).p, rel=1e-9)


def test_a_table_with_too_many_others_is_not_tested():
    assert fisher_p([[60, 50, 30, 40], [44, 70, 41, 35], [50, 40, 60, 30]]) is None
    assert fisher_p([[10 + i * j % 7 for i in range(10)] for j in range(10)]) is None  # 1e18 places are never laid out
