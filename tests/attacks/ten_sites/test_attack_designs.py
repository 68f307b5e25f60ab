"""Queries targeting one patient: columns that single out the patient, alone or combined. With the rule off, the
patient's row is read from the totals alone; with it on, no such model is evaluated; the nearest honest question is
answered."""

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit

BINARY = ("arm", "ecog", "mvi", "male")
EVERYBODY = ("R1", "R2", "R3", "R4", "R6", "R7", "R12")
SITE = "busan"
LARGE = ("seoul", SITE, "tokyo", "daegu", "osaka")


def models(*designs):
    """Returns one Cox model per design, in this order."""
    return {f"m{i}": {"kind": "cox", "endpoints": ["os"], "multivariable": list(d)} for i, d in enumerate(designs)}


def of_site(patients, site, number):
    """Returns the place of a site's patient in the table."""
    return int(np.flatnonzero(patients["site"] == site)[number])


def only(patients, *rows):
    """Returns the 0/1 column of these patients."""
    column = np.zeros(len(patients["site"]))
    column[list(rows)] = 1
    return column


def differing(patients, victim, seed=3, where=None):
    """Returns two columns with many patients that differ in the victim alone; `where` keeps them to some sites."""
    one = (np.random.default_rng(seed).random(len(patients["site"])) < 0.4).astype(float)
    one = one if where is None else one * where
    one[victim] = 0
    return one, one + only(patients, victim)


def together(pairs, a, b):
    """How many patients have both, by the totals of the round of pairs; `a` and `b` name 0/1 variables."""
    a, b = (f"{name} = true (os)" for name in (a, b))
    return pairs.get(f"patients with {a} and {b}", pairs.get(f"patients with {b} and {a}"))


def product(moments, a, b):
    """The centred product of two columns, by the totals of the round of moments, in the columns' own units."""
    names = [f"{name} (os)" if name == "age" else f"{name} = true (os)" for name in (a, b)]
    unit = {"age": 41.0}.get(a, 1.0) * {"age": 41.0}.get(b, 1.0)
    by_name = (f"centred product of {names[0]} and {names[1]}", f"centred product of {names[1]} and {names[0]}")
    return unit * moments.get(by_name[0], moments.get(by_name[1]))


def row_of(patients, victim):
    return [patients[name][victim] for name in BINARY]


def from_the_mean(patients, victim, name="age"):
    """The victim's difference from the mean of the hospital."""
    return patients[name][victim] - patients[name][patients["site"] == patients["site"][victim]].mean()


def refused(network, rule, which="cox/os/all/multivariable"):
    outcome = network.run()
    result = outcome.results[which]
    assert isinstance(result, RefusedByRule), result
    assert result.rule == rule, result
    return outcome


def evaluated(network, *names):
    """Whether any round evaluated a model of these columns."""
    asked = [
        label for one in network.reads() if one.phase in ("first", "later") for n in one.numbers.values() for label in n
    ]
    return any(f"slope in {name} = true" in asked for name in names)


class TestOneDummy:
    """A column that only the victim has."""

    @pytest.fixture
    def attack(self, network, patients):
        table = patients(*LARGE)
        self.victim = of_site(table, SITE, 7)
        table["z"] = only(table, self.victim)
        self.table = table
        return lambda: network(table, models((*BINARY, "age", "z")))

    def test_a_dummy_that_isolates_one_patient(self, attack, rules):
        rules.off("R2", "R4", "R12")
        bare = attack().until("first")
        pairs, moments = (
            bare.told("admission/pairs"),
            bare.told("admission/products"),
        )
        assert [together(pairs, "z", name) for name in BINARY] == row_of(self.table, self.victim)
        share = product(moments, "z", "z")  # 1 - 1/n of his hospital: its size falls out too
        assert 1 / (1 - share) == pytest.approx(85)
        assert product(moments, "age", "z") == pytest.approx(from_the_mean(self.table, self.victim), abs=1e-9)
        rules.on()
        gated = attack()
        refused(gated, "R12")
        assert gated.told("admission/pairs") is None  # not a number of the column but its count

    def test_that_a_level_has_ten_patients_refuses_it_by_itself(self, attack, rules):
        rules.off("R2", "R12")
        refused(attack(), "R4")

    def test_a_level_of_a_dozen_patients_passes(self, network, patients):
        table = patients(*LARGE)
        table["z"] = (np.random.default_rng(5).random(len(table["site"])) < 0.06).astype(float)
        result = network(table, models((*BINARY, "age", "z"))).run().results["cox/os/all/multivariable"]
        assert isinstance(result, CoxFit)


class TestTwoDummies:
    """Two columns of some 200 patients each that differ in the victim: neither is rare."""

    def difference(self, pairs, names=BINARY):
        return [together(pairs, "z2", name) - together(pairs, "z1", name) for name in names]

    def case(self, network, patients, split, where=None):
        table = patients(*LARGE)
        victim = of_site(table, SITE, 7)
        table["z1"], table["z2"] = differing(
            table, victim, where=None if where is None else np.isin(table["site"], where)
        )
        both = (
            models((*BINARY, "age", "z1", "z2")) if not split else models(("ecog", "mvi", "z1"), ("ecog", "mvi", "z2"))
        )
        return network(table, both), table, victim

    def test_with_a_second_dummy(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, victim = self.case(network, patients, split=False)
        bare.until("first")
        assert self.difference(bare.told("admission/pairs")) == row_of(table, victim)
        moments = bare.told("admission/products")
        age = product(moments, "age", "z2") - product(moments, "age", "z1")
        assert age == pytest.approx(from_the_mean(table, victim), abs=1e-9)
        rules.on()
        gated, *_ = self.case(network, patients, split=False)
        refused(gated, "R2")
        assert not evaluated(gated, "z1", "z2")

    def test_split_over_two_models(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, victim = self.case(network, patients, split=True)
        bare.until("first")
        seen = self.difference(bare.told("admission/pairs"), ("ecog", "mvi"))
        assert seen == [table[name][victim] for name in ("ecog", "mvi")]
        rules.on()
        gated, *_ = self.case(network, patients, split=True)
        outcome = refused(gated, "R2", "cox/os/all/multivariable/m1")
        assert isinstance(outcome.results["cox/os/all/multivariable"], CoxFit)  # the first of the two is no attack
        assert evaluated(gated, "z1")
        assert not evaluated(gated, "z2")

    def test_at_one_site_only(self, network, patients, rules):
        """Columns that vary at no other hospital: R12 refuses before a pair is counted."""
        rules.off("R2", "R4", "R12")
        bare, table, victim = self.case(network, patients, split=False, where=[SITE])
        bare.until("first")
        assert self.difference(bare.told("admission/pairs")) == row_of(table, victim)
        rules.on()
        gated, *_ = self.case(network, patients, split=False, where=[SITE])
        refused(gated, "R12")
        assert gated.told("admission/pairs") is None

    def test_columns_that_differ_in_many_patients_pass(self, network, patients):
        table = patients(*LARGE)
        random = np.random.default_rng(6)
        table["z1"], table["z2"] = ((random.random(len(table["site"])) < 0.4).astype(float) for _ in range(2))
        results = network(table, models((*BINARY, "age", "z1", "z2"))).run().results
        assert isinstance(results["cox/os/all/multivariable"], CoxFit)


class TestNestedColumns:
    """44 patients, and 40 of them: the difference is four patients, no two columns differ in one."""

    def case(self, network, patients, inner):
        table = patients(*LARGE)
        chosen = np.random.default_rng(8).choice(len(table["site"]), 44, replace=False)
        table["n44"], table["n40"] = only(table, *chosen), only(table, *chosen[:inner])
        return network(table, models(("arm", "ecog", "n44", "n40"))), table, chosen[inner:]

    def test_nested_columns_of_44_and_40(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, four = self.case(network, patients, 40)
        bare.until("first")
        pairs = bare.told("admission/pairs")
        seen = [together(pairs, "n44", name) - together(pairs, "n40", name) for name in ("arm", "ecog")]
        assert seen == [table[name][four].sum() for name in ("arm", "ecog")]  # a cell of four
        rules.on()
        gated, *_ = self.case(network, patients, 40)
        refused(gated, "R2")
        assert not evaluated(gated, "n44", "n40")

    def test_nested_columns_that_differ_in_a_dozen_pass(self, network, patients):
        honest, *_ = self.case(network, patients, 32)
        assert isinstance(honest.run().results["cox/os/all/multivariable"], CoxFit)


class TestAdmissionAlone:
    """A coordinator that stops after admission and never evaluates a model."""

    def attack(self, network, patients):
        table = patients(*LARGE)
        victim = of_site(table, "tokyo", 11)
        table["z1"], table["z2"] = differing(table, victim)
        return network(table, models((*BINARY, "age", "z1", "z2"))), table, victim

    def test_the_isolated_row_read_from_admission_and_moments_alone(self, network, patients, rules):
        """The counts of pairs by which a design is refused disclose its yes-no columns (docs/threat-model.md); the
        numbers of the row, and everything a model would reveal, do not leave."""
        rules.off("R2", "R4")
        bare, table, victim = self.attack(network, patients)
        bare.until("first")
        moments = bare.told("admission/products")
        age = product(moments, "age", "z2") - product(moments, "age", "z1")
        assert age == pytest.approx(from_the_mean(table, victim), abs=1e-9)
        rules.on()
        gated, table, victim = self.attack(network, patients)
        refused(gated, "R2")
        noise = gated.told("admission/products")
        assert abs(product(noise, "age", "z2") - product(noise, "age", "z1")) > 1e6  # his hospital sent noise
        assert all(label == 0.0 or abs(label) > 1e6 for label in gated.reads()[3].flags.values())

    def test_the_same_columns_without_him_pass_admission(self, network, patients):
        table = patients(*LARGE)
        table["z1"], _ = differing(table, 0)
        assert network(table, models((*BINARY, "age", "z1"))).until("first").history().live


class TestNumberOfOnePatient:
    """A number that is close to 0 for everyone but the victim: it varies at every site, and no yes-no column isolates
    the victim."""

    def case(self, network, patients, spread):
        table = patients(*LARGE)
        victim = of_site(table, "tokyo", 11)
        table["rare"] = np.random.default_rng(1).normal(0, spread, len(table["site"]))
        table["rare"][victim] = 500.0
        return network(table, models(("arm", "ecog", "mvi", "rare"))), table, victim

    def test_a_number_that_only_one_patient_has(self, network, patients, rules):
        """The products of that column with the others are the patient's row. Its own spread, sent before, shows only
        this patient."""
        rules.off("R4")
        bare, table, victim = self.case(network, patients, 0.001)
        products = bare.until("first").told("admission/products")
        for name in ("arm", "ecog", "mvi"):
            seen = products[f"centred product of {name} = true (os) and rare (os)"] * 1000 / 500
            assert seen == pytest.approx(from_the_mean(table, victim, name), abs=0.01)
        rules.on()
        gated, *_ = self.case(network, patients, 0.001)
        refused(gated, "R4")
        assert gated.told("admission/products") is None

    def test_a_number_that_everybody_has_passes(self, network, patients):
        honest, *_ = self.case(network, patients, 200.0)
        assert isinstance(honest.run().results["cox/os/all/multivariable"], CoxFit)


class TestSaturated:
    """A model with so many columns that it reproduces the patient-level data."""

    SITES = ("gwangju", "jeju", "sapporo")

    def case(self, network, patients, p):
        table = patients(*self.SITES)
        random = np.random.default_rng(4)
        columns = [f"x{j:02}" for j in range(p)]
        for name in columns:
            table[name] = (random.random(60) < 0.5).astype(float)
        table["dead"] = (random.random(60) < 0.9).astype(float)
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": columns, "ties": "breslow"}
        return network(table, {"m": model}), centred(table, columns)

    def test_a_saturated_model(self, network, patients, rules):
        """With nearly as many columns as patients, every patient is a combination of columns, and a coordinator who
        knows the columns reads each patient's event minus cumulative hazard as that combination of the slopes at 0."""
        rules.off(*EVERYBODY)
        bare, design = self.case(network, patients, 57)
        bare.until("first").step()
        slopes = bare.told("first", "cox/os/all/multivariable")
        spread = {column.name: moment.sd for column, moment in bare.history().results["moments/os"].columns.items()}
        score = [slopes[f"slope in {name}"] * sd for name, sd in spread.items()]
        seen = np.linalg.lstsq(design.T, score, rcond=None)[0]
        assert np.abs(seen - martingale(bare.patients)).max() < 1e-6
        rules.on()
        rules.off(*set(EVERYBODY) - {"R6"})
        gated, _ = self.case(network, patients, 57)
        refused(gated, "R6")
        assert not evaluated(gated, "x00")

    def test_it_is_refused_with_all_rules_on(self, network, patients):
        gated, design = self.case(network, patients, 9)
        leverage = np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
        assert leverage.max() > 0.2  # more than a fifth of what nine columns say can be one patient
        refused(gated, "R6")

    def test_a_model_of_a_tenth_of_the_columns_passes(self, network, patients):
        honest, _ = self.case(network, patients, 3)
        assert isinstance(honest.run().results["cox/os/all/multivariable"], CoxFit)


def centred(table, columns):
    """Returns the design, each column minus its mean at the site."""
    design = np.stack([table[name] for name in columns], axis=1)
    for site in np.unique(table["site"]):
        here = table["site"] == site
        design[here] -= design[here].mean(axis=0)
    return design


def martingale(table):
    """Event minus cumulative hazard in the patient's hospital, (n,), without covariates (Breslow)."""
    found = np.zeros(len(table["site"]))
    for site in np.unique(table["site"]):
        here = table["site"] == site
        days, dead = table["days"][here], table["dead"][here]
        steps = [(t, dead[days == t].sum() / (days >= t).sum()) for t in np.unique(days[dead == 1])]
        found[here] = dead - [sum(step for t, step in steps if t <= day) for day in days]
    return found
