"""Makes this folder anew: `python record.py FOLDER`, with riskset 0.1.0 installed and with no other version.

A whole run over the network by the real commands; then a second one, by the same parties without the network, in which
one site refuses while it is paused, and which stops in the middle. Everything is made up, the keys are thrown away.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from riskset import __version__
from riskset.errors import Refused
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening
from riskset.protocol.roster import load_roster
from riskset.protocol.site import Site
from riskset.study.load import load_study, study_hash
from riskset_server.demo.demonstration import Demonstration
from riskset_server.demo.stage import Stage
from riskset_server.run.record import RunRecord
from riskset_site.consent.approvals import Approvals, LedgerConsent
from riskset_site.keys.identity import SiteFolder, make_keys
from riskset_site.papers import load_papers
from riskset_site.records.journal import JournalFile
from riskset_site.records.refusals import RecordedSite

HERE = Path(__file__).parent
PASSPHRASE = "not a secret at all"
LOCKED = "north"
"""The site whose keys open with the passphrase."""
SITES = ("north", "south", "west")
PATIENTS = 48
STOPS_BEFORE = "later"
"""The phase that the second run does not come to."""


def main(target: Path) -> None:
    """Writes the coordinator's folder, the sites' folders, and what was found."""
    if __version__ != "0.1.0":
        raise SystemExit(f"these are files of riskset 0.1.0, and this is {__version__}")
    os.environ["RISKSET_PASSPHRASE"] = PASSPHRASE
    with tempfile.TemporaryDirectory() as scratch:
        stage = Stage(MadeUpPatients("made-up", "made-up", "made up", ()), Path(scratch) / "stage")
        first_run(stage)
        second_run(stage)
        keep(stage, target)


def first_run(stage: Stage) -> None:
    """A run that comes to its end, by the real commands over TLS."""
    with stage:
        stage.write()
        make_keys(SiteFolder(stage.sites[LOCKED]).keys[0], PASSPHRASE.encode())
        stage.start_server()
        stage.join()
        for name in SITES:
            compared = [text for other in SITES if other != name for text in ("--compared", other)]
            until = ("--until", "2099-12-31")
            says(stage.sites[name], "approve", "--by", "Nobody", "--irb", "made up", *until, *compared)
        stage.start()
        stage.start_coordinator()
        stage.wait()


def second_run(stage: Stage) -> None:
    """A run of the same parties that stops after the first evaluation of the model."""
    study, roster = load_study(stage.study), load_roster(stage.root / "roster.json")
    key = stage.coordinator.identity
    says(stage.sites["north"], "pause", "--by", "Nobody", "--reason", "made up")
    with ExitStack() as files:
        sites = {name: serving(stage.sites[name], files) for name in SITES}
        record = files.enter_context(closing(RunRecord(stage.coordinator.runs, key)))
        run = record.begin(study.id, study_hash(study), roster.sha256, sorted(SITES))
        opening = Opening(record.participants(run), record.earlier_of(run))
        coordinator = Coordinator(key, study, roster, run, opening, record)
        try:
            coordinator.accept(sites["north"].answer(coordinator.request()))
        except Refused:
            says(stage.sites["north"], "resume", "--by", "Nobody", "--reason", "made up")
        while coordinator._history is None or coordinator._history.phase != STOPS_BEFORE:
            for name in coordinator.waiting_for:
                coordinator.accept(sites[name].answer(coordinator.request()))
        coordinator.accept(sites["south"].answer(coordinator.request()))


def serving(folder: Path, files: ExitStack) -> RecordedSite:
    """Returns the site as `riskset site serve` has it."""
    papers = load_papers(folder / "site.toml")
    key = papers.identity.signing
    journal = files.enter_context(closing(JournalFile(papers.folder.journal, key, papers.site)))
    consent = LedgerConsent(Approvals(journal.ledger, papers.identity), [].append)
    site = Site(papers.site, key, papers.study, papers.roster, papers.holding, journal, consent)
    return RecordedSite(site, journal.ledger, [].append)


def keep(stage: Stage, target: Path) -> None:
    """Copies what shall be read later, and writes what this version finds in it."""
    shutil.copytree(stage.coordinator.root, target / "coordinator")
    for name in SITES:
        shutil.copytree(stage.sites[name], target / "sites" / name, ignore=shutil.ignore_patterns("study.toml"))
    shutil.copy(stage.results / "results.json", target / "results.json")
    study = load_study(stage.study)
    ledgers = {name: json.loads(says(stage.sites[name], "ledger", "--json")) for name in SITES}
    found = {"study_sha256": study_hash(study), "ledgers": ledgers}
    (target / "expected.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def says(folder: Path, command: str, *arguments: str) -> str:
    """Returns what `riskset site COMMAND` prints."""
    whole = [sys.executable, "-m", "riskset.cli", "site", command, str(folder / "site.toml"), *arguments]
    return subprocess.run(whole, check=True, stdout=subprocess.PIPE, text=True).stdout


@dataclass(frozen=True)
class MadeUpPatients(Demonstration):
    """Patients drawn from a generator; the survival of nobody."""

    @property
    def study(self) -> bytes:
        return (HERE / "study.toml").read_bytes()

    def patients(self):
        return dict.fromkeys(SITES, PATIENTS)

    def folders(self):
        return {name: {"export.csv": export(at), "site.toml": site_file(name)} for at, name in enumerate(SITES)}

    def pooled(self, endpoint):
        raise NotImplementedError


def site_file(name: str) -> bytes:
    return f'schema = 1\nstudy = "made-up"\nsite = "{name}"\n\n[source]\ncsv = "export.csv"\n'.encode()


def export(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    lines = ["arm,age,days,dead"]
    for _ in range(PATIENTS):
        arm, age = random.choice(["old", "new"]), int(random.integers(40, 85))
        scale = 400 * np.exp(0.4 * (arm == "new") - 0.02 * (age - 60))
        days = min(1 + int(random.exponential(scale)), 1500)
        lines.append(f"{arm},{age},{days},{'yes' if random.random() < 0.75 else 'no'}")
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
