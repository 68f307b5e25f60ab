"""Seconds a round over the engine: a server, a coordinator and a process for each site, over TLS on loopback.

The demonstration's lung data, dealt to as many sites as asked: the rows are few, so that what is timed is the way.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from riskset_demo.loopback_network import LoopbackNetwork
from riskset_demo.studies.real import LUNG, DataSet
from riskset_server.engine.recording import read_recording

ROUND = re.compile(r"round (\d+): \d+ sites in ([\d.]+) s")


@dataclass(frozen=True)
class Dealt(DataSet):
    """Its patients in turn to sites 1 to `sites`."""

    sites: int = 3

    @property
    def study(self) -> bytes:
        entries = "\n".join(f'site{i} = {{ name = "Site {i}", country = "US" }}' for i in range(1, self.sites + 1))
        return re.sub(rb"(?s)(?<=\[sites\]\n).*?(?=\n\[)", entries.encode() + b"\n", super().study)


def dealt(sites: int) -> Dealt:
    numbers = count()
    whole = Dealt(**vars(LUNG), sites=sites)
    return replace(whole, site_of=lambda row: f"site{next(numbers) % sites + 1}")


def run(sites: int) -> dict[str, Any]:
    """One study from its first round to its results: seconds a round, and bytes that passed the sites' port.

    Bytes are of the bodies inside TLS, per site and round, heartbeats and questions for news included.
    """
    with tempfile.TemporaryDirectory(prefix="riskset-bench-") as folder:
        recording = Path(folder) / "recording"
        with LoopbackNetwork(dealt(sites), Path(folder) / "stage", recording) as stage:
            stage.build()
            stage.start()
            command = ["run", stage.study, "--server", stage.coordinator.root, "--out", stage.results]
            ended = subprocess.run(
                [sys.executable, "-m", "riskset.cli", *map(str, command)], capture_output=True, text=True, check=True
            )
        seconds = [float(s) for _, s in ROUND.findall(ended.stderr)]
        passed = {True: 0, False: 0}
        for record in read_recording(recording):
            passed[record.is_request] += len(record.body)
    return {
        "sites": sites,
        "rounds": len(seconds),
        "first_round_s": seconds[0],
        "round_s": median(seconds[1:]),
        "slowest_s": max(seconds[1:]),
        "bytes_out": passed[True] / sites / len(seconds),
        "bytes_in": passed[False] / sites / len(seconds),
    }
