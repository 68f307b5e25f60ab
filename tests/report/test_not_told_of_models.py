"""What the report does not tell of a Cox model. Where errors are robust, no test of several coefficients by the
information: beside robust P values it would be another inference, and of weighted patients none at all. On 900 made-up
patients with case weights, R's coxph(..., weights = w, robust = TRUE) has 15.6 (2 df) for a category of which the
information has 26.1."""

import numpy as np
import pytest

from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

SITES = ("asan", "kurume", "osaka")
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"], "splines": {"age": [50, 60, 80]}}


@pytest.mark.parametrize("robust", ["none", "patient"])
def test_tests_of_several_coefficients(patients, printed, robust):
    study = patients.study(SITES, analyses={"cox": {**COX, "robust": robust}})
    rows = patients.rows(seed=8, n=240)
    outcome = Rehearsal(study, patients.deal(rows, np.array(SITES)[np.arange(rows.n) % 3]), is_gated=False).run()
    results = results_of(study, outcome, SITES, is_gated=False)
    assert [of["variable"] for of in entry_json(results.entries[0])["categories"]] == ["stage"]
    (table,) = printed(results).tables("cox")
    (stage,) = (row for row in table.rows if row.label == "stage")
    assert bool(stage.cells[-1]) == (robust == "none")
    notes = " ".join(table.notes)
    for said in ("score χ²", "that its effect is linear (Wald)", "P beside a variable"):
        assert (said in notes) == (robust == "none")
    assert ("no test of several coefficients" in notes) == (robust == "patient")


def test_an_interaction_has_no_e_value(patients):
    """Its ratio is one of two hazard ratios, which no confounder of the two groups alone explains."""
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "stage", "arm:stage"], "e_value": True}
    study, rows = patients.study(SITES, analyses={"cox": asked}), patients.rows(seed=8, n=240)
    outcome = Rehearsal(study, patients.deal(rows, np.array(SITES)[np.arange(rows.n) % 3]), is_gated=False).run()
    found = entry_json(results_of(study, outcome, SITES, is_gated=False).entries[0])
    assert [term["variable"] for term in found["terms"]] == ["arm", "stage", "stage", "arm:stage", "arm:stage"]
    assert [of["variable"] for of in found["e_value"]] == ["arm", "stage", "stage"]
