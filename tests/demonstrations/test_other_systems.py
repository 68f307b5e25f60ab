"""The demonstration starts its processes on every system, and without make."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.own_ports import own_ports

from riskset import __version__
from riskset_demo import commands_at_once
from riskset_demo.commands_at_once import run_together, start
from riskset_server.coordinator_folder import CoordinatorFolder

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("forks", [True, False])
def test_commands_run_at_once_each_in_a_process_where_the_system_forks_and_where_it_does_not(monkeypatch, forks):
    monkeypatch.setattr(commands_at_once, "_FORKS", forks and commands_at_once._FORKS)
    version, unknown = run_together([["--version"], ["site", "approve"]])
    assert (version.code, version.out, version.errors) == (0, f"riskset {__version__}\n", "")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.errors.startswith("error: ")


@pytest.mark.parametrize("forks", [True, False])
def test_a_command_that_runs_on_is_seen_to_run_and_is_stopped(tmp_path, forks):
    if forks and not commands_at_once._FORKS:
        pytest.skip("this system does not fork")
    key = CoordinatorFolder(tmp_path / "coordinator")
    key.make("127.0.0.1", *own_ports(2))
    log = tmp_path / "server.log"
    running = start(["server", "start", str(key.root), "--in-memory"], log, log, in_fork=forks)
    with pytest.raises(TimeoutError, match=f"process {running.pid} still runs"):
        running.wait(0)
    assert running.poll() is None
    running.kill()
    assert running.wait() == running.poll() == -signal.SIGKILL


def test_the_module_is_the_command(tmp_path):
    done = subprocess.run([sys.executable, "-m", "riskset", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"riskset {__version__}\n"
    failed = subprocess.run([sys.executable, "-m", "riskset", "demo", "none"], cwd=tmp_path, capture_output=True)
    assert failed.returncode == 2


def test_the_readme_shows_a_way_without_make():
    first = README.read_text(encoding="utf-8").partition("## ")[0]
    assert re.search(r'^python -m pip install "\.\[demo\]"\npython -m riskset demo$', first, re.MULTILINE)
