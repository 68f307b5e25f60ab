"""Seconds per round over the engine: a server, a coordinator and one process per site, over TLS on loopback.

The lung data of the demonstrations, divided among a given number of sites: with few rows, the time is that of the
rounds.
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
    """Its patients are assigned in turn to sites 1 to `sites`."""

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
    """One study from its first round to its results: seconds per round, and the bytes that passed the sites' port.

    Bytes are of the bodies inside TLS, per site and round, including heartbeats and polling.
    """
    with tempfile.TemporaryDirectory(prefix="riskset-bench-") as folder:
        recording = Path(folder) / "recording"
        with LoopbackNetwork(dealt(sites), Path(folder) / "network", recording) as network:
            network.build()
            network.start()
            command = ["run", network.study, "--server", network.coordinator.root, "--out", network.out]
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
