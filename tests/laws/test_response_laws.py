"""Laws of the terms of sites: an empty site, sites of one arm, and which arm is called the reference change nothing, or
turn what they must turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.mantel_haenszel import GIVEN_RATIO, TERMS, common_ratio, homogeneity, stratified, terms, terms_given

ARM = st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
TABLES = st.lists(st.tuples(ARM, ARM).map(lambda arms: (*arms[0], *arms[1])), min_size=1, max_size=5)


def total(tables):
    return [sum(part) for part in zip(*(terms(*table) for table in tables), strict=True)]


def given_ratio(tables, ratio):
    return [sum(part) for part in zip(*(terms_given(ratio, *table) for table in tables), strict=True)]


@given(TABLES)
def test_an_empty_site_adds_nothing(tables):
    assert total([*tables, (0, 0, 0, 0)]) == total(tables)


@given(TABLES)
def test_a_site_that_is_not_informative_tests_nothing(tables):
    found, more = stratified(total(tables)), stratified(total([*tables, (0, 5, 0, 3), (2, 7, 0, 0)]))
    assert (found is None) == (more is None)
    if found is not None:
        assert (more.sites, more.chi2) == (found.sites, pytest.approx(found.chi2, rel=1e-12))


@given(TABLES)
def test_the_arms_are_alike(tables):
    """With the arms exchanged the odds ratio is inverted, the difference changes its sign, and the tests stay."""
    one, other = total(tables), total([(b, n0, a, n1) for a, n1, b, n0 in tables])
    found, turned = stratified(one), stratified(other)
    assert (found is None) == (turned is None)
    if found is None:
        return
    assert turned.chi2 == pytest.approx(found.chi2, rel=1e-10, abs=1e-12)
    assert turned.risk_difference.estimate == pytest.approx(-found.risk_difference.estimate, rel=1e-10, abs=1e-12)
    assert turned.risk_difference.lower == pytest.approx(-found.risk_difference.upper, rel=1e-9, abs=1e-9)
    ratio, inverse = common_ratio(one), common_ratio(other)
    assert (ratio is None) == (inverse is None)
    if ratio is not None:
        assert inverse == pytest.approx(1 / ratio, rel=1e-10)
        assert turned.odds_ratio.lower == pytest.approx(1 / found.odds_ratio.upper, rel=1e-9)


@given(TABLES)
def test_homogeneity_does_not_depend_on_the_reference(tables):
    ratio = common_ratio(total(tables))
    found = stratified(total(tables))
    if ratio is None or found.sites < 2:
        return
    one = homogeneity(given_ratio(tables, ratio), found.sites)
    other = homogeneity(given_ratio([(b, n0, a, n1) for a, n1, b, n0 in tables], 1 / ratio), found.sites)
    assert (other.chi2, other.tarone) == pytest.approx((one.chi2, one.tarone), rel=1e-7, abs=1e-9)
    assert 0 <= one.tarone <= one.chi2 + 1e-12


@given(ARM, ARM, st.floats(0.01, 100))
def test_the_expected_count_has_the_odds_ratio(arm, reference, ratio):
    """Of an informative table; the equation to 1e-9 of its sides."""
    (a, n1), (b, n0) = arm, reference
    _, off, variance = terms_given(ratio, a, n1, b, n0)
    if variance == 0:
        return
    expected = a - off
    m = a + b
    assert max(0, m - n0) < expected < min(n1, m)
    assert expected * (n0 - m + expected) == pytest.approx(ratio * (n1 - expected) * (m - expected), rel=1e-8)


def test_terms_have_names():
    assert len(terms(1, 2, 1, 2)) == len(TERMS)
    assert len(terms_given(1.0, 1, 2, 1, 2)) == len(GIVEN_RATIO)
