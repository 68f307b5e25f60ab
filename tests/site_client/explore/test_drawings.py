"""The drawings of the page: bars that do not mislead, and ticks of the variable's own numbers."""

import numpy as np
import pytest

from riskset.study.spec import NumberVariable
from riskset_site.explore.dates import Days
from riskset_site.explore.figures.date_lines import _strokes
from riskset_site.explore.figures.histogram import bins
from riskset_site.explore.figures.missing_grid import _counts
from riskset_site.explore.sections.values import _raw_ticks


@pytest.mark.parametrize("n", [5, 50, 5000])
def test_whole_numbers_are_as_many_in_each_bar(n):
    values = np.repeat(np.arange(20.0, 92.0), n)
    counts, edges = np.histogram(values, bins(values, 1.0))
    assert len(set(counts[:-1])) == 1  # the last bar may be cut short
    assert counts.sum() == len(values)
    assert (edges % 1 == 0.5).all()


@pytest.mark.parametrize("step", [0.0, 1.0])
def test_one_value_has_a_bar(step):
    counts, _ = np.histogram([7.0, 7.0], bins(np.array([7.0, 7.0]), step))
    assert counts.sum() == 2


@pytest.mark.parametrize(
    ("transform", "values", "texts"),
    [
        (None, [1.0, 9.0], ()),
        ("log10p1", [0.0, 1e5], ("0", "10", "100", "1,000", "10,000", "100,000")),
        ("log10", [0.5, 2000.0], ("1", "10", "100", "1,000")),
        ("sqrt", [0.0, 100.0], ("0", "20", "40", "80")),
        ("log", [20.0, 80.0], ("20", "30", "40", "60", "80")),
    ],
)
def test_an_axis_has_the_variable_s_own_numbers(transform, values, texts):
    variable = NumberVariable(
        type="number", range=(0.01, 1e6) if transform in ("log", "log10") else (0, 1e6), transform=transform
    )
    assert tuple(text for _, text in _raw_ticks(np.array(values), variable)) == texts


def test_wide_counts_are_shares():
    assert list(_counts([31, 7])) == ["31", "7"]
    assert list(_counts([30_000, 10_000])) == ["75.0%", "25.0%"]


def test_of_many_dates_each_place_is_drawn_once():
    at = 2000 + np.repeat(np.arange(500), 40) / 122
    drawn = np.concatenate([places for places, _ in _strokes(at)])
    assert np.sort(drawn) == pytest.approx(np.unique(at))
    few = np.array([2001.5, 2001.5])
    assert next(iter(_strokes(few)))[0].tolist() == [2001.5, 2001.5]


def test_dates_by_year():
    days = Days("start", np.array(["1969-12-31", "1970-01-01", "2024-02-29", "2024-12-31"], "datetime64[D]"))
    assert days.by_year == {1969: 1, 1970: 1, 2024: 2}
