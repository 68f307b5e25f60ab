"""Versions of a study with other patients: what one opened less what the other did is the sums of those in whom they
differ. With the rule off their rows are read; with it on the later run is refused; the nearest honest one passes."""

from itertools import combinations

import numpy as np
import pytest

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.protocol.approval import ExceptionSigned

FEW = ("busan", "daegu", "tokyo", "osaka")
BINARY = ("arm", "ecog", "mvi", "male", "viral")
MODEL = "cox/os/all/multivariable"


def asks(endpoint="os", names=BINARY):
    return {"cox": {"kind": "cox", "endpoints": [endpoint], "multivariable": list(names)}}


def without(table, **of_sites):
    """Returns the mask of all patients but the first so many of these hospitals."""
    kept = np.ones(len(table["site"]), bool)
    for site, n in of_sites.items():
        kept[np.flatnonzero(table["site"] == site)[:n]] = False
    return kept


def pairs(network, endpoint):
    """What everybody reads of the run: patients with each two columns, (m, m); the first is of all."""
    network.until("admission/products")
    told = network.told("admission/pairs")
    names = [endpoint, *(f"{name} = true ({endpoint})" for name in BINARY)]
    found = [told[f"patients with {a} and {b}"] for i, a in enumerate(names) for b in names[i:]]
    matrix = np.zeros((len(names), len(names)), int)
    matrix[np.triu_indices(len(names))] = np.rint(found)
    return np.triu(matrix) + np.triu(matrix, 1).T


def solved(together):
    """Returns every list of yes-no rows, each sorted, of which these are the numbers of patients with each two."""
    n, found = int(together[0, 0]), {()}
    for j in range(1, len(together)):
        longer = set()
        for columns in found:
            known = [np.array(column) for column in columns]
            for chosen in combinations(range(n), int(together[j, j])):
                new = np.isin(np.arange(n), chosen).astype(int)
                if all(new @ known[i] == together[i + 1, j] for i in range(j - 1)):
                    rows = (
                        sorted(zip(*columns, new.tolist(), strict=True))
                        if columns
                        else [(x,) for x in sorted(new.tolist())]
                    )
                    longer.add(tuple(zip(*rows, strict=True)))
        found = longer
    return [sorted(zip(*columns, strict=True)) for columns in found]


class TestFewPatientsWhoLeft:
    """An eligibility rule of the second version leaves out six patients at three hospitals."""

    def second(self, network, table, kept, **more):
        first = network(table, asks(), run="one")
        told = pairs(first, "os")
        later = network(table, asks(), {"os": kept}, run="two", version="2", **more)
        return told, later.inherits(first).again("two", earlier=["one"])

    def test_their_rows(self, network, patients, rules):
        table = patients(*FEW)
        kept = without(table, busan=2, daegu=2, tokyo=2)
        rules.off("R14")
        first, bare = self.second(network, table, kept)
        rows = sorted(tuple(int(table[name][i]) for name in BINARY) for i in np.flatnonzero(~kept))
        assert solved(first - pairs(bare, "os")) == [rows]
        rules.on()
        _, gated = self.second(network, table, kept)
        found = gated.run().results[MODEL]
        assert (found.rule, found.by, gated.told("admission/counts")) == ("R14", "all", None)

    def test_fifty_who_left_pass(self, network, patients):
        table = patients(*FEW)
        _, honest = self.second(network, table, without(table, busan=20, daegu=20, tokyo=10))
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def test_few_pass_by_an_exception(self, network, patients):
        table = patients(*FEW)
        _, honest = self.second(network, table, without(table, busan=2, daegu=2, tokyo=2))
        honest.signs(ExceptionSigned("R14.entered_rows", "5", "six patients withdrew"))
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def test_all_of_one_hospital_beside_an_update_elsewhere(self, network, patients, rules):
        """Enough patients at enough hospitals changed; who left are of one, and the difference is its sums."""
        table = patients(*FEW)
        kept = without(table, tokyo=80)

        def ask():
            first, later = self.second(network, table, kept)
            for site in ("busan", "daegu", "osaka"):
                for patient in range(3):
                    later.updates(site, patient, days=later.cohorts[site].analysis_sets["os"].days[patient] + 1)
            return first, later.again("two", earlier=["one"])

        rules.off("R14")
        first, bare = ask()
        tokyo = np.stack([np.ones(80), *(table[name][~kept] for name in BINARY)])
        assert (first - pairs(bare, "os") == tokyo @ tokyo.T).all()
        rules.on()
        assert ask()[1].run().results[MODEL].rule == "R14"


class TestASetWithoutAPartner:
    """A second endpoint has the patients of the first but for one, who is in another set of the version still: his data
    are as before, and he neither entered nor left."""

    def second(self, network, table, apart):
        first = network(table, asks(), run="one")
        told = pairs(first, "os")
        everybody = np.ones(len(table["site"]), bool)
        sets = {"os": everybody, "pfs": everybody & (np.arange(len(everybody)) != apart)}
        later = network(table, asks("pfs"), sets, run="two", version="2")
        return told, later.inherits(first).again("two", earlier=["one"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[7])
        rules.off("R14")
        first, bare = self.second(network, table, victim)
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        assert (first - pairs(bare, "pfs") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.second(network, table, victim)
        assert gated.run().results["cox/pfs/all/multivariable"].rule == "R14"

    def test_another_endpoint_of_the_same_patients_passes(self, network, patients):
        _, honest = self.second(network, patients(*FEW), None)
        assert isinstance(honest.run().results["cox/pfs/all/multivariable"], CoxFit)


class TestTheSameTwoSets:
    """Both versions have a set of all and one without a patient. R2 refuses the later analysis of each, not of the same
    set: the two that pass differ in the patient, and no set has changed."""

    def runs(self, network, table):
        everybody = np.ones(len(table["site"]), bool)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[7])
        sets = {"os": everybody, "pfs": everybody & (np.arange(len(everybody)) != victim)}
        before, told = None, {}
        for run, order in (("one", ("os", "pfs")), ("two", ("pfs", "os"))):
            analyses = {name: asks(name)["cox"] for name in order}
            later = network(table, analyses, sets, run=run, version=run)
            before = later.inherits(before).again("two", earlier=["one"]) if before else later
            told[run] = pairs(before, order[0])
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        return told["one"] - told["two"], np.outer(row, row), before

    def test_tell_of_the_patient(self, network, patients):
        difference, truth, _ = self.runs(network, patients(*FEW))
        assert (difference == truth).all()

    @pytest.mark.xfail(strict=True, raises=AssertionError, reason="a run does not keep which of its sets passed")
    def test_are_refused(self, network, patients):
        _, _, gated = self.runs(network, patients(*FEW))
        assert gated.told("admission/pairs") is None
