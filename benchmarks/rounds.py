"""Seconds per round over the engine: a server, a coordinator and one process per site, over TLS on loopback.

The breast cancer data of the demonstrations, divided among a given number of sites: with few rows for each, the time is
that of the rounds. And the ten hospitals of `hcc`, with a list of nearly every kind of analysis.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from riskset.analyses.plan import plan
from riskset.study.load import parse_study
from riskset_demo.demonstration import Demonstration
from riskset_demo.loopback_network import LoopbackNetwork
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.real import ROTTERDAM_GBSG, DataSet
from riskset_server.engine.recording import read_recording

SETTLED_S = 5.0  # each site has then activated its node, or learned that it must ask again
ROUND = re.compile(r"round (\d+): \d+ sites in ([\d.]+) s")


@dataclass(frozen=True)
class Dealt(DataSet):
    """Its patients are assigned in turn to sites 1 to `sites`."""

    sites: int = 3

    @property
    def study(self) -> bytes:
        entries = "\n".join(f'site{i} = {{ name = "Site {i}", country = "NL" }}' for i in range(1, self.sites + 1))
        return re.sub(rb"(?s)(?<=\[sites\]\n).*?(?=\n\[)", entries.encode() + b"\n", super().study)


def dealt(sites: int) -> Dealt:
    numbers = count()
    whole = Dealt(**vars(ROTTERDAM_GBSG) | {"exceptions": ()}, sites=sites)
    return replace(whole, site_of=lambda row: f"site{next(numbers) % sites + 1}")


def run(sites: int) -> dict[str, Any]:
    """One study with so many sites."""
    return {"sites": sites, **measured(dealt(sites), "site1")}


def list_of(name: str, site: str) -> dict[str, Any]:
    """The study of a demonstration, with its whole list of analyses; `site` is the one whose CPU is read."""
    demonstration = DEMONSTRATIONS[name]
    analyses = plan(parse_study(demonstration.study.decode())).reported
    return {"study": name, "analyses": len(analyses), **measured(demonstration, site)}


def measured(demonstration: Demonstration, site: str) -> dict[str, Any]:
    """One study from its first round to its results: seconds per round by the clock, seconds of CPU of each party, and
    what passed the sites' port.

    The seconds of CPU are of the rounds after the first; of the sites, one stands for all. Bytes are of the
    bodies inside TLS, per site and round, including heartbeats and polling.
    """
    with tempfile.TemporaryDirectory(prefix="riskset-bench-") as folder:
        recording = Path(folder) / "recording"
        with LoopbackNetwork(demonstration, Path(folder) / "network", recording) as network:
            network.build()
            network.start()
            sites = len(network.sites)
            _wait_until_online(network)
            started_s = cpu_s(network.processes[site].pid)
            recording.write_bytes(b"")
            rounds = _rounds(network, site)
        passed = list(read_recording(recording))
    seconds = [one[0] for one in rounds]
    (_, *first), (_, *last) = rounds[0], rounds[-1]
    of = [(end - begin) / (len(rounds) - 1) for begin, end in zip(first, last, strict=True)]
    return {
        "rounds": len(seconds),
        "first_round_s": seconds[0],
        "round_s": median(seconds[1:]),
        "slowest_s": max(seconds[1:]),
        "cpu_server_s": of[0],
        "cpu_site_s": of[1],
        "cpu_coordinator_s": of[2],
        "cpu_site_start_s": started_s,
        "requests": sum(one.is_request for one in passed) / sites / len(seconds),
        "bytes_out": sum(len(one.body) for one in passed if one.is_request) / sites / len(seconds),
        "bytes_in": sum(len(one.body) for one in passed if not one.is_request) / sites / len(seconds),
    }


def _rounds(network: LoopbackNetwork, site: str) -> list[tuple[float, ...]]:
    """Returns for each round its seconds by the clock and, at its end, the CPU of the server, a site and the
    coordinator."""
    command = ["run", network.study, "--server", network.coordinator.root, "--out", network.out]
    with subprocess.Popen(
        [sys.executable, "-m", "riskset.cli", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as coordinator:
        parties = (network.processes["server"].pid, network.processes[site].pid, coordinator.pid)
        found = filter(None, map(ROUND.search, coordinator.stderr or ()))
        rounds = [(float(match[2]), *map(cpu_s, parties)) for match in found]  # as each line comes
    if coordinator.returncode != 0:
        raise RuntimeError(f"the run ended with {coordinator.returncode}")
    return rounds


def _wait_until_online(network: LoopbackNetwork) -> None:
    """Returns once every site has connected: starting fifty processes is not part of a round."""
    logs = network.root / "logs"
    while not all(" serves " in (logs / f"{site}.log").read_text(encoding="utf-8") for site in network.sites):
        time.sleep(0.2)
    time.sleep(SETTLED_S)


def cpu_s(process: int) -> float:
    """Seconds of CPU that a process has used, in hundredths; Linux only."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
