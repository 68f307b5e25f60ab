"""The difference between all patients and an adjusted population, or between two of these: a few patients who were not
matched, or who are trimmed. Where the rule is off their values are read; with it the later analyses are refused; where
many patients of each arm are in only one of the two, they are answered."""

import numpy as np
import pytest
from tests.attacks.test_scores_of_few import COMBINED, network

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.methods.propensity import PropensityScore
from riskset.analyses.methods.propensity_fit import Scored
from riskset.analyses.moments import moments_id

SITES = ("asan", "kurume", "osaka")
COVARIATES = (*COMBINED, "age")
ALL, MATCH = "cox/os/all/multivariable", "cox/os/match/multivariable"
MODELS = {
    "score": {"kind": "propensity"},
    "all": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", *COVARIATES]},
}


def draw(treated, others=32, seed=5):
    """Returns the patients of three hospitals, each with so many of the arm (a number each) and of the reference, who
    are alike: so that all of an arm can be matched."""
    random = np.random.default_rng(seed)
    arm = np.concatenate([np.repeat([1.0, 0.0], [of, others]) for of in treated])
    n = len(arm)
    table = {name: (random.random(n) < of).astype(float) for name, of in zip(COMBINED, (0.6, 0.4, 0.4), strict=True)}
    table |= {"arm": arm, "age": np.round(random.uniform(55, 75, n))}
    return table | {"days": 1 + random.integers(0, 900, n), "dead": random.random(n) < 0.7}


class TestAFewUnmatched:
    """Every patient of the smaller arm of a hospital is matched. One hospital has one patient more of the other arm."""

    def run(self, patients, treated, **more):
        sizes = dict(zip(SITES, (of + 32 for of in treated), strict=True))
        asked = MODELS | {"match": MODELS["all"] | {"populations": ["match"]}}
        adjustments = {"match": {"method": "nearest", "caliper_sd": 10}}
        table = draw(treated)
        run = network(patients, table, sizes, COVARIATES, adjustments=adjustments, analyses=asked, **more).run()
        return run, table

    def test_without_the_rule_the_row_of_the_only_one_is_the_difference(self, patients):
        run, table = self.run(patients, (32, 32, 33), is_gated=False)
        figures, sets = run.history.figures, {one.id: one.analysis_set for one in run.history.plan.reported}
        told = [
            {column.variable: (of.n, of.columns[column].mean) for column in of.columns}
            for of in (figures.moments[sets[id_]] for id_ in (ALL, MATCH))
        ]
        every, matched = ({name: n * mean for name, (n, mean) in of.items()} for of in told)
        row = {name: round(every[name] - matched[name]) for name in (*COVARIATES, "arm")}
        # whom nobody was matched with is known to the hospital alone
        is_it = np.logical_and.reduce([table[name] == value for name, value in row.items()])
        assert told[0]["arm"][0] - told[1]["arm"][0] == row["arm"] == 1
        assert is_it[128:].sum() == 1

    def test_it_is_refused(self, patients):
        run, _ = self.run(patients, (32, 32, 33))
        assert isinstance(run.results[MATCH], RefusedByRule)
        assert run.results[MATCH].limit_name == "R2.apart_rows"
        assert has_result(run.results[ALL])

    def test_where_many_of_three_hospitals_are_unmatched_it_is_answered(self, patients):
        run, _ = self.run(patients, (60, 60, 60))
        assert has_result(run.results[ALL])
        assert has_result(run.results[MATCH])
