"""The preference score in intervals: counts of each arm, of which those in equipoise are a sum."""

from dataclasses import replace

import numpy as np
import pytest
from tests.release.conftest import RECORDED
from tests.test_kinds import with_sets

from riskset.analyses.cohort import Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_release.attacker.counts import small_cells
from riskset_release.gate.gated import gated
from riskset_release.gate.published import published_files
from riskset_report import report_of
from riskset_report.numbers import numbers_csv

SITES, N, K = ("asan", "kurume", "osaka"), 240, 5


@pytest.fixture(scope="module")
def results(patients):
    """In tenths, of which several have few patients."""
    score = {"covariates": ["age", "stage"], "preference": True}
    study = patients.study(SITES, analyses={"score": {"kind": "propensity"}}, propensity=score)
    rows, random = patients.rows(7, N), np.random.default_rng(1)
    arm = (random.random(N) < 1 / (1 + np.exp(1 - rows.variables["stage"]))).astype(float)
    dealt = patients.deal(replace(rows, variables=rows.variables | {"arm": arm}), patients.sites(SITES, N))
    cohorts = {name: with_sets(Cohort(name, of.analysis_sets), study) for name, of in dealt.items()}
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES)


def test_tenths_of_few_patients_are_held_back_with_what_gives_them_away(results):
    gate = gated(results)
    assert gate.unknown == frozenset()
    before = {"numbers.csv": numbers_csv(report_of(results).cells)}
    assert len(small_cells(before, gate.counted, K)) > 1
    assert small_cells(published_files(gate, RECORDED), gate.counted, K) == []


def test_equipoise_is_the_sum_of_the_tenths_within_it(results):
    system = gated(results).counted.system
    sums = [relation for relation in system.relations if any("in equipoise" in name for name in relation)]
    within = [relation for relation in sums if len(relation) == 5]
    assert len(within) == 2  # of each arm
    assert all(sum(system.values[name] * by for name, by in relation.items()) == 0 for relation in sums)
