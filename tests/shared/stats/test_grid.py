import numpy as np
import pytest

from riskset.stats.grid import Grid


def test_a_day_counts_at_the_end_of_its_step_and_an_entry_at_the_beginning():
    grid = Grid(width_days=7, max_days=20)
    assert grid.days.tolist() == [0, 7, 14, 21]
    assert grid.exit_steps(np.array([0, 1, 7, 8, 14, 20, 21, 500])).tolist() == [0, 1, 1, 2, 2, 3, 3, 3]
    assert grid.entry_steps(np.array([0, 6, 7, 13, 19, 20, 500])).tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert grid.is_within(np.array([20, 21])).tolist() == [True, False]


def test_with_single_days_nothing_is_rounded():
    days = np.arange(31)
    grid = Grid(1, 30)
    assert (grid.days[grid.exit_steps(days)] == days).all()
    assert (grid.days[grid.entry_steps(days)] == days).all()


@pytest.mark.parametrize(("width", "longest"), [(0, 10), (7, 0)])
def test_a_grid_without_steps_is_an_error(width, longest):
    with pytest.raises(ValueError, match="a grid has steps"):
        Grid(width, longest)
