"""Sums of ranks: from the total of three hospitals, weighted as van Elteren does, the rank of a hospital's only patient
of an arm is computed. The hospital refuses these tests alone; with k patients of each arm at each hospital they are
made."""

from fractions import Fraction

import numpy as np
import pytest
from tests.attacks.test_baseline_tables import TABLE, N, draw, network

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.methods.table1_ranks import RanksOfNumber

SIZES = (58, 60, 62)  # and one more: 59, 61 and 63, which have no common divisor
RANKS, LAB = "table1/all/lab/ranks", "table1/all/lab"
ASKED = {"table": {**TABLE, "variables": ["lab"], "tests": True}}


def dealt(of_new):
    """Returns a table whose first hospital has so many patients of the new arm."""
    table = draw()
    old, new = (np.flatnonzero(table["arm"] == arm) for arm in (0, 1))
    first = [*new[:of_new], *old[: SIZES[0] - of_new]]
    rest = np.setdiff1d(np.arange(N), first)
    site = np.zeros(N, int)
    site[rest[: SIZES[1]]], site[rest[SIZES[1] :]] = 1, 2
    return table | {"site": site}


def rank_in_first(table):
    """Returns twice the rank of the only patient of the new arm at the first hospital."""
    own = table["site"] == 0
    (value,) = table["lab"][own & (table["arm"] == 1)]
    return 2 * (table["lab"][own] < value).sum() + (table["lab"][own] == value).sum() + 1


def solved(total, n_new):
    """Returns twice the sum of ranks of the new arm at the first hospital, modulo its patients plus one: the total is
    the sum of rank sums, each divided by its hospital's patients plus one, minus half of the arm's patients."""
    whole = np.prod([n + 1 for n in SIZES])
    twice = round((Fraction(total) + Fraction(n_new, 2)) * 2 * int(whole))
    others = int(whole) // (SIZES[0] + 1)
    return twice * pow(others, -1, SIZES[0] + 1) % (SIZES[0] + 1)


@pytest.fixture
def totals(monkeypatch):
    seen, combine = [], RanksOfNumber.combine
    monkeypatch.setattr(
        RanksOfNumber, "combine", lambda self, total, state: seen.append(total) or combine(self, total, state)
    )
    return seen


def test_the_rank_of_a_hospitals_only_patient_of_an_arm(patients, totals, monkeypatch):
    table = dealt(1)
    with monkeypatch.context() as off:
        off.setattr(own_rows, "own_tables", lambda *_: iter(()))
        assert has_result(network(patients, table, ASKED).run().results[RANKS])
    n_new = int((table["arm"] == 1).sum())
    assert solved(totals[-1][1], n_new) == rank_in_first(table) % (SIZES[0] + 1)
    refused = network(patients, table, ASKED).run().results
    assert isinstance(refused[RANKS], RefusedByRule)
    assert (refused[RANKS].rule, refused[RANKS].by) == ("R4", "a site")
    assert has_result(refused[LAB])


def test_enough_patients_of_each_arm_are_answered(patients):
    assert has_result(network(patients, dealt(5), ASKED).run().results[RANKS])
