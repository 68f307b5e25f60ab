"""Attacks that the rules do not stop yet, with all rules on. Each is expected to fail here; once it is refused, pytest
says so, and it goes to the file of its kind."""

import numpy as np
import pytest

FEW = ("busan", "daegu", "tokyo", "osaka", "gwangju")
COLUMNS = ("ecog", "mvi", "male")


def model(*names):
    return {"m": {"kind": "cox", "endpoints": ["os"], "multivariable": list(names)}}


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
