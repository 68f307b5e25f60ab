"""What a run says and does when a site stays away, holds another study, or the whole demonstration is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest


def wait_for_words(theatre, words, within_s=60):
    log = theatre.stage.root / "logs" / "coordinator.log"
    deadline = time.monotonic() + within_s
    while not log.exists() or words not in log.read_text():
        assert time.monotonic() < deadline, f"{words!r} was not said; {theatre.logs()}"
        time.sleep(0.1)


def test_a_site_that_does_not_come_is_waited_for_by_name(theatre):
    stage = theatre.stage
    stage.start_server()
    stage.start_site("north")
    stage.start_site("lakes")
    stage.start_coordinator(in_log=True)
    wait_for_words(theatre, "waiting for plains (away)")
    stage.start_site("plains")
    stage.wait()
    assert theatre.numbers() == theatre.in_memory()


def test_a_site_with_another_study_says_no_and_after_mending_the_run_goes_on(theatre):
    stage = theatre.stage
    own = stage.sites["lakes"] / "study.toml"
    right = own.read_text(encoding="utf-8")
    own.write_text(right.replace('version  = "1.0.0"', 'version  = "1.0.1"'), encoding="utf-8")
    stage.start()
    stage.start_coordinator(in_log=True)
    assert stage.processes["coordinator"].wait(60) == 3
    wait_for_words(theatre, "lakes holds another version of the study file than the coordinator")
    theatre.stop("lakes")
    own.write_text(right, encoding="utf-8")
    stage.start_site("lakes")
    stage.start_coordinator(in_log=True)
    stage.wait()
    assert theatre.numbers() == theatre.in_memory()


KILLED = """
import sys, time
from pathlib import Path
from riskset_server.demo.data_sets import ROTTERDAM_GBSG
from riskset_server.demo.stage import Stage
stage = Stage(ROTTERDAM_GBSG, Path(sys.argv[1]))
stage.build()
stage.start()
print(*(process.pid for process in stage.processes.values()), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_nothing_outlives_a_killed_demonstration(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "stage")], stdout=subprocess.PIPE)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 30
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


def test_two_runs_at_once_on_one_machine(theatre, tmp_path):
    with replace(theatre.stage, root=tmp_path / "second", record=None, in_memory=True, processes={}) as second:
        second.build()
        for stage in (theatre.stage, second):
            stage.start()
            stage.start_coordinator(in_log=True)
        for stage in (theatre.stage, second):
            stage.wait()
        assert theatre.numbers() == replace(theatre, stage=second).numbers() == theatre.in_memory()
