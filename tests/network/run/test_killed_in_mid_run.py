"""A process that is killed in the middle of a run, whichever it is, comes back and the run ends in the same numbers."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest


def stop_in_the_third_round(theatre):
    """Starts a run and holds it in round 2, where `north` does not answer."""
    theatre.stage.start()
    theatre.stage.start_coordinator()
    theatre.wait_for_replies(3)
    theatre.freeze("north")
    assert theatre.stage.processes["coordinator"].poll() is None


def runs(theatre):
    with closing(sqlite3.connect(theatre.stage.coordinator.runs)) as db:
        return db.execute("SELECT id, ended_at IS NOT NULL FROM run").fetchall()


@pytest.mark.parametrize("party", ["server", "coordinator", "lakes"])
def test_a_killed_process_comes_back_into_the_same_run(theatre, party):
    stop_in_the_third_round(theatre)
    theatre.kill(party)
    theatre.thaw("north")
    if party == "server":
        theatre.stage.start_server()
    elif party == "coordinator":
        theatre.stage.start_coordinator()
    else:
        theatre.stage.start_site(party)
    theatre.stage.wait()
    assert theatre.numbers() == theatre.in_memory()
    assert [ended for _, ended in runs(theatre)] == [1], "one run, and it has ended"


def test_everything_killed_at_once_comes_back_into_the_same_run(theatre):
    stop_in_the_third_round(theatre)
    for party in ("coordinator", "server", "lakes", "plains", "north"):
        theatre.kill(party)
    theatre.stage.start()
    theatre.stage.start_coordinator()
    theatre.stage.wait()
    assert theatre.numbers() == theatre.in_memory()
    assert [ended for _, ended in runs(theatre)] == [1]
