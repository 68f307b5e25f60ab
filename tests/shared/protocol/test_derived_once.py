"""The sites of a rehearsal share what follows from the same messages, and find what each would find alone."""

from collections import Counter
from contextlib import nullcontext

import pytest

from riskset import rehearsal as rehearsing
from riskset.protocol.derived_once import derived_once, once
from riskset.protocol.history import History
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")


@pytest.fixture
def rehearsal(patients):
    return Rehearsal(patients.study(SITES), patients.deal(patients.rows(1, 240), patients.sites(SITES, 240)))


def test_a_round_is_derived_by_the_coordinator_and_by_one_site(rehearsal, monkeypatch):
    derived, after = [], History._after

    def counted(history, contributions):
        derived.append(history.round)
        return after(history, contributions)

    monkeypatch.setattr(History, "_after", counted)
    rehearsal.run()
    *earlier, last = sorted(Counter(derived).items())
    assert {times for _, times in earlier} == {2}
    assert last[1] == 1  # nobody is told of it but the coordinator


def test_what_each_derives_alone_is_the_same_to_the_bit(rehearsal, patients, monkeypatch):
    together = patients.told(rehearsal.study, rehearsal.run())
    monkeypatch.setattr(rehearsing, "derived_once", nullcontext)
    alone = Rehearsal(rehearsal.study, rehearsal.cohorts)
    assert patients.told(rehearsal.study, alone.run()) == together


def test_only_the_same_holder_has_it_and_only_inside_a_context():
    made = iter(range(10))
    one, equal = [1], [1]
    with derived_once():
        found = [once(holder, "of", lambda: next(made)) for holder in (one, one, equal)]
        assert [*found, once(one, "of another", lambda: next(made))] == [0, 0, 1, 2]
    with derived_once():
        assert once(one, "of", lambda: next(made)) == 3
    assert [once(one, "of", lambda: next(made)) for _ in range(2)] == [4, 5]


def test_what_raises_is_derived_again():
    holder = object()
    with derived_once():
        with pytest.raises(ZeroDivisionError):
            once(holder, "of", lambda: 1 / 0)
        assert once(holder, "of", lambda: 1) == 1
