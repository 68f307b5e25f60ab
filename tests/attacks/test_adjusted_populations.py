"""The difference between all patients and an adjusted population, or between two of these: a few patients who were not
matched, or who are trimmed. Where the rule is off their values are read; with it the later analyses are refused; where
many patients of each arm are in only one of the two, they are answered."""

import numpy as np
import pytest
from tests.attacks.test_scores_of_few import COMBINED, network

from riskset.analyses.admission import features, openings, own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.protocol.approval import ExceptionSigned

SITES = ("asan", "kurume", "osaka")
COVARIATES = (*COMBINED, "age")
ALL, MATCH = "cox/os/all/multivariable", "cox/os/match/multivariable"
WHOLE = {"method": "matching"}
A_THIRD = (ExceptionSigned("R4.leverage", "1/3", "two hundred patients, with weights"),)
MODELS = {
    "score": {"kind": "propensity"},
    "all": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", *COVARIATES]},
}


def confounded(n=80, seed=5):
    """Returns the patients of three hospitals, n each, of whom those with some levels are more often of the arm."""
    table = draw((n // 2,) * 3, n - n // 2, seed)
    random = np.random.default_rng(seed + 1)
    leaning = table["ecog"] - table["male"] + table["mvi"] + (table["age"] - 65) / 10 + random.logistic(size=3 * n)
    for at in np.split(np.arange(3 * n), 3):
        table["arm"][at] = leaning[at] > np.median(leaning[at])
    return table


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


@pytest.fixture(scope="module")
def case(patients):
    """Returns the patients, the trim, and who has the highest score, with the inverse probability of the arm."""
    table = confounded()
    only = network(patients, table, dict.fromkeys(SITES, 80), COVARIATES)
    fit, scores = only.run().results["propensity"], np.zeros(240)
    for cohort in only.cohorts.values():
        rows = next(of for of in cohort.analysis_sets.values() if "age" in of.variables)
        scores[rows.patients] = fit.scores(rows).probability
    *_, second, highest = np.argsort(scores)
    p = scores[highest]
    weight = 1 / (p if table["arm"][highest] else 1 - p)
    return table, [0.0, float(scores[highest] + scores[second]) / 2], highest, weight


class TestOneTrimmed:
    """Two populations of one method. In the second, scores end between the highest two: one patient is trimmed."""

    @pytest.fixture(autouse=True)
    def any_cut(self, monkeypatch):
        """A score may be cut anywhere: what `test_places_of_cuts` attacks is off."""
        monkeypatch.setattr(openings, "_combined", lambda *_: iter(()))

    def network(self, patients, table, adjustments, covariates=("arm", *COMBINED)):
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates)}
        asked = {of: model | {"populations": [of]} for of in adjustments} | {"score": {"kind": "propensity"}}
        of = {"adjustments": adjustments, "analyses": asked, "exceptions": A_THIRD}
        return network(patients, table, dict.fromkeys(SITES, 80), COVARIATES, **of)

    def test_without_the_rules_weight_and_row_are_the_difference(self, patients, case, monkeypatch):
        monkeypatch.setattr(openings, "_weighted_again", lambda _: iter(()))
        monkeypatch.setattr(features, "can_be_subtracted", lambda *_: False)
        for name in ("own_sets_of_site", "own_weighted_sets"):
            monkeypatch.setattr(own_rows, name, lambda *_: iter(()))
        table, trim, who, weight = case
        ate = {"method": "ate", "truncate": 3}
        run = self.network(patients, table, {"whole": ate, "trimmed": ate | {"trim": trim}}).run()
        figures = run.history.figures
        of_all = {of.cohort: weights.total for of, weights in figures.weights.items() if not of.with_event}
        levels = {(of.cohort, of.column.variable): level.total for of, level in figures.levels.items()}
        assert of_all["os/whole"] - of_all["os/trimmed"] == pytest.approx(weight, abs=1 / 8)
        row = [levels["os/whole", name] - levels["os/trimmed", name] > 0 for name in (*COMBINED, "arm")]
        assert row == [table[name][who] == 1 for name in (*COMBINED, "arm")]
        # what looks at columns together comes too late
        assert run.results["cox/os/trimmed/multivariable"].rule == "R4"

    def test_the_second_of_one_method_is_refused(self, patients, case):
        table, trim, *_ = case
        results = self.network(patients, table, {"whole": WHOLE, "trimmed": WHOLE | {"trim": trim}}).run().results
        assert has_result(results["cox/os/whole/multivariable"])
        assert isinstance(results["cox/os/trimmed/multivariable"], RefusedByRule)
        assert results["cox/os/trimmed/multivariable"].rule == "R2"

    @pytest.mark.exhaustive
    def test_another_method_is_answered(self, patients, case):
        table, trim, *_ = case
        adjustments = {"trimmed": WHOLE | {"trim": trim}, "whole": {"method": "ate", "truncate": 3}}
        results = self.network(patients, table, adjustments, ["arm"]).run().results
        assert all(has_result(results[f"cox/os/{name}/multivariable"]) for name in adjustments)


class TestAHospitalWithOneArm:
    """All patients less those who have a score are the patients of a hospital that has one arm only. They are weighted,
    so that nothing can be subtracted."""

    def test_weighted_models_are_answered_beside_all(self, patients):
        sites = {**dict.fromkeys(SITES, 80), "sapporo": 12}
        extra = {name: np.append(values, values[-12:]) for name, values in confounded().items()}
        extra["arm"][-12:] = 0
        asked = {
            "score": {"kind": "propensity"},
            "all": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "ecog"]},
            "weighted": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "populations": ["weighted"]},
        }
        of = {"adjustments": {"weighted": WHOLE}, "analyses": asked, "exceptions": A_THIRD}
        run = network(patients, extra, sites, COVARIATES, **of).run()
        assert run.results["propensity"].n == 240
        assert has_result(run.results["cox/os/all/multivariable"])
        assert has_result(run.results["cox/os/weighted/multivariable"])
