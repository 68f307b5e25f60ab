"""Products of columns: a sum with a third column is read as that of one column over those who have the other two. With
the rule off, one patient's arm is read; with it on, the model is refused; an honest interaction is answered."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.own_rows import own_findings
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.cox_fit import CoxFit, Fitting
from riskset.disclosure.exposure import Column

THREE = ("seoul", "busan", "daegu")
MODEL = "cox/os/all/multivariable"
PRODUCT = "arm = true:ecog = true (os)"


def asks(network, table, *terms):
    return network(table, {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": list(terms)}})


def of(table, site, number=3):
    return int(np.flatnonzero(table["site"] == site)[number])


def both(told, column):
    """Returns how many patients have arm, ecog and a third column."""
    return told[f"patients with {column} = true (os) and {PRODUCT}"]


def refused(network, rule, phase):
    """Runs, and returns the refusal; nothing was told for `phase`, or for any that comes after."""
    result = network.run().results[MODEL]
    assert isinstance(result, RefusedByRule), result
    assert result.rule == rule, result
    assert all(network.told(later) is None for later in [phase, "admission/products"])
    return result


@pytest.fixture
def table(patients):
    found = patients(*THREE)
    self_victim = of(found, "busan")
    found["ecog"][self_victim] = 1.0
    return found


class TestOnePatientHasTwoLevels:
    """Nobody else with ecog has mvi."""

    @pytest.fixture
    def attack(self, network, table):
        victim = of(table, "busan")
        table["mvi"] = np.where(table["ecog"] == 1, 0.0, table["mvi"])
        table["mvi"][victim] = 1.0
        return victim, lambda: asks(network, table, "arm", "ecog", "mvi", "arm:ecog")

    def test_the_arm_of_whom(self, attack, table, rules):
        victim, network = attack
        rules.off("R2", "R4")
        assert both(network().until("admission/products").told("admission/joint"), "mvi") == table["arm"][victim]
        rules.on()
        result = refused(network(), "R2", "admission/joint")
        assert result.limit_name == "R2.cell"
        assert result.by == "all"

    @pytest.mark.exhaustive
    def test_each_by_itself_is_no_question(self, network, table):
        model = asks(network, table, "arm", "ecog", "mvi", "arm:mvi").run().results[MODEL]
        assert isinstance(model, CoxFit)


class TestTwoColumnsThatDifferInOnePatientOfALevel:
    """They differ in many patients without ecog, and in one with it."""

    def attack(self, network, table, inner):
        victim = of(table, "busan")
        outer = (np.random.default_rng(3).random(len(table["site"])) < 0.5).astype(float)
        outer[victim] = 1.0
        table["z1"], table["z2"] = outer, np.where(table["ecog"] == 1, outer, inner(outer))
        table["z2"][victim] = 0.0
        return victim, lambda: asks(network, table, "arm", "ecog", "z1", "z2", "arm:ecog")

    def read(self, network):
        told = network.until("admission/products").told("admission/joint")
        return both(told, "z1") - both(told, "z2")

    def test_where_one_includes_the_other(self, network, table, rules):
        random = np.random.default_rng(4).random(len(table["site"])) < 0.5
        victim, asked = self.attack(network, table, lambda outer: outer * random)
        rules.off("R2", "R4")
        assert self.read(asked()) == table["arm"][victim]
        rules.on()
        assert refused(asked(), "R2", "admission/joint").limit_name == "R2.cell"

    @pytest.mark.exhaustive
    def test_where_neither_does_the_model_is_refused(self, network, table, rules):
        """As of any two columns that a hospital's export has, the counts are told (docs/threat-model.md)."""
        random = (np.random.default_rng(4).random(len(table["site"])) < 0.5).astype(float)
        victim, asked = self.attack(network, table, lambda _: random)
        rules.off("R2", "R4")
        bare = asked()
        assert self.read(bare) == table["arm"][victim]
        assert isinstance(bare.run().results[MODEL], CoxFit)
        rules.on()
        gated = asked()
        result = gated.run().results[MODEL]
        assert (result.rule, result.by) == ("R2", "a site")
        assert gated.told("first", MODEL) is None


@pytest.mark.parametrize("level", [1, pytest.param(0, marks=pytest.mark.exhaustive)])
class TestANumberThatIsTheSameForALevel:
    """The score of all with ecog is 60, but for one; or of all without."""

    def attack(self, network, table, level):
        victim = of(table, "busan")
        table["ecog"][victim] = level
        others = np.random.default_rng(5).integers(50, 70, len(table["site"]))
        table["score"] = np.where(table["ecog"] == level, 60.0, others)
        table["score"][victim] = 65.0
        return victim, lambda: asks(network, table, "arm", "ecog", "score", "arm:ecog")

    def test_the_arm_of_whom(self, network, table, rules, level):
        victim, asked = self.attack(network, table, level)
        rules.off("R4")
        told = asked().until("first").told("admission/products")

        def with_arm(column):
            return told[f"centred product of arm = true (os) and {column} (os)"]

        scores, with_ecog = 1000 * with_arm("ecog = true:score"), with_arm("ecog = true")
        if level == 0:  # what all have less what those with ecog have
            by_ecog = told["centred product of arm = true (os) and ecog = true (os)"]
            everyone = told["centred product of arm = true (os) and score (os)"] * 1000
            scores, with_ecog = everyone - scores, -by_ecog
        own = table["arm"][table["site"] == "busan"].mean()
        assert (scores - 60 * with_ecog) / 5 == pytest.approx(table["arm"][victim] - own)
        rules.on()
        gated = asked()
        result = gated.run().results[MODEL]
        assert (result.rule, result.by, result.message.code) == ("R4", "a site", "rules.own.R4.column")
        # noise in place of the products
        assert abs(gated.told("admission/products")["centred product of arm = true (os) and arm = true (os)"]) > 1e9


class TestOneHospital:
    def test_that_alone_has_both_levels(self, network, table):
        away = (table["site"] != "seoul") & (table["ecog"] == 1)
        table["arm"] = np.where(away, 0.0, table["arm"])
        assert refused(asks(network, table, "arm", "ecog", "arm:ecog"), "R12", "admission/products").by == "all"

    @pytest.mark.parametrize("terms", [("arm", "ecog", "arm:ecog"), ("arm",)])
    def test_states_the_same_whatever_four_patients_have(self, network, table, terms):
        """It says in clear whether it contributes; of one patient with ecog this would be the arm."""
        asked = asks(network, table, *terms)
        (model,) = asked.plan(asked.study).reported
        one = Column("ecog", "true", "false", 1)
        model = model if len(terms) > 1 else replace(model, within=one)
        rows = asked.cohorts["busan"].outcomes("os")
        ecog = np.arange(rows.n) < 4
        stated = []
        for new in range(5):
            arm = np.where(ecog, np.arange(rows.n) < new, rows.variables["arm"])
            variables = {**rows.variables, "ecog": ecog.astype(float), "arm": arm.astype(float)}
            own = Own(Cohort("busan", {"os": replace(rows, variables=variables)}), {})
            stated.append(Joint(least=5).contributes(own, [model]))
        assert stated == [(False,)] * 5


def test_an_honest_interaction_passes(network, patients):
    terms = ("arm", "age", "ecog", "mvi", "male", "arm:ecog", "arm:mvi")
    assert isinstance(asks(network, patients(*THREE), *terms).until("later").history().states[MODEL], Fitting)


def test_columns_are_judged_where_another_admission_had_products(network, table):
    """What was told of products in an earlier admission of a run is no reason to skip R2."""
    asked = asks(network, table, "arm", "ecog").until("admission/products")
    history = asked.history()
    known = replace(history.figures, joint={(Feature("os"), Feature("os")): 1.0})
    own = Own(asked.cohorts["busan"], {})
    found = own_findings(history.judge.policy, history.phase, history.in_admission, own, known)
    assert "R2.leverage" in {finding.limit_name for _, finding in found}
