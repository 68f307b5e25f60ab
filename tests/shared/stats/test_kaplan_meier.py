"""Curves compared with lifelines, and the cases where conventions differ."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import exits, limits, product_limit, quantile, restricted_mean, survival_at


def curve_of(days, event, entry=None, max_days=100):
    grid = Grid(1, max_days)
    days = np.asarray(days)
    entry = None if entry is None else np.asarray(entry)
    (counts,) = exits(days, np.asarray(event), np.zeros_like(days), 1, grid, entry_days=entry)
    return product_limit(counts[0], counts[1], None if entry is None else counts[2], grid.days)


@pytest.mark.parametrize("has_entry", [False, True])
def test_equals_lifelines(has_entry):
    random = np.random.default_rng(3)
    days, event = random.integers(5, 60, 200), random.random(200) < 0.6
    entry = random.integers(0, 5, 200) if has_entry else None
    theirs = KaplanMeierFitter().fit(days, event, entry=entry)
    curve = curve_of(days, event, entry)
    assert curve.survival == pytest.approx(theirs.survival_function_at_times(curve.day).to_numpy(), rel=1e-12)
    bounds = theirs.confidence_interval_.loc[curve.day].to_numpy()  # log-log, from Greenwood's exponential formula
    lower, upper = limits(curve)
    known = np.isfinite(lower)
    np.testing.assert_allclose(np.column_stack([lower, upper])[known], bounds[known], rtol=1e-9)
    if not has_entry:
        assert quantile(curve, lower, upper, 0.5).estimate == theirs.median_survival_time_


def test_flat_at_one_half_gives_the_midpoint_to_the_next_event():
    """Four patients, events on 2, 4, 6, 10: S = 0.5 from 4 to 6, and print(survfit) gives 5."""
    curve = curve_of([2, 4, 6, 10], [True] * 4)
    assert quantile(curve, *limits(curve), 0.5).estimate == 5.0
    assert quantile(curve, *limits(curve), 0.25).estimate == 3.0


def test_flat_at_one_half_to_the_end_gives_the_day_it_was_reached():
    """Events on 2 and 4, then two censored: print(survfit) gives 4, quantile(survfit) 7 (half way to day 10)."""
    curve = curve_of([2, 4, 6, 10], [True, True, False, False])
    assert quantile(curve, *limits(curve), 0.5).estimate == 4.0


def test_rounding_does_not_decide_what_is_flat():
    """Ten patients: (9/10)(8/9)...(5/6) is 0.5 but for rounding."""
    curve = curve_of(range(1, 11), [True] * 10)
    assert quantile(curve, *limits(curve), 0.5).estimate == 5.5


def test_not_reached_is_none():
    curve = curve_of([2, 4, 6, 10], [True, False, False, False])
    found = quantile(curve, *limits(curve), 0.5)
    assert (found.estimate, found.lower, found.upper) == (None, 2.0, None)


def test_events_come_before_censorings_of_the_same_day():
    assert curve_of([5, 5], [True, False]).survival.tolist() == [0.5]


def test_an_event_beyond_the_grid_is_censored_at_its_end():
    curve = curve_of([3, 40], [True, True], max_days=20)
    assert curve.day.tolist() == [3, 20]
    assert curve.events.tolist() == [1, 0]


def test_who_leaves_on_day_0_counts():
    curve = curve_of([0, 3], [True, True])
    assert curve.day.tolist() == [0, 3]
    assert curve.survival.tolist() == [0.5, 0]


def test_nobody_gives_an_empty_curve():
    curve = curve_of(np.empty(0, dtype=int), np.empty(0, dtype=bool))
    lower, upper = limits(curve)
    assert len(curve.day) == len(lower) == 0
    assert quantile(curve, lower, upper, 0.5).estimate is None
    (landmark,) = survival_at(curve, lower, upper, [10])
    assert (landmark.at_risk, landmark.survival, landmark.std_error) == (0, 1, 0)


def test_landmarks_before_the_first_exit_and_beyond_the_last():
    """As summary(survfit, times, extend = TRUE): numbers at risk are of the next exit, 0 beyond the last."""
    curve = curve_of([4, 6, 9], [True, False, False])
    lower, upper = limits(curve, "log")
    before, on, between, beyond = survival_at(curve, lower, upper, [1, 6, 7.5, 30])
    assert (before.at_risk, before.survival, before.lower, before.upper) == (3, 1, 1, 1)
    assert (on.at_risk, between.at_risk, beyond.at_risk) == (2, 1, 0)
    assert beyond.survival == pytest.approx(2 / 3)


def test_limits_without_a_value_are_nan_and_the_others_stay_within_0_and_1():
    curve = curve_of([1, 2, 3, 4], [False, True, True, True])
    for kind, undefined in (("log-log", [True, False, False, True]), ("log", [False] * 3 + [True])):
        lower, upper = limits(curve, kind)
        assert np.isnan(lower).tolist() == np.isnan(upper).tolist() == undefined
        assert np.nanmin(lower) >= 0
        assert np.nanmax(upper) <= 1


def test_limits_have_three_names_and_a_level():
    curve = curve_of([1], [True])
    for kind, level in (("loglog", 0.95), ("log", 1.0), ("log", float("nan"))):
        with pytest.raises(ValueError, match="limits are"):
            limits(curve, kind, level)


def test_restricted_mean_beyond_the_last_exit_keeps_the_last_value():
    curve = curve_of([2, 4], [True, False])
    assert restricted_mean(curve, 10)[0] == pytest.approx(2 + 8 * 0.5)
    assert restricted_mean(curve, 1)[0] == 1


def test_who_enters_after_the_grid_is_not_counted():
    days, event, entry = np.array([5, 30, 40]), np.array([True, True, True]), np.array([0, 3, 25])
    counts = exits(days, event, np.zeros(3, int), 1, Grid(1, 20), entry_days=entry)
    assert counts.sum(axis=2).tolist() == [[1, 1, 2]]  # events, censorings, entries
