"""A number that is the same for all patients of a stratum, but for one: the score of the stratified model is that
patient's alone, however the number varies in the whole set."""

import numpy as np
import pytest

from riskset.analyses.admission import own_columns, own_rows
from riskset.analyses.methods.cox_fit import CoxFit

FEW = ("busan", "daegu", "tokyo", "osaka")
MODEL = "cox/os/all/multivariable"


def asks(network, table):
    """A model of a number that follows the strata but for one patient of Tokyo, stratified by ECOG."""
    victim = int(np.flatnonzero(table["site"] == "tokyo")[3])
    table["score"] = 60 + 20 * table["ecog"]
    table["score"][victim] += 10 * (1 - 2 * table["mvi"][victim])
    entry = {"kind": "cox", "endpoints": ["os"], "multivariable": ["score"], "strata": ["ecog"]}
    return victim, network(table, {"cox": entry})


class TestANumberThatFollowsTheStrata:
    def test_but_for_one_patient(self, network, patients, monkeypatch):
        table = patients(*FEW)
        monkeypatch.setattr(own_columns, "own_strata", lambda policy, live, own, within: iter(()))
        victim, bare = asks(network, table)
        bare.run()
        slope = next(one.numbers[MODEL] for one in bare.reads() if MODEL in one.numbers)["slope in score"]
        died = bool(table["dead"][victim])
        own = (1.0 if died else 0.0) - at_risk_while(table, victim)  # nobody else of the stratum differs in the number
        assert (slope / own < 0) == bool(table["mvi"][victim])
        monkeypatch.undo()
        _, gated = asks(network, table)
        found = gated.run().results[MODEL]
        assert (found.rule, found.by) == ("R4", "a site")

    def test_a_column_that_varies_within_the_strata_passes(self, network, patients):
        entry = {"kind": "cox", "endpoints": ["os"], "multivariable": ["mvi", "male"], "strata": ["ecog"]}
        assert isinstance(network(patients(*FEW), {"cox": entry}).run().results[MODEL], CoxFit)


class TestStrataThatDifferInOnePatient:
    def test_are_columns_as_others(self, network, patients, rules):
        """The models differ in the risk sets that this patient is in."""
        table = patients(*FEW)
        table["other"] = table["ecog"].copy()
        table["other"][np.flatnonzero(table["site"] == "tokyo")[3]] = 1 - table["ecog"][table["site"] == "tokyo"][3]
        entry = {"kind": "cox", "endpoints": ["os"], "multivariable": ["mvi"]}
        asked = {name: entry | {"strata": [name]} for name in ("ecog", "other")}
        second = f"{MODEL}/other"
        rules.off("R2")
        assert second in network(table, asked).until("later").history().states
        rules.on()
        gated = network(table, asked).until("later").history()
        assert MODEL in gated.states
        assert (gated.results[second].rule, gated.results[second].by) == ("R2", "a site")


class TestTwoStratifications:
    """Nobody of Tokyo has the level that makes the strata of the first model, and one patient that of the second: who
    is alone in a stratum has no part in the score."""

    COLUMNS = ("mvi", "male", "viral")
    IDS = (MODEL, "cox/other/all/multivariable")

    def asked(self, network, table, differing):
        tokyo = np.flatnonzero(table["site"] == "tokyo")
        last = tokyo[np.argsort(table["days"][tokyo])[-differing:]]
        table["stage"] = np.where(table["site"] == "tokyo", 0.0, table["ecog"])
        table["grade"] = np.where(np.isin(np.arange(len(table["site"])), last), 1.0, table["stage"])
        of = {"os": "stage", "other": "grade"}
        entry = {"kind": "cox", "multivariable": list(self.COLUMNS)}
        asked = {name: entry | {"endpoints": [name], "strata": [strata]} for name, strata in of.items()}
        return network(table, asked, dict.fromkeys(of, table["days"] > 0)), last[-1]

    def test_that_differ_in_one_patient(self, network, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "own_outcomes", lambda policy, live, own, figures: iter(()))
        monkeypatch.setattr(own_rows, "_own_pairs", lambda policy, live, own, figures: iter(()))
        table = patients(*FEW)
        bare, victim = self.asked(network, table, 1)
        bare.run()
        told = next(one.numbers for one in bare.reads() if MODEL in one.numbers)
        with_all, without_one = ([told[id_][f"slope in {name} = true"] for name in self.COLUMNS] for id_ in self.IDS)
        read = [bool(a < b) for a, b in zip(with_all, without_one, strict=True)]
        assert read == [bool(table[name][victim]) for name in self.COLUMNS]
        monkeypatch.undo()
        gated, _ = self.asked(network, patients(*FEW), 1)
        results = gated.run().results
        assert isinstance(results[MODEL], CoxFit)
        assert (results[self.IDS[1]].rule, results[self.IDS[1]].by) == ("R2", "a site")

    def test_that_differ_in_enough_pass(self, network, patients):
        honest, _ = self.asked(network, patients(*FEW), 9)
        results = honest.run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in self.IDS)


class TestTwoLogRankTests:
    """Nobody of Tokyo has the level that makes the strata of the first test, and one patient that of the second: the
    expected events of an arm fall where one of that arm leaves the risk sets."""

    IDS = ("km/os/all", "km/os/all/grade")

    def asks(self, network, table, *differing):
        table["stage"] = np.where(table["site"] == "tokyo", 0.0, table["ecog"])
        table["grade"] = table["stage"].copy()
        table["grade"][list(differing)] = 1.0
        asked = {name: {"kind": "km", "endpoints": ["os"], "strata": [name]} for name in ("stage", "grade")}
        return network(table, asked, arm="arm").run()

    @pytest.mark.parametrize("arm", [0.0, pytest.param(1.0, marks=pytest.mark.exhaustive)])
    def test_that_differ_in_one_patient(self, network, patients, rules, arm):
        table = patients(*FEW)
        of_arm = np.flatnonzero((table["site"] == "tokyo") & (table["arm"] == arm))
        victim = of_arm[np.argsort(table["days"][of_arm])[-3]]
        rules.off("R2")
        results = self.asks(network, table, victim).results
        first, second = (results[id_].log_rank_by_strata.expected for id_ in self.IDS)
        assert (second < first).tolist() == [arm == 0.0, arm == 1.0]
        rules.on()
        outcome = self.asks(network, table, victim)
        assert [outcome.results[id_].log_rank_by_strata is None for id_ in self.IDS] == [False, True]
        refused = outcome.history.plan.by_id[self.IDS[1]].strata_refusal
        assert (refused.rule, refused.by) == ("R2", "a site")
        assert len(outcome.results[self.IDS[1]].arms) == 2

    def test_that_differ_in_enough_are_made(self, network, patients):
        table = patients(*FEW)
        results = self.asks(network, table, *np.flatnonzero(table["site"] == "tokyo")[:30]).results
        assert all(results[id_].log_rank_by_strata is not None for id_ in self.IDS)


def at_risk_while(table, victim):
    """The cumulative hazard (Efron, at 0) of the victim's hospital and stratum while the victim is at risk."""
    same = (table["site"] == table["site"][victim]) & (table["ecog"] == table["ecog"][victim])
    days, dead = table["days"][same], table["dead"][same].astype(bool)
    own, total = table["days"][victim], 0.0
    for day in np.unique(days[dead & (days <= own)]):
        events, size = int((dead & (days == day)).sum()), int((days >= day).sum())
        ties = np.arange(events) / events
        share = np.where((day == own) & bool(table["dead"][victim]), 1 - ties, 1.0)
        total += float((share / (size - events * ties)).sum())
    return total
