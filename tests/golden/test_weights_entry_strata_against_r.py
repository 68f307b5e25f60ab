"""Weights, left truncation and strata with ties equal R's: `weights_entry_strata.R`, for what `oracle.R` leaves out."""

import json
from pathlib import Path

import numpy as np
import pytest

from riskset.stats.cox import fit, risk_sets
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import exits, limits, product_limit
from riskset.stats.newton import covariance


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("weights_entry_strata.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(answers):
    return {name: np.array(values) for name, values in answers["data"].items()}


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("key", ["weights", "entry", "weights_entry", "weights_strata", "weights_entry_strata"])
def test_fit_equals_coxph(answers, data, ties, key):
    rows = risk_sets(
        np.column_stack([data["x"], data["z"]]),
        data["time"],
        data["event"] == 1,
        entry_days=data["entry"] if "entry" in key else None,
        weights=data["w"] if "weights" in key else None,
        strata=data["s"] if "strata" in key else None,
    )
    state, r = fit([rows], ties), answers["cox"][ties][key]
    se = np.sqrt(np.diag(r["vcov"]))
    assert (np.abs(np.array(state.beta) - r["coef"]) / se).max() < 1e-9
    np.testing.assert_allclose(np.array(covariance(state), dtype=float), r["vcov"], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose([state.null_log_likelihood, state.log_likelihood], r["loglik"], rtol=1e-12)
    assert state.score_test == pytest.approx(r["score"], rel=1e-9)


def test_curve_with_entries_equals_survfit(answers, data):
    r, grid = answers["curve"], Grid(1, int(data["time"].max()))
    one_arm = np.zeros_like(data["time"])
    (counts,) = exits(data["time"], data["event"] == 1, one_arm, 1, grid, entry_days=data["entry"])
    curve = product_limit(*counts, grid.days)
    np.testing.assert_array_equal(curve.day, r["day"])
    np.testing.assert_array_equal(curve.at_risk, r["at_risk"])
    for ours, theirs in ((curve.survival, "survival"), (curve.std_error, "std_error")):
        np.testing.assert_allclose(ours, np.array(r[theirs], dtype=float), rtol=1e-9, atol=1e-14)
    for ours, theirs in zip(limits(curve), ("lower", "upper"), strict=True):
        np.testing.assert_allclose(ours, np.array(r[theirs], dtype=float), rtol=1e-9, atol=1e-14)
