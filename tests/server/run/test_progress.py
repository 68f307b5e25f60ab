"""How a run goes, as the person at the coordinator's terminal reads it: lines, or a table that stays in place."""

import io

import pytest
from rich.console import Console
from rich.live import Live

from riskset.rehearsal import Rehearsal
from riskset_server.run import progress
from riskset_server.run.progress import Lines, SiteRows

SITES = ("asan", "kurume")


@pytest.fixture
def coordinator(patients):
    cohorts = patients.deal(patients.rows(seed=1, n=40), patients.sites(SITES, 40))
    rehearsal = Rehearsal(patients.study(SITES), cohorts)
    rehearsal.coordinator.accept(rehearsal.sites["asan"].answer(rehearsal.coordinator.request()))
    return rehearsal.coordinator


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100)


def said(console):
    return console.file.getvalue().splitlines()


def test_a_line_a_round_and_a_line_of_trouble(console):
    lines = Lines(console)
    lines.answered("asan", 3, 0.2)
    lines.round_done(3, 1.234, 2)
    lines.trouble("the server is away [errno 111]; trying again")
    assert said(console) == ["round 3: 2 sites in 1.23 s", "  the server is away [errno 111]; trying again"]


def test_it_is_said_for_whom_a_round_waits_but_not_at_once(console, coordinator, monkeypatch):
    lines = Lines(console)
    lines.waiting(coordinator, {"asan"}, set())
    assert said(console) == []
    monkeypatch.setattr(progress, "SAY_WAITING_AFTER_S", 0.0)
    lines.waiting(coordinator, {"asan"}, set())
    lines.waiting(coordinator, {"asan", "kurume"}, set())
    lines.waiting(coordinator, {"asan", "kurume"}, {"kurume"})
    assert said(console) == [f"round 0: waiting for kurume ({why})" for why in ("offline", "online", "no approval")]


def test_the_table_has_a_row_a_site(console, coordinator):
    rows = SiteRows(Live(console=console, auto_refresh=False), SITES)
    rows.answered("asan", 0, 0.5)
    rows.waiting(coordinator, {"asan"}, set())
    console.print(rows._live.renderable)
    title, heading, asan, kurume = said(console)
    assert title.strip() == "round 0: opening"
    assert heading.split() == ["site", "last", "seen", "round", "seconds"]
    assert asan.split()[0::2] == ["asan", "0", "answered"]
    assert kurume.split() == ["kurume", "never", "-", "-", "waiting"]


def test_the_table_tells_whose_approval_is_missing(console, coordinator):
    rows = SiteRows(Live(console=console, auto_refresh=False), SITES)
    rows.waiting(coordinator, {"asan", "kurume"}, {"kurume"})
    console.print(rows._live.renderable)
    assert said(console)[-1].split()[-2:] == ["no", "approval"]
