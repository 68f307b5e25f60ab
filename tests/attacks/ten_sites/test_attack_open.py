"""Attacks that the rules do not stop yet, with all rules on. Each is expected to fail here; once it is refused, pytest
says so, and it goes to the file of its kind."""

import numpy as np
import pytest

FEW = ("busan", "daegu", "tokyo", "osaka", "gwangju")
COLUMNS = ("ecog", "mvi", "male")
MODEL = "cox/os/all/multivariable"


def model(*names):
    return {"m": {"kind": "cox", "endpoints": ["os"], "multivariable": list(names)}}


def victim_of(table, number=5):
    return int(np.flatnonzero(table["site"] == "tokyo")[number])


class TestColumnsOfTwoVersions:
    """Two columns that differ in one patient, the one in a first version of the study, the other in a second, which
    uses the first one too, in an analysis that is refused: then they are two columns, and nobody changed."""

    @pytest.mark.xfail(
        strict=True,
        raises=AssertionError,
        reason="R2 and R4 look at the analyses of one run that are made; R14 finds that nobody changed",
    )
    def test_two_dummies_split_over_two_versions_of_the_study(self, network, patients):
        table = patients(*FEW)
        victim = victim_of(table)
        at = np.arange(len(table["site"]))
        table["z1"] = (np.random.default_rng(3).random(len(at)) < 0.4).astype(float)
        table["z1"][victim] = 0.0
        sets = {"os": at >= 0, "few": at < 6}
        one = network(table, model(*COLUMNS, "z1"), sets, run="one")
        one.run()
        refused = {"few": {"kind": "cox", "endpoints": ["few"], "multivariable": ["z1"]}}
        again = network({**table, "z2": table["z1"] + (at == victim)}, model(*COLUMNS, "z2") | refused, sets, run="two")
        two = again.inherits(one)
        two.again("two", earlier=["one"]).run()
        first, second = pairs_of(one, "one"), pairs_of(two, "two")
        seen = [together(second, "z2", name) - together(first, "z1", name) for name in COLUMNS]
        assert seen != [table[name][victim] for name in COLUMNS]


class TestSnapshotsTogether:
    """Four states of the data, each two of which differ in five patients at three sites, and a combination of all four
    in one patient: pairs of runs are compared, not all together."""

    @pytest.mark.xfail(
        strict=True,
        raises=AssertionError,
        reason="R14 compares a run with each earlier one, not with their combinations",
    )
    def test_two_snapshots_through_four(self, network, patients):
        table = patients(*FEW)
        entering = [i for site in ("busan", "daegu", "tokyo") for i in np.flatnonzero(table["site"] == site)[:5]]
        groups = [set(entering[0::3]), set(entering[1::3])]
        victim = entering[2]
        everybody = np.arange(len(table["site"]))
        states = [set(), groups[0] | {victim}, groups[0] | groups[1] | {victim}, groups[1] | {victim}]
        party, seen = None, []
        for run, here in enumerate(states):
            chosen = ~np.isin(everybody, entering) | np.isin(everybody, sorted(here))
            made = network(table, model(*COLUMNS), {"os": chosen}, run=f"run {run}")
            party = made if party is None else made.inherits(party)
            party.again(f"run {run}", earlier=[f"run {i}" for i in range(run)])
            party.until("admission/pairs")
            seen.append(party.told("admission/counts"))
        a, b, c, d = seen
        row = [f"patients with {name} = true (os)" for name in COLUMNS]
        assert [b[x] + d[x] - a[x] - c[x] for x in row] != [table[name][victim] for name in COLUMNS]


def pairs_of(network, run):
    network.run_id = run
    return network.told("admission/pairs")


def together(pairs, a, b):
    a, b = (f"{name} = true (os)" for name in (a, b))
    return pairs.get(f"patients with {a} and {b}", pairs.get(f"patients with {b} and {a}"))
