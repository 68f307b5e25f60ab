"""Categories that follow from the score: intervals of the preference score, and strata. Everybody has the coefficients;
so whoever knows the covariates of a patient knows in which interval the patient is, and reads the arm of one who is
there alone. What two stratifications that differ in one patient tell differs by that patient's row."""

from fractions import Fraction

import numpy as np
import pytest
from tests.attacks.test_scores_of_few import VARIABLES, cohort, draw

from riskset.analyses.admission import judging, openings, own_rows
from riskset.analyses.admission.features import Feature
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.methods.preference import FORMS, PREFERENCE
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.stats.preference import bins, preference

SITES = dict.fromkeys(("asan", "kurume", "osaka"), 300)
N = sum(SITES.values())
COVARIATES = ["ecog", "mvi", "age"]
IN_TENTHS = VARIABLES | {"age": {"type": "number", "range": [40, 89], "step": 0.1}}
"""Of age: with values in years the score has too few combinations (R6)."""
SCORE = {"score": {"kind": "propensity"}}
COX = {"kind": "cox", "endpoints": ["os"]}


def run(patients, table, analyses=SCORE, preference=False, adjustments=None, **more):
    propensity = {"covariates": COVARIATES, "site": "none", "preference": preference}
    if adjustments:
        propensity["adjustments"] = {name: {"method": "strata", "cuts": cuts} for name, cuts in adjustments.items()}
    asked = {
        "analyses": analyses,
        "variables": IN_TENTHS,
        "propensity": propensity,
        "disclosure": {"min_sites": len(SITES)},
    }
    study, at = patients.study(tuple(SITES), **asked), np.repeat(list(SITES), list(SITES.values()))
    return Rehearsal(study, {name: cohort(study, name, table, at == name) for name in SITES}, **more).run()


def drawn():
    table = draw(N)
    return table | {"age": np.round(table["age"] + np.random.default_rng(2).uniform(-0.5, 0.5, N), 1)}


def rows_of(table, which=slice(None)):
    return np.column_stack([table[name][which] for name in COVARIATES])


def scores(fit, rows):
    """Returns the logits of the scores of patients with these covariates, from what everybody has."""
    intercept, *slopes = (term.coef for term in fit.terms.terms)
    return intercept + rows @ slopes


class TestFewInAnInterval:
    """One patient of each hospital is far older than all others, and so has a score like nobody else. None of the three
    has the treatment that such patients have."""

    few = (7, 307, 607)

    @pytest.fixture
    def table(self):
        table = drawn()
        lean = table["ecog"] + 0.8 * table["mvi"] + 0.08 * (table["age"] - 62) - 0.5
        table["arm"] = (np.random.default_rng(4).random(N) < 1 / (1 + np.exp(-lean))).astype(float)
        for name, value in {"ecog": 1.0, "mvi": 1.0, "age": 89.0, "arm": 0.0}.items():
            table[name][list(self.few)] = value
        return table

    def interval(self, fit, table):
        """Returns the tenth of each patient, (n,)."""
        return bins(preference(scores(fit, rows_of(table)), fit.treated, fit.n - fit.treated))

    def test_their_arm_is_read_where_the_rules_are_off(self, patients, table):
        results = run(patients, table, preference=True, is_gated=False).results
        found, tenth = results[PREFERENCE], self.interval(results["propensity"], table)
        assert found.form == FORMS[0]
        assert np.flatnonzero(tenth == tenth[7]).tolist() == [*self.few]
        assert [of[tenth[7]] for of in found.by_arm] == [3, 0]

    def test_ten_intervals_are_refused_and_coarser_ones_answered(self, patients, table):
        outcome = run(patients, table, preference=True)
        found, asked = outcome.results[PREFERENCE], outcome.history.plan.by_id[PREFERENCE]
        tried = FORMS[: FORMS.index(found.form)]
        assert tried
        assert [name for name, _ in asked.refusals] == [form.name for form in tried]
        assert asked.refusals[0][1].limit_name == "R4.level"
        tenth = self.interval(outcome.results["propensity"], table)
        expected = [[np.isin(tenth[table["arm"] == arm], of).sum() for of in found.form.intervals] for arm in (0, 1)]
        assert np.array(found.by_arm).tolist() == expected
        assert np.array(found.by_arm).sum(axis=0).min() >= 10


class TestNumbers:
    """Counts of intervals are sums of the numbers of patients with each combination of covariates, as the score's own
    sums are: all together are at most one for two patients."""

    limit = Fraction(1, 2)

    def sent(self, outcome):
        """Returns the numbers of the score, and those that admission and the table tell of the intervals."""
        return outcome.history.sent["propensity"], outcome.history.plan.by_id[PREFERENCE].exposure.from_fit.numbers

    @pytest.fixture
    def table(self):
        return {name: of[: 3 * 67] for name, of in drawn().items()}

    @pytest.fixture
    def sites(self, monkeypatch):
        monkeypatch.setattr("tests.attacks.test_score_levels.SITES", dict.fromkeys(SITES, 67))

    def test_as_many_as_are_asked_would_be_more(self, patients, table, sites, monkeypatch):
        monkeypatch.setattr(judging, "beside_a_fit", lambda *_: iter(()))
        of_score, of_intervals = self.sent(run(patients, table, preference=True))
        assert of_score <= self.limit * len(table["arm"]) < of_score + of_intervals

    def test_fewer_intervals_are_told_in_their_place(self, patients, table, sites):
        outcome = run(patients, table, preference=True)
        asked = outcome.history.plan.by_id[PREFERENCE]
        assert asked.refusals[0][1].limit_name == "R5.fitted"
        assert has_result(outcome.results[PREFERENCE])
        assert sum(self.sent(outcome)) <= self.limit * len(table["arm"])

    def test_of_two_hospitals_each_judges_its_own(self, patients, monkeypatch):
        monkeypatch.setattr("tests.attacks.test_score_levels.SITES", dict.fromkeys(list(SITES)[:2], 200))
        table = {name: of[:400] for name, of in drawn().items()}
        two = (ExceptionSigned("R12.contributors", "2", "two hospitals"),)
        outcome = run(patients, table, preference=True, exceptions=two)
        of_score, _ = self.sent(outcome)
        assert of_score < self.limit * 200
        refusals = [why for _, why in outcome.history.plan.by_id[PREFERENCE].refusals]
        assert ("R5", "a site") in [(why.rule, why.by) for why in refusals]
        assert has_result(outcome.results["propensity"])


class TestStrata:
    @pytest.fixture(autouse=True)
    def any_cut(self, monkeypatch):
        """A score may be cut anywhere: what `test_places_of_cuts` attacks is off."""
        monkeypatch.setattr(openings, "_combined", lambda *_: iter(()))

    @pytest.fixture
    def table(self):
        return drawn()

    def cuts(self, patients, table):
        """Returns cuts of which the second of two has one patient less above it, and the patient."""
        fit = run(patients, table, is_gated=False).results["propensity"]
        p = 1 / (1 + np.exp(-scores(fit, rows_of(table))))
        order = np.argsort(p)
        alone = next(i for i in range(N // 2, N) if p[order[i - 1]] < p[order[i]] < p[order[i + 1]])
        low, here, high = p[order[alone - 1 : alone + 2]]
        return [float((low + here) / 2)], [float((here + high) / 2)], order[alone]

    def models(self, populations):
        entry = COX | {"populations": populations, "multivariable": ["arm", "ecog", "mvi", "age"]}
        return SCORE | {"cox": entry}

    def test_one_patient_in_a_stratum_is_refused_and_ten_are_answered(self, patients, table):
        fit = run(patients, table, is_gated=False).results["propensity"]
        p = np.sort(1 / (1 + np.exp(-scores(fit, rows_of(table)))))
        asked = SCORE | {"cox": COX | {"populations": ["strata"], "univariable": ["arm"]}}
        ends = {}
        for above in (1, 60):
            cut = float((p[-above - 1] + p[-above]) / 2)
            outcome = run(patients, table, asked, adjustments={"strata": [cut]})
            ends[above] = outcome.results["cox/os/strata/univariable/arm"]
        assert isinstance(ends[1], RefusedByRule)
        assert ends[1].limit_name in ("R4.level", "R12.contributors")
        assert has_result(ends[60])

    def row(self, outcome):
        """Returns how many more patients in the higher stratum of the one population than of the other have each level:
        what all parties know once admission has counted the pairs."""
        read = []
        for name in ("one", "other"):
            model = outcome.history.plan.by_id[f"cox/os/{name}/multivariable"]
            columns = [model.strata[1], *(column for column in model.design if not column.is_number)]
            known = outcome.history.figures.pairs.of([Feature(model.analysis_set, column) for column in columns])
            read.append(known[0])
        return read[0] - read[1]

    def test_the_row_of_whom_two_stratifications_differ_in_is_read_where_the_rule_is_off(
        self, patients, table, monkeypatch
    ):
        monkeypatch.setattr(own_rows, "own_outcomes", lambda *_: iter(()))
        one, other, patient = self.cuts(patients, table)
        outcome = run(patients, table, self.models(["one", "other"]), adjustments={"one": one, "other": other})
        assert self.row(outcome).tolist() == [1, *(table[name][patient] for name in ("arm", "ecog", "mvi"))]

    def test_the_second_of_two_that_differ_in_one_patient_is_refused(self, patients, table):
        one, other, _ = self.cuts(patients, table)
        results = run(patients, table, self.models(["one", "other"]), adjustments={"one": one, "other": other}).results
        assert has_result(results["cox/os/one/multivariable"])
        found = results["cox/os/other/multivariable"]
        assert isinstance(found, RefusedByRule)
        assert (found.rule, found.by, found.message.code) == ("R2", "a site", "rules.own.R2.outcomes")

    def test_two_that_differ_in_many_are_answered(self, patients, table):
        one, _, _ = self.cuts(patients, table)
        adjustments = {"one": one, "other": [one[0] + 0.08]}
        results = run(patients, table, self.models(["one", "other"]), adjustments=adjustments).results
        assert all(has_result(results[f"cox/os/{name}/multivariable"]) for name in adjustments)
