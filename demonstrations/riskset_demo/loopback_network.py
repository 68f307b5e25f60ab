"""A network on one machine: a server, a coordinator and one process per site, each with its own folder, rows and newly
generated keys, communicating over TLS on free loopback ports. Every process started here is also stopped here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from riskset.catalogue import Message, say, verbatim
from riskset.errors import RisksetError
from riskset.protocol.roster import Roster, load_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import write_private
from riskset.study.load import load_study
from riskset_demo.commands_at_once import Running, load, run_together, start
from riskset_demo.demonstration import Demonstration
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.record import RunRecord

APPROVED_DAYS = 60
READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 10.0
CONNECTIONS_PER_SITE = 4


@dataclass
class LoopbackNetwork:
    """A context manager: when it exits, every process it started has ended."""

    demonstration: Demonstration
    root: Path
    record: Path | None = None
    """Where the server records the traffic on the sites' port."""
    in_memory: bool = True
    """Whether the engine keeps its state in memory; a real run keeps it in a file."""
    processes: dict[str, Running] = field(default_factory=dict)
    """By party: `server`, `coordinator`, and each site's name."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def coordinator(self) -> CoordinatorFolder:
        return CoordinatorFolder(self.root / "coordinator")

    @property
    def study(self) -> Path:
        return self.root / "study.toml"

    @property
    def out(self) -> Path:
        """The folder in which every run has a folder with its results."""
        return self.root / "results"

    @property
    def results(self) -> Path:
        """The results of the only run."""
        (folder,) = self.out.iterdir()
        return folder

    @property
    def roster(self) -> Roster:
        """As it was signed when all had joined."""
        return load_roster(self.root / "roster.json")

    @property
    def bundle_file(self) -> Path:
        return self.root / "bundle.zip"

    @property
    def trusted_file(self) -> Path:
        return self.root / "trusted.toml"

    @property
    def sites(self) -> dict[str, Path]:
        """Each site's folder."""
        return {folder.name: folder for folder in sorted((self.root / "sites").iterdir())}

    def build(self) -> None:
        """Writes every party's files and starts the server; every site joins and approves."""
        self.write()
        self.start_server()
        self.join()
        self.approve()

    def write(self) -> None:
        """Writes the study, each site's own rows, and the coordinator's keys."""
        load()
        self.root.mkdir(parents=True, exist_ok=True)
        self.study.write_bytes(self.demonstration.study)
        for name, files in self.demonstration.folders().items():
            folder = self.root / "sites" / name
            folder.mkdir(parents=True)
            for file, content in files.items():
                (folder / file).write_bytes(content)
        public_port, control_port = free_ports(2)
        self.coordinator.make("127.0.0.1", public_port, control_port)

    def join(self) -> None:
        """Invites every site; each generates its keys and sends a join request; the roster is signed and distributed.

        Instead of a telephone call, the site's verification words are compared with the coordinator's here.
        """
        for name, folder in self.sites.items():
            shutil.copy(self.study, folder)
            self._invite(name, folder)
        commands = [("site", "join", folder / "invite.json", "--into", folder) for folder in self.sites.values()]
        printed = dict(zip(self.sites, self._together(commands), strict=True))
        with self.coordinator.desk() as desk:
            for name, words_of_site in printed.items():
                invite, request, words = desk.waiting(name)
                if words not in words_of_site:
                    raise RisksetError(say("demo.words_differ", site=name))
                desk.accept(invite, request)
        self._together([("study", "roster", self.study, "--server", self.coordinator.root)])
        for folder in self.sites.values():
            shutil.copy(self.root / "roster.json", folder)

    def _invite(self, name: str, folder: Path) -> None:
        with self.coordinator.desk() as desk:
            _, text = desk.invite(
                load_study(self.study), name, self.coordinator.identity, self.coordinator.public_server
            )
        write_private(folder / "invite.json", text)

    def approve(self) -> None:
        """Every site signs an approval with the demonstration's exceptions, valid for two months; some let their own
        hazard ratios be told."""
        exceptions = [
            text
            for exception in self.demonstration.exceptions
            for text in ("--exception", f"{exception.limit}={exception.value}", "--reason", exception.reason)
        ]
        signatory = ("--by", str(say("demo.signatory")), "--irb", str(say("demo.no_irb")))
        signed = [*signatory, "--until", approved_until().isoformat(), *exceptions]
        self._together(
            [
                ("site", "approve", folder / "site.toml", *signed, *self._own_choices(name))
                for name, folder in self.sites.items()
            ]
        )

    def _own_choices(self, site: str) -> list[str]:
        alone = ["--may-be-told-alone"] if site in self.demonstration.told_alone else []
        return alone + [text for other in self.sites if other != site for text in ("--compared", other)]

    def start(self) -> None:
        """Starts every site, and the server if it is not running."""
        if "server" not in self.processes:
            self.start_server()
        for name in self.sites:
            self.start_site(name)

    def start_server(self) -> None:
        memory = ["--in-memory"] if self.in_memory else []
        recording: list[str | Path] = ["--record", self.record] if self.record else []
        places = ["--connections-per-address", str(CONNECTIONS_PER_SITE * len(self.sites))]  # all from one address
        started: list[str | Path] = ["server", "start", self.coordinator.root, *memory, *recording, *places]
        self._start("server", *started, in_fork=False)
        self._wait_for_server()

    def start_site(self, name: str) -> None:
        self._start(name, "site", "serve", self.sites[name] / "site.toml")

    def start_coordinator(self, *options: str, in_log: bool = False) -> None:
        """Starts `riskset run`; it prints to this terminal or, with `in_log`, to the logs."""
        arguments: tuple[str | Path, ...] = (
            "run",
            self.study,
            *options,
            "--server",
            self.coordinator.root,
            "--out",
            self.out,
        )
        if in_log:
            self._start("coordinator", *arguments)
        else:
            self.processes["coordinator"] = start(list(map(str, arguments)), Path(os.devnull), None)

    def wait_for_replies(self) -> str:
        """Waits until every site has answered the last message of the only run, and returns the run's id: from then on
        the coordinator writes the report. Raises as `wait`."""
        with closing(RunRecord(self.coordinator.runs, self.coordinator.identity)) as record:
            while True:
                for run in record.runs():
                    if record.has_all_replies(run.id):
                        return run.id
                self._is_running()
                time.sleep(0.2)

    def wait(self) -> None:
        """Waits for the coordinator to end. Raises RisksetError if it fails, or if any other process ends before it."""
        while self._is_running():
            time.sleep(0.1)

    def _is_running(self) -> bool:
        """Whether the coordinator runs. Raises RisksetError where it failed, or needs a process that has ended."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        code = self.processes["coordinator"].poll()
        if code is None and ended:
            raise RisksetError(say("demo.ended", party=ended[0]), self._see_log(ended[0]))
        if code:
            raise RisksetError(say("demo.run_failed"), say("demo.see_logs", folder=self.root / "logs"))
        return code is None

    def ledgers(self) -> dict[str, dict[str, Any]]:
        """Returns each site's ledger, opened by that site with its key: the output of `riskset site ledger --json`."""
        commands = [("site", "ledger", folder / "site.toml", "--json") for folder in self.sites.values()]
        return dict(zip(self.sites, map(json.loads, self._together(commands)), strict=True))

    def bundle(self) -> None:
        """Writes all records of the only run into one file, and beside it the fingerprints by which an auditor checks
        them; an auditor asks each party for these."""
        run = self.results.name
        out = ("--out", self.out, "--file", self.bundle_file)
        self._together([("bundle", run, "--server", self.coordinator.root, *out)])
        keys = self.roster.parties_of(self.sites)
        lines = [f'{party} = "{fingerprint_words(key)}"\n' for party, key in keys.items()]
        self.trusted_file.write_text("".join(lines), encoding="utf-8")

    def stop(self) -> None:
        """Stops every process, the sites before the server."""
        running = [process for process in reversed(self.processes.values()) if process.poll() is None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(STOPPED_WITHIN_S)
            except TimeoutError:
                process.kill()
                process.wait()
        self.processes.clear()

    def _start(self, name: str, *arguments: str | Path, in_fork: bool = True) -> None:
        logs = self.root / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{name}.log"
        self.processes[name] = start(list(map(str, arguments)), log, log, in_fork=in_fork)

    def _together(self, commands: Sequence[Sequence[str | Path]]) -> list[str]:
        """Runs commands in parallel and returns what each printed. Raises RisksetError if one fails."""
        printed = run_together([list(map(str, command)) for command in commands])
        for command in printed:
            if command.code != 0:
                raise RisksetError(verbatim(command.errors.strip()))
        return [command.out for command in printed]

    def _see_log(self, party: str) -> Message:
        return say("demo.see_log", file=self.root / "logs" / f"{party}.log")

    def _wait_for_server(self) -> None:
        """Waits for both of its ports: a site that asks before its own is open keeps its request for the mail."""
        deadline = time.monotonic() + READY_WITHIN_S
        for address in (self.coordinator.control_address, self.coordinator.public_server.address):
            host, _, port = address.partition(":")
            while not _is_open(host, int(port)):
                if time.monotonic() > deadline or self.processes["server"].poll() is not None:
                    raise RisksetError(say("demo.server_failed"), self._see_log("server"))
                time.sleep(0.05)


def _is_open(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True


def approved_until() -> date:
    """Returns the last day of the approvals signed here today."""
    return datetime.now(UTC).date() + timedelta(days=APPROVED_DAYS)


def free_ports(n: int) -> list[int]:
    """Returns n loopback ports on which nothing listens now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports: list[int] = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def new_folder(parent: Path) -> Path:
    """Returns a new folder, distinct from those of demonstrations running at the same time."""
    stem = f"riskset-demo-{time.strftime('%H%M%S')}"
    for number in range(1000):
        folder = parent / (f"{stem}-{number}" if number else stem)
        try:
            os.mkdir(folder)
        except FileExistsError:
            continue
        return folder
    raise RisksetError(say("demo.no_folder", parent=parent))
