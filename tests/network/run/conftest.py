"""Whole runs between real processes over TLS on the loopback."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from riskset.rehearsal import Rehearsal
from riskset.study.load import load_study
from riskset_server.demo.data_sets import LUNG, DataSet
from riskset_server.demo.stage import Stage
from riskset_server.results import results_document
from riskset_site.cohort import load_cohort

SITES = {"i01": "north", "i03": "north", "i11": "north", "i12": "lakes", "i13": "lakes", "west": "lakes"}


@dataclass(frozen=True)
class ThreeSites(DataSet):
    """`lung` in three sites and on a grid of single days: fewer processes to start."""

    @property
    def study(self) -> bytes:
        before, _, rest = LUNG.study.decode().partition("[sites]\n")
        _, _, after = rest.partition("[variables]\n")
        sites = "".join(f'{name} = {{ name = "Group {name}" }}\n' for name in ("north", "lakes", "plains"))
        after = after.replace("width_days = 7, max_days = 1092", "width_days = 1, max_days = 1100")
        return f"{before}[sites]\n{sites}\n[variables]\n{after}".encode()


@dataclass
class Theatre:
    """A stage and the verbs of a bad day."""

    stage: Stage

    def replies(self) -> int:
        """How many replies the coordinator has recorded so far."""
        if not self.stage.coordinator.runs.exists():
            return 0
        with closing(sqlite3.connect(self.stage.coordinator.runs, timeout=5)) as db:
            tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'reply'").fetchone()[0]
            return int(db.execute("SELECT count(*) FROM reply").fetchone()[0]) if tables else 0

    def wait_for_replies(self, count: int, within_s: float = 90) -> None:
        deadline = time.monotonic() + within_s
        while self.replies() < count:
            assert time.monotonic() < deadline, f"{self.replies()} replies, {count} expected; {self.logs()}"
            time.sleep(0.005)

    def kill(self, party: str) -> None:
        process = self.stage.processes.pop(party)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, party: str) -> None:
        """SIGTERM: the party says goodbye, and may come back at once."""
        process = self.stage.processes.pop(party)
        process.terminate()
        assert process.wait(20) == 0

    def freeze(self, party: str) -> None:
        self.stage.processes[party].send_signal(signal.SIGSTOP)

    def thaw(self, party: str) -> None:
        self.stage.processes[party].send_signal(signal.SIGCONT)

    def numbers(self) -> list[dict[str, object]]:
        """What the run found."""
        document = json.loads((self.stage.results / "results.json").read_text(encoding="utf-8"))
        results: list[dict[str, object]] = document["results"]
        return results

    def in_memory(self) -> list[dict[str, object]]:
        """What the rehearsal finds over the same site files."""
        study = load_study(self.stage.study)
        cohorts = {name: load_cohort(folder / "site.toml", study) for name, folder in self.stage.sites.items()}
        document = results_document(study, Rehearsal(study, cohorts).run(), sorted(cohorts))
        results: list[dict[str, object]] = json.loads(json.dumps(document["results"]))
        return results

    def logs(self) -> str:
        return "\n".join(f"{p.name}: {p.read_text()[-600:]}" for p in (self.stage.root / "logs").iterdir())


@pytest.fixture
def theatre(tmp_path):
    fields = {name: getattr(LUNG, name) for name in LUNG.__dataclass_fields__}
    three_sites = ThreeSites(**fields | {"site_of": lambda row: SITES.get(LUNG.site_of(row), "plains")})
    with Stage(three_sites, tmp_path / "a folder with spaces", tmp_path / "public-port.bin", in_memory=False) as stage:
        stage.build()
        yield Theatre(stage)
