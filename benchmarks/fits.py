"""One site's whole Cox fit, riskset and others, in turn: each fit in a separate process, on one core."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OTHERS = HERE / ".venv" / "bin" / "python"
"""The interpreter that has the other programs: see requirements.txt."""
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
SLOW_S = 120.0
"""A program that needs more CPU seconds than this for one fit is not asked for a larger one."""
ENOUGH_S = 200.0
"""A program that has used this much at one size has no further turn there."""
LIMITS = {resource.RLIMIT_CPU: 300, resource.RLIMIT_AS: 14 << 30}
"""For a process with its fits: beyond these it is ended, and its fit counts as slow."""

Measures = dict[str, Any]


def commands() -> dict[str, list[str]]:
    """The programs that are installed, riskset first."""
    found = {"riskset": [sys.executable, "-m", "benchmarks.one_fit", "riskset"]}
    modules = {"survival (Rust)": "survival", "coxstream": "coxstream"}
    modules |= {"scikit-survival": "sksurv", "lifelines": "lifelines"}
    for name, module in modules.items():
        if OTHERS.exists() and _succeeds([str(OTHERS), "-c", f"import {module}"]):
            found[name] = [str(OTHERS), "-m", "benchmarks.one_fit", name]
    if shutil.which("Rscript") and _succeeds(["Rscript", "-e", "library(survival)"]):
        found["R coxph.fit"] = ["Rscript", str(HERE / "one_fit.R")]
    return found


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass
class Race:
    """The programs, and what they have shown so far."""

    programs: dict[str, list[str]]
    say: Callable[[str], None]
    slow: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Program to the sizes at which it was slow."""

    def run(self, n: int, p: int, turns: int) -> Measures:
        """Returns {"n", "p", "load", "limit", "turns": [{program: {"fits": [cold, warm], "peak_mb"}}]}.

        A program is None in a turn where it was slow, there or at a size not larger in n and p, and absent when it has
        had enough turns.
        """
        load, used = os.getloadavg()[0], dict.fromkeys(self.programs, 0.0)
        with tempfile.TemporaryDirectory(prefix="riskset-bench-") as folder:
            _python("benchmarks.patients", str(n), str(p), folder)
            limit = json.loads(_python("benchmarks.limit", folder))
            measured = [self._turn((n, p), folder, used) for _ in range(turns)]
        return {"n": n, "p": p, "load": load, "limit": limit, "turns": measured}

    def _turn(self, size: tuple[int, int], folder: str, used: dict[str, float]) -> Measures:
        turn: Measures = {}
        for name, command in self.programs.items():
            if any(n <= size[0] and p <= size[1] for n, p in self.slow.get(name, [])):
                turn[name] = None
            elif used[name] < ENOUGH_S:
                turn[name] = found = _measure([*command, folder])
                used[name] += sum(fit["cpu_s"] for fit in found["fits"]) if found else 0.0
                if found is None or found["fits"][0]["cpu_s"] > SLOW_S:
                    self.slow.setdefault(name, []).append(size)
                self.say(f"n={size[0]} p={size[1]} {name}: {_as_text(found)}")
        return turn


def _as_text(found: Measures | None) -> str:
    if found is None:
        return "ended, over the limits"
    return ", ".join(f"{fit['cpu_s']:.3f}" for fit in found["fits"]) + f" CPU s, {found['peak_mb']:.0f} MB"


def _python(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, env=os.environ | ONE_THREAD, check=True, capture_output=True, encoding="utf-8"
    ).stdout


def _measure(command: Sequence[str]) -> Measures | None:
    """What the process printed, and its peak memory; None where it was ended."""
    process = subprocess.Popen(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for what, most in LIMITS.items():
        resource.prlimit(process.pid, what, (most, most))
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return {"fits": json.loads(printed), "peak_mb": used.ru_maxrss / 1024}
