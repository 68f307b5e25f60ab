"""Tables of the matched patients beside those of all: what one has beyond the other is a table of those who are not
matched. Where one patient of the arm finds nobody, it is that patient's row.

And a hospital with one arm, whose patients have no score: were they not among those before matching, sums of that
hospital would follow from those of all."""

from dataclasses import replace

import numpy as np
import pytest
from tests.test_kinds import with_sets

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka", "seoul")
N = 91
"""Patients of each hospital."""
BEFORE, AFTER = ("balance/match/stage/before", "balance/match/stage/after")


@pytest.fixture
def run(patients):
    """Returns the patients of the arm, by hospital their levels and who is matched, and the results of a study in which
    hospitals have so many of the arm; everybody finds somebody as long as there is somebody."""

    def run(*treated):
        sites = SITES[: len(treated)]
        score = {"covariates": ["age", "stage"]}
        score["adjustments"] = {"match": {"method": "nearest", "caliper_sd": None}}
        asked = {"score": {"kind": "propensity"}, "balance": {"kind": "balance"}}
        study = patients.study(sites, analyses=asked, propensity=score)
        dealt = patients.deal(patients.rows(5, len(sites) * N), patients.sites(sites, len(sites) * N))
        for name, n in zip(sites, treated, strict=True):
            rows = dealt[name].analysis_sets["os"]
            arm = np.isin(np.arange(N), np.random.default_rng(n).permutation(N)[:n]).astype(float)
            rows = replace(rows, variables=rows.variables | {"arm": arm})
            dealt[name] = with_sets(Cohort(name, {"os": rows}), study)
        results, planned = Rehearsal(study, dealt).run().results, plan(study)
        unmatched = []
        for cohort in dealt.values():
            rows = cohort.analysis_sets["os"]
            members = planned.populations["match"].members(cohort, results).patients
            alone = np.setdiff1d(np.flatnonzero(rows.variables["arm"] == 1), members)
            unmatched += rows.variables["stage"][alone].tolist()
        return unmatched, results

    return run


def of_arm(results, id_):
    """Returns the patients of the arm with each level."""
    return np.array(results[id_].by_arm[1])


class TestOneFindsNobody:
    """At Asan 46 of 91 patients are of the arm, so that one of them finds nobody."""

    treated = (46, 30, 30)

    def test_the_row_is_read_where_the_rule_is_off(self, run, monkeypatch):
        for name in ("own_sets", "own_sets_of_site", "own_sets_of_arms"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
        (stage,), results = run(*self.treated)
        assert np.flatnonzero(of_arm(results, BEFORE) - of_arm(results, AFTER)) == [stage]

    def test_is_refused_by_the_rule(self, run):
        _, results = run(*self.treated)
        found = results[AFTER]
        assert isinstance(found, RefusedByRule)
        assert (found.rule, found.by) == ("R2", "a site")
        assert results["balance/match"].largest is None

    @pytest.mark.exhaustive
    def test_an_arm_that_is_matched_whole_is_answered(self, run):
        unmatched, results = run(30, 30, 30)
        assert unmatched == []
        assert results["balance/match"].largest > 0


@pytest.mark.exhaustive
def test_a_hospital_with_one_arm_is_among_those_before_matching(run):
    """The sums by which the score is judged are of these patients too, so that nothing is left between the two."""
    _, results = run(0, 30, 30, 30)
    assert results["propensity"].n == 3 * N
    assert sum(map(sum, results[BEFORE].by_arm)) == 4 * N
