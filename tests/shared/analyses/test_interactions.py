"""Interactions in a run with its rules: a product of two numbers has no levels, of which cells could be counted."""

import numpy as np
import pytest

from riskset.analyses.admission.exclusions import NOT_COUNTED
from riskset.analyses.admission.figures import Count, Figures
from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.of_columns import Counts
from riskset.analyses.moments import ColumnMoments, Moments
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
    asked = {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"], "adjusted": ["age"]}
    live = plan(patients.study(SITES, analyses={"forest": asked})).reported
    joint, known = Joint(5), Figures(moments={"os": Moments(360, 200, {})}, rows={"os": Count(360, 3)})
    noise, sites = [-1.0] * len(joint.labels(live)), [3] * len(joint.stated(live))
    figures = joint.combine(noise, sites, live, frozenset(one.id for one in live), known)
    assert figures.moments["os"].columns == {}


def test_what_was_told_of_products_is_kept_while_a_later_admission_counts(patients):
    """A companion of a model may begin between the two rounds, and reads the moments of the model's columns."""
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "arm:age"]}
    live = plan(patients.study(SITES, analyses={"cox": asked})).reported
    (interaction,) = [column for column in live[0].exposure.design if column.factors]
    told = Moments(360, 200, {interaction: ColumnMoments(1.0, is_constant=False, within=9.0)})
    known, counts = Figures(moments={"os": told}, rows={"os": Count(360, 3)}), Counts(NOT_COUNTED)
    zeros, sites = [0.0] * len(counts.labels(live)), [3] * len(counts.stated(live))
    columns = counts.combine(zeros, sites, live, frozenset(), known).moments["os"].columns
    assert columns[interaction] == told.columns[interaction]
    assert len(columns) == 3
