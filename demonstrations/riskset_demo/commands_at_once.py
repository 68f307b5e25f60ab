"""Commands of riskset, each in a process of its own: several short ones at once, and those that run until stopped.

Loading the program takes two seconds of processor time, most of what a short command needs. Where the system can fork,
one process loads it, and every command runs in a fork of that one; elsewhere each process loads it again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_LOADED = (
    "riskset.cli",
    "riskset_site.cli",
    "riskset_site.data.cohort",
    "riskset_site.link",
    "riskset_server.commands.run",
    "riskset_server.commands.study",
    "riskset_server.link",
)
"""Modules of the commands that a demonstration runs; a command imports what it needs besides."""


@dataclass(frozen=True)
class Printed:
    """What a command that has ended printed."""

    code: int
    out: str
    errors: str


@dataclass(frozen=True)
class Running:
    """A command in a process of its own, which ends with the one that started it."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def poll(self) -> int | None:
        """Returns its exit code, None while it runs."""
        return self.process.exitcode

    def wait(self, timeout_s: float | None = None) -> int:
        """Returns its exit code when it has ended. Raises TimeoutError if that takes longer."""
        self.process.join(timeout_s)
        if self.process.exitcode is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout_s} s")
        return self.process.exitcode

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def start(command: Sequence[str], out: Path, errors: Path | None, *, in_fork: bool = True) -> Running:
    """Starts a command, such as `["site", "serve", ...]`. Its output is added to files; without `errors`, those are
    printed to this terminal. Not in a fork, it loads the program itself, and does not wait until that is loaded."""
    arguments = (list(command), dict(os.environ), out, errors)
    process = _context(_FORKS and in_fork).Process(target=_run, args=arguments, daemon=True)
    process.start()
    return Running(process)


def run_together(commands: Sequence[Sequence[str]]) -> list[Printed]:
    """Runs commands in parallel; returns how each ended, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [(Path(folder, f"{number}.out"), Path(folder, f"{number}.err")) for number in range(len(commands))]
        running = [start(command, *output) for command, output in zip(commands, outputs, strict=True)]
        codes = [one.wait() for one in running]
        return [
            Printed(code, *(file.read_text(encoding="utf-8", errors="replace") for file in output))
            for code, output in zip(codes, outputs, strict=True)
        ]


def load() -> None:
    """Begins to load the program in the process that forks; does not wait for it."""
    if _FORKS:
        from multiprocessing import forkserver  # Windows has none

        _context(_FORKS)
        forkserver.ensure_running()


@cache
def _context(forks: bool) -> Any:  # noqa: ANN401 - typeshed has a type for each way of starting
    context: Any = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(list(_LOADED))
    return context


def _run(command: list[str], environment: dict[str, str], out: Path, errors: Path | None) -> None:
    """Runs in the new process: one command, in the environment of the process that asked for it."""
    Thread(target=_end_with_parent, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((sys.stdout, out), (sys.stderr, errors)):
        if path is not None:
            with path.open("ab") as file:
                os.dup2(file.fileno(), stream.fileno())
    from riskset.cli import main  # in the new process: `spawn` would load it before the output is turned

    sys.exit(main(command))


def _end_with_parent() -> None:
    """Waits until the process that asked for this one has ended, also when it was killed; then stops this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
