"""Any process may be killed at any moment: it comes back, and the run ends with identical numbers, bit for bit."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from riskset.analyses.plan import plan
from riskset.protocol.history import histories
from riskset.protocol.messages import CLOSE, KEPT, WITNESSED
from riskset.protocol.roster import load_roster
from riskset.secure.envelope import claimed_head, verify
from riskset.study.load import load_study, study_hash
from riskset_server.run.record import RunRecord


def phases(theatre, run):
    """What each round of a run was for."""
    study, roster = load_study(theatre.stage.study), load_roster(theatre.stage.root / "roster.json")
    rounds = [
        [verify(raw, roster.sites) for raw in theatre.replies(run, number).values()]
        for number in range(len(theatre.requests(run)))
    ]
    *before, _ = histories(plan(study), study_hash(study), roster.sha256, run, rounds)
    return ["open", *(history.phase for history in before)]


def check_nothing_was_lost_or_said_twice(theatre):
    """One run, ended; every party's ledger holds; one contribution per site and round, in every record;
    after the end each site cosigns once, and once keeps what the others cosigned."""
    [(run, is_ended)] = theatre.runs()
    assert is_ended
    rounds = len(theatre.requests(run))
    assert [sorted(theatre.replies(run, number)) for number in range(rounds)] == [sorted(theatre.sites)] * rounds
    for site in theatre.sites:
        with closing(theatre.journal(site)) as journal:
            sent = [exchange.reply for exchange in journal.exchanges(run)]
        *in_rounds, witnessed, kept = sent
        assert in_rounds == [theatre.replies(run, number)[site] for number in range(rounds)]
        assert (claimed_head(witnessed).type, claimed_head(kept).type) == (WITNESSED, KEPT)
    folder = theatre.stage.coordinator
    with closing(RunRecord(folder.runs, folder.identity)) as record:
        kinds = Counter(entry.kind for entry in record.ledger.entries())
    of_sites = (rounds + 2) * len(theatre.sites)
    assert kinds == {"began": 1, "asked": rounds, "received": of_sites, "ended": 1}
    passed = Counter((message.head.sender, message.head.round) for message in theatre.of_sites())
    assert len(passed) == of_sites
    assert set(passed.values()) == {1}


@pytest.mark.exhaustive
def test_every_process_killed_in_mid_run_at_once(theatre, undisturbed):
    """Once: `tests/whole_runs/test_crash.py` kills all parties after every round, `tests/network/link` each process."""
    stage = theatre.stage
    stage.in_memory = True
    stage.start()
    stage.start_coordinator(in_log=True)
    wait_for_round(theatre, 2, answer_of=theatre.sites[0])
    theatre.kill(*stage.processes)
    stage.start()
    numbers = theatre.runs_to_its_end()
    theatre.stop(*theatre.sites, "server")
    assert numbers == undisturbed.numbers()
    check_nothing_was_lost_or_said_twice(theatre)


@pytest.mark.exhaustive
def test_every_process_killed_in_every_phase(theatre, undisturbed):
    """The server's state is in memory here: sessions are lost with it, and no one waits for a lease to end."""
    theatre.stage.in_memory = True
    killed = kill_in_every_round(theatre)
    numbers = theatre.ends()
    theatre.stop(*theatre.sites, "server")
    assert numbers == undisturbed.numbers() == theatre.in_memory()
    check_nothing_was_lost_or_said_twice(theatre)
    found = phases(theatre, theatre.runs()[0][0])
    assert len(found) == killed
    kinds = [phase.partition("/")[0] for phase in dict.fromkeys(found)]
    assert kinds == ["open", *["admission"] * 4, "first", "later", "close"]


@pytest.mark.exhaustive
def test_every_process_killed_in_every_phase_of_a_run_of_many_kinds(theatre_of_many_kinds):
    """Flow chart, baseline, robust errors, tests of proportional hazards, subgroups, sites' own hazard ratios."""
    theatre = theatre_of_many_kinds
    killed = kill_in_every_round(theatre)
    numbers = theatre.ends()
    theatre.stop(*theatre.sites, "server")
    assert numbers == theatre.in_memory() == theatre.rebuilt()
    assert {result["status"] for result in numbers} == {"ok"}
    check_nothing_was_lost_or_said_twice(theatre)
    found = phases(theatre, theatre.runs()[0][0])
    assert len(found) == killed
    kinds = {phase.partition("/")[0] for phase in found}  # some begin beside later rounds of others
    assert kinds - {"first"} == {"open", "admission", "later", "close"}


def kill_in_every_round(theatre):
    """Starts a run; returns how many rounds it had, with the last not over.

    In each round the server, the coordinator and two sites are killed: one that has answered, which comes back a round
    later and so keeps the next one open; and one at any moment of its own, which comes back at once. In the last,
    everything is killed.
    """
    stage, sites, number, is_closing = theatre.stage, theatre.sites, 0, False
    stage.start()
    dead = sites[-1]
    theatre.kill(dead)
    stage.start_coordinator(in_log=True)
    while not is_closing:
        answered, anytime = sites[number % len(sites)], sites[(number + 1) % len(sites)]
        is_closing = wait_for_round(theatre, number, answer_of=answered)
        killed = [site for site in sites if site != dead] if is_closing else [answered, anytime]
        theatre.kill("server", "coordinator", *killed)
        stage.start_coordinator(in_log=True)
        for site in sites if is_closing else (dead, anytime):
            stage.start_site(site)
        stage.start_server()
        dead, number = answered, number + 1
    return number


def wait_for_round(theatre, number, answer_of):
    """Returns once a site's answer to the round is recorded, and whether the round is the closing one."""
    theatre.wait_until(lambda: theatre.asked() >= number)
    [(run, _)] = theatre.runs()
    theatre.wait_until(lambda: answer_of in theatre.replies(run, number))
    return claimed_head(theatre.requests(run)[number]).type == CLOSE


@pytest.mark.exhaustive
def test_a_killed_site_comes_back_into_the_run_when_its_lease_has_ended(theatre, undisturbed):
    """The server's state is in a file here: the session of a killed site outlives a killed server too."""
    theatre.stage.start()
    theatre.stage.start_coordinator(in_log=True)
    theatre.wait_until(lambda: theatre.asked() >= 2)
    theatre.kill("lakes", "server")
    theatre.stage.start_site("lakes")  # ready before the server, whatever time that takes: the lease is still counted
    theatre.stage.start_server()
    numbers = theatre.ends()
    theatre.stop(*theatre.sites)
    assert "the coordinator still counts an earlier session of this site" in theatre.log("lakes")
    assert numbers == undisturbed.numbers()
    check_nothing_was_lost_or_said_twice(theatre)
