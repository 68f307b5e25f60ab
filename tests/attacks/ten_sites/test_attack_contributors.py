"""A site that counts for more than one contributor. R12 asks for three, so that two honest ones hide each other; a site
that counts for two takes the place of one, and what it subtracts from a total leaves a single hospital's patients."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission.of_columns import Counts
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.errors import ProtocolError
from riskset.protocol import stated as statements
from riskset.protocol.contributing import Contributor
from riskset.protocol.stated import contributors
from riskset.protocol.witnessing import read_cosigned

FEW = ("busan", "daegu", "tokyo", "osaka")
LIAR, VICTIM = "daegu", "osaka"
BINARY = ("arm", "ecog", "mvi", "male", "viral")
MODEL = "cox/os/all/multivariable"
COX = {"m": {"kind": "cox", "endpoints": ["os"], "multivariable": [*BINARY, "z"]}}
INVENTED = 14


@pytest.fixture
def case(network, patients):
    """Returns four sites with a level `z` that one patient of the victim has, and 14 rows that the liar invented."""

    def make(*others):
        table = patients(*FEW)
        random = np.random.default_rng(5)
        victim = int(np.flatnonzero(table["site"] == VICTIM)[4])
        table["z"] = np.zeros(len(table["site"]))
        table["z"][[victim, *np.flatnonzero(table["site"] == LIAR)[:INVENTED]]] = 1.0
        for other in others:
            table["z"][np.flatnonzero(table["site"] == other)[:4]] = 1.0
        invented = np.flatnonzero(table["site"] == LIAR)[:INVENTED]
        for name in BINARY:
            table[name][invented] = random.integers(0, 2, INVENTED)
        return network(table, COX), table, victim

    return make


def states(monkeypatch, answer):
    """The liar's program states `answer` where it is asked whether its patients differ in `z`."""
    honest = Contributor.summary

    def summary(self, history, refused):
        told = honest(self, history, refused)
        if self.own.cohort.site != LIAR or not isinstance(history.step, Counts):
            return told
        return replace(told, stated=(*told.stated[:-1], answer))

    monkeypatch.setattr(Contributor, "summary", summary)


def any_digit(contribution, expected):
    """How contributors were counted under the secure sum: whatever each sent was added."""
    return [int(chr(one)) for one in read_cosigned(contribution.payload).stated]


def read_from_pairs(network, table):
    """The victim's patient, from the total of pairs less the liar's own part."""
    pairs, liar = network.told("admission/pairs"), table["site"] == LIAR
    found = []
    for name in BINARY:
        of = (
            f"patients with {name} = true (os) and z = true (os)",
            f"patients with z = true (os) and {name} = true (os)",
        )
        total = pairs.get(of[0], pairs.get(of[1]))
        found.append(total - (table[name] * table["z"])[liar].sum())
    return found


def test_a_site_that_counts_for_two(case, monkeypatch):
    """Two of the three contributors to `z` are the liar; the third is one patient."""
    with monkeypatch.context() as off:
        off.setattr(statements, "read_stated", any_digit)
        off.setattr("riskset.protocol.next_vector.read_stated", any_digit)
        states(off, 2)
        bare, table, victim = case()
        bare.until("admission/products")
        assert read_from_pairs(bare, table) == [table[name][victim] for name in BINARY]
    with monkeypatch.context() as lies:
        states(lies, 2)
        gated, *_ = case()
        with pytest.raises(ProtocolError, match=f"{LIAR} does not state, with 0 or 1"):
            gated.run()
        assert gated.told("admission/counts") is None
    gated, *_ = case()  # it states that it contributes, which is so
    found = gated.run().results[MODEL]
    assert isinstance(found, RefusedByRule)
    assert (found.rule, found.by) == ("R12", "all")
    assert "z = true" in str(found.message)
    assert "found 2" in str(found.message)
    assert gated.told("admission/pairs") is None


def test_a_level_at_three_sites_passes(case):
    honest, *_ = case("busan")
    assert isinstance(honest.run().results[MODEL], CoxFit)


@pytest.mark.parametrize("phase", ["admission/cohorts", "admission/counts"])
def test_a_site_that_states_less_or_more_than_asked(case, monkeypatch, phase):
    gated, *_ = case()
    gated.until(phase)
    honest = Contributor.summary

    def summary(self, history, refused):
        told = honest(self, history, refused)
        return told if self.own.cohort.site != LIAR else replace(told, stated=(*told.stated, True))

    monkeypatch.setattr(Contributor, "summary", summary)
    with pytest.raises(ProtocolError, match=LIAR):
        gated.step()


def test_contributors_are_counted_once_each(case):
    gated, *_ = case("busan")
    gated.until("admission/pairs")
    figures = gated.history().figures
    assert {feature.name: count.sites for feature, count in figures.columns.items()}["z = true (os)"] == 3
    assert figures.rows["os"].sites == len(FEW)
    assert contributors([], 0) == []
