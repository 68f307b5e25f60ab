"""Tables of the same variables over several sets, each two of which differ in many patients.

Over four sets: all, less those with one value, less those with another, plus those with both, are the patients who have
neither. Over two, by arm: twelve patients of one arm lack a value, and one of the other."""

from typing import ClassVar

import numpy as np
import pytest

from riskset.analyses.admission import own_rows
from riskset.analyses.alike import are_alike
from riskset.analyses.analysis import has_result
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.moments import moments_id
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 180
TOLD = ("ecog", "male", "viral")
LACKED = ("hbv", "hcv")
SETS = {"every": (), "of_b": LACKED[:1], "of_c": LACKED[1:], "of_both": LACKED}
VARIABLES = {
    **{name: {"type": "boolean", "required": name not in LACKED} for name in ("arm", "dead", "ps", *TOLD, *LACKED)},
    "days": {"type": "number", "range": [0, 5000]},
}


def draw():
    random = np.random.default_rng(4)
    table = {name: random.integers(0, 2, N).astype(float) for name in ("arm", *TOLD, *LACKED)}
    return table | {"ps": table["ecog"]}


@pytest.fixture
def run(patients):
    """Returns the results of some of the tables; the later ones are of patients with further values."""

    def made(without_hbv, without_hcv=(), entries=tuple(SETS), also=(), told=TOLD):
        entry = {"kind": "table1", "missing": "complete", "tests": False}
        asked = {name: entry | {"variables": [*told, *SETS[name]]} for name in entries} | dict(also)
        comparison = {"arm": "arm", "reference": "false"}
        study = patients.study(SITES, analyses=asked, variables=VARIABLES, comparison=comparison)
        lacking, table = {"hbv": without_hbv, "hcv": without_hcv}, draw()

        def rows(site, set_id):
            here = np.arange(N) % len(SITES) == site
            names = set_id.complete_in or study.covariates_of("os")
            for name in names:
                here[list(lacking.get(name, ()))] = False
            variables, number = {name: table[name][here] for name in names}, np.arange(N)[here]
            if set_id.endpoint is None:
                return PatientSet(variables, number)
            return AnalysisSet(number % 50 + 1, number % 3 > 0, None, variables, number)

        sets = plan(study).sets
        cohorts = {site: Cohort(site, {s.name: rows(i, s) for s in sets}) for i, site in enumerate(SITES)}
        return Rehearsal(study, cohorts).run().results

    return made


def of(results, variable, entry):
    return results[f"table1/all/{variable}" if entry == "every" else f"table1/all/{variable}/{entry}"]


class TestWhoLacksBoth:
    """Sixty patients of three hospitals lack the one value, sixty the other, and one of them both."""

    who = 59
    lacking = (range(who + 1), range(who, 2 * who + 1))

    def test_is_read_where_the_rule_is_off(self, run, monkeypatch):
        for name in ("own_sets", "own_sets_of_site", "own_sets_of_arms"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
        results, table = run(*self.lacking), draw()
        for variable in TOLD:
            every, of_b, of_c, both = (np.array(of(results, variable, entry).by_arm) for entry in SETS)
            ((arm, level),) = np.argwhere(every - of_b - of_c + both)
            assert (arm, level) == (table["arm"][self.who], table[variable][self.who])

    def test_is_refused_and_three_tables_are_made(self, run):
        results = run(*self.lacking)
        for variable in TOLD:
            assert all(has_result(of(results, variable, entry)) for entry in list(SETS)[:3])
            refused = of(results, variable, "of_both")
            assert (refused.rule, refused.by) == ("R2", "a site")
        assert has_result(results["table1/all/hbv/of_both"])

    @pytest.mark.exhaustive
    def test_many_who_lack_both_are_answered(self, run):
        assert all(map(has_result, run(range(80), range(40, 120)).values()))


class TestTheOnlyOneOfAnArm:
    """Who lacks a value: twelve patients of the first arm, and one of the second."""

    entries = ("every", "of_b")
    model: ClassVar = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", *TOLD, "hbv"]}

    def who(self):
        arm = draw()["arm"]
        (*_, victim), many = np.flatnonzero(arm == 1)[:7], np.flatnonzero(arm == 0)[:12]
        return victim, [*many, victim]

    def test_is_read_where_the_rule_is_off(self, run, monkeypatch):
        monkeypatch.setattr(own_rows, "own_sets_of_arms", lambda *_: iter(()))
        victim, lacking = self.who()
        results = run(lacking, entries=self.entries)
        every, of_b = (
            np.array([of(results, variable, entry).by_arm[1] for variable in TOLD]) for entry in self.entries
        )
        assert (every - of_b)[:, 1].tolist() == [draw()[variable][victim] for variable in TOLD]

    def test_one_table_is_by_arm_and_the_other_of_all(self, run):
        results = run(self.who()[1], entries=self.entries)
        for variable in TOLD:
            assert [len(of(results, variable, entry).by_arm) for entry in self.entries] == [2, 1]

    def test_beside_a_model_with_the_arm_the_table_is_of_all(self, run):
        results = run(self.who()[1], entries=("every",), also={"model": self.model}.items())
        assert [len(of(results, variable, "every").by_arm) for variable in TOLD] == [1] * 3
        assert has_result(results["cox/os/all/multivariable"])

    def test_enough_of_both_arms_are_answered(self, run):
        results = run(range(24), entries=("every",), also={"model": self.model}.items())
        assert all(map(has_result, results.values()))


class TestTwoNamesOfOneColumn:
    """The export has ECOG twice, and one patient lacks HBV. A table of the one column, less a model of the other, is
    that patient's: columns of a run are compared by their values, not by their names."""

    model: ClassVar = {"kind": "cox", "endpoints": ["os"], "multivariable": ["ps", "male", "hbv"]}

    def results(self, run, lacking):
        return run(lacking, entries=("every",), told=["ecog"], also={"model": self.model}.items())

    def test_is_read_where_the_rule_is_off(self, run, monkeypatch):
        for name in ("own_sets", "own_sets_of_site"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
        table = draw()
        (victim,) = np.flatnonzero(table["arm"] == 1)[5:6]
        results = self.results(run, [victim])
        (share,) = [x.mean for column, x in results[moments_id("os")].columns.items() if column.variable == "ps"]
        with_all = of(results, "ecog", "every").every[1]
        assert round(with_all - share * results[moments_id("os")].n) == table["ecog"][victim]

    def test_is_refused(self, run):
        refused = of(self.results(run, [5]), "ecog", "every")
        assert (refused.rule, refused.by) == ("R2", "a site")

    def test_many_who_lack_the_value_are_answered(self, run):
        assert has_result(of(self.results(run, range(24)), "ecog", "every"))


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (lambda x, _: x >= 1, True),
        (lambda x, _: 2 - x, True),
        (lambda x, of: np.where(of.random(len(x)) < 0.02, 0, x), True),
        (lambda x, of: of.permutation(x), False),
    ],
    ids=["levels merged", "turned round", "two of a hundred others", "unrelated"],
)
def test_columns_of_one_meaning(other, is_one):
    random = np.random.default_rng(3)
    ecog = random.integers(0, 3, 200).astype(float)
    second = np.asarray(other(ecog, random), float)
    second[:5] = np.nan
    assert are_alike(ecog, second) is are_alike(second, ecog) is is_one
