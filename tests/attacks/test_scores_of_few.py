"""What the sums of a propensity score tell, without any weight or score: how many patients have each combination of its
covariates. A logistic model's sums are these numbers, each times a number that is known; those of a Cox model are not,
since nobody knows in which order the patients had their events."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import nnls

from riskset.analyses.admission import judging, openings
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.methods import propensity_sums
from riskset.analyses.methods.propensity import PropensityScore
from riskset.analyses.methods.propensity_fit import Scored
from riskset.analyses.methods.propensity_sums import ScoreSums
from riskset.analyses.plan import plan
from riskset.disclosure.rules import LIMITS
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.stats import logistic
from riskset.study.propensity import Weighting

COMBINED = ("male", "ecog", "mvi")
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "age": {"type": "number", "range": [40, 89], "step": 1},
    **{name: {"type": "boolean"} for name in COMBINED},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}
EXCEPTIONS = tuple(
    ExceptionSigned(limit.name, str(floor), "everybody may know")
    for limit in LIMITS.values()
    if (floor := limit.floor("local", 5)) is not None
)


def draw(n, seed=3):
    random = np.random.default_rng(seed)
    table = {
        name: (random.random(n) < share).astype(float) for name, share in zip(COMBINED, (0.7, 0.4, 0.3), strict=True)
    }
    table["age"] = np.round(random.uniform(54.6, 69.4, n))
    leaning = 0.8 * table["ecog"] - 0.6 * table["male"] + 0.5 * table["mvi"] + 0.04 * (table["age"] - 62)
    table["arm"] = (random.random(n) < 1 / (1 + np.exp(-leaning))).astype(float)
    return table | {"days": 1 + random.integers(0, 900, n), "dead": random.random(n) < 0.7}


def network(patients, table, sites, covariates, site="profiled", adjustments=None, analyses=None, **more):
    """Returns a network over `sites`: (a name, how many patients)."""
    propensity = {"covariates": list(covariates), "site": site, "adjustments": adjustments or {}}
    disclosure = {"min_sites": min(3, len(sites)), "secure_sum": "required"}
    asked = analyses or {"score": {"kind": "propensity"}, "survival": {"kind": "km", "endpoints": ["os"]}}
    study = patients.study(
        tuple(sites), analyses=asked, variables=VARIABLES, propensity=propensity, disclosure=disclosure
    )
    at = np.repeat(list(sites), list(sites.values()))
    return Rehearsal(study, {name: cohort(study, name, table, at == name) for name in sites}, **more)


def cohort(study, name, table, here):
    sets, number = {}, np.flatnonzero(here)
    for set_id in plan(study).sets:
        if set_id.population == "all":
            names = set_id.complete_in or study.covariates_of("os")
            variables = {of: table[of][here] for of in names}
            days, dead = table["days"][here], table["dead"][here]
            is_set = set_id.endpoint is None
            sets[set_id.name] = (
                PatientSet(variables, number) if is_set else AnalysisSet(days, dead, None, variables, number)
            )
    return Cohort(name, sets)


@pytest.fixture
def seen(monkeypatch):
    """Returns the totals that everybody sees, with the beta at which they were asked."""
    seen, combine = [], PropensityScore.combine

    def record(self, total, state):
        if not isinstance(state, Scored):
            seen.append((state.beta, np.array(total[1 : 1 + len(state.beta)]), np.array(total[1 + len(state.beta) :])))
        return combine(self, total, state)

    monkeypatch.setattr(PropensityScore, "combine", record)
    return seen


def counted(table, here=slice(None)):
    """Returns how many patients have each combination, (8,)."""
    code = np.array([table[name][here] for name in COMBINED]).T @ [4, 2, 1]
    return np.bincount(code.astype(int), minlength=8).tolist()


class TestFewCombinations:
    """A score of three yes-no columns without hospitals' own intercepts: eight combinations."""

    sites = dict.fromkeys(("asan", "kurume", "osaka"), 90)

    def run(self, patients, table, covariates):
        return network(patients, table, self.sites, covariates, site="none").run().results["propensity"]

    @pytest.fixture(autouse=True)
    def any_levels(self, monkeypatch):
        """What `TestOneIntercept` attacks is off."""
        monkeypatch.setattr(openings, "_common_intercept", lambda _: iter(()))

    def test_the_whole_table_of_the_covariates_is_read_where_the_rule_is_off(self, patients, seen, monkeypatch):
        monkeypatch.setattr(judging, "_combinations", lambda *_: iter(()))
        table = draw(270)
        fit = self.run(patients, table, COMBINED)
        each = np.array(list(product((0.0, 1.0), repeat=3)))
        x = np.column_stack([np.ones(8), each])
        known = [
            [
                logistic.evaluate(
                    logistic.rows(row[None], np.array([False]), has_own_intercept=False, scale=fit.model.scale), beta
                ).upper_triangle
                for row in x
            ]
            for beta, *_ in seen
        ]
        equations = np.concatenate([np.array(of).T for of in known])
        sums = np.concatenate([curvature for *_, curvature in seen])
        solved = np.linalg.lstsq(equations, sums, rcond=None)[0]
        assert np.rint(solved).tolist() == counted(table)

    def test_it_is_refused(self, patients):
        found = self.run(patients, draw(270), COMBINED)
        assert isinstance(found, RefusedByRule)
        assert found.limit_name == "R6.combinations"

    def test_with_age_in_years_it_is_answered(self, patients):
        assert has_result(self.run(patients, draw(270), (*COMBINED, "age")))


class TestOneIntercept:
    """The same beside age in years, so that there are more combinations than patients."""

    sites = dict.fromkeys(("asan", "kurume", "osaka"), 130)
    covariates = (*COMBINED, "age")

    def run(self, patients, table, covariates=covariates, site="none"):
        return network(patients, table, self.sites, covariates, site=site).run().results["propensity"]

    def test_the_whole_table_of_the_yes_no_columns_is_read_where_the_rule_is_off(self, patients, seen, monkeypatch):
        monkeypatch.setattr(openings, "_common_intercept", lambda _: iter(()))
        table = draw(390)
        scale = np.array(self.run(patients, table).model.scale)
        each = np.array([(1.0, *of, age) for of in product((0.0, 1.0), repeat=3) for age in range(40, 90)]) / scale
        first, second = np.triu_indices(each.shape[1])
        equations, right = [], []
        for beta, score, curvature in seen:
            p = 1 / (1 + np.exp(-each @ beta))
            equations += [(p * (1 - p) * (each[:, first] * each[:, second]).T), (p - 0.5) * each.T]
            right += [curvature, seen[0][1] - score]
        rows = np.vstack(equations)
        unit = 1 / np.maximum(np.abs(rows).max(axis=1), 1e-9)
        found = nnls(rows * unit[:, None], np.concatenate(right) * unit, maxiter=20000)[0]
        assert np.rint(found.reshape(8, -1).sum(axis=1)).tolist() == counted(table)

    def test_it_is_refused_before_anything_is_counted(self, patients):
        found = self.run(patients, draw(390))
        assert isinstance(found, RefusedByRule)
        assert (found.rule, found.by) == ("R6", "all")

    def test_own_intercepts_are_answered(self, patients):
        assert has_result(self.run(patients, draw(390), site="profiled"))

    def test_so_are_two_columns(self, patients):
        sites = dict.fromkeys(self.sites, 66)
        found = network(patients, draw(198), sites, ("ecog", "mvi", "age"), site="none").run().results["propensity"]
        assert has_result(found)


class TestOneHospitalsNumbers:
    """Two hospitals, each of which knows the other's sums. The intercept of the other one is its own, and told to
    nobody."""

    sites = (("asan", 60), ("osaka", 40))
    covariates = (*COMBINED, "age")

    def run(self, patients, exceptions):
        table = draw(100)
        return network(patients, table, dict(self.sites), self.covariates, exceptions=exceptions).run(), table

    def test_the_other_hospitals_table_is_read_where_both_signed_for_it(self, patients, seen):
        outcome, table = self.run(patients, EXCEPTIONS)
        fit, own = outcome.results["propensity"], np.arange(100) < 60
        rows = self.scaled(table, own, fit)
        told = []
        for beta, score, curvature in seen:
            mine = logistic.evaluate(rows, beta)
            told.append((np.array(beta), score - mine.score, curvature - mine.upper_triangle))
        x = np.column_stack([table[name] for name in self.covariates])
        # the other's number of patients, of patients of the arm, and means follow from what admission told of all
        theirs = (40, table["arm"][~own].sum(), x[~own].sum(axis=0) / fit.model.scale)
        assert np.rint(solved(told, *theirs, np.array(fit.model.scale))).tolist() == counted(table, ~own)

    def scaled(self, table, here, fit):
        x = np.column_stack([table[name][here] for name in self.covariates])
        return logistic.rows(x, table["arm"][here] == 1, has_own_intercept=True, scale=fit.model.scale)

    def test_it_is_refused(self, patients):
        outcome, _ = self.run(patients, tuple(one for one in EXCEPTIONS if one.limit != "R5.fitted"))
        found = outcome.results["propensity"]
        assert isinstance(found, RefusedByRule)
        assert (found.rule, found.by) == ("R5", "a site")

    @pytest.mark.exhaustive
    def test_among_three_hospitals_it_is_answered(self, patients):
        sites = dict.fromkeys(("asan", "kurume", "osaka"), 90)
        assert has_result(network(patients, draw(270), sites, self.covariates).run().results["propensity"])


class TestSumsOfWeights:
    """Two hospitals. One knows the other's 16 scores, as from the table above, and the sums of weights by arm."""

    def arms(self, patients, monkeypatch):
        """Returns the arms of the other hospital's patients that fit the sums, (how many, 16), and theirs."""
        sums, read = [], ScoreSums.read
        monkeypatch.setattr(ScoreSums, "read", lambda self, totals: sums.append(totals) or read(self, totals))
        table, own = draw(96), np.arange(96) < 80
        sites, ate = {"asan": 80, "osaka": 16}, {"ate": {"method": "ate", "truncate": 10}}
        asked = network(patients, table, sites, (*COMBINED, "age"), adjustments=ate, is_gated=False)
        fit = asked.run().results["propensity"]
        rows = {
            name: next(of for of in cohort.analysis_sets.values() if "age" in of.variables)
            for name, cohort in asked.cohorts.items()
        }
        p = {name: fit.scores(of).probability for name, of in rows.items()}
        mine = ScoreSums(fit.model.arm, (("ate", Weighting(method="ate", truncate=10)),))
        of_mine = mine.local(fit.model.rows(rows["asan"]), fit.scores(rows["asan"]))
        of_others, of_treated = (np.array(sums[-1]) - of_mine)[-2:]
        every = (np.arange(2**16)[:, None] >> np.arange(16) & 1).astype(bool)
        treated, others, told = 1 / p["osaka"], 1 / (1 - p["osaka"]), propensity_sums.n_means
        errors = (abs(told(treated[of]) - of_treated) + abs(told(others[~of]) - of_others) for of in every)
        fits = np.fromiter(errors, float) < 1e-9
        return every[fits], table["arm"][~own] == 1

    def test_exact_ones_tell_each_patients_arm(self, patients, monkeypatch):
        monkeypatch.setattr(propensity_sums, "n_means", lambda weights: float(weights.sum()))
        found, true = self.arms(patients, monkeypatch)
        assert found.tolist() == [true.tolist()]

    def test_rounded_ones_fit_many(self, patients, monkeypatch):
        found, true = self.arms(patients, monkeypatch)
        assert len(found) > 50
        assert true.tolist() in found.tolist()
        # of a few the arm is certain: in the other one they would have most of the weight
        assert (found.all(axis=0) | ~found.any(axis=0)).sum() < 4


def solved(told, n, treated, sums, scale):
    """Returns how many patients have each combination, (8,), from one hospital's score and curvature at each beta: its
    intercept is found with them, by Gauss and Newton's method for numbers of patients that are not negative."""
    each = np.array([(*of, age) for of in product((0.0, 1.0), repeat=3) for age in range(55, 70)]) / scale
    first, second = np.triu_indices(4)
    products = each[:, first] * each[:, second]
    share = treated / n
    of_arm = told[0][1] + share * sums  # at beta = 0 everybody's probability is the share
    mean = sums / n
    squares = told[0][2] / (share * (1 - share)) + n * mean[first] * mean[second]
    fixed = [(np.vstack([np.ones(len(each)), each.T, products.T]), np.concatenate([[n], sums, squares]))]
    count = np.full(len(each), n / len(each))
    for turn in range(20):
        rows, right, slopes = [fixed[0][0]], [fixed[0][1]], [np.zeros((len(fixed[0][1]), len(told) - 1))]
        for i, (beta, score, curvature) in enumerate(told[1:]):
            eta, a = each @ beta, 0.0
            for _ in range(30):
                p = 1 / (1 + np.exp(-(a + eta)))
                a += np.clip((treated - count @ p) / (count @ (p * (1 - p))), -2, 2)
            v = p * (1 - p)
            about = each - (count * v) @ each / (count @ v)
            spread = about[:, first] * about[:, second]
            rows += [p[None], (p[:, None] * each).T, (v[:, None] * spread).T]
            right += [[treated], of_arm - score, curvature]
            slope = np.zeros((1 + 4 + len(first), len(told) - 1))
            weight = count * v
            slope[:, i] = np.concatenate([[weight.sum()], weight @ each, (weight * (1 - 2 * p)) @ spread])
            slopes.append(slope)
        equations, of_intercept = np.vstack(rows), np.vstack(slopes)
        unit = 1 / np.maximum(np.abs(equations).max(axis=1), 1e-9)
        both = np.hstack([equations, of_intercept, -of_intercept]) * unit[:, None]
        found = nnls(both, np.concatenate(right) * unit, maxiter=5000)[0][: len(each)]
        count = (count + found) / 2 if turn < 5 else found
    return count.reshape(8, -1).sum(axis=1)
