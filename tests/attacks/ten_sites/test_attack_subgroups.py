"""Subgroups: what all patients have less what a level has, and two levels that are the same within an arm but for one
patient. With the rule off, a patient's outcome is read; with it on, the part is refused, and the rest answered."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.methods.cox_fit import CoxFit, Fitting
from riskset.analyses.methods.subgroup import Counted
from riskset.analyses.methods.subgroup_answer import OfLevel
from riskset.protocol.approval import ExceptionSigned
from riskset.results import entry_json, results_of

THREE = ("seoul", "busan", "daegu")


def asks(network, table, *by, min_sites=3):
    more = {"disclosure": {"min_sites": min_sites, "secure_sum": "required"}}
    return network(table, {"forest": {"kind": "subgroup", "endpoints": ["os"], "by": list(by)}}, arm="arm", **more)


def part(outcome, variable, name, endpoint="os"):
    """How a model ended; after the first evaluation the state of one that goes on."""
    id_ = f"subgroup/{endpoint}/all/{variable}/forest/{name}"
    return outcome.results[id_] if id_ in outcome.results else outcome.states[id_]


def first_sums(network):
    """What everybody reads at coefficients of 0."""
    return next(one.numbers for one in network.until("later").reads() if one.phase == "first")


def begun(network):
    """What is known after the first evaluation."""
    return network.until("later").history()


def a_patient(table):
    return int(np.flatnonzero(table["site"] == "busan")[7])


class TestALevelThatAllButOneHave:
    def test_its_events_and_those_of_all(self, network, patients, rules):
        table = patients(*THREE)
        victim = a_patient(table)
        table["most"] = np.ones(len(table["site"]))
        table["most"][victim] = 0.0
        rules.off("R2", "R4", "R12", "R3", "R6", "R1")
        bare = asks(network, table, "most").until("admission/products")
        of_all, of_level = bare.told("admission/counts")["events of os"], bare.told("admission/joint")
        assert of_all - of_level["events of os with most = true"] == table["dead"][victim]
        rules.on()
        gated = asks(network, table, "most")
        outcome = gated.run()
        assert {part(outcome, "most", name).rule for name in ("true", "false", "main", "interaction")} == {"R12"}
        assert not gated.told("admission/joint")
        (found,) = (entry_json(entry) for entry in results_of(gated.study, outcome, THREE).entries)
        assert found["overall"]["hr"] is not None
        assert [level["hr"] for level in found["levels"]] == [None, None]
        assert {level["reason"]["rule"] for level in found["levels"]} == {"R12"}

    @pytest.mark.exhaustive
    def test_of_few_patients_the_others_are_too_many(self, network, patients):
        """All but eight: the model of the many is refused too."""
        table = patients(*THREE)
        table["most"] = np.ones(len(table["site"]))
        table["most"][np.linspace(5, len(table["site"]) - 5, 8).astype(int)] = 0.0
        outcome = asks(network, table, "most", "ecog").run()
        assert part(outcome, "most", "true").limit_name == "R4.level"
        assert isinstance(part(outcome, "ecog", "true"), OfLevel)


class TestTwoVariablesThatAreTheSameInAnArm:
    """All of the new arm have both or neither, but one; of the other arm many have one."""

    def test_but_for_one_patient(self, network, patients, rules):
        table = patients(*THREE)
        victim = a_patient(table)
        table["arm"][victim] = table["ecog"][victim] = 1.0
        table["other"] = np.where(table["arm"] == 1, table["ecog"], table["mvi"])
        table["other"][victim] = 0.0
        rules.off("R2", "R4")
        bare = asks(network, table, "ecog", "other")
        first = first_sums(bare)
        spread = {column.name: of.sd for column, of in bare.history().results["moments/os"].columns.items()}

        def slope(name):
            product = f"arm = true:{name} = true"
            return first[f"subgroup/os/all/{name}/forest/interaction"][f"slope in {product}"] * spread[product]

        assert slope("ecog") - slope("other") == pytest.approx(table["dead"][victim] - hazard_until(table, victim))
        rules.on()
        outcome = begun(asks(network, table, "ecog", "other"))
        assert (part(outcome, "other", "interaction").rule, part(outcome, "other", "true").rule) == ("R2", "R2")
        assert isinstance(part(outcome, "ecog", "interaction"), Fitting)


class TestAModelWithTheLevelsAsStrata:
    """Its sums less those of one level are those of the other, which a rule may have refused."""

    def asked(self, network, patients, by):
        analyses = {
            "strata": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "strata": ["ecog"]},
            "forest": {"kind": "subgroup", "endpoints": ["os"], "by": [by]},
        }
        return network(patients(*THREE), analyses, arm="arm")

    def test_tells_the_last_level(self, network, patients, monkeypatch):
        monkeypatch.setattr("riskset.analyses.admission.openings._levels_and_strata", lambda live: iter(()))
        first = first_sums(self.asked(network, patients, "ecog"))
        own = {level: first[f"subgroup/os/all/ecog/forest/{level}"]["log likelihood"] for level in ("false", "true")}
        all_levels = first["cox/os/all/multivariable"]["log likelihood"]
        assert all_levels - own["false"] == pytest.approx(own["true"])
        monkeypatch.undo()
        outcome = begun(self.asked(network, patients, "ecog"))
        assert {part(outcome, "ecog", level).rule for level in ("false", "true")} == {"R2"}
        assert isinstance(part(outcome, "ecog", "interaction"), Fitting)

    @pytest.mark.exhaustive
    def test_other_strata_pass(self, network, patients):
        outcome = self.asked(network, patients, "mvi").run()
        assert all(isinstance(part(outcome, "mvi", level), OfLevel) for level in ("false", "true"))


class TestTwoEndpointsThatDifferInOnePatientOfALevel:
    def asked(self, network, patients):
        """The second lacks the events of six patients of Busan without ecog, and of one with it."""
        table = patients(*THREE)
        everybody = np.ones(len(table["site"]), bool)
        analyses = {"forest": {"kind": "subgroup", "endpoints": ["os", "other"], "by": ["ecog"]}}
        made = network(table, analyses, {"os": everybody, "other": everybody}, arm="arm")
        rows = made.cohorts["busan"].analysis_sets["other"]
        ecog = rows.variables["ecog"] == 1
        censored = [*np.flatnonzero(rows.event & ~ecog)[:6], victim := np.flatnonzero(rows.event & ecog)[2]]
        event = rows.event.copy()
        event[censored] = False
        made.cohorts["busan"] = replace(
            made.cohorts["busan"],
            analysis_sets=made.cohorts["busan"].analysis_sets | {"other": replace(rows, event=event)},
        )
        made.rows["busan"] = made.marks("busan")
        made.start_site("busan")
        return made, rows.variables["arm"][victim] == 1

    def test_the_arm_of_whom(self, network, patients, monkeypatch):
        monkeypatch.setattr(
            "riskset.analyses.admission.own_rows.own_outcomes_of_levels", lambda policy, live, own, figures: iter(())
        )
        bare, is_new = self.asked(network, patients)
        first = first_sums(bare)
        of_os, of_other = (
            first[f"subgroup/{name}/all/ecog/forest/true"]["slope in arm = true"] for name in ("os", "other")
        )
        assert (of_os > of_other) == is_new
        monkeypatch.undo()
        outcome = begun(self.asked(network, patients)[0])
        refused = part(outcome, "ecog", "true", "other")
        assert (refused.rule, refused.by, refused.message.code) == ("R2", "a site", "rules.own.R2.outcomes")
        assert isinstance(part(outcome, "ecog", "false", "other"), Counted)
        assert isinstance(part(outcome, "ecog", "true"), Counted)


def hazard_until(table, victim):
    """The cumulative hazard (Efron, at 0) of the victim's hospital until the victim leaves."""
    here = table["site"] == table["site"][victim]
    days, dead, own = table["days"][here], table["dead"][here] == 1, table["days"][victim]
    total = 0.0
    for day in np.unique(days[dead & (days <= own)]):
        ties = np.arange((dead & (days == day)).sum()) / (dead & (days == day)).sum()
        share = np.where((day == own) & bool(table["dead"][victim]), 1 - ties, 1.0)
        total += float((share / ((days >= day).sum() - len(ties) * ties)).sum())
    return total


@pytest.mark.exhaustive
def test_honest_subgroups_pass(network, patients):
    outcome = asks(network, patients(*THREE), "ecog", "mvi").run()
    levels = [part(outcome, name, level) for name in ("ecog", "mvi") for level in ("false", "true")]
    assert all(isinstance(level, OfLevel) for level in levels)
    assert all(isinstance(part(outcome, name, "interaction"), CoxFit) for name in ("ecog", "mvi"))


def test_two_hospitals_judge_their_own_patients_of_a_level(network, patients):
    """Each sees the other's counts: 57 and 36 patients with ecog pass, of 22 with mvi R1 wants 30."""
    asked = asks(network, patients("seoul", "busan"), "ecog", "mvi", min_sites=2)
    outcome = begun(asked.signs(ExceptionSigned("R12.contributors", "2", "we are two")))
    assert all(isinstance(part(outcome, "ecog", level), Counted) for level in ("false", "true"))
    found = part(outcome, "mvi", "true")
    assert (found.rule, found.by, found.message.code) == ("R1", "a site", "rules.own.R1.subgroup_rows")
