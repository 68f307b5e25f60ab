"""Cox fits equal R's coxph (survival 3.5): `oracle.R`, keys cox.* and derivatives.

Coefficients within 1e-9 standard errors; standard errors, log likelihoods within 1e-9 of themselves; chi-squares within
1e-9 of themselves or 1e-6, p-values 1e-7: R stops when its log likelihood moves less than 1e-13.
"""

import numpy as np
import pytest

from riskset.stats.cox import evaluate, fit, risk_sets
from riskset.stats.newton import covariance
from riskset.stats.tails import chi2_sf, two_sided_p

FITS = {
    "univariate_trt": (["trt"], False),
    "full": (None, False),
    "full_strata_site": (None, True),
    "trt_strata_site": (["trt"], True),
}


def rows_of(golden, names, by_site, scale=None):
    strata = golden.site_codes if by_site else None
    return risk_sets(golden.X(names), golden.days, golden.event, strata=strata, scale=scale)


def assert_fit(state, expected, names, scale):
    se = np.sqrt(np.diag(np.array(covariance(state), dtype=float))) / scale
    beta = np.array(state.beta) / scale
    r_beta, r_se = (np.array([expected[key][name] for name in names]) for key in ("coef", "se"))
    assert state.status == "ok"
    assert (np.abs(beta - r_beta) / r_se).max() < 1e-9
    np.testing.assert_allclose(se, r_se, rtol=1e-9)
    np.testing.assert_allclose([state.null_log_likelihood, state.log_likelihood], expected["loglik"], rtol=1e-9)
    for chi2, key in ((state.likelihood_ratio, "lrt"), (state.score_test, "score"), (state.wald, "wald")):
        r_chi2, df, p = expected[key]
        tolerance = 5e-3 if key == "wald" else 1e-6  # R rounds the Wald test it keeps to two decimals
        assert chi2 == pytest.approx(r_chi2, rel=1e-9, abs=tolerance)
        assert df == len(state.estimable)
        if key != "wald":
            assert chi2_sf(chi2, df) == pytest.approx(p, rel=1e-7)
    for b, s, name in zip(beta, se, names, strict=True):
        assert two_sided_p(b / s) == pytest.approx(expected["p"][name], rel=1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("key", FITS)
def test_fit_equals_coxph(golden, ties, key):
    names, by_site = FITS[key]
    names = names or golden.covariates
    scale = golden.X(names).std(axis=0)
    state = fit([rows_of(golden, names, by_site, scale)], ties)
    assert_fit(state, golden.answers["cox"][ties][key], names, scale)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_each_covariate_alone_equals_coxph(golden, ties):
    for name in golden.covariates[1:]:
        scale = golden.X([name]).std(axis=0)
        state = fit([rows_of(golden, [name], False, scale)], ties)
        assert_fit(state, golden.answers["cox"][ties]["univariate_all"][name], [name], scale)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_hospitals_apart_equal_coxph_stratified_by_site(golden, ties):
    names = golden.covariates
    scale = golden.X(names).std(axis=0)
    hospitals = []
    for code in range(len(golden.sites)):
        own = golden.site_codes == code
        hospitals.append(risk_sets(golden.X(names)[own], golden.days[own], golden.event[own], scale=scale))
    assert_fit(fit(hospitals, ties), golden.answers["cox"][ties]["full_strata_site"], names, scale)


@pytest.mark.parametrize(
    "key", ["efron_0", "breslow_0", "efron_strata_0", "breslow_strata_0", "efron_001", "breslow_001"]
)
def test_derivatives_equal_those_of_coxph(golden, key):
    expected = golden.answers["derivatives"][key]
    p = len(golden.covariates)
    beta = np.broadcast_to(expected["beta"], p)
    found = evaluate(rows_of(golden, golden.covariates, "strata" in key), beta, key.split("_")[0])
    assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-12)
    noise = np.sqrt(np.diag(found.information))  # a score's own standard deviation
    assert (np.abs(found.score - expected["score"]) / noise).max() < 1e-9
    np.testing.assert_allclose(np.linalg.inv(found.information), expected["var_at_beta"], rtol=1e-8, atol=1e-14)


def test_efron_is_not_breslow(golden):
    """A peer's `Efron` was Breslow: on tied days the two differ far beyond rounding, and R says which is which."""
    r = golden.answers["cox"]
    gap = abs(r["efron"]["univariate_trt"]["coef"]["trt"] - r["breslow"]["univariate_trt"]["coef"]["trt"])
    efron, breslow = (fit([rows_of(golden, ["trt"], False)], ties).beta[0] for ties in ("efron", "breslow"))
    assert abs(efron - breslow) == pytest.approx(gap, rel=1e-6)
    assert gap > 1e-6
