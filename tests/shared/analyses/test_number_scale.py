"""Cells of a number: a value is in the cell that holds it, and all ranges are halved at the same places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.number_scale import NumberScale, code

SCALES = (
    NumberScale(18, 100, 1, None),
    NumberScale(18, 100, None, None),
    NumberScale(-60, 120, 1, None),
    NumberScale(0, 1e7, 0.1, "log10p1"),
    NumberScale(0.1, 1e7, None, "log10"),
)
THERE = {None: lambda x: x, "log10p1": lambda x: np.log10(x + 1), "log10": np.log10}


def places(scale, value):
    """Returns the cells that begin the upper half each time that the interval around a value is halved."""
    (cell,) = scale.cells(np.array([THERE[scale.transform](value)]))
    low, high, found = 0, scale.last, []
    while low < high:
        middle = scale.middle(low, high)
        assert low <= middle < high
        found.append(scale.between(middle + 1, high, 0.0))
        low, high = (low, middle) if cell <= middle else (middle + 1, high)
    return found, (scale.between(low, high, 0.0), scale.between(low, high, 1.0))


@pytest.mark.parametrize("scale", SCALES)
@given(share=st.floats(0, 1))
def test_halving_ends_at_the_value(scale, share):
    value = scale.low + share * (scale.high - scale.low)
    if scale.step:
        value = scale.low + round((value - scale.low) / scale.step) * scale.step
    found, (low, high) = places(scale, value)
    assert low - 1e-6 * abs(low) <= value <= high + 1e-6 * abs(high)
    assert high - low <= (0 if scale.step else 2.0**-11 * max(abs(value), 1e-9))
    assert len(found) <= 64


@given(st.integers(40, 80), st.integers(-30, 39), st.integers(81, 1000), st.integers(-30, 39), st.integers(81, 1000))
def test_another_range_is_halved_at_the_same_places(value, low, high, lower, higher):
    """A cut of one range that lies in the other is a cut of that one too, on the way to the same value."""
    one, other = (NumberScale(*ends, 1, None) for ends in ((low, high), (lower, higher)))
    of_one, of_other = (set(places(scale, float(value))[0]) for scale in (one, other))
    inside = range(max(low, lower) + 1, min(high, higher) + 1)
    assert of_one & set(map(float, inside)) == of_other & set(map(float, inside))


def test_by_hand():
    """18, 32, 64 and 100 have the exponents 5, 6, 7 and 7. So 18 to 100 is halved at 32, 32 to 100 at 64, 64 to 100 at
    96, where the first digit of the significand turns, and so on."""
    age = NumberScale(18, 100, 1, None)
    assert places(age, 70.0)[0] == [32, 64, 96, 80, 72, 68, 70, 71]
    assert places(age, 20.0)[0] == [32, 24, 20, 22, 21]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_codes_are_in_the_order_of_the_values(a, b):
    low, high = sorted((a, b))
    assert code(low, 20) <= code(high, 20)
