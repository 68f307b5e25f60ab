"""Cox models of matched patients: from which errors their limits are, and whose share in their sum rule R8 judges."""

from dataclasses import replace

import numpy as np
import pytest
from tests.test_kinds import with_sets

from riskset.analyses.cohort import SetId
from riskset.analyses.plan import plan
from riskset.analyses.populations import with_population
from riskset.rehearsal import Rehearsal
from riskset.study.load import study_hash

SITES = ("asan", "kurume", "osaka")
COX = {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["all", "match"]}
ERROR = "cox/os/match/univariable/arm/robust/arm = new"


def study_of(patients, **more):
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    asked = {"score": {"kind": "propensity"}, "cox": COX | more}
    return patients.study(SITES, analyses=asked, propensity=score)


@pytest.fixture(scope="module")
def at_a_hospital(patients):
    """Returns the error of a fitted model, what it needs, and a hospital with its matched patients."""
    study = study_of(patients)
    dealt = patients.deal(patients.rows(11, 240), patients.sites(SITES, 240))
    cohorts = {site: with_sets(cohort, study) for site, cohort in dealt.items()}
    results, planned = Rehearsal(study, cohorts, is_gated=False).run().results, plan(study)
    members = planned.populations["match"].members(cohorts["asan"], results)
    return planned.by_id[ERROR], results, with_population(cohorts["asan"], members, [SetId("os", "match")])


def test_a_sum_over_sets_is_that_of_their_patients_influence(at_a_hospital):
    error, results, cohort = at_a_hospital
    rows, sites = cohort.analysis_sets["os/match"], error.model.prepare(cohort, results)
    of_patients = np.empty(rows.n)
    of_patients[sites.order] = replace(error, over="patient").prepare(cohort, results)
    of_sets = [of_patients[rows.groups == group].sum() for group in np.unique(rows.groups)]
    prepared = error.prepare(cohort, results)
    assert prepared == pytest.approx(of_sets, rel=1e-12)
    assert error.local(prepared, None) == pytest.approx([np.square(of_sets).sum()])


def test_the_share_of_a_set_is_judged_even_where_no_patient_has_it(at_a_hospital):
    error, results, cohort = at_a_hospital
    squares = error.prepare(cohort, results) ** 2
    assert error.exposure.squares == "matched-set"
    assert error.largest_share(np.sqrt(squares), None, of_own=False) == squares.max()
    assert error.largest_share(np.array([0.6, 0.2]), None, of_own=True) == pytest.approx(0.9)


def test_nobody_is_clustered_by_sets_that_are_not_there(at_a_hospital):
    error, results, cohort = at_a_hospital
    rows = replace(cohort.analysis_sets["os/match"], groups=None)
    alone = replace(cohort, analysis_sets={**cohort.analysis_sets, "os/match": rows})
    with pytest.raises(TypeError, match="matched"):
        error.prepare(alone, results)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"all": "none", "match": "matched-set"}),
        ({"robust": "none"}, {"all": "none", "match": "none"}),
        ({"robust": "patient"}, {"all": "patient", "match": "patient"}),
        ({"robust": "matched-set", "populations": ["match"]}, {"match": "matched-set"}),
        ({"firth": True}, {"all": "none", "match": "none"}),
        ({"profile_limits": ["arm"]}, {"all": "none", "match": "none"}),
    ],
)
def test_errors_by_population(patients, more, expected):
    models = [a for a in plan(study_of(patients, **more)).reported if a.kind == "cox" and not a.part_of]
    assert {model.population: model.robust for model in models} == expected


def test_none_said_of_all_patients_has_the_hash_of_nothing_said(patients):
    bare, said = (
        patients.study(SITES, analyses={"cox": COX | of | {"populations": ["all"]}}) for of in ({}, {"robust": "none"})
    )
    assert study_hash(bare) == study_hash(said)
    assert study_hash(study_of(patients)) != study_hash(study_of(patients, robust="none"))
