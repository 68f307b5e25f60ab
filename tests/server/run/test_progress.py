"""How a run goes, as the person at the coordinator's terminal reads it: lines, or a table that stays in place."""

import io
from datetime import datetime, timedelta

import pytest
from rich.console import Console
from rich.live import Live

from riskset.rehearsal import Rehearsal
from riskset.study.spec import Disclosure
from riskset_server.run.progress import SAY_AGAIN_AFTER, SAY_WAITING_AFTER, Lines, SiteRows
from riskset_server.run.staying_out import NextRun

SITES = ("asan", "kurume")
NEXT_RUN = NextRun(Disclosure())


class TimeOfDay:
    """Noon, until somebody says how much time has passed."""

    def __init__(self):
        self.now = datetime(2026, 11, 27, 12)

    def __call__(self):
        return self.now

    def passes(self, time):
        self.now += time


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


@pytest.fixture
def clock():
    return TimeOfDay()


def test_a_line_a_round_and_a_line_of_trouble(console, clock):
    lines = Lines(console, NEXT_RUN, clock)
    lines.answered("asan", 3, 0.2)
    lines.round_done(3, 1.234, 2)
    lines.trouble("the server is away [errno 111]; trying again")
    assert said(console) == ["round 3: 2 sites in 1.23 s", "  12:00:00 the server is away [errno 111]; trying again"]


def test_it_is_said_for_whom_a_round_waits_at_what_time_and_who_can_end_it(console, coordinator, clock):
    lines = Lines(console, NEXT_RUN, clock)
    lines.waiting(coordinator, {"asan"}, set())
    assert said(console) == []
    for online, unwilling in (({"asan"}, set()), ({"asan", "kurume"}, set()), ({"asan", "kurume"}, {"kurume"})):
        clock.passes(SAY_WAITING_AFTER)
        lines.waiting(coordinator, online, unwilling)
    assert said(console)[::2] == [
        "12:00:10 round 0: waiting for kurume (offline)",
        "12:00:20 round 0: waiting for kurume (online)",
        "12:00:30 round 0: waiting for kurume (no approval)",
    ]
    offline, online, no_approval = said(console)[1::2]
    assert "someone there starts riskset site serve" in offline
    assert "its own log says which" in online
    assert "min_sites" not in online, "nobody who is there is to be left out"
    assert "a signatory there runs riskset site resume, or riskset site approve" in no_approval
    assert offline.endswith("1 site would be left, and the study needs at least 2 (min_sites)")


def test_what_has_not_changed_is_said_again_after_minutes(console, coordinator, clock):
    lines = Lines(console, NEXT_RUN, clock)
    for _ in range(2):
        clock.passes(SAY_WAITING_AFTER)
        for _ in range(5):
            lines.waiting(coordinator, {"asan"}, set())
        assert len(said(console)) == 2
    clock.passes(SAY_AGAIN_AFTER)
    lines.waiting(coordinator, {"asan"}, set())
    assert len(said(console)) == 4


def test_the_table_says_since_when_it_waits_and_who_can_end_it(console, coordinator, clock):
    rows = SiteRows(Live(console=console, auto_refresh=False), SITES, NEXT_RUN, clock)
    clock.passes(timedelta(minutes=5))
    rows.waiting(coordinator, {"asan"}, set())
    console.print(rows._live.renderable)
    assert "round 0: waiting for kurume (offline) since 12:00:00" in said(console)
    assert "someone there starts riskset site serve" in " ".join(said(console))


def test_the_table_has_a_row_a_site(console, coordinator, clock):
    rows = SiteRows(Live(console=console, auto_refresh=False), SITES, NEXT_RUN, clock)
    rows.answered("asan", 0, 0.5)
    rows.waiting(coordinator, {"asan"}, set())
    console.print(rows._live.renderable)
    title, heading, asan, kurume = said(console)
    assert title.strip() == "round 0: opening"
    assert heading.split() == ["site", "last", "seen", "round", "seconds"]
    assert asan.split()[0::2] == ["asan", "0", "answered"]
    assert kurume.split() == ["kurume", "never", "-", "-", "waiting"]


def test_the_table_tells_whose_approval_is_missing(console, coordinator, clock):
    rows = SiteRows(Live(console=console, auto_refresh=False), SITES, NEXT_RUN, clock)
    rows.waiting(coordinator, {"asan", "kurume"}, {"kurume"})
    console.print(rows._live.renderable)
    assert said(console)[-1].split()[-2:] == ["no", "approval"]
