"""The one door out: what is not as many finite numbers as the analysis names stays in, and is told by one code."""

import numpy as np
import pytest

from riskset.disclosure.gate import LARGEST, Gate
from riskset.errors import Refused


def test_numbers_as_named_pass_unchanged():
    values = np.array([1.0, -LARGEST, 0.5])
    released = Gate().release("km/os/all", values, 3)
    assert released.analysis == "km/os/all"
    np.testing.assert_array_equal(released.values, values)


@pytest.mark.parametrize("values", [np.zeros(2), np.zeros(4), np.zeros((3, 1)), np.array(1.0)], ids=lambda v: v.shape)
def test_more_or_fewer_numbers_than_named_stay_in(values):
    with pytest.raises(Refused, match=f"km/os/all has {values.size} numbers; it names 3") as no:
        Gate().release("km/os/all", values, 3)
    assert no.value.code == "gate"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2 * LARGEST, -2 * LARGEST])
def test_a_number_that_cannot_be_added_exactly_stays_in(value):
    with pytest.raises(Refused, match="not finite or too large") as no:
        Gate().release("km/os/all", np.array([0.0, value]), 2)
    assert no.value.code == "gate"
    assert str(value) not in str(no.value)
