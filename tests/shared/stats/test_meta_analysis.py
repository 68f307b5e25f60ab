"""Estimates of several sites combined: against metafor, by hand, by law, and the likelihood by its derivative.

By hand: two estimates 0 and 1 with variances 1/2. Weights are 2, so mu = 1/2 with variance 1/4; Q = 2/4 + 2/4 = 1 with
one degree of freedom, so tau2 = 0 by all three methods, and Hartung and Knapp's factor Q / 1 is 1. With 0 and 2 Q = 4
and mu = 1; DerSimonian and Laird's divisor is 4 - 8/4 = 2, so tau2 = (4 - 1) / 2 = 3/2. Paule and Mandel ask for
2 / (1/2 + tau2) = 1, tau2 = 3/2 too. Restricted likelihood with equal variances: 1/2 + tau2 is the sample variance 2.
Then w = 1/2, the variance of mu is 1, and Q = 1 again; I2 = 3/2 / (3/2 + 1/2) = 3/4.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskset.stats import student
from riskset.stats.meta_analysis import Estimates, Mean

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "meta_analysis.json").read_text(encoding="utf-8"))
GOLDEN = {name: of for name, of in GOLDEN.items() if "y" in of}
METHODS = {"DL": Estimates.dersimonian_laird, "REML": Estimates.reml, "PM": Estimates.paule_mandel}
ROOTS = {"DL": 1e-9, "REML": 1e-9, "PM": 1e-6}
"""metafor's search for the root of Paule and Mandel stops there."""
FEW = settings(max_examples=15)
some = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=3, max_size=12, unique_by=lambda pair: round(pair[0], 3)
)


def of(pairs, shift=0.0):
    return Estimates([y + shift for y, _ in pairs], [se for _, se in pairs])


def close(mean: Mean, golden, rel):
    found = (mean.coef, mean.se, mean.lower, mean.upper, mean.p)
    return found == pytest.approx(
        [golden[key] for key in ("coef", "se", "lower", "upper", "p")], rel=rel, abs=rel * mean.se
    )


@pytest.mark.parametrize("name", GOLDEN)
class TestAgainstMetafor:
    def test_a_common_effect(self, name):
        golden = GOLDEN[name]
        estimates = Estimates(golden["y"], golden["se"])
        assert close(estimates.fixed(), golden["FE"]["z"], 1e-9)
        found = estimates.heterogeneity()
        assert (found.q, found.p) == pytest.approx((golden["FE"]["z"]["q"], golden["FE"]["z"]["q_p"]), rel=1e-9)
        assert found.i2 == pytest.approx(golden["FE"]["z"]["i2"], rel=1e-9)

    @pytest.mark.parametrize("method", METHODS)
    def test_effects_that_vary(self, name, method):
        golden, rel = GOLDEN[name][method], ROOTS[method]
        estimates = Estimates(GOLDEN[name]["y"], GOLDEN[name]["se"])
        found = METHODS[method](estimates)
        assert (found.tau2, found.i2) == pytest.approx((golden["z"]["tau2"], golden["z"]["i2"]), rel=rel, abs=1e-9)
        assert close(found.normal, golden["z"], rel)
        assert close(found.hartung_knapp, golden["knha"], rel)
        limits = estimates.predicted(found)
        assert (limits is None) == (estimates.k == 2)
        for mine, theirs in zip(limits or (), (golden["z"], golden["knha"]), strict=False):
            assert (mine.lower, mine.upper) == pytest.approx(theirs["pi"], rel=rel, abs=1e-9)

    def test_a_further_site(self, name):
        estimates = Estimates(GOLDEN[name]["y"], GOLDEN[name]["se"])
        found = estimates.prediction(estimates.reml())
        assert (found is None) == (estimates.k == 2)
        assert found is None or (found.lower, found.upper) == pytest.approx(GOLDEN[name]["hts"], rel=1e-9)


def test_by_hand():
    alike, apart = Estimates([0.0, 1.0], [0.5**0.5] * 2), Estimates([0.0, 2.0], [0.5**0.5] * 2)
    fixed = alike.fixed()
    assert (fixed.coef, fixed.se, alike.heterogeneity().q) == pytest.approx((0.5, 0.5, 1.0))
    for method in METHODS.values():
        none, some = method(alike), method(apart)
        assert (none.tau2, none.i2, none.hartung_knapp.se) == pytest.approx((0.0, 0.0, 0.5))
        assert (some.tau2, some.i2, some.normal.coef, some.normal.se) == pytest.approx((1.5, 0.75, 1.0, 1.0))
        assert some.hartung_knapp.se == pytest.approx(1.0)
    assert apart.prediction(apart.reml()) is None


@FEW
@given(some)
def test_the_restricted_likelihood_is_largest_at_its_tau2(pairs):
    estimates = of(pairs)
    tau2 = estimates.reml().tau2
    top = estimates.restricted_log_likelihood(tau2)
    assert all(estimates.restricted_log_likelihood(x) <= top + 1e-9 for x in (0.0, tau2 / 2, tau2 * 2, tau2 + 0.1, 10))
    assert estimates.slope(tau2) == pytest.approx(0.0, abs=1e-9 / max(tau2, 0.01)) or tau2 == 0.0 >= estimates.slope(
        0.0
    )


@FEW
@given(some, st.floats(0.01, 5))
def test_the_slope_is_the_derivative(pairs, tau2):
    estimates, step = of(pairs), 1e-5 * tau2
    rise = estimates.restricted_log_likelihood(tau2 + step) - estimates.restricted_log_likelihood(tau2 - step)
    # differences of terms of order 100, exact to 1e-16 of themselves, over 2e-5 tau2
    assert rise / (2 * step) == pytest.approx(estimates.slope(tau2), rel=1e-6, abs=1e-8 / tau2)


@FEW
@given(some)
def test_paule_and_mandel_leave_q_at_its_mean(pairs):
    estimates = of(pairs)
    found = estimates.paule_mandel()
    q = (found.hartung_knapp.se / found.normal.se) ** 2 * (estimates.k - 1)
    assert q == pytest.approx(estimates.k - 1, rel=1e-9) or (found.tau2 == 0.0 and q < estimates.k - 1)


@FEW
@given(some, st.randoms(use_true_random=False), st.floats(-2, 2))
def test_order_changes_no_bit_and_a_shift_moves_the_mean_only(pairs, random, shift):
    here, there = of(pairs), of(pairs, shift)
    for method in METHODS.values():
        assert method(of(random.sample(pairs, len(pairs)))) == method(here)
    for method in (Estimates.dersimonian_laird, Estimates.paule_mandel):
        found, moved = method(here), method(there)  # y + shift is rounded
        assert moved.tau2 == pytest.approx(found.tau2, rel=1e-6, abs=1e-9)
        assert moved.normal.coef - shift == pytest.approx(found.normal.coef, abs=1e-6)
    tops = [here.restricted_log_likelihood(one.reml().tau2) for one in (here, there)]
    assert tops[0] == pytest.approx(tops[1], abs=1e-9)


def test_one_estimate_and_none():
    alone = Estimates([0.3], [0.2])
    assert (alone.fixed().coef, alone.fixed().se) == (0.3, pytest.approx(0.2))
    for method in (Estimates.heterogeneity, *METHODS.values()):
        with pytest.raises(ValueError, match="needs 2"):
            method(alone)
    for y, se in (([], []), ([0.1], [0.0])):
        with pytest.raises(ValueError, match="positive"):
            Estimates(y, se)


def test_equal_estimates_have_no_p_by_hartung_and_knapp():
    assert Estimates([0.3, 0.3], [0.2, 0.4]).reml().hartung_knapp.p is None


@pytest.mark.parametrize("df", [1, 2, 3, 9, 40])
def test_student(df):
    for t in (0.0, 0.3, 2.0, 40.0):
        assert student.two_sided_p(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-11)
    assert student.two_sided_t(0.95, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-12)
