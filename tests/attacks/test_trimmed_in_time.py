"""Weighted curves of a population that leaves out one patient of the arm, whose covariates are known by the score. With
ATT each of the arm weighs 1, so that the sum of a block is how many of its patients are not left out: it tells how, and
nearly when, the one who is left out leaves."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka", "seoul")
N = 530
HIGHEST = 0.9
"""Above it one patient of the arm has a score."""
WEEK = 7


@pytest.fixture(scope="module")
def rows(patients):
    """The patients of all hospitals, whose arm goes by age and stage."""
    random, found = np.random.default_rng(6), patients.rows(8, N)
    age, stage = found.variables["age"], found.variables["stage"]
    arm = (random.random(N) < 1 / (1 + np.exp(-0.07 * (age - 65) - 0.6 * (stage - 1)))).astype(float)
    mean = 500 * np.exp(-0.02 * (age - 60) + 0.5 * arm - 0.4 * stage + 0.4)
    days, last = 1 + random.exponential(mean).astype(int), random.integers(300, 1500, N)
    variables = found.variables | {"arm": arm}
    return replace(found, variables=variables, days=np.minimum(days, last), event=days <= last)


@pytest.fixture(scope="module")
def run(patients, rows):
    """Returns the hospitals of a study with weighted curves, and its results."""

    def run(**weighting):
        score = {"covariates": ["age", "stage"], "site": "none", "adjustments": {"w": {"truncate": 4} | weighting}}
        curves = {"kind": "km", "endpoints": ["os"], "populations": ["all", "w"]}
        asked = {"score": {"kind": "propensity"}, "curves": curves}
        variables = patients.variables | {"age": {"type": "number", "range": [0, 100], "step": 0.1}}
        study = patients.study(SITES, width_days=WEEK, analyses=asked, propensity=score, variables=variables)
        cohorts = {}
        for name, cohort in patients.deal(rows, patients.sites(SITES, N)).items():
            own = cohort.analysis_sets["os"]
            everybody = {s.name: PatientSet(own.variables, own.patients) for s in plan(study).sets if not s.endpoint}
            cohorts[name] = Cohort(name, {"os": own} | everybody)
        return cohorts, Rehearsal(study, cohorts).run().results

    return run


@pytest.fixture(scope="module")
def highest(run):
    """Returns the step and the status (0 for the event) in which the one above the highest place leaves."""
    cohorts, results = run(method="att")
    found = []
    for cohort in cohorts.values():
        of = cohort.analysis_sets["os"]
        is_above = (results["propensity"].scores(of).probability > HIGHEST) & (of.variables["arm"] == 1)
        found += [(-(-int(of.days[i]) // WEEK), int(not of.event[i])) for i in np.flatnonzero(is_above)]
    ((step, status),) = found
    return step, status


def lacking(curves):
    """Returns the blocks of the arm that count fewer patients than they have: by how many, the status, and the first
    and last step."""
    part = curves.of.mean / 8
    found = []
    for status in (0, 1):
        counts = curves.of.counts[1][status]
        steps = np.flatnonzero(counts)
        each = curves.averaged[1][status][steps] / part
        for block in np.split(steps, np.flatnonzero(np.diff(each)) + 1):
            of = counts[block].sum()
            lack = of - of * curves.averaged[1][status][block[0]] / part / np.rint(1 / part)
            if lack > 0.01:
                found.append((round(float(lack), 6), status, int(block[0]), int(block[-1])))
    return found


def test_how_the_one_leaves_who_is_trimmed_is_read_where_the_rule_is_off(run, highest, monkeypatch):
    monkeypatch.setattr(own_rows, "own_arms", lambda *_: iter(()))
    ((lack, status, first, last),) = lacking(run(method="att", trim=[0.0, HIGHEST])[1]["km/os/w"])
    step, true = highest
    assert (lack, status) == (1.0, true)
    assert first <= step <= last < first + 10


def test_it_is_refused_before_a_weight_is_told_in_time(run, highest):
    found = run(method="att", trim=[0.0, HIGHEST])[1]["km/os/w"]
    assert isinstance(found, RefusedByRule)
    assert (found.rule, found.by) == ("R8", "a site")
    assert "all but a few" in str(found.message)


@pytest.mark.parametrize(
    "weighting",
    [
        pytest.param({"method": "att"}, marks=pytest.mark.exhaustive),
        {"method": "att", "trim": [0.0, 0.8]},
        {"method": "ate", "trim": [0.0, HIGHEST]},
    ],
)
def test_the_nearest_honest_request_is_answered(run, weighting):
    assert has_result(run(**weighting)[1]["km/os/w"])
