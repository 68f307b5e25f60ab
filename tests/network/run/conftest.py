"""Whole runs between real processes over TLS on the loopback: a made-up network of four sites, and what disturbs it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from flwr.app import ConfigRecord
from flwr.proto.message_pb2 import PullObjectResponse, PushObjectRequest
from tests.own_ports import own_ports

from riskset.analyses.plan import plan
from riskset.engine.wire import FIELD
from riskset.errors import RisksetError, VerificationError
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import histories
from riskset.protocol.messages import CLOSED, CONTRIBUTION, KEPT, OPENED, WITNESSED
from riskset.protocol.roster import load_roster
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.secure.envelope import Verified, claimed_head, verify
from riskset.study.load import load_study, study_hash
from riskset_demo import loopback_network as network_module
from riskset_demo.loopback_network import LoopbackNetwork
from riskset_demo.studies.real import LUNG, DataSet
from riskset_server.engine.recording import read_recording
from riskset_site.consent.approvals import Approvals
from riskset_site.data.cohort import load_cohort
from riskset_site.keys import SitePaths, load_keys
from riskset_site.records.journal import JournalFile, open_ledger, own_ledger

RECORD_HEAD = ConfigRecord.__qualname__.encode() + b" "
PATIENCE_S = 600.0
"""After so long a test fails; a run takes seconds."""
SITES = {"i01": "north", "i03": "north", "i11": "lakes", "i12": "lakes", "i13": "lakes", "west": "plains"}


MANY_KINDS = """\
robust   = { kind = "cox", endpoint = "os", univariable = ["sex"], robust = "patient", ph_test = ["rank"] }
flow     = { kind = "flow" }
table1   = { kind = "table1", missing = "complete", variables = ["age", "older"] }
subgroup = { kind = "subgroup", endpoint = "os", by = ["older"] }
sites    = { kind = "site-heterogeneity", endpoint = "os", covariates = ["sex"], leave_one_out = true }
means    = { kind = "rmst", endpoint = "os", tau = [12] }
"""
OLDER = 'older   = { type = "boolean", rule = "age >= 65", label = "65 or older" }\n'


@dataclass(frozen=True)
class FourSites(DataSet):
    """`lung` in four sites and on a grid of single days: fewer processes to start."""

    asks_many_kinds: bool = False

    @property
    def study(self) -> bytes:
        before, _, rest = LUNG.study.decode().partition("[sites]\n")
        _, _, after = rest.partition("[variables]\n")
        sites = "".join(f'{name} = {{ name = "Group {name}" }}\n' for name in ("north", "lakes", "plains", "coast"))
        after = after.replace("width_days = 7, max_days = 1092", "width_days = 1, max_days = 1100")
        if self.asks_many_kinds:
            after = after.replace("\n[disclosure]", f"{MANY_KINDS}\n[disclosure]")
            after = after.replace("days    = {", f"{OLDER}days    = {{", 1)
        return f"{before}[sites]\n{sites}\n[variables]\n{after}".encode()


def four_sites(asks_many_kinds=False):
    fields = {name: getattr(LUNG, name) for name in LUNG.__dataclass_fields__}
    fields |= {"site_of": lambda row: SITES.get(LUNG.site_of(row), "coast")}
    told_alone = ("north", "lakes", "plains", "coast") if asks_many_kinds else ()
    return FourSites(**fields | {"told_alone": told_alone, "asks_many_kinds": asks_many_kinds})


@dataclass
class Theatre:
    """A stage and the verbs of a bad day. `runs`, `asked`, `requests` and `replies` are of the coordinator's record."""

    stage: LoopbackNetwork

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(self.stage.sites)

    # What is done to the processes.

    def kill(self, *parties: str) -> None:
        """Kills them as a power cut does, all before waiting for the first."""
        processes = [self.stage.processes.pop(party) for party in parties]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def stop(self, *parties: str) -> None:
        """SIGTERM: the parties end their sessions, and can return at once."""
        processes = [self.stage.processes.pop(party) for party in parties]
        for process in processes:
            process.terminate()
        assert [process.wait(PATIENCE_S) for process in processes] == [0] * len(processes)

    def runs_to_its_end(self, *options: str) -> list[dict[str, object]]:
        """Starts the coordinator and returns what the run found."""
        self.stage.start_coordinator(*options, in_log=True)
        return self.ends()

    def ends(self) -> list[dict[str, object]]:
        """Waits for the coordinator's end and returns what the run found."""
        try:
            self.stage.wait()
        except RisksetError as error:
            raise AssertionError(f"{error}; {self.logs()}") from None
        return self.numbers()

    # What people do.

    def at_site(self, site: str, *arguments: str) -> None:
        """A command of `riskset site`, typed at a site."""
        command, *rest = arguments
        done = self._typed("site", command, self.stage.sites[site] / "site.toml", *rest)
        assert done.returncode == 0, done.stderr

    def approve(self, site: str, *options: str) -> None:
        compared = [text for other in self.sites if other != site for text in ("--compared", other)]
        self.at_site(
            site, "approve", "--by", "M. Uchida", "--irb", "2026-1", "--until", "2099-12-31", *compared, *options
        )

    def lets_approval_end(self, site: str) -> None:
        """The effect of a day past `until`, without waiting for it: the last approval was valid until yesterday."""
        folder = SitePaths(self.stage.sites[site])
        identity = load_keys(folder, folder.roster)
        with closing(own_ledger(folder, identity, site)) as ledger:
            approvals = Approvals(ledger, identity)
            yesterday = datetime.now(UTC).date() - timedelta(days=1)
            approvals.approve(replace(approvals.standing().approval, until=yesterday), approvals.study())

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """`riskset run`, to its end."""
        return self._typed("run", self.stage.study, "--server", self.folder, "--out", self.stage.out, *options)

    def _typed(self, *arguments) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "riskset.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    # What the files say.

    @property
    def folder(self):
        return self.stage.coordinator.root

    def runs(self) -> list[tuple[str, bool]]:
        """Each run's id, and whether it has ended."""
        return [(run, bool(ended)) for run, ended in self._rows("SELECT id, ended_at IS NOT NULL FROM run")]

    def asked(self) -> int:
        """The round that is asked, of the last run; -1 before the first."""
        rows = self._rows("SELECT max(round) FROM asked WHERE run = (SELECT id FROM run ORDER BY rowid DESC LIMIT 1)")
        return -1 if not rows or rows[0][0] is None else int(rows[0][0])

    def requests(self, run: str) -> list[bytes]:
        return [raw for (raw,) in self._rows("SELECT request FROM asked WHERE run = ? ORDER BY round", run)]

    def replies(self, run: str, round_: int) -> dict[str, bytes]:
        """The replies recorded so far, by site."""
        rows = self._rows("SELECT reply FROM reply WHERE run = ? AND round = ?", run, round_)
        return {claimed_head(raw).sender: raw for (raw,) in rows}

    def _rows(self, query, *values):
        path = self.stage.coordinator.runs
        if path.exists():
            with (
                suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(path, timeout=PATIENCE_S)) as db,
            ):  # made this moment
                return db.execute(query, values).fetchall()
        return []

    def exit_code(self, party: str) -> int:
        """Waits for the end of a party's process."""
        return self.stage.processes.pop(party).wait(PATIENCE_S)

    def wait_until(self, is_so) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"waited {PATIENCE_S} s; {self.logs()}"
            time.sleep(0.005)

    def wait_for_words(self, party: str, words: str) -> None:
        self.wait_until(lambda: words in self.log(party))

    def log(self, party: str) -> str:
        path = self.stage.root / "logs" / f"{party}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(f"{p.name}: {p.read_text()[-600:]}" for p in (self.stage.root / "logs").iterdir())

    def numbers(self) -> list[dict[str, object]]:
        """What the last run found."""
        last, _ = self.runs()[-1]
        document = json.loads((self.stage.out / last / "results.json").read_text(encoding="utf-8"))
        results: list[dict[str, object]] = document["results"]
        return results

    def in_memory(self) -> list[dict[str, object]]:
        """What the rehearsal finds over the same site files."""
        study = load_study(self.stage.study)
        cohorts = {name: load_cohort(folder / "site.toml", study) for name, folder in self.stage.sites.items()}
        rehearsal = Rehearsal(study, cohorts, told_alone=self.stage.demonstration.told_alone)
        document = results_json(results_of(study, rehearsal.run(), sorted(cohorts)))
        results: list[dict[str, object]] = json.loads(json.dumps(document["results"]))
        return results

    def rebuilt(self) -> list[dict[str, object]]:
        """What follows from the recorded bytes of one run, the study and the roster alone."""
        study, roster = load_study(self.stage.study), load_roster(self.stage.root / "roster.json")
        rounds: dict[int, list[Verified]] = {}
        for message in self.of_sites():
            assert message.head.type in (OPENED, CONTRIBUTION, CLOSED, WITNESSED, KEPT)
            if message.head.type not in (WITNESSED, KEPT):  # after the end, from which nothing follows
                rounds.setdefault(message.head.round, []).append(message)
        run = rounds[0][0].head.run
        in_order = [rounds[number] for number in range(len(rounds))]
        *_, history = histories(plan(study), study_hash(study), roster.sha256, run, in_order)
        outcome = Outcome(run, dict(history.results), len(rounds), (), history)
        document = results_json(results_of(study, outcome, sorted(roster.sites)))
        results: list[dict[str, object]] = json.loads(json.dumps(document["results"]))
        return results

    def of_sites(self) -> list[Verified]:
        """The sites' own messages among those that passed the public port, each once."""
        sites, found = load_roster(self.stage.root / "roster.json").sites, {}
        for payload in payloads_in(read_recording(self.stage.record)):
            with suppress(VerificationError):  # the coordinator's own
                message = verify(payload, sites)
                found[message.id] = message
        return list(found.values())

    def journal(self, site: str) -> JournalFile:
        """A site's memory, its whole ledger checked."""
        folder = self.stage.sites[site]
        return JournalFile(open_ledger(SitePaths(folder).journal, load_keys(SitePaths(folder)).signing, site))


@pytest.fixture(scope="session", autouse=True)
def patient():
    """A server may take any time to start, and finds its ports free when it is started again."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(network_module, "free_ports", own_ports)
        monkeypatch.setattr(network_module, "READY_WITHIN_S", PATIENCE_S)
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A stage on which all sites have joined and approved, and nothing runs."""
    with LoopbackNetwork(four_sites(), tmp_path_factory.mktemp("built") / "stage", in_memory=False) as stage:
        stage.build()
    return stage


@pytest.fixture(scope="session")
def undisturbed(built, tmp_path_factory):
    """The same after one undisturbed run, with its recording."""
    theatre = copied(built, tmp_path_factory.mktemp("undisturbed"))
    with theatre.stage as stage:
        stage.start()
        theatre.runs_to_its_end()
    return theatre


def payloads_in(records):
    """Yields the envelope of each message, in either direction: as often as it passed."""
    for record in records:
        content = b""
        if record.is_request and record.path.endswith("/push-object"):
            content = PushObjectRequest.FromString(record.body).object_content
        elif record.path.endswith("/pull-object") and not record.is_request and not record.body.startswith(b"{"):
            content = PullObjectResponse.FromString(record.body).object_content  # a refusal would be JSON
        if content.startswith(RECORD_HEAD):
            yield ConfigRecord.inflate(content)[FIELD]


def moved(theatre, folder):
    root, (public_port, control_port) = folder / "elsewhere", own_ports(2)
    shutil.copytree(theatre.stage.root, root)
    files = [root / "coordinator" / "server.json", *root.glob("sites/*/connection.json")]
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        content |= {"public_port": public_port, "control_port": control_port} if "host" in content else {}
        content |= {"address": f"127.0.0.1:{public_port}"} if "address" in content else {}
        file.write_text(json.dumps(content), encoding="utf-8")
    return Theatre(replace(theatre.stage, root=root, record=None, in_memory=True, processes={}))


def copied(stage, folder):
    """The same folders, keys and ports in a different folder, with a space in its name."""
    root = folder / "a folder with spaces"
    shutil.copytree(stage.root, root)
    record = folder / "public-port.bin"
    if stage.record:
        shutil.copy(stage.record, record)
    return Theatre(LoopbackNetwork(stage.demonstration, root, record, in_memory=False))


@pytest.fixture
def theatre(built, tmp_path):
    theatre = copied(built, tmp_path)
    with theatre.stage:
        yield theatre


@pytest.fixture
def theatre_of_many_kinds(tmp_path):
    """A study of many kinds of analysis, which all sites have approved."""
    demonstration = four_sites(asks_many_kinds=True)
    with LoopbackNetwork(demonstration, tmp_path / "stage", tmp_path / "public-port.bin") as stage:
        stage.build()
        stage.stop()
        yield Theatre(stage)


@pytest.fixture
def elsewhere():
    """Returns a copy of a theatre with the same folders and keys, and a server on different ports."""
    return moved


@pytest.fixture
def after_a_run(undisturbed, tmp_path):
    theatre = copied(undisturbed.stage, tmp_path)
    with theatre.stage:
        yield theatre
