"""Log-rank and G-rho tests equal R's survdiff: `oracle.R`, keys logrank.*."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import at_risk_before, exits
from riskset.stats.log_rank import from_counts, log_rank

TESTS = {
    "trt": (0.0, False),
    "trt_peto_rho1": (1.0, False),
    "trt_rho0.5": (0.5, False),
    "trt_strata_site": (0.0, True),
    "trt_strata_site_rho1": (1.0, True),
}


def assert_equal(found, r):
    np.testing.assert_allclose(found.observed, r["obs"], rtol=1e-9)
    np.testing.assert_allclose(found.expected, r["exp"], rtol=1e-9)
    np.testing.assert_allclose(found.variance, r["var"], rtol=1e-9, atol=1e-9)
    test = found.test()
    assert test.chi2 == pytest.approx(r["chisq"], rel=1e-9, abs=1e-6)
    assert test.df == r["df"]
    assert test.p == pytest.approx(r["p"], rel=1e-7)


@pytest.mark.parametrize("key", TESTS)
def test_rows_equal_survdiff(golden, key):
    rho, by_site = TESTS[key]
    strata = golden.site_codes if by_site else None
    assert_equal(
        log_rank(golden.days, golden.event, golden.arm, 2, strata=strata, rho=rho), golden.answers["logrank"][key]
    )


@pytest.mark.parametrize("key", ["trt_strata_site", "trt_strata_site_rho1"])
def test_hospitals_apart_add_to_survdiff_stratified_by_site(golden, key):
    owns = (golden.site_codes == code for code in range(len(golden.sites)))
    rho = TESTS[key][0]
    parts = [log_rank(golden.days[own], golden.event[own], golden.arm[own], 2, rho=rho) for own in owns]
    assert_equal(reduce(add, parts), golden.answers["logrank"][key])


@pytest.mark.parametrize("key", ["trt", "trt_peto_rho1", "trt_rho0.5"])
def test_counts_by_day_equal_survdiff(golden, key):
    grid = Grid(1, int(golden.days.max()))
    counts = exits(golden.days, golden.event, golden.arm, 2, grid)
    events, censored = counts[:, 0], counts[:, 1]
    assert_equal(from_counts(at_risk_before(events, censored), events, TESTS[key][0]), golden.answers["logrank"][key])


def test_many_groups_equal_survdiff(golden):
    found = log_rank(golden.days, golden.event, golden.site_codes, len(golden.sites))
    assert_equal(found, golden.answers["logrank"]["site"])
