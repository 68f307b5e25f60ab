"""Several commands of riskset at once, each in a process of its own.

Loading the program takes a second of processor time, most of what a short command needs. Where the system can fork, one
process loads it, and every command runs in a fork of that one; elsewhere each process loads it again.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_LOADED = ("riskset.cli", "riskset_site.cli", "riskset_site.data.cohort", "riskset_server.commands.study")
"""Modules of the commands that a demonstration runs; a command imports what it needs besides."""


@dataclass(frozen=True)
class Printed:
    """What a command that has ended printed."""

    code: int
    out: str
    errors: str


def run_together(commands: Sequence[Sequence[str]]) -> list[Printed]:
    """Runs commands, such as `["site", "approve", ...]`, in parallel; returns how each ended, in their order."""
    context: Any = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
    if _FORKS:
        context.set_forkserver_preload(list(_LOADED))
    with tempfile.TemporaryDirectory() as folder:
        outputs = [(Path(folder, f"{number}.out"), Path(folder, f"{number}.err")) for number in range(len(commands))]
        processes = [
            context.Process(target=_run, args=(list(command), *output), daemon=True)
            for command, output in zip(commands, outputs, strict=True)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        return [
            Printed(process.exitcode, *(file.read_text(encoding="utf-8", errors="replace") for file in output))
            for process, output in zip(processes, outputs, strict=True)
        ]


def _run(command: list[str], out: Path, errors: Path) -> None:
    """Runs in the new process: one command, whose output goes to files."""
    for stream, path in ((sys.stdout, out), (sys.stderr, errors)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    from riskset.cli import main  # in the new process: `spawn` would load it before the output is turned

    sys.exit(main(command))
