"""What a small hostile file costs: seconds of CPU and memory until it is refused, each in a process of its own.

The same texts as `tests/attacks/test_small_inputs.py`, which counts instead of measuring.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import Any

from riskset.analyses.plan import plan
from riskset.errors import DataError
from riskset.study.load import parse_study

LEVELS = ", ".join(f'"{i}"' for i in range(100))
HUGE = f"""schema = 1
[study]
id = "t"
version = "1"
title = "t"
[sites]
a = {{ name = "a" }}
b = {{ name = "b" }}
[variables]
d = {{ type = "number", range = [0, 9] }}
e = {{ type = "boolean" }}
g = {{ type = "category", levels = [{LEVELS}] }}
[comparison]
arm = "g"
reference = "0"
[time]
grid = {{ width_days = 1, max_days = 36525 }}
[endpoints]
o = {{ days = "d", event = "e" }}
[analyses]
k = {{ kind = "km", endpoints = ["o"] }}
"""
TEXTS = {
    "a key of 20,000 parts": ".".join(["a"] * 20_000) + " = 1",
    "100,000 open brackets": "a = " + "[" * 100_000,
    "an integer of 5,000 digits": "a = " + "9" * 5000,
    "1e999999": "a = 1e999999",
    "a quotation mark that is never closed": 'a = "' + '\\"' * 100_000,
    "20,000 unknown keys": "\n".join(f"k{i} = 1" for i in range(20_000)),
    "a study of 1.1 kB that asks for 7.3 million numbers": HUGE,
}


def run() -> list[dict[str, Any]]:
    """Returns the cost of each text; `passed` where it was not refused."""
    return [_measured(name) for name in TEXTS]


def _measured(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.doors", name]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    cpu_s, more_mb, passed = ended.stdout.split()
    return {"text": name, "bytes": len(TEXTS[name]), "cpu_s": float(cpu_s), "mb": float(more_mb), "passed": passed}


def main(name: str) -> None:
    before, began, passed = _peak_mb(), time.process_time(), "yes"
    try:
        plan(parse_study(TEXTS[name]))
    except DataError:
        passed = "no"
    print(time.process_time() - began, _peak_mb() - before, passed)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1])
