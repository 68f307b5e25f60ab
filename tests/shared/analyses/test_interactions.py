"""Interactions in a run with its rules: a product of two numbers has no levels, of which cells could be counted."""

import numpy as np
import pytest

from riskset.analyses.admission.figures import Count, Figures
from riskset.analyses.admission.joint import Joint
from riskset.analyses.moments import Moments
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

SITES = ("asan", "kurume", "osaka")


@pytest.mark.parametrize("beside", [[], ["stage"]])
def test_of_two_numbers_is_admitted(patients, beside):
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": ["age", "lab", *beside, "age:lab"]}
    variables = patients.variables | {"lab": {"type": "number", "range": [0, 10]}}
    study = patients.study(SITES, variables=variables, analyses={"cox": asked})
    rows = patients.rows(seed=5, n=360)
    rows.variables["lab"] = np.random.default_rng(1).uniform(0, 10, 360)
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 360))).run()
    (found,) = (entry_json(one) for one in results_of(study, outcome, SITES).entries)
    assert found["status"] == "ok"
    assert found["terms"][-1]["variable"] == "age:lab"
    assert found["terms"][-1]["se"] > 0


def test_the_noise_of_a_refused_analysis_is_no_spread(patients):
    """A sum of squares that is noise may be negative; of a product beside no other it ended the run."""
    asked = {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"]}
    live = plan(patients.study(SITES, analyses={"forest": asked})).reported
    joint, known = Joint(5), Figures(moments={"os": Moments(360, 200, {})}, rows={"os": Count(360, 3)})
    noise, sites = [-1.0] * len(joint.labels(live)), [3] * len(joint.stated(live))
    figures = joint.combine(noise, sites, live, frozenset(one.id for one in live), known)
    assert figures.moments["os"].columns == {}


def test_companions_begin_while_what_is_left_of_a_refused_analysis_is_admitted(patients):
    """The rare stratum is refused, and the curves are admitted by themselves while the model is fitted."""
    variables = patients.variables | {"rare": {"type": "boolean"}}
    curves = {"kind": "km", "endpoints": ["os"], "strata": ["rare"]}
    model = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "arm:age"]}
    model |= {"robust": "patient", "ph_test": ["identity"]}
    rows = patients.rows(seed=3, n=360)
    rows.variables["rare"] = (np.arange(360) < 2).astype(float)
    study = patients.study(SITES, variables=variables, analyses={"survival": curves, "cox": model})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 360))).run()
    found = {one.id: entry_json(one) for one in results_of(study, outcome, SITES).entries}
    assert {one["status"] for one in found.values()} == {"ok"}
    assert found["cox/os/all/multivariable"]["terms"][-1]["robust_se"] > 0
