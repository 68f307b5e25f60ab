"""A coordinator's folder on the disk, with a study of three sites that are in memory."""

import shutil
from contextlib import closing, contextmanager
from copy import copy

import pytest
from tests.server.run.forging import Forger

from riskset.audit.trusted import Trusted
from riskset.cli import main
from riskset.protocol.after_end import AfterEnd
from riskset.protocol.roster import sign_roster
from riskset.rehearsal import Rehearsal
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import save_identity
from riskset.study.load import canonical_json, load_study, study_hash
from riskset_demo.loopback_network import free_ports
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.ended import end_of
from riskset_server.run.outcome import hashes, write_run
from riskset_server.run.record import RunRecord

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = { name = "Asan" }
kurume = { name = "Kurume" }
osaka = { name = "Osaka" }
sapporo = { name = "Sapporo" }
[variables]
days = { type = "number", range = [0, 5000] }
dead = { type = "boolean" }
[time]
grid = { width_days = 30, max_days = 3000 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
survival = { kind = "km", endpoints = ["os"] }
"""
SITES = ("asan", "kurume", "osaka")
OF_A_MODEL = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = { name = "Asan" }
kurume = { name = "Kurume" }
osaka = { name = "Osaka" }
[variables]
arm = { type = "category", levels = ["old", "new"] }
age = { type = "number", range = [0, 100] }
stage = { type = "category", levels = ["I", "II", "III"] }
days = { type = "number", range = [0, 5000] }
dead = { type = "boolean" }
[comparison]
arm = "arm"
reference = "old"
[time]
grid = { width_days = 28, max_days = 2520 }
[endpoints.os]
days = "days"
event = "dead"
"""
"""A study without its analyses."""


def of_matched(more=""):
    """The same of matched patients, with a model of the arm; `more` are further lines of [propensity]."""
    return f"""{OF_A_MODEL}[propensity]
covariates = ["age", "stage"]
adjustments.match = {{ method = "nearest" }}
{more}
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], univariable = ["arm"], populations = ["match"] }}
"""


class Desk:
    """The coordinator's desk: what is typed there, and runs whose sites answer at once."""

    text = STUDY
    sites = SITES
    exceptions, told_alone = (), frozenset()

    def __init__(self, folder, patients):
        self._lies_in(folder)
        self.study_file.write_text(self.text, encoding="utf-8")
        self.study = load_study(self.study_file)
        self.rehearsal = Rehearsal(
            self.study, self.cohorts(patients), exceptions=self.exceptions, told_alone=self.told_alone
        )
        self.home.make("127.0.0.1", *free_ports(2))
        (self.home.root / "keys" / "identity.pem").unlink()
        save_identity(self.home.root / "keys" / "identity.pem", self.rehearsal.coordinator_key)
        self.signs(self.rehearsal.roster.members)

    def cohorts(self, patients):
        return patients.deal(patients.rows(seed=1, n=90), patients.sites(SITES, 90))

    def _lies_in(self, folder):
        self.folder, self.out = folder, folder / "results"
        self.study_file, self.roster_file = folder / "study.toml", folder / "roster.json"
        self.home = CoordinatorFolder(folder / "coordinator")

    def copied_to(self, folder):
        """The same desk in a copy of its folder."""
        other = copy(self)
        other._lies_in(shutil.copytree(self.folder, folder))
        return other

    def signs(self, members):
        self.roster_file.write_bytes(
            sign_roster(self.study.header.id, self.rehearsal.coordinator_key, members, study_hash(self.study))
        )

    @contextmanager
    def record(self):
        with closing(RunRecord(self.home.runs, self.home.identity)) as record:
            yield record

    def begins(self, rounds=0):
        """Begins a run as `riskset run` does and goes some rounds; returns its id."""
        with self.record() as record:
            hashes = study_hash(self.study), self.rehearsal.roster.sha256
            texts = {
                "study": canonical_json(self.study).decode(),
                "study_toml": self.text,
                "roster": self.roster_file.read_text("utf-8"),
            }
            run = record.begin(self.study.header.id, *hashes, self.sites, texts)
            self._opens(run, record)
            for _ in range(rounds):
                self.rehearsal.step()
        return run

    def finishes(self, run, sites=None):
        """Goes on with a run to its end, writes its results, and exchanges with some of the sites what follows; returns
        their folder."""
        with self.record() as record:
            self._opens(run, record)
            paths = write_run(self.study, self.rehearsal.run(), record, self.out)
            record.end(run, hashes(paths))
            self.delivers(run, record, sites)
        return self.out / run

    def delivers(self, run, record, sites=None):
        """What follows the end of a run, with the sites that are there; returns who has not got all of it."""
        after = AfterEnd(self.rehearsal.coordinator_key, self.rehearsal.roster, end_of(record, run), record)
        for _ in range(2):
            for site in set(after.waiting_for) & set(self.sites if sites is None else sites):
                after.accept(self.rehearsal.sites[site].answer(after.request(site)))
        return after.has_no_receipt

    def _opens(self, run, record):
        self.rehearsal.run_id, self.rehearsal.record = run, record
        opening = record.opening(run)
        self.rehearsal.start_coordinator(self.sites, opening.earlier, opening.unblinded)

    def says(self, command, *arguments):
        """The exit code of a command of the coordinator."""
        options = (
            ("--server", self.home.root, "--out", self.out) if command != "status" else ("--server", self.home.root)
        )
        return main([command, *map(str, (*arguments, *options))])

    def runs(self):
        with self.record() as record:
            return {run.id: run.state for run in record.runs("trial")}


@pytest.fixture
def coordinator_desk(tmp_path, patients):
    return Desk(tmp_path, patients)


@pytest.fixture(scope="package")
def after_a_run(tmp_path_factory, patients):
    """A desk and the folder with the results of its only run; for copying."""
    desk = Desk(tmp_path_factory.mktemp("after a run"), patients)
    return desk, desk.finishes(desk.begins())


@pytest.fixture(scope="module")
def finished(after_a_run, tmp_path_factory):
    """A run on a desk, and the file of its bundle."""
    desk, results = after_a_run
    file = tmp_path_factory.mktemp("bundle") / "run.zip"
    assert desk.says("bundle", results.name, "--file", file) == 0
    return desk, results.name, file


@pytest.fixture(scope="module")
def bundle(finished):
    return finished[2].read_bytes()


@pytest.fixture(scope="module")
def trusted(finished):
    roster = finished[0].rehearsal.roster
    keys = {"coordinator": roster.coordinator, **{site: roster.sites[site] for site in SITES}}
    return Trusted({party: fingerprint_words(key) for party, key in keys.items()})


@pytest.fixture(scope="module")
def forger(finished, bundle):
    return Forger(bundle, finished[0].rehearsal.coordinator_key)


@pytest.fixture(scope="module")
def signed_again(forger):
    """Returns the bundle with some files changed, as its coordinator could sign it."""
    return forger.signed


@pytest.fixture
def with_log(forger):
    """Returns the bundle with another log, which its coordinator has signed; and with other files changed."""
    return lambda change, **changes: forger.signed(**{"coordinator.log": forger.log(change), **changes})


def told(verification):
    return [str(finding.told) for finding in verification.checks.failures]
