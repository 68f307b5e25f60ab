"""What a run prints and does when a site stays away, stops, has a different study, or the demonstration is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest


@pytest.mark.exhaustive
def test_a_site_that_does_not_come_is_waited_for_by_name(theatre, undisturbed):
    stage = theatre.stage
    stage.start_server()
    for site in set(theatre.sites) - {"plains"}:
        stage.start_site(site)
    stage.start_coordinator(in_log=True)
    theatre.wait_for_words("coordinator", "waiting for plains (offline)")
    stage.start_site("plains")
    assert theatre.ends() == undisturbed.numbers()


@pytest.mark.exhaustive
def test_a_site_with_a_different_study_cannot_approve_it_and_once_fixed_the_run_ends(theatre, undisturbed):
    """The roster names the study's hash, so that the site learns it before any run."""
    stage = theatre.stage
    own = stage.sites["lakes"] / "study.toml"
    right = own.read_text(encoding="utf-8")
    own.write_text(right.replace('version  = "1.0.0"', 'version  = "1.0.1"'), encoding="utf-8")
    with pytest.raises(AssertionError, match="the roster belongs to another version of the study"):
        theatre.approve("lakes")
    own.write_text(right, encoding="utf-8")
    theatre.approve("lakes")
    stage.start()
    assert theatre.runs_to_its_end() == undisturbed.numbers()
    assert [ended for _, ended in theatre.runs()] == [True], "one run, and it has ended"


@pytest.mark.exhaustive
def test_sites_that_stop_in_mid_run_are_waited_for_by_name_until_someone_signs(theatre, undisturbed):
    """One pauses, one approval ends; the coordinator learns which sites, each site's log says why. A third withdraws:
    the run ends with its name, and goes on after a decision there."""
    stage = theatre.stage
    stage.start_server()
    for site in ("lakes", "plains", "north"):
        stage.start_site(site)
    stage.start_coordinator(in_log=True)
    theatre.wait_until(lambda: theatre.asked() == 0 and len(theatre.replies(theatre.runs()[0][0], 0)) == 3)
    theatre.at_site("lakes", "pause", "--by", "M. Uchida", "--reason", "a new export comes")
    theatre.lets_approval_end("north")
    stage.start_site("coast")
    for site in ("lakes", "north"):
        theatre.wait_for_words("coordinator", f"{site} has no approval in force for this study, roster and data")
    theatre.wait_for_words("coordinator", "round 1: waiting for lakes (no approval), ")
    for site, why in (("lakes", "paused"), ("north", "the approval expired on")):
        theatre.wait_for_words(site, why)
    theatre.at_site("plains", "withdraw", "--by", "K. Ito", "--reason", "the committee asks first")
    theatre.at_site("lakes", "resume", "--by", "M. Uchida")
    theatre.approve("north")
    assert theatre.exit_code("coordinator") == 3
    assert "plains has withdrawn from the study" in theatre.log("coordinator")
    assert "a run without plains would be refused" in theatre.log("coordinator")
    theatre.wait_for_words("plains", "withdrawn from the study")
    theatre.approve("plains", "--after-withdrawal", "the committee agreed")
    assert theatre.runs_to_its_end() == undisturbed.numbers()
    assert [ended for _, ended in theatre.runs()] == [True]


KILLED = """
import sys, time
from pathlib import Path
from riskset_demo.studies.real import ROTTERDAM_GBSG
from riskset_demo.loopback_network import LoopbackNetwork
stage = LoopbackNetwork(ROTTERDAM_GBSG, Path(sys.argv[1]))
stage.build()
stage.start()
print(*(process.pid for process in stage.processes.values()), flush=True)
time.sleep(3600)
"""


@pytest.mark.exhaustive
def test_nothing_outlives_a_killed_demonstration(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "stage")], stdout=subprocess.PIPE)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 600
    while any(os.path.exists(f"/proc/{pid}") and not is_zombie(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(pids) == 3


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.exhaustive
def test_two_runs_at_once_on_one_machine(theatre, undisturbed, elsewhere, tmp_path):
    second = elsewhere(theatre, tmp_path)
    with second.stage:
        for each in (theatre, second):
            each.stage.start()
            each.stage.start_coordinator(in_log=True)
        assert [each.ends() for each in (theatre, second)] == [undisturbed.numbers()] * 2
