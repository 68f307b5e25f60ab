"""What Table 1 tells of one patient: through a value far from all others, and by subtracting it from a model that
leaves one patient out. With the rule off the value is read; with it the row is refused; the nearest honest table is
made."""

from typing import ClassVar

import numpy as np
import pytest

from riskset.analyses.admission import judging, own_numbers, own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 180
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "age": {"type": "number", "range": [0, 100], "step": 50},  # ends the rounds of quartiles early
    "lab": {"type": "number", "range": [0, 1000], "step": 500},
    "lab2": {"type": "number", "range": [0, 1000], "step": 500},
    "ecog": {"type": "boolean"},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}
TABLE = {"kind": "table1", "variables": ["age", "lab"], "tests": False}
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
    table["lab2"] = table["lab"].copy()
    for name, (at, value) in changed.items():
        table[name][at] = value
    return table


def network(patients, table, analyses, without=(), sites=SITES):
    """Returns a network; patients `without` have no value of ecog."""
    study = patients.study(sites, analyses=analyses, variables=VARIABLES)
    cohorts = {site: Cohort(site, sets_of(study, table, i, without)) for i, site in enumerate(sites)}
    return Rehearsal(study, cohorts)


def sets_of(study, table, site, without):
    sets = {}
    for set_id in plan(study).sets:
        names = set_id.complete_in or study.covariates_of("os")
        here = table.get("site", np.arange(N) % len(SITES)) == site
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
        for name in ("own_columns", "_own_designs"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
        monkeypatch.setattr(own_numbers, "in_arms", lambda *_: iter(()))
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


class TestTheOnlyPatientOfAnArmAtAHospital:
    """A hospital has one patient of the new arm, with a value near those of its others and far from those of all other
    hospitals: at the mean of the arm at the hospital."""

    here = (0, 1, 2, 6, 7, 3)  # five of the old arm, and one of the new

    def run(self, patients, level):
        table = draw(lab=(list(self.here), level + np.arange(6)))
        table["site"] = np.where(np.isin(np.arange(N), self.here), 0, 1 + np.arange(N) % 3)
        return network(patients, table, {"table": TABLE}, sites=(*SITES, "seoul")).run().results[LAB]

    def test_the_value_is_read_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_numbers, "in_arms", lambda *_: iter(()))
        arm = self.run(patients, 900.0).by_arm[1]
        read = arm.mean + np.sqrt(arm.variance * (arm.n - 1) * (arm.n - 1) / arm.n)
        assert read == pytest.approx(905, rel=0.02)

    def test_the_number_is_refused(self, patients):
        assert self.run(patients, 900.0).rule == "R4"

    @pytest.mark.exhaustive
    def test_values_among_others_are_answered(self, patients):
        assert has_result(self.run(patients, 55.0))


class TestTwoNumbersThatDifferInOnePatient:
    """A laboratory value was measured again in one patient. The difference of the two sums of his arm is his alone."""

    who = 10
    asked: ClassVar = {"table": {**TABLE, "variables": ["lab", "lab2"], "tests": True}}

    def test_the_difference_is_read_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "_own_designs", lambda *_: iter(()))
        table = draw(lab2=(self.who, 71.5))
        results = network(patients, table, self.asked).run().results
        one, again = (results[f"table1/all/{name}"].by_arm[int(table["arm"][self.who])] for name in ("lab", "lab2"))
        assert one.n * (again.mean - one.mean) == pytest.approx(71.5 - table["lab"][self.who], rel=1e-6)

    def test_the_second_number_is_refused_and_the_first_is_answered(self, patients):
        results = network(patients, draw(lab2=(self.who, 71.5)), self.asked).run().results
        assert [results[f"table1/all/lab2{part}"].rule for part in ("", "/ranks")] == ["R4", "R4"]
        assert has_result(results[LAB])

    @pytest.mark.exhaustive
    def test_two_that_differ_in_many_are_answered(self, patients):
        changed = draw(lab2=(slice(None), np.random.default_rng(5).uniform(20, 80, N)))
        assert all(map(has_result, network(patients, changed, self.asked).run().results.values()))


def test_a_number_that_a_formula_computes_is_refused(patients):
    """`min(lab, 75)` differs from `lab` in a few patients of an arm."""
    capped = {"type": "number", "formula": "min(lab, 75)", "range": [0, 1000]}
    asked = {"table": {**TABLE, "variables": ["capped"]}}
    study = patients.study(SITES, analyses=asked, variables=VARIABLES | {"capped": capped})
    table = draw() | {"capped": np.minimum(draw()["lab"], 75)}
    cohorts = {site: Cohort(site, sets_of(study, table, i, ())) for i, site in enumerate(SITES)}
    refused = Rehearsal(study, cohorts).run().results["table1/all/capped"]
    assert (refused.rule, "formula" in str(refused.message)) == ("R4", True)


ASKED = {"table": {**TABLE, "variables": ["age"]}, "model": MODEL}


class TestAModelThatLeavesOnePatientOut:
    """One patient has no ECOG. The model's sum of age, less the table's, is that patient's age."""

    who = (20,)

    def test_the_age_is_read_where_the_rule_is_off(self, patients, monkeypatch):
        for module in (judging, own_rows):
            monkeypatch.setattr(module.cells, "apart", lambda *_: [])
        for name in ("_own_pairs", "_own_designs", "own_sets", "own_sets_of_site", "own_sets_of_arms"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
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
        assert 'missing = "complete"' in results[AGE].remedy
        assert "list it first" not in results[AGE].remedy, "a table is judged last, wherever it is listed"
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
