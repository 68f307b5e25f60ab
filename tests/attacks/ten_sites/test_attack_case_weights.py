"""Patients' own weights: sums of w x beside sums of x, or of w x with another w, tell of whoever is weighted otherwise.
With the rule off the patient's row is read from the totals; with it on, no such sum leaves; the nearest honest question
is answered."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission import weighings
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import chosen
from riskset.analyses.methods.cox_fit import CoxFit

BINARY = ("arm", "ecog", "mvi", "male")
SITE = "busan"
SITES = (SITE, "tokyo", "daegu")
UNWEIGHTED, WEIGHTED = "cox/os/all/multivariable", "cox/os/all/multivariable/weighted"


def models(*names, beside=True, **weights):
    """Returns a model without weights, and one for each of the weights, by the name of its entry."""
    cox = {"kind": "cox", "endpoints": ["os"], "multivariable": list(names)}
    entries = {name: cox | {"weights": of, "robust": "none"} for name, of in weights.items()}
    return {"plain": cox, **entries} if beside else entries


def victim_of(table):
    return int(np.flatnonzero(table["site"] == SITE)[7])


def from_the_mean(table, victim, name):
    return table[name][victim] - table[name][table["site"] == SITE].mean()


def with_weights(table, weights):
    return table | {"w": np.round(weights, 6)}


def honest(table, seed=9):
    """Weights as of an inverse probability of the arm, cut at 0.5 and 2."""
    odds = np.exp(0.4 * table["ecog"] + 0.3 * table["mvi"] - 0.2)
    p = odds / (1 + odds)
    return np.where(table["arm"] == 1, 0.45 / p, 0.55 / (1 - p)) * np.random.default_rng(seed).uniform(0.8, 1.2, len(p))


class TestHonestWeights:
    def test_a_model_of_the_arm_is_answered_beside_one_of_all_covariates(self, network, patients):
        table = patients(*SITES)
        plain = models("arm", "age", "ecog", "mvi", "male")
        arm = {"weighted": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "w"}}
        results = network(with_weights(table, honest(table)), plain | arm, arm="arm").run().results
        found = results[WEIGHTED]
        assert isinstance(found, CoxFit)
        w = honest(table)
        assert found.events is None
        assert found.weights.total == pytest.approx(w.sum(), rel=0.01)
        assert found.weights.effective == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=0.01)
        dead = w[table["dead"] == 1]
        assert found.weights_of_events.effective == pytest.approx(dead.sum() ** 2 / (dead**2).sum(), rel=0.02)

    @pytest.mark.exhaustive
    def test_a_site_without_patients_changes_no_bit(self, network, patients):
        table = patients(*SITES, "sapporo")
        table = with_weights(table, honest(table))
        asked = {"weighted": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "w"}}
        there = table["site"] != "sapporo"
        few = network({name: of[there] for name, of in table.items()}, asked, arm="arm").run()
        empty = network(table, asked, arm="arm")
        sets = {
            name: chosen(rows, np.zeros(rows.n, bool)) for name, rows in empty.cohorts["sapporo"].analysis_sets.items()
        }
        empty.cohorts["sapporo"] = replace(empty.cohorts["sapporo"], analysis_sets=sets)
        empty.rows["sapporo"] = empty.marks("sapporo")
        empty.start_site("sapporo")
        id_ = "cox/os/all/multivariable"
        assert empty.run().results[id_] == few.results[id_]


class TestOneEnormousWeight:
    """A weight of 300 where all others are about 1: the sums of the arm are that patient's values."""

    @pytest.fixture
    def attack(self, network, patients):
        self.table = patients(*SITES)
        self.victim = victim_of(self.table)
        weights = honest(self.table)
        weights[self.victim] = 300.0
        return lambda: network(
            with_weights(self.table, weights), models(*BINARY, beside=False, weighted="w"), arm="arm"
        )

    def test_its_row_is_read_from_the_products(self, attack, rules):
        rules.off("R1", "R3", "R4", "R6", "R8", "R12")
        told = attack().until("first").told("admission/products")
        of = "os weighted by w"
        signs = [np.sign(told[f"centred product of {of} and {name} = true ({of})"]) for name in BINARY]
        assert signs == [np.sign(from_the_mean(self.table, self.victim, name)) for name in BINARY]
        rules.on()
        refused(attack(), "R1", WEIGHTED.removesuffix("/weighted"))

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("rule", ["R4", "R8"])
    def test_each_rule_refuses_it_by_itself(self, attack, rules, rule):
        rules.off(*{"R1", "R3", "R4", "R6", "R8"} - {rule})
        refused(attack(), rule, WEIGHTED.removesuffix("/weighted"))


class TestSetsThatDifferInTwoPatients:
    """Two endpoints over the same days, one without two patients, and weights that are all alike: w x of the one less x
    of the other is the sum over these two."""

    @pytest.fixture
    def attack(self, network, patients):
        table = patients(*SITES)
        self.two = [of_site(table, "busan", 7), of_site(table, "tokyo", 11)]
        most = np.ones(len(table["site"]), bool)
        most[self.two] = False
        self.table = table

        def attack(weights):
            cox = {"kind": "cox", "multivariable": list(BINARY)}
            entries = {"plain": cox | {"endpoints": ["os"]}, "weighted": cox | {"endpoints": ["other"], "weights": "w"}}
            sets = {"os": most | True, "other": most}
            return network(table | {"w": weights + 0.0 * table["age"]}, entries, sets=sets, arm="arm")

        return attack

    def test_their_values_are_read_from_the_counts(self, attack, rules, monkeypatch):
        monkeypatch.setattr(weighings, "in_units", lambda sums, *_: sums)  # sums of a level are rounded besides
        rules.off("R4")
        assert self.reads(attack(1.25)) == [self.table[x][self.two].sum() for x in BINARY]
        rules.on()
        gated = attack(1.25)
        assert min(map(abs, self.reads(gated))) > 225  # noise of a site that refuses
        outcome = refused(gated, "R4", "cox/other/all/multivariable")
        assert isinstance(outcome.results["cox/os/all/multivariable"], CoxFit)

    @staticmethod
    def reads(network):
        """How many of the two have each attribute, before any model."""
        network.until("admission/products")
        counted, weighted = network.told("admission/counts"), network.told("admission/pairs")
        of = [(f"{x} = true (os)", f"weights of {x} = true (other weighted by w)") for x in BINARY]
        return [counted[f"patients with {a}"] - weighted[b] / 1.25 for a, b in of]

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("spread", [1e-6, 0.02])
    def test_weights_that_are_nearly_alike_are_as_alike(self, attack, spread):
        weights = 1.25 + spread * np.random.default_rng(1).uniform(-1, 1, 225)
        refused(attack(weights), "R4", "cox/other/all/multivariable")

    @pytest.mark.exhaustive
    def test_of_weights_that_differ_the_two_models_are_answered(self, attack):
        results = attack(np.random.default_rng(4).uniform(0.4, 2.5, 225)).run().results
        assert isinstance(results["cox/other/all/multivariable"], CoxFit)


class TestTwoWeightings:
    """Two columns of weights that differ in one patient."""

    @pytest.mark.parametrize("more", [0.01, pytest.param(0.7, marks=pytest.mark.exhaustive)])
    def test_the_difference_of_the_sums_is_a_patient(self, network, patients, rules, more):
        table = patients(*SITES)
        victim = victim_of(table)
        table = with_weights(table, honest(table))
        other = table["w"] + 0.0
        other[victim] += more
        entries = models(*BINARY, beside=False, weighted="w", again="v")
        rules.off("R4", "R8")  # the difference is of one hospital's patients alone, too
        bare = network(table | {"v": other}, entries, arm="arm").until("later")
        scores = [bare.told("first", f"cox/os/all/multivariable{of}") for of in ("", "/again")]
        slopes = [[of[f"slope in {x} = true"] for x in BINARY] for of in scores]
        read = np.sign(np.subtract(*slopes))
        truth = np.sign([from_the_mean(table, victim, x) for x in BINARY])
        assert read.tolist() in (truth.tolist(), (-truth).tolist())  # with or without an event
        rules.on()
        refused(network(table | {"v": other}, entries, arm="arm"), "R4", "cox/os/all/multivariable/again")

    @pytest.mark.exhaustive
    def test_two_of_other_weights_are_answered(self, network, patients):
        table = patients(*SITES)
        table = with_weights(table, honest(table)) | {"v": np.round(honest(table, seed=4), 4)}
        arm = models("arm", beside=False, weighted="w", again="v")
        results = network(table, arm, arm="arm").run().results
        assert isinstance(results["cox/os/all/multivariable/again"], CoxFit)


class TestWeightsThatCodeAnAttribute:
    """1.5 for those with a hidden attribute and 0.5 for the others: x and w x tell how many have it of those with x."""

    @pytest.mark.exhaustive
    def test_a_crossed_count_of_few_is_judged(self, network, patients, rules):
        table = patients(*SITES)
        hidden = (np.random.default_rng(2).random(225) < 0.3).astype(float)
        hidden[table["ecog"] == 1] = 0.0
        victim = int(np.flatnonzero((table["ecog"] == 1) & (table["site"] == SITE))[3])
        hidden[victim] = 1.0
        attack = lambda: network(table | {"w": 0.5 + hidden}, models("arm", "ecog", "male", weighted="w"), arm="arm")  # noqa: E731
        rules.off("R4")
        told = attack().until("admission/products")
        having, weight = (
            told.told("admission/counts")["patients with ecog = true (os)"],
            told.told("admission/pairs")["weights of ecog = true (os weighted by w)"],
        )
        assert weight - having / 2 == 1.0  # one patient of those with ecog has it
        rules.on()
        refused(attack(), "R4", WEIGHTED)


class TestWeightsOfOneHospital:
    """Weights of 2 at one hospital and of 1 elsewhere: the sums less those without weights are that hospital's own."""

    def test_its_own_sums_are_read(self, network, patients, rules):
        table = patients(*SITES)
        there = table["site"] == SITE
        table = table | {"w": 1.0 + there}
        rules.off("R8")
        told = network(table, models(*BINARY, weighted="w"), arm="arm").until("first").told("admission/products")
        a, b = "os", "os weighted by w"
        read = [
            told[f"centred product of {x} = true ({b}) and {x} = true ({b})"]
            - told[f"centred product of {x} = true ({a}) and {x} = true ({a})"]
            for x in BINARY
        ]
        of_hospital = [there.sum() * table[x][there].var() for x in BINARY]
        assert np.divide(read, 3) == pytest.approx(of_hospital, abs=0.01)
        rules.on()
        refused(network(table, models(*BINARY, weighted="w"), arm="arm"), "R8")


class TestWeightsOfALaterRun:
    """A second version with another column of weights, which differs in one patient: the difference of the two runs is
    that patient, as of two weightings in one run."""

    def later(self, network, patients, change, **names):
        table = patients("busan", "tokyo", "daegu")
        table = with_weights(table, honest(table))
        other = table["w"].copy()
        other[victim_of(table)] += change
        asked = {"run": "one", "arm": "arm"}
        before = network(table, models("arm", beside=False, weighted="w"), **asked)
        before.run()
        without = {name: values for name, values in table.items() if name != "w"}
        of = {"run": "two", "version": "2", "arm": "arm"}
        made = network(without | {"v": other}, models("arm", beside=False, weighted="v"), **of)
        return made.inherits(before).again("two", earlier=["one"]).run().results["cox/os/all/multivariable"]

    @pytest.mark.exhaustive
    def test_another_weight_of_one_patient(self, network, patients):
        found = self.later(network, patients, 0.4)
        assert isinstance(found, RefusedByRule)
        assert found.rule == "R14"

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("change", [0.4, 0.0])
    def test_is_answered_with_the_rule_off_and_with_the_same_weights(self, network, patients, rules, change):
        if change:
            rules.off("R14")
        assert isinstance(self.later(network, patients, change), CoxFit)


class TestTwoEndpointsOfWeightedModels:
    """The second lacks the event of one patient: the scores at 0 differ by the patient's columns, times the weight."""

    IDS = "cox/os/all/multivariable", "cox/other/all/multivariable"

    def asked(self, network, patients, differing):
        table = patients("busan", "daegu", "tokyo", "osaka")
        table = with_weights(table, honest(table))
        cox = {"kind": "cox", "multivariable": list(BINARY), "weights": "w", "robust": "none"}
        everybody = np.ones(len(table["site"]), bool)
        entries = {name: cox | {"endpoints": [name]} for name in ("os", "other")}
        made = network(table, entries, {"os": everybody, "other": everybody})
        sets = dict(made.cohorts["tokyo"].analysis_sets)
        rows = sets["other"]
        censored = np.flatnonzero(rows.event)[:differing]
        event = rows.event.copy()
        event[censored] = False
        sets |= {name: replace(sets[name], event=event) for name in ("other", "other weighted by w")}
        made.cohorts["tokyo"] = replace(made.cohorts["tokyo"], analysis_sets=sets)
        made.rows["tokyo"] = made.marks("tokyo")
        made.start_site("tokyo")
        return made, [int(rows.variables[name][censored[0]]) for name in BINARY]

    @pytest.mark.exhaustive
    def test_of_one_patient(self, network, patients, monkeypatch):
        for off in ("own_outcomes", "own_sums"):
            monkeypatch.setattr(f"riskset.analyses.admission.own_rows.{off}", lambda *_: iter(()))
        bare, row = self.asked(network, patients, 1)
        bare.until("later")
        scores = ([bare.told("first", id_)[f"slope in {x} = true"] for x in BINARY] for id_ in self.IDS)
        assert (np.subtract(*scores) > 0).astype(int).tolist() == row
        monkeypatch.undo()
        gated, _ = self.asked(network, patients, 1)
        outcome = refused(gated, "R2", self.IDS[1])
        assert isinstance(outcome.results[self.IDS[0]], CoxFit)

    @pytest.mark.exhaustive
    def test_of_enough_patients_both_are_answered(self, network, patients):
        results = self.asked(network, patients, 5)[0].run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in self.IDS)


def of_site(table, site, number):
    return int(np.flatnonzero(table["site"] == site)[number])


def refused(network, rule, which=WEIGHTED):
    outcome = network.run()
    result = outcome.results[which]
    assert isinstance(result, RefusedByRule), result
    assert result.rule == rule, result
    return outcome
