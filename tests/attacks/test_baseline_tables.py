"""What Table 1 tells of one patient: through a value far from all others, and by subtracting it from a model that
leaves one patient out. With the rule off the value is read; with it the row is refused; the nearest honest table is
made."""

import numpy as np
import pytest

from riskset.analyses.admission import judging, own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 180
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "age": {"type": "number", "range": [0, 100]},
    "lab": {"type": "number", "range": [0, 1000]},
    "ecog": {"type": "boolean"},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}
TABLE = {"kind": "table1", "variables": ["age", "lab"]}
MODEL = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "ecog"]}
AGE, LAB, COX = "table1/all/age", "table1/all/lab", "cox/os/all/multivariable"


def draw(**changed):
    random = np.random.default_rng(4)
    table = {
        "arm": np.arange(N) // len(SITES) % 2.0,
        "age": np.round(random.uniform(40, 90, N)),
        "lab": np.round(random.normal(50, 10, N), 1),
        "ecog": random.integers(0, 2, N).astype(float),
        "days": 1 + random.exponential(300, N).astype(np.int64),
        "dead": random.random(N) < 0.7,
    }
    for name, (at, value) in changed.items():
        table[name][at] = value
    return table


def network(patients, table, analyses, without=()):
    """Returns a network; patients `without` have no value of ecog."""
    study = patients.study(SITES, analyses=analyses, variables=VARIABLES)
    cohorts = {site: Cohort(site, sets_of(study, table, i, without)) for i, site in enumerate(SITES)}
    return Rehearsal(study, cohorts)


def sets_of(study, table, site, without):
    sets = {}
    for set_id in plan(study).sets:
        names = set_id.complete_in or study.covariates_of("os")
        here = np.arange(N) % len(SITES) == site
        if "ecog" in names:
            here[list(without)] = False
        variables = {name: table[name][here] for name in names}
        number = np.arange(N)[here]
        if set_id.endpoint is None:
            sets[set_id.name] = PatientSet(variables, number)
        else:
            sets[set_id.name] = AnalysisSet(table["days"][here], table["dead"][here], None, variables, number)
    return sets


class TestAValueFarFromAllOthers:
    """One patient has a laboratory value of 900, all others 20 to 80. The arm's mean and standard deviation give it."""

    who = 10

    def asks(self, patients, value):
        return network(patients, draw(lab=(self.who, value)), {"table": TABLE}).run().results

    def test_it_is_read_from_the_sums_of_its_arm_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "_own_numbers", lambda *_: iter(()))
        table = draw(lab=(self.who, 900.0))
        arm = self.asks(patients, 900.0)[LAB].by_arm[int(table["arm"][self.who])]
        # all others near their own mean m: n mean = (n - 1) m + x, and the sum of squares about the mean is nearly
        # (x - m)^2 (n - 1) / n
        read = arm.mean + np.sqrt(arm.variance * (arm.n - 1) * (arm.n - 1) / arm.n)
        assert read == pytest.approx(900, rel=0.02)

    def test_it_is_refused_and_other_rows_are_made(self, patients):
        results = self.asks(patients, 900.0)
        assert isinstance(results[LAB], RefusedByRule)
        assert (results[LAB].rule, results[LAB].by) == ("R4", "a site")
        assert has_result(results[AGE])
        assert has_result(results["table1/all"])

    def test_a_value_among_others_is_answered(self, patients):
        assert has_result(self.asks(patients, 75.0)[LAB])


ASKED = {"table": {**TABLE, "variables": ["age"]}, "model": MODEL}


class TestAModelThatLeavesOnePatientOut:
    """One patient has no ECOG. The model's sum of age, less the table's, is that patient's age."""

    who = (20,)

    def test_the_age_is_read_where_the_rule_is_off(self, patients, monkeypatch):
        for module in (judging, own_rows):
            monkeypatch.setattr(module.cells, "apart", lambda *_: [])
        monkeypatch.setattr(own_rows, "_own_pairs", lambda *_: iter(()))
        table = draw()
        outcome = network(patients, table, ASKED, self.who).run()
        every = outcome.results[AGE].every
        model = outcome.results[moments_id("os")]
        (mean,) = [of.mean for column, of in model.columns.items() if column.name == "age"]
        assert every.n * every.mean - model.n * mean == pytest.approx(table["age"][self.who[0]], rel=1e-6)

    def test_the_table_is_refused_and_the_model_is_made(self, patients):
        results = network(patients, draw(), ASKED, self.who).run().results
        assert isinstance(results[AGE], RefusedByRule)
        assert results[AGE].rule == "R2"
        assert has_result(results[COX])
        assert has_result(results["table1/all"])

    def test_a_table_of_what_the_model_does_not_use_is_answered(self, patients):
        asked = {"table": {**TABLE, "variables": ["lab"]}, "model": MODEL}
        results = network(patients, draw(), asked, self.who).run().results
        assert has_result(results[LAB])
        assert has_result(results[COX])

    def test_so_is_a_table_of_the_same_patients(self, patients):
        asked = {"table": {**TABLE, "variables": ["age", "ecog"], "missing": "complete"}, "model": MODEL}
        results = network(patients, draw(), asked, self.who).run().results
        assert all(map(has_result, results.values()))
