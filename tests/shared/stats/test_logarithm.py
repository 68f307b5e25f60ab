"""A logarithm that is everybody's to the bit."""

import math

import numpy as np
import pytest

from riskset.stats.logarithm import log


def test_it_is_the_logarithm():
    for x in np.exp(np.random.default_rng(1).uniform(-700, 700, 2000)).tolist():
        assert log(x) == pytest.approx(math.log(x), rel=4e-16)
    for x in (1.0 + np.random.default_rng(2).uniform(-0.5, 0.5, 2000)).tolist():
        assert log(x) == pytest.approx(math.log(x), rel=1e-15)
    assert log(1.0) == 0.0


def test_the_same_bits():
    """Recorded once; every IEEE 754 machine rounds + - * / alike."""
    bits = ["-0x1.26bb1bbb55515p+1", "0x1.62e42fefa39efp-1", "0x1.5963447f87fb5p+9"]
    assert [log(x).hex() for x in (0.1, 2.0, 1e300)] == bits


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, math.nan])
def test_of_positive_finite_numbers_only(x):
    with pytest.raises(ValueError, match="positive finite"):
        log(x)
