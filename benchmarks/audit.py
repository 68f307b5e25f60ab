"""What an auditor waits for: `riskset audit verify` and `replay` of whole bundles, each command in its own process.

The ten hospitals of `hcc`, with a list of nearly every kind of analysis; and the breast cancer data dealt to 50 sites.
The runs are rehearsed: messages, log, results and bundle are those of a real run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.rounds import dealt
from riskset.analyses.cohort import Cohort
from riskset.audit.archive import unpack
from riskset.audit.bundling import bundled
from riskset.protocol.after_end import AfterEnd
from riskset.protocol.roster import sign_roster
from riskset.rehearsal import Rehearsal
from riskset.study.load import canonical_json, parse_study, study_hash
from riskset.study.spec import Study
from riskset_demo.demonstration import Demonstration
from riskset_demo.studies import DEMONSTRATIONS
from riskset_server.run.ended import end_of
from riskset_server.run.outcome import hashes, write_run
from riskset_server.run.record import RunRecord
from riskset_site.data.cohort import load_cohort

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "verify": ("verify",),
    "replay without the report": ("replay", "--no-report"),
    "replay": ("replay",),
}


_CHILD = """
import json, resource, sys
from pathlib import Path
from riskset.cli import main

code = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
[peak] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "peak_mb": int(peak) / 1024}), file=sys.stderr)
sys.exit(code)
"""
"""A command as it is typed. The peak is the kernel's of this program: what `getrusage` has begins with its parent's."""


def studies() -> dict[str, Demonstration]:
    """Returns what is measured, by its name in the table."""
    return {"hcc": DEMONSTRATIONS["hcc"], "rotterdam-gbsg, 50 sites": dealt(50)}


def run(name: str, demonstration: Demonstration, turns: int) -> dict[str, Any]:
    """Returns what each command takes for a bundle: medians of `turns`, of which a replay that draws has one."""
    with TemporaryDirectory(prefix="riskset-bench-") as folder:
        file = Path(folder) / "run.zip"
        file.write_bytes(bundle_of(demonstration, Path(folder)))
        files = unpack(file.read_bytes())
        costs = {
            called: _measured(command, file, 1 if called == "replay" else turns) for called, command in COMMANDS.items()
        }
        parties = [path.partition("-")[2] for path in files if path.startswith("messages/00-")]
        rounds = sum(path.endswith("-coordinator.bin") for path in files)
        sizes = {"sites": len(parties) - 1, "rounds": rounds, "files": len(files), "bytes": file.stat().st_size}
        return {"study": name, **sizes, "commands": costs}


def bundle_of(demonstration: Demonstration, folder: Path) -> bytes:
    """Returns the bundle of a demonstration's study, run over its exports in memory."""
    study = parse_study(demonstration.study.decode())
    cohorts = _cohorts(demonstration, study, folder / "sites")
    signed = {"exceptions": demonstration.exceptions, "told_alone": demonstration.told_alone}
    return bundle_of_run(Rehearsal(study, cohorts, **signed), folder)


def bundle_of_run(rehearsal: Rehearsal, folder: Path, language: str | None = None) -> bytes:
    """Returns the bundle of a run that is rehearsed from its beginning, and recorded in a folder as `riskset run` does;
    its report is in a language, the study's unless one is given."""
    study, key = rehearsal.study, rehearsal.coordinator_key
    roster = sign_roster(study.id, key, rehearsal.roster.members, study_hash(study))
    texts = {"study": canonical_json(study).decode(), "roster": roster.decode()}
    with closing(RunRecord(folder / "runs.sqlite", key)) as record:
        run_id = record.begin(study.id, study_hash(study), rehearsal.roster.sha256, sorted(rehearsal.cohorts), texts)
        rehearsal.run_id, rehearsal.record = run_id, record  # type: ignore[assignment]
        rehearsal.start_coordinator()
        paths = write_run(study, rehearsal.run(), record, folder / "results", language)
        record.end(run_id, hashes(paths))
        after = AfterEnd(key, rehearsal.roster, end_of(record, run_id), record)
        for _ in range(2):  # each site's cosignature of the end, then its receipt
            for site in after.waiting_for:
                after.accept(rehearsal.sites[site].answer(after.request(site)))
        results = {path.relative_to(paths[0].parent).as_posix(): path.read_bytes() for path in paths}
        return bundled(record.records(run_id, results), run_id, key)


def _cohorts(demonstration: Demonstration, study: Study, folder: Path) -> dict[str, Cohort]:
    cohorts = {}
    for site, files in demonstration.folders().items():
        (folder / site).mkdir(parents=True)
        for name, content in files.items():
            (folder / site / name).write_bytes(content)
        cohorts[site] = load_cohort(folder / site / "site.toml", study)
    return cohorts


def _measured(command: tuple[str, ...], bundle: Path, turns: int) -> dict[str, float]:
    """Returns the medians of `cost_of` over some turns."""
    costs = [cost_of(["audit", *command, str(bundle)]) for _ in range(turns)]
    return {key: median(cost[key] for cost in costs) for key in costs[0]}


def cost_of(arguments: list[str]) -> dict[str, float]:
    """Returns seconds of CPU, seconds by the clock and the peak of memory in MB of a command, from the start of the
    interpreter on, as somebody waits who types it."""
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    wall_s = time.perf_counter() - began
    return {"wall_s": wall_s, **json.loads(ended.stderr.splitlines()[-1])}
