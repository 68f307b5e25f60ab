"""Tables of a weighted population, read by somebody who knows the coefficients of the score, and so what each patient
would weigh. Where all but a few weights of an arm are alike, the weighted table less the plain one is of these few. And
exact sums tell which patients make them up."""

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from tests.test_kinds import with_sets

from riskset.analyses.admission import openings as openings_of_run
from riskset.analyses.admission import own_rows
from riskset.analyses.admission.openings import openings
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet, SetId
from riskset.analyses.design import Column
from riskset.analyses.methods import weighted_tables
from riskset.analyses.methods.weighted_tables import WeightedNumber
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.patients_by_arm import Arms
from riskset.analyses.plan import plan
from riskset.analyses.weights import Weights
from riskset.disclosure.policy import default_policy
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka", "seoul")
N = 530
AFTER, BEFORE = "balance/w/stage/after", "balance/w/stage/before"


@pytest.fixture(scope="module")
def rows(patients):
    """The patients of all hospitals, whose arm goes by age and stage."""
    random, found = np.random.default_rng(3), patients.rows(5, N)
    age, stage = found.variables["age"], found.variables["stage"]
    arm = random.random(N) < 1 / (1 + np.exp(-0.05 * (age - 65) - 0.5 * (stage - 1)))
    return replace(found, variables=found.variables | {"arm": arm.astype(float)})


@pytest.fixture(scope="module")
def run(patients, rows):
    """Returns the hospitals of a study with these adjustments, and its results."""

    def run(*, is_gated=True, sites=SITES, **adjustments):
        score = {"covariates": ["age", "stage"], "site": "none", "adjustments": adjustments}
        asked = {"score": {"kind": "propensity"}, "balance": {"kind": "balance"}}
        variables = patients.variables | {"age": {"type": "number", "range": [0, 100], "step": 0.1}}
        study = patients.study(sites, analyses=asked, propensity=score, variables=variables)
        dealt = patients.deal(rows, patients.sites(sites, N))
        cohorts = {name: with_sets(Cohort(name, {"os": of.analysis_sets["os"]}), study) for name, of in dealt.items()}
        return plan(study), cohorts, Rehearsal(study, cohorts, is_gated=is_gated).run().results

    return run


@pytest.fixture(scope="module")
def without_one(run):
    """Returns the weighting of ATT that trims one patient of the arm, and the stage of that patient."""
    _, cohorts, results = run(w={"method": "att"})
    probability, stage = [], []
    for cohort in cohorts.values():
        of = cohort.analysis_sets["os"]
        treated = of.variables["arm"] == 1.0
        probability += results["propensity"].scores(of).probability[treated].tolist()
        stage += of.variables["stage"][treated].tolist()
    order = np.argsort(probability)
    high = (probability[order[-1]] + probability[order[-2]]) / 2
    return {"method": "att", "trim": [0.0, float(high)]}, int(stage[order[-1]])


def of_arm(results):
    """Returns the patients of the arm with each level, and what they weigh."""
    return np.array(results[BEFORE].by_arm[1]), results[AFTER].by_arm[1].first


def test_the_row_of_one_who_is_trimmed_is_read_where_the_rule_is_off(run, without_one):
    weighting, stage = without_one
    counts, weights = of_arm(run(is_gated=False, w=weighting)[2])
    assert np.flatnonzero(counts - weights).tolist() == [stage]


def test_it_is_refused_by_the_rule_before_anything_of_a_cell_is_told(run, without_one, monkeypatch):
    monkeypatch.setattr(openings_of_run, "_combined", lambda *_: iter(()))  # a score may be cut anywhere
    weighting, _ = without_one
    results = run(w=weighting)[2]
    for id_ in (AFTER, "balance/w/age/after", "balance/w"):
        assert isinstance(results[id_], RefusedByRule)
        assert (results[id_].rule, results[id_].by) == ("R8", "a site")
        assert "all but a few" in str(results[id_].message)
    monkeypatch.setattr(own_rows, "own_arms", lambda *_: iter(()))  # the rule of cells finds that patient's cell too
    later = run(w=weighting)[2][AFTER]
    assert (later.rule, later.by) == ("R8", "a site")


@pytest.mark.parametrize(
    "weighting",
    [
        {"method": "att"},
        pytest.param({"method": "ate", "truncate": 4}, marks=pytest.mark.exhaustive),
        pytest.param({"method": "overlap"}, marks=pytest.mark.exhaustive),
        pytest.param({"method": "matching"}, marks=pytest.mark.exhaustive),
        {"method": "nearest", "ratio": 2},
    ],
)
def test_the_nearest_honest_request_is_answered(run, weighting):
    _, _, results = run(w=weighting)
    assert has_result(results[AFTER])
    assert results["balance/w"].largest < 0.1


def test_of_a_second_weighted_population_no_table_is_made(run):
    """ATE less ATT is 1 for each of the reference but for those whose weight is limited in one of the two."""
    results = run(w={"method": "att"}, x={"method": "ate", "truncate": 4})[2]
    assert has_result(results[AFTER])
    refused = results["balance/x/stage/after"]
    assert (refused.rule, refused.limit_name) == ("R8", "R8.tables")
    assert isinstance(results["balance/x"], RefusedByRule)


AGES = np.arange(50.0, 76.0)
FEW = 10
SET = SetId(None, "w")
AGE = Column("age", None, None, None, 60.0, 60.0)


@pytest.fixture(scope="module")
def lists():
    """Returns every list of half as many ages, as indices, (lists, FEW / 2)."""
    return np.array(list(combinations_with_replacement(range(len(AGES)), FEW // 2)))


def told(ages, weights):
    """Returns what a hospital tells of the patients of an arm: the sums of weights, and those with the age and its
    square."""
    arms = Arms(tuple(Column("arm", level, "old", code) for code, level in enumerate(("old", "new"))))
    at = {"steps": weighted_tables.SUMS}
    table = WeightedNumber(id="t", name="t", set_id=SET, arms=arms, variable="age", column=AGE, **at)
    rows = PatientSet({"arm": np.ones(FEW), "age": ages}, np.arange(FEW), weights)
    known = {moments_id(SET.name): Moments(FEW, 0, {}, Weights(float(FEW), float(FEW)))}
    found = table.prepare(Cohort("asan", {SET.name: rows}), known)[1]
    return found[[0, 2, 3]]


def possible(lists, ages, weights_at):
    """Returns how many lists of ages fit the plain sums of age and of its square, and how many of these what is told of
    the weights, by meeting in the middle."""
    truth = told(ages, weights_at[(ages - AGES[0]).astype(int)])
    halves = np.stack([AGES[lists].sum(axis=1), (AGES[lists] ** 2).sum(axis=1)])
    key, of = halves[0] * 1e6 + halves[1], ages.sum() * 1e6 + (ages**2).sum()
    order = np.argsort(key)
    left = np.searchsorted(key[order], of - key)
    right = np.searchsorted(key[order], of - key, side="right")
    first = np.repeat(np.arange(len(lists)), right - left)
    second = order[np.concatenate([np.arange(a, b) for a, b in zip(left, right, strict=True)])]
    digits = len(AGES) ** np.arange(FEW)
    every = np.unique(np.sort(np.hstack([lists[first], lists[second]]), axis=1) @ digits)
    every, parts = every[:, None] // digits % len(AGES), weighted_tables.PARTS_IN_TABLES
    steps, z = np.rint(weights_at * parts)[every], (AGES[every] - AGE.middle) / AGE.half_range
    of_each = (steps * (weighted_tables.SUMS / parts if power else 1) * z**power for power in (0, 1, 2))
    fits = [np.rint(of.sum(axis=1)) == number for of, number in zip(of_each, truth, strict=True)]
    return len(every), int(np.all(fits, axis=0).sum())


def test_ages_are_decoded_from_exact_sums_and_not_from_rounded_ones(lists, monkeypatch):
    random = np.random.default_rng(1)
    ages = np.sort(AGES[random.choice(len(AGES), FEW)])
    weights_at = 1 + np.exp(0.05 * (AGES - 60))
    weights_at /= weights_at.mean()
    every, rounded = possible(lists, ages, weights_at)
    assert every > 1000
    assert rounded > 20
    monkeypatch.setattr(weighted_tables, "PARTS_IN_TABLES", 2**30)
    monkeypatch.setattr("riskset.analyses.weights.PARTS_IN_TABLES", 2**30)
    monkeypatch.setattr(weighted_tables, "SUMS", 2**30)
    assert possible(lists, ages, weights_at)[1] == 1


class TestLevelsThatDifferInOnePatientOfAnArm:
    """Two covariates of the score, which fourteen patients have only one of: one of the arm, and thirteen of the
    reference, who hide that one from rules that count both arms. The arm's weights with the one covariate, less those
    with the other, are this patient's weight, and by the coefficients nearly the row."""

    SITES = ("asan", "kurume", "osaka", "seoul")

    @pytest.fixture
    def marked(self, patients, rows):
        """Returns the rows, and who of the arm has only one of x and y."""
        random, arm = np.random.default_rng(7), rows.variables["arm"]
        x = (random.random(N) < 0.4).astype(float)
        y, lacking = x.copy(), [random.permutation(np.flatnonzero((arm == of) & (x == 0))) for of in (0, 1)]
        y[[*lacking[0][:13], lacking[1][0]]] = 1
        return replace(rows, variables=rows.variables | {"x": x, "y": y}), int(lacking[1][0])

    @pytest.fixture(autouse=True)
    def any_levels(self, monkeypatch):
        """A score with one intercept may have any number of variables with levels."""
        monkeypatch.setattr(openings_of_run, "_common_intercept", lambda _: iter(()))

    def run(self, patients, marked, **steps):
        """Returns the difference that is read, the patient's weight, and the step of a sum, in the unit of tables."""
        rows, one = marked
        adjusted = {"w": {"method": "overlap"}}
        score = {"covariates": ["age", "stage", "x", "y"], "site": "none", "adjustments": adjusted}
        asked = {"score": {"kind": "propensity"}, "balance": {"kind": "balance"}}
        flags = {"x": {"type": "boolean"}, "y": {"type": "boolean"}}
        variables = patients.variables | flags | {"age": {"type": "number", "range": [0, 100], "step": 0.1}}
        study = patients.study(self.SITES, analyses=asked, propensity=score, variables=variables)
        dealt = patients.deal(rows, patients.sites(self.SITES, N))
        cohorts = {name: with_sets(Cohort(name, {"os": of.analysis_sets["os"]}), study) for name, of in dealt.items()}
        results = Rehearsal(study, cohorts).run().results
        x, y = (results[f"balance/w/{of}/after"].by_arm[1] for of in "xy")
        scored = results["propensity"].model.rows(rows)
        weight = 1 - results["propensity"].model.scores(scored, results["propensity"].beta).probability[one]
        return float(y.first[1] - x.first[1]), float(weight)

    def test_tell_the_weight_by_sums_in_64ths(self, patients, marked, monkeypatch):
        monkeypatch.setattr(weighted_tables, "CELLS", weighted_tables.PARTS_IN_TABLES)
        read, weight = self.run(patients, marked)
        assert read == pytest.approx(weight, abs=0.51 * 0.5 / 64)

    def test_tell_it_to_a_quarter_of_the_mean_weight_only(self, patients, marked):
        read, weight = self.run(patients, marked)
        assert abs(read) % (0.5 / 4) == 0  # the unit of these weights is one half
        assert abs(read - weight) < 0.5 / 4


def test_tables_of_weights_are_of_one_set(patients):
    """Those of the patients with a further value would be another set, less one patient of an arm."""
    table = {"kind": "table1", "variables": ["age", "stage"], "populations": ["w"]}
    analyses = {"score": {"kind": "propensity"}, "balance": {"kind": "balance"}, "table": table}
    score = {"covariates": ["age", "stage"], "adjustments": {"w": {"method": "overlap"}}}
    planned = plan(patients.study(SITES, analyses=analyses, propensity=score))
    tables = [analysis for analysis in planned.reported if analysis.exposure.weighs_tables]
    assert len({analysis.analysis_set for analysis in tables}) == 1
    moved = [replace(one, set_id=replace(one.set_id, complete_in=("arm", "age"))) for one in tables[-1:]]
    judged = dict(openings(default_policy("pooled"), [*tables, *moved], "arm"))
    assert judged[moved[0].id].limit_name == "R8.tables"
    assert not judged[moved[0].id].passes
