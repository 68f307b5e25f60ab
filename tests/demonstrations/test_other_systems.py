"""The demonstration starts its processes on every system, and without make."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from riskset import __version__
from riskset_demo import commands_at_once, loopback_network
from riskset_demo.commands_at_once import run_together
from riskset_demo.loopback_network import LoopbackNetwork
from riskset_demo.studies import DEMONSTRATIONS

README = Path(__file__).parents[2] / "README.md"


class PopenOfWindows(subprocess.Popen):
    def __init__(self, *arguments, preexec_fn=None, **named):
        if preexec_fn is not None:
            raise ValueError("preexec_fn is not supported on Windows platforms")
        super().__init__(*arguments, **named)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_processes_are_started_where_preexec_fn_is_refused(tmp_path, monkeypatch, system):
    network = LoopbackNetwork(DEMONSTRATIONS["lung"], tmp_path)
    monkeypatch.setattr(LoopbackNetwork, "_command", lambda self, *arguments: [sys.executable, "-c", "print('here')"])
    with monkeypatch.context() as other:
        other.setattr(sys, "platform", system)
        other.setattr(loopback_network.subprocess, "Popen", PopenOfWindows)
        network._start("plains")
        network.start_coordinator()
        codes = [process.wait() for process in network.processes.values()]
    assert codes == [0, 0]
    assert (tmp_path / "logs" / "plains.log").read_text() == "here\n"


@pytest.mark.parametrize("forks", [True, False])
def test_commands_run_at_once_each_in_a_process_where_the_system_forks_and_where_it_does_not(monkeypatch, forks):
    monkeypatch.setattr(commands_at_once, "_FORKS", forks and commands_at_once._FORKS)
    version, unknown = run_together([["--version"], ["site", "approve"]])
    assert (version.code, version.out, version.errors) == (0, f"riskset {__version__}\n", "")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.errors.startswith("error: ")


def test_on_linux_a_process_ends_with_the_demonstration():
    assert ("preexec_fn" in loopback_network.ends_with_parent()) == (sys.platform == "linux")


def test_the_module_is_the_command(tmp_path):
    done = subprocess.run([sys.executable, "-m", "riskset", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"riskset {__version__}\n"
    failed = subprocess.run([sys.executable, "-m", "riskset", "demo", "none"], cwd=tmp_path, capture_output=True)
    assert failed.returncode == 2


def test_the_readme_shows_a_way_without_make():
    first = README.read_text(encoding="utf-8").partition("## ")[0]
    assert re.search(r'^python -m pip install "\.\[demo\]"\npython -m riskset demo$', first, re.MULTILINE)
