"""E-values as VanderWeele and Ding define them, and as `tests/golden/oracle.R` computes them."""

import pytest

from riskset.stats.e_value import e_value


def test_of_a_risk_ratio_of_2():
    """RR = 2: E = 2 + sqrt(2 (2 - 1)) = 3.4142; of the limit 1.5: 1.5 + sqrt(0.75) = 2.3660."""
    found = e_value(2.0, 1.5, 2.7, share=0.1)
    assert found.outcome == "rare"
    assert (found.estimate, found.limit) == (pytest.approx(3.414213562373095), pytest.approx(2.366025403784439))


def test_of_a_protective_ratio_takes_its_inverse_and_the_upper_limit():
    protective, harmful = e_value(0.5, 0.25, 0.8, share=0.5), e_value(2.0, 1.25, 4.0, share=0.5)
    assert (protective.estimate, protective.limit) == pytest.approx((harmful.estimate, harmful.limit))


def test_equals_the_oracle_where_events_are_common_and_rare():
    hr, upper = 0.551847041485373, 0.79706
    common, rare = e_value(hr, 0.38, upper, share=150 / 212), e_value(hr, 0.38, upper, share=0.15)
    assert (common.outcome, rare.outcome) == ("common", "rare")
    assert common.estimate == pytest.approx(2.38199732047684, rel=1e-12)
    assert rare.estimate == pytest.approx(3.02519022250766, rel=1e-12)


def test_limits_that_include_1_need_no_confounder():
    assert e_value(1.2, 0.9, 1.6, share=0.5).limit == 1.0


def test_a_ratio_beyond_the_floats_has_none():
    assert e_value(float("inf"), 2.0, float("inf"), share=0.5).estimate is None
