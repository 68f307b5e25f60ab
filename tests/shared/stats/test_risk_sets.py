"""The layout of rows, and what is refused."""

import numpy as np
import pytest

from riskset.stats.risk_sets import risk_sets

X = [[1.0, 0.0], [2.0, 0.0], [4.0, 0.0], [8.0, 1.0]]
DAYS = [3, 0, 3, 5]
EVENT = [False, True, True, False]


def test_rows_stand_by_stratum_day_and_events_first():
    rows = risk_sets(X, DAYS, EVENT, strata=[7, 7, 7, -2])
    first = rows.X[0] * 1.0
    order = first - first[1]  # distances from the row of day 0; the other stratum has an anchor of its own
    assert order[1:].tolist() == [0.0, 2.0, -1.0]
    assert rows.stratum_start.tolist() == [0, 1]
    assert rows.part_start.tolist() == [0, 1, 2, 3]
    assert rows.part_is_event.tolist() == [False, True, True, False]
    assert rows.bin_stratum.tolist() == [0, 1, 1, 1]  # one bin before the first event time, then one an event time
    assert rows.deaths.tolist() == [0, 0, 1, 1]
    assert rows.part_bin.tolist() == [0, 2, 3, 3]


def test_a_column_constant_in_a_stratum_is_exactly_zero_there():
    rows = risk_sets(np.full((5, 1), 0.1), [1, 2, 3, 4, 5], [True] * 5, scale=[0.3])
    assert not rows.X.any()


def test_a_column_is_scaled_and_not_copied_by_reference():
    x = np.array([[1.0], [3.0]])
    rows = risk_sets(x, [1, 2], [True, False], scale=[4.0])
    assert rows.X[0, 1] - rows.X[0, 0] == 0.5
    assert x.tolist() == [[1.0], [3.0]]


def test_days_beyond_sixteen_bits_sort():
    days = np.array([70_000, 5, 65_536, 1_000_000])
    rows = risk_sets(np.arange(4.0)[:, None], days, [True] * 4)
    assert (np.diff(rows.X[0][[0, 2, 1, 3]]) == 1).sum() == 1
    assert (rows.X[0] - rows.X[0, 0]).tolist() == [0.0, 1.0, -1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": [[np.nan, 0.0], *X[1:]]}, "finite"),
        ({"X": [1.0, 2.0, 3.0, 4.0]}, "X must be"),
        ({"days": [3, 0, 3]}, "as many rows"),
        ({"days": [3, -1, 3, 5]}, "not negative"),
        ({"days": [3.5, 1.0, 3.0, 5.0]}, "whole numbers"),
        ({"event": [0, 1, 1, 0]}, "event boolean"),
        ({"entry_days": [0, 0, 0, 0]}, "enter before"),
        ({"weights": [1.0, 1.0, 0.0, 1.0]}, "weights must be positive"),
        ({"weights": [1.0, 1.0, np.nan, 1.0]}, "weights must be positive"),
        ({"weights": [1.0]}, "as many rows"),
        ({"strata": [1, 1]}, "as many rows"),
        ({"scale": [1.0, 0.0]}, "scale"),
        ({"scale": [1.0]}, "scale"),
    ],
)
def test_misuse_is_a_value_error_that_says_what_was_expected(change, message):
    arguments = {"X": X, "days": DAYS, "event": np.array(EVENT), **change}
    with pytest.raises(ValueError, match=message):
        risk_sets(**arguments)
