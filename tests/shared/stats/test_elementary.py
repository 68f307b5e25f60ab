"""exp and log against 50 decimal digits, and at the ends of the floats."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from riskset.stats import elementary

RANDOM = np.random.default_rng(1)
EXPONENTS = np.concatenate([RANDOM.uniform(-30, 30, 500), RANDOM.uniform(-700, 700, 300), [0.0, 1e-300, -1e-9, 1.0]])
POSITIVE = np.concatenate([RANDOM.uniform(0, 1, 500), 10 ** RANDOM.uniform(-300, 300, 300), [1 - 1e-12, 1.0]])


@pytest.mark.parametrize(
    ("function", "exactly", "values"),
    [(elementary.exp, Decimal.exp, EXPONENTS), (elementary.log, Decimal.ln, POSITIVE)],
    ids=["exp", "log"],
)
def test_within_three_units_of_the_last_place(function, exactly, values):
    with localcontext() as context:
        context.prec = 50
        for x, y in zip(values, function(values), strict=True):
            true = exactly(Decimal(float(x)))
            assert abs(Decimal(float(y)) - true) <= 3 * Decimal(float(np.spacing(abs(float(true)))))


def test_the_ends():
    assert elementary.exp(np.array([-np.inf, -800.0, 0.0, 711.0, np.inf])).tolist() == [0.0, 0.0, 1.0, np.inf, np.inf]
    assert elementary.log(np.array([0.0, 1.0, np.inf])).tolist() == [-np.inf, 0.0, np.inf]
    assert np.isnan([*elementary.exp(np.array([np.nan])), *elementary.log(np.array([-1.0, np.nan]))]).all()
    assert elementary.exp(np.array([])).size == elementary.log(np.array([])).size == 0


def test_below_the_smallest_normal_float():
    assert elementary.exp(np.array([-745.0])).tolist() == [5e-324]
    assert elementary.log(np.array([5e-324])) == pytest.approx([-744.4400719213812], rel=1e-15)


def test_the_scalar_log_is_the_logarithm():
    for x in np.exp(np.random.default_rng(1).uniform(-700, 700, 2000)).tolist():
        assert elementary.scalar_log(x) == pytest.approx(math.log(x), rel=4e-16)
    for x in (1.0 + np.random.default_rng(2).uniform(-0.5, 0.5, 2000)).tolist():
        assert elementary.scalar_log(x) == pytest.approx(math.log(x), rel=1e-15)
    assert elementary.scalar_log(1.0) == 0.0


def test_the_scalar_log_has_the_same_bits_everywhere():
    """Recorded once; every IEEE 754 machine rounds + - * / alike."""
    bits = ["-0x1.26bb1bbb55515p+1", "0x1.62e42fefa39efp-1", "0x1.5963447f87fb5p+9"]
    assert [elementary.scalar_log(x).hex() for x in (0.1, 2.0, 1e300)] == bits


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, math.nan])
def test_the_scalar_log_takes_positive_finite_numbers_only(x):
    with pytest.raises(ValueError, match="positive finite"):
        elementary.scalar_log(x)
