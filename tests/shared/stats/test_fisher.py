"""Fisher's exact test by hand and by its defining equations; R's own answers are in `tests/golden`."""

from fractions import Fraction
from math import comb, inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.fisher import fisher_2x2

COUNTS = st.integers(0, 40)


class TestByHand:
    """The lady tasting tea: [[3, 1], [1, 3]]. The weights of 0 to 4 are 1, 16, 36, 16, 1 of 70; no likelier than 3 are
    0, 1, 3 and 4: P = 34/70. The conditional odds ratio psi solves (16 psi + 72 psi^2 + 48 psi^3 + 4 psi^4) = 3 (1 + 16
    psi + 36 psi^2 + 16 psi^3 + psi^4)."""

    def test_p(self):
        assert fisher_2x2(3, 1, 1, 3).p == pytest.approx(34 / 70, rel=1e-14)

    def test_the_odds_ratio_solves_its_equation(self):
        psi = fisher_2x2(3, 1, 1, 3).odds_ratio
        mean = (16 * psi + 72 * psi**2 + 48 * psi**3 + 4 * psi**4) / (1 + 16 * psi + 36 * psi**2 + 16 * psi**3 + psi**4)
        assert mean == pytest.approx(3, rel=1e-14)

    def test_a_count_at_its_bound_has_one_limit(self):
        found = fisher_2x2(0, 4, 2, 2)
        assert (found.odds_ratio, found.lower) == (0.0, 0.0)
        assert 0 < found.upper < inf
        assert fisher_2x2(2, 2, 0, 4).upper == inf

    def test_margins_that_allow_one_table_tell_nothing(self):
        found = fisher_2x2(0, 5, 0, 7)
        assert (found.p, found.lower, found.upper) == (1.0, 0.0, inf)
        assert isnan(found.odds_ratio)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_limits_leave_a_fortieth_in_each_tail(a, b, c, d):
    """The tails in fractions of whole numbers, at the limits as found: sums of at most 41 terms."""
    found = fisher_2x2(a, b, c, d)
    row, other, column = a + b, c + d, a + c
    support = range(max(0, column - other), min(row, column) + 1)

    def tail(psi, counts):
        weight = {x: comb(row, x) * comb(other, column - x) * Fraction(psi) ** x for x in support}
        return float(sum(weight[x] for x in counts) / sum(weight.values()))

    if len(support) > 1 and found.lower > 0:
        assert tail(found.lower, range(a, support.stop)) == pytest.approx(0.025, rel=1e-9)
    if len(support) > 1 and found.upper < inf:
        assert tail(found.upper, range(support.start, a + 1)) == pytest.approx(0.025, rel=1e-9)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_p_is_the_same_of_the_table_turned(a, b, c, d):
    found = fisher_2x2(a, b, c, d).p
    assert found == pytest.approx(fisher_2x2(a, c, b, d).p, rel=1e-9)
    assert found == pytest.approx(fisher_2x2(d, c, b, a).p, rel=1e-9)


@pytest.mark.exhaustive
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_p_is_scipys(a, b, c, d):
    from scipy.stats import fisher_exact  # takes a second to import

    assert fisher_2x2(a, b, c, d).p == pytest.approx(fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-9)
