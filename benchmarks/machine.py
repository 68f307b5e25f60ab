"""What the measures were made on, without a name or a path."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

import numpy as np

_VERSIONS = """
from importlib.metadata import version
print(", ".join(f"{p} {version(p)}" for p in ("numpy", "survival", "coxstream", "scikit-survival", "lifelines")))
"""


def describe(others: Path) -> dict[str, str]:
    """Processor, cores, memory, versions; `others` is the interpreter of the other programs, if it is there."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores seen, {memory_gb:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}, {platform.libc_ver()[0]} {platform.libc_ver()[1]}",
        "riskset": f"Python {platform.python_version()}, numpy {np.__version__}, {_blas()}",
        "others": _first_line([str(others), "-c", _VERSIONS]),
        "R": _first_line(["Rscript", "-e", "cat(R.version.string, '; survival', format(packageVersion('survival')))"]),
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def described(machine: dict[str, str]) -> str:
    return "\n".join(f"- {what}: {value}" for what, value in machine.items())


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    found = {key: re.search(rf"^{key}\s*: (.*)$", text, re.MULTILINE) for key in ("model name", "cpu family", "model")}
    name, family, model = (match[1] if match else "?" for match in found.values())
    return f"{name} (family {family}, model {model})" if text else platform.processor()


def _blas() -> str:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def _first_line(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not here"
