"""Laws of curves and log-rank tests: counts add over hospitals, and no dealing of patients changes a total."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import at_risk_before, exits, product_limit, restricted_mean
from riskset.stats.log_rank import LogRank, from_counts, log_rank

N_ARMS = 3


@st.composite
def patients(draw):
    n = draw(st.integers(0, 20))
    whole = lambda lowest, highest: draw(arrays(np.int64, n, elements=st.integers(lowest, highest)))  # noqa: E731
    days = whole(0, 30)
    return days, draw(arrays(np.bool_, n)), whole(0, N_ARMS - 1), np.maximum(days - whole(1, 20), -3), whole(0, 2)


GRIDS = st.builds(Grid, st.integers(1, 9), st.integers(1, 40))


@given(patients(), GRIDS)
def test_counts_of_hospitals_add_to_the_counts_of_all(rows, grid):
    days, event, arm, entry, site = rows
    parts = [
        exits(days[own], event[own], arm[own], N_ARMS, grid, entry_days=entry[own])
        for own in (site == k for k in range(4))  # the last is empty
    ]
    np.testing.assert_array_equal(reduce(add, parts), exits(days, event, arm, N_ARMS, grid, entry_days=entry))


@given(patients(), GRIDS)
def test_everybody_leaves_once(rows, grid):
    days, event, arm, _, _ = rows
    counts = exits(days, event, arm, N_ARMS, grid)
    np.testing.assert_array_equal(counts.sum(axis=(1, 2)), np.bincount(arm, minlength=N_ARMS))
    assert counts[:, 0].sum() == (event & (days <= grid.max_days)).sum()


@given(patients(), GRIDS)
def test_a_curve_on_the_grid_is_the_curve_of_the_rounded_days(rows, grid):
    """g(t) = w ceil(t/w); then it is Kaplan-Meier as the textbook has it, a day at a time."""
    days, event, _, _, _ = rows
    (counts,) = exits(days, event, np.zeros_like(days), 1, grid)
    curve = product_limit(*counts, None, grid.days)
    w, event = grid.width_days, event & (days <= grid.max_days)
    rounded = w * np.ceil(np.minimum(days, grid.max_days) / w)
    assert curve.day.tolist() == sorted(set(rounded.tolist()))
    survival = 1.0
    for day, n, S in zip(curve.day, curve.at_risk, curve.survival, strict=True):
        assert n == (rounded >= day).sum()
        survival *= 1 - (event & (rounded == day)).sum() / n
        assert pytest.approx(survival, abs=1e-14) == S


@given(patients())
def test_numbers_at_risk_with_entries_are_those_who_entered_and_have_not_left(rows):
    days, event, _, entry, _ = rows
    grid = Grid(1, 40)
    (counts,) = exits(days, event, np.zeros_like(days), 1, grid, entry_days=entry)
    at_risk = at_risk_before(*counts)
    assert at_risk.tolist() == [((entry < t) & (days >= t)).sum() for t in grid.days]


@given(patients(), st.integers(2, 30))
def test_restricted_mean_follows_the_unit_of_time(rows, unit):
    days, event, _, _, _ = rows
    means = []
    for k in (1, unit):
        grid = Grid(k, 40 * k)
        (counts,) = exits(days * k, event, np.zeros_like(days), 1, grid)
        means.append(restricted_mean(product_limit(*counts, None, grid.days), 25 * k))
    assert np.array(means[1]) == pytest.approx(unit * np.array(means[0]), rel=1e-12)


@given(patients(), st.sampled_from([0.0, 0.5, 1.0]), st.booleans())
def test_log_rank_of_rows_by_definition(rows, rho, has_entry):
    days, event, arm, entry, site = rows
    start = entry if has_entry else np.full_like(days, -1000)
    found = log_rank(days, event, arm, N_ARMS, entry_days=entry if has_entry else None, strata=site, rho=rho)
    expected = LogRank(np.zeros(N_ARMS), np.zeros(N_ARMS), np.zeros((N_ARMS, N_ARMS)))
    for stratum in range(3):
        S = 1.0
        for t in sorted(set(days[event & (site == stratum)].tolist())):
            at_risk = np.bincount(arm[(site == stratum) & (start < t) & (days >= t)], minlength=N_ARMS).astype(float)
            events = np.bincount(arm[(site == stratum) & event & (days == t)], minlength=N_ARMS).astype(float)
            n, d, w = at_risk.sum(), events.sum(), S**rho
            spread = w * w * d * (n - d) / (n - 1) if n > 1 else 0.0
            share = at_risk / n
            variance = spread * (np.diag(share) - np.outer(share, share))
            expected += LogRank(w * events, w * d * share, variance)
            S *= 1 - d / n
    for name in ("observed", "expected", "variance"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12, atol=1e-12)


@given(patients())
def test_log_rank_from_daily_counts_is_that_of_the_rows(rows):
    days, event, arm, _, _ = rows
    counts = exits(days, event, arm, N_ARMS, Grid(1, 40))
    events, censored = counts[:, 0], counts[:, 1]
    gridded, own = from_counts(at_risk_before(events, censored), events), log_rank(days, event, arm, N_ARMS)
    np.testing.assert_allclose(gridded.expected, own.expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gridded.variance, own.variance, rtol=1e-12, atol=1e-12)


@given(patients())
def test_log_rank_sums_to_nothing_over_arms(rows):
    days, event, arm, _, _ = rows
    found = log_rank(days, event, arm, N_ARMS)
    assert found.expected.sum() == pytest.approx(found.observed.sum())
    np.testing.assert_allclose(found.variance.sum(axis=0), 0, atol=1e-12)
