"""Laws of cumulative incidence, Gray's test and the sums of Fine and Gray, for any rows."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riskset.stats.competing_risks import aalen_johansen, count_causes, gray
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import exits, product_limit
from riskset.stats.subdistribution import weighted_rows

LAST = 40


@st.composite
def patients(draw, causes=2):
    """Days, causes and arms of a few patients with many ties."""
    n = draw(st.integers(8, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random.integers(1, LAST, n), random.integers(0, causes + 1, n), random.integers(0, 2, n)


def counted(days, cause, arm, grid=None):
    grid = grid or Grid(1, LAST)
    return count_causes(cause, arm, 2, 2, grid.exit_steps(days), grid.n_steps)


def both_tests(counts):
    return [gray(counts[:, 0], counts[:, 1], counts[:, 2]), gray(counts[:, 1], counts[:, 0], counts[:, 2])]


@given(patients())
def test_incidences_and_survival_add_up_to_1(rows):
    days, cause, arm = rows
    (part, _) = counted(days, cause, np.zeros_like(arm))
    found = aalen_johansen(part[:2], part[2], np.arange(LAST + 1))
    survival = product_limit(part[:2].sum(axis=0), part[2], None, np.arange(LAST + 1)).survival
    np.testing.assert_allclose(found.estimate.sum(axis=0) + survival, 1, rtol=1e-13)
    assert (np.diff(found.estimate, axis=1) >= 0).all()


@given(patients(causes=1))
def test_of_one_kind_of_event_it_is_kaplan_meier(rows):
    """The error too: Greenwood's variance is the infinitesimal jackknife's."""
    days, cause, arm = rows
    (part, _) = counted(days, cause, np.zeros_like(arm))
    found = aalen_johansen(part[:2], part[2], np.arange(LAST + 1))
    curve = product_limit(part[0], part[2], None, np.arange(LAST + 1))
    np.testing.assert_allclose(found.estimate[0], 1 - curve.survival, rtol=1e-12, atol=1e-14)
    known = np.isfinite(curve.std_error)
    # the root of a sum of squares near 0
    np.testing.assert_allclose(found.std_error[0][known], curve.std_error[known], rtol=1e-9, atol=1e-9)


@given(patients(causes=1), st.lists(st.integers(0, 9), min_size=30, max_size=30))
def test_of_one_kind_of_event_with_late_entry_it_is_kaplan_meier(rows, ahead):
    days, cause, _ = rows
    enters = np.maximum(days - 1 - np.resize(ahead, len(days)), 0)
    rows_at_risk = days > enters
    days, cause, enters = days[rows_at_risk], cause[rows_at_risk], enters[rows_at_risk]
    (part,) = exits(days, cause == 1, np.zeros_like(days), 1, Grid(1, LAST), entry_days=enters)
    found = aalen_johansen(part[:1], part[1], np.arange(LAST + 1), part[2])
    curve = product_limit(*part, np.arange(LAST + 1))
    np.testing.assert_allclose(found.estimate[0], 1 - curve.survival, rtol=1e-12, atol=1e-14)
    known = np.isfinite(curve.std_error)
    np.testing.assert_allclose(found.std_error[0][known], curve.std_error[known], rtol=1e-9, atol=1e-9)


@given(patients(), st.randoms(use_true_random=False))
def test_order_of_rows_and_dealing_to_sites_change_no_bit(rows, random):
    days, cause, arm = rows
    order = np.array(random.sample(range(len(days)), len(days)))
    half = len(days) // 2
    parts = [counted(days[own], cause[own], arm[own]) for own in (order[:half], order[half:])]
    np.testing.assert_array_equal(sum(parts), counted(days, cause, arm))


@given(patients(), st.integers(2, 30))
def test_the_unit_of_time_changes_nothing(rows, factor):
    days, cause, arm = rows
    wide = counted(days * factor, cause, arm, Grid(factor, LAST * factor))
    np.testing.assert_array_equal(wide, counted(days, cause, arm))


@given(patients())
@example(
    (np.array([8, 10, 29, 9, 36, 12, 9, 25]), np.array([2, 2, 0, 0, 2, 1, 1, 0]), np.array([0, 1, 1, 1, 1, 1, 1, 1]))
)
@example(
    (np.array([11, 25, 31, 1, 20, 22, 4, 22]), np.array([1, 1, 1, 0, 1, 0, 0, 1]), np.array([0, 1, 1, 1, 0, 0, 0, 0]))
)
def test_names_of_arms_change_no_test(rows):
    days, cause, arm = rows
    for one, other in zip(
        both_tests(counted(days, cause, arm)), both_tests(counted(days, cause, 1 - arm)), strict=True
    ):
        assert one.df == other.df
        assert one.chi2 == pytest.approx(other.chi2, rel=1e-8, abs=1e-9)


def test_an_incidence_that_reaches_1_has_the_statistic_of_r():
    """cmprsk 2.2-11 says 2.184284, and with the arms the other way round ends in NaN."""
    rows = (
        np.array([11, 25, 31, 1, 20, 22, 4, 22]),
        np.array([1, 1, 1, 0, 1, 0, 0, 1]),
        np.array([0] + [1] * 2 + [0] * 5),
    )
    found, _ = both_tests(counted(*rows))
    assert (found.chi2, found.df) == (pytest.approx(2.184284, abs=5e-7), 1)


@given(patients())
def test_an_arm_of_nobody_changes_no_test(rows):
    counts = counted(*rows)
    wider = np.concatenate([counts, np.zeros_like(counts[:1])])
    for one, other in zip(both_tests(counts), both_tests(wider), strict=True):
        assert (one.chi2, one.df) == pytest.approx((other.chi2, other.df), rel=1e-12)


def derivatives(days, cause, X, beta):
    parts = weighted_rows(days, cause)
    rows = risk_sets(X[parts.row], parts.days, parts.event, entry_days=parts.entry_days, weights=parts.weights)
    return evaluate(rows, beta)


@given(patients(causes=1), st.integers(0, 1000))
def test_without_competing_events_fine_and_gray_is_cox(rows, seed):
    days, cause, _ = rows
    X, beta = np.random.default_rng(seed).normal(size=(len(days), 2)), [0.3, -0.5]
    found, cox = derivatives(days, cause, X, beta), evaluate(risk_sets(X, days, cause == 1), beta)
    assert found.log_likelihood == pytest.approx(cox.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(found.score, cox.score, rtol=1e-9, atol=1e-9)


@given(patients(), st.integers(0, 1000))
def test_without_censoring_patients_with_a_competing_event_stay_to_the_end(rows, seed):
    """As Fine and Gray say of complete data: a Cox model in which these patients leave after everybody."""
    days, cause, _ = rows
    cause = np.where(cause == 0, 2, cause)
    X, beta = np.random.default_rng(seed).normal(size=(len(days), 2)), [0.3, -0.5]
    cox = evaluate(risk_sets(X, np.where(cause == 2, LAST + 1, days), cause == 1), beta)
    found = derivatives(days, cause, X, beta)
    assert found.log_likelihood == pytest.approx(cox.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(found.score, cox.score, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.information, cox.information, rtol=1e-9, atol=1e-9)


@given(patients(), st.integers(0, 1000))
def test_score_and_information_of_fine_and_gray_are_derivatives(rows, seed):
    days, cause, _ = rows
    X, beta, h = np.random.default_rng(seed).normal(size=(len(days), 1)), 0.2, 1e-5
    low, here, high = (derivatives(days, cause, X, [beta + step]) for step in (-h, 0, h))
    slope = (high.log_likelihood - low.log_likelihood) / (2 * h)
    curvature = -(high.score[0] - low.score[0]) / (2 * h)
    assert here.score[0] == pytest.approx(slope, rel=1e-5, abs=1e-5)
    assert here.information[0, 0] == pytest.approx(curvature, rel=1e-5, abs=1e-5)
