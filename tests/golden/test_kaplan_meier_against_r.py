"""Curves on a grid of single days equal R's survfit: `oracle.R`, keys km.*, rmst, follow_up, rmst_diff and
followup_reverse_km."""

import numpy as np
import pytest

from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import exits, limits, product_limit, quantile, restricted_mean, survival_at

GROUPS = {"overall": lambda g: np.zeros_like(g.arm), "by_trt": lambda g: g.arm, "by_site": lambda g: g.site_codes}

QUARTILES = ("q25_50_75", "q_lower", "q_upper")


def half_way(day, curve, y, height):
    """`quantile.survfit` goes half way to the last day where a curve ends flat at the height asked for; ours names the
    first day, as R prints a median. Small sites have such curves."""
    ends_flat = abs(y[-1] - height) < 1e-9
    return (day + curve.day[-1]) / 2 if ends_flat and day is not None else day


def curves(golden, group, event=None):
    grid = Grid(width_days=1, max_days=int(golden.days.max()))
    event = golden.event if event is None else event
    n_groups = int(group.max()) + 1
    counts = exits(golden.days, event, group, n_groups, grid)
    return [
        product_limit(events, censored, None, grid.days) for events, censored in counts if (events + censored).any()
    ]


@pytest.mark.parametrize("kind", ["log", "log-log", "plain"])
@pytest.mark.parametrize("key", GROUPS)
def test_curves_limits_and_medians_equal_survfit(golden, as_list, kind, key):
    r = {name: as_list(value) for name, value in golden.answers["km"][kind][key].items()}
    found = curves(golden, GROUPS[key](golden))
    assert len(found) == len(r["records"])
    n_times = len(r["times"]) // len(found)
    for i, curve in enumerate(found):
        lower, upper = limits(curve, kind)
        at = slice(i * n_times, (i + 1) * n_times)
        landmarks = survival_at(curve, lower, upper, r["times"][at])
        assert [m.at_risk for m in landmarks] == r["n_risk"][at]
        for ours, theirs in (
            ("survival", "surv"),
            ("std_error", "std_err"),
            ("lower", "ci_lower"),
            ("upper", "ci_upper"),
        ):
            values = [getattr(m, ours) for m in landmarks]
            np.testing.assert_allclose(values, np.array(r[theirs][at], dtype=float), rtol=1e-9, atol=1e-14)
        median = quantile(curve, lower, upper, 0.5)
        assert [median.estimate, median.lower, median.upper] == [r["median"][i], r["lower"][i], r["upper"][i]]
        for j, probability in enumerate((0.25, 0.5, 0.75)):
            q = quantile(curve, lower, upper, probability)
            ys = (curve.survival, lower, upper)
            days = zip((q.estimate, q.lower, q.upper), ys, strict=True)
            in_r = [half_way(day, curve, y, 1 - probability) for day, y in days]
            assert in_r == [np.ravel(r[name])[3 * i + j] for name in QUARTILES]
        mean, se = restricted_mean(curve, r["rmst_tau"][0])
        assert (mean, se) == pytest.approx((r["rmst"][i], r["rmst_se"][i]), rel=1e-9)


def test_difference_of_restricted_means_equals_r(golden):
    r = golden.answers["rmst_diff"]
    (mean0, se0), (mean1, se1) = (restricted_mean(curve, r["tau"]) for curve in curves(golden, golden.arm))
    assert mean1 - mean0 == pytest.approx(r["diff"], rel=1e-9)
    assert np.hypot(se0, se1) == pytest.approx(r["se"], rel=1e-9)


def test_restricted_means_equal_r_at_each_tau(golden):
    for r in golden.answers["rmst"]:
        means, errors = zip(*(restricted_mean(curve, r["tau"]) for curve in curves(golden, golden.arm)), strict=True)
        np.testing.assert_allclose(means, r["rmst"], rtol=1e-9)
        np.testing.assert_allclose(errors, r["se"], rtol=1e-9)


@pytest.mark.parametrize("kind", ["log", "log-log"])
@pytest.mark.parametrize("key", ["overall", "by_trt"])
def test_quartiles_of_follow_up_equal_r(golden, kind, key):
    r = golden.answers["follow_up"][kind][key]
    found = curves(golden, GROUPS[key](golden), ~golden.event)
    assert len(found) == len(r["strata"])
    for i, curve in enumerate(found):
        ys = (curve.survival, *limits(curve, kind))
        for j, probability in enumerate((0.25, 0.5, 0.75)):
            q = quantile(curve, *ys[1:], probability)
            assert [q.estimate, q.lower, q.upper] == [r[name][i][j] for name in QUARTILES]


def test_median_follow_up_by_reversed_events_equals_r(golden):
    r = golden.answers["followup_reverse_km"]
    (curve,) = curves(golden, np.zeros_like(golden.arm), ~golden.event)
    median = quantile(curve, *limits(curve, "log"), 0.5)
    assert [median.estimate, median.lower, median.upper] == [r["median"], r["lower"], r["upper"]]
    by_arm = curves(golden, golden.arm, ~golden.event)
    assert [quantile(c, *limits(c, "log"), 0.5).estimate for c in by_arm] == r["by_trt"]


def test_seven_day_grid_moves_the_medians_of_lung_as_r_on_the_rounded_days(golden):
    """survfit(Surv(7 * ceiling(time / 7), event) ~ trt): the grid is a choice, to be printed under every curve."""
    if golden.answers["meta"]["dataset"] != "lung":
        pytest.skip("a figure of lung's")
    medians = {}
    for width in (1, 7):
        grid = Grid(width, int(golden.days.max()))
        found = [
            product_limit(*counts, None, grid.days) for counts in exits(golden.days, golden.event, golden.arm, 2, grid)
        ]
        medians[width] = [quantile(c, *limits(c), 0.5).estimate for c in found]
    assert medians == {1: [283.0, 433.0], 7: [287.0, 434.0]}
