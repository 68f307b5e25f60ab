"""Whole studies for tests: sites in folders, read and run by the real code; or cohorts in memory."""

import csv
import gc
import json
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from tests.pseudo_language import spoken_here

import riskset_report
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.cli import main
from riskset.joining import expiry
from riskset.ledger import durable
from riskset.protocol import contributing, flags
from riskset.results import entry_json, results_of
from riskset.study.spec import Study
from riskset_report import Labels, report_of
from riskset_report.blocks import Box, Figure, Table
from riskset_report.held_back import results_without_marked
from riskset_report.in_place import RESULTS, put_in_place
from riskset_report.printing import Printer
from riskset_server.joining import certificates

# No deadline, and no check of how long the drawing takes: how fast a machine is says nothing about a law. Every run
# draws the same, so that what passed passes again. `make test-all` asks for `exhaustive`; where an example is a whole
# run, a module takes a share. `pytest --hypothesis-profile searching` draws others each time, to find what fails.
settings.register_profile(
    "quick",
    deadline=None,
    derandomize=True,
    max_examples=24,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("exhaustive", settings.get_profile("quick"), max_examples=300)
settings.register_profile("searching", settings.get_profile("exhaustive"), derandomize=False)
settings.load_profile("quick")

NETWORK = Path(__file__).with_name("network")
WHOLE_RUNS = Path(__file__).with_name("whole_runs")


for name in ("LC_ALL", "LC_MESSAGES", "LANG", "RISKSET_LANG"):
    os.environ.pop(name, None)  # of whoever runs the tests: they say themselves which language is spoken


@pytest.fixture(scope="session", autouse=True)
def _flags_show_their_cause():
    """A flag is read as a later cause once in 4,096 times: too often for thousands of refusals whose rule a test names.
    The last bits of its noise are those of 1 to 64, so that neither a flag nor a sum of 63 loses its cause."""

    def raised(causes):
        vector = flags.raised(causes)
        for i, cause in enumerate(causes):
            if cause is not None:
                number = int(vector[1, i]) << 64 | int(vector[0, i])
                last = number >> flags.BITS * cause & 2**flags.BITS - 1
                number += (1 + last % 64 - last) << flags.BITS * cause
                vector[:, i] = number & 2**64 - 1, number >> 64
        return vector

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(contributing, "raised", raised)
        yield


class _WithinADay(datetime):
    """The time of this machine, which waits at the last moment of a day."""

    last: datetime

    @classmethod
    def now(cls, tz=None):
        return min(datetime.now(tz), cls.last)


@pytest.fixture(autouse=True)
def _no_day_ends_during_a_test():
    """A test that names a day and a command that looks at the calendar later mean the same day, at midnight too."""
    today = type("Today", (_WithinADay,), {"last": datetime.combine(datetime.now(UTC), time.max, UTC)})
    with pytest.MonkeyPatch.context() as monkeypatch:  # of its own, since some tests undo theirs
        for module in (expiry, durable, certificates):
            monkeypatch.setattr(module, "datetime", today)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Ten thousand tests are no garbage: looking for some among them takes a fifth of the time of collecting them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items):
    """Puts the network first: its tests wait for processes and leases, and nobody should wait for them at the end. The
    files of whole runs, which are long too, follow."""
    items.sort(key=lambda item: (not item.path.is_relative_to(NETWORK), not item.path.is_relative_to(WHOLE_RUNS)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keeps together on one worker what shares fixtures: the tests of a file, and those of a folder of the network.

    A group for each folder would say it too, but xdist 3.8 does not see groups under pytest 9.2.
    """
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = Path(super()._split_scope(nodeid))
            return str(file.parent if NETWORK.name in file.parts else file)

    return Together(config, log)


def write_results(report, folder, *_, **__):
    """Writes results.json as `write_report` does, and nothing that is printed from it."""
    return put_in_place({RESULTS: results_without_marked(report)}, folder, report.results.run)


@contextmanager
def results_alone():
    """Inside the context, the folder of a run has results.json alone: drawing takes longer than the run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(riskset_report, "write_report", write_results)
        yield


@pytest.fixture(scope="session", name="results_alone")
def _results_alone():
    return results_alone


@dataclass(frozen=True)
class Desk:
    """A folder with a study and a folder for each site, as whoever writes a study has it before anybody signs."""

    root: Path

    @property
    def study(self):
        return self.root / "study.toml"

    @property
    def sites(self):
        return self.root / "sites"

    @property
    def command(self):
        return ["study", "try", str(self.study), "--sites", str(self.sites), "--out", str(self.root / "out")]

    def writes_study(self, text):
        self.root.mkdir(parents=True, exist_ok=True)
        self.study.write_text(text, encoding="utf-8")

    def adds_site(self, name, rows, mapping="", study="trial", folder=None):
        """Writes site.toml and export.csv; `rows` are dicts of texts, `mapping` the lines of [map]. A column `patient`
        is the patients' numbers."""
        home = self.sites / (folder or name)
        home.mkdir(parents=True)
        key = 'key = "patient"\n' if "patient" in rows[0] else ""
        head = f'schema = 1\nstudy = "{study}"\nsite = "{name}"\n[source]\ncsv = "export.csv"\n{key}'
        (home / "site.toml").write_text(f"{head}[map]\n{mapping}\n", encoding="utf-8")
        with (home / "export.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return home

    def tries(self, *options, is_printed=False):
        """Returns results.json of `riskset study try --ignore-gate`, by id of the result. What is tried here are the
        numbers, on rows that a rule may well refuse; pages and figures, most of the work, only if they are read."""
        with nullcontext() if is_printed else results_alone():
            assert main([*self.command, "--ignore-gate", *options]) == 0
        document = json.loads((self.root / "out" / "results.json").read_text(encoding="utf-8"))
        return {result["id"]: result for result in document["results"]}


@pytest.fixture(scope="session")
def desk_at():
    return Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "age": {"type": "number", "range": [0, 100]},
    "stage": {"type": "category", "levels": ["I", "II", "III"]},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
    "entry": {"type": "number", "range": [0, 5000]},
}
KM = {"kind": "km", "endpoints": ["os"], "landmarks": [12]}
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}


def make_study(sites, width_days=28, max_days=2520, entry=False, unit="month", analyses=None, **more):
    """Returns a study of `sites`: endpoint `os` in days, arm `arm`, covariates age and stage."""
    endpoint = {"days": "days", "event": "dead"} | ({"entry": "entry"} if entry else {})
    document = {
        "schema": 1,
        "study": {"id": "trial", "version": "1", "title": {"en": "A trial"}},
        "sites": {name: {"name": name} for name in sites},
        "variables": VARIABLES,
        "comparison": {"arm": "arm", "reference": "old"},
        "time": {"unit": unit, "grid": {"width_days": width_days, "max_days": max_days}},
        "endpoints": {"os": endpoint},
        "analyses": analyses or {"survival": KM, "cox": COX},
    }
    return Study.model_validate(document | more)


def make_rows(seed, n, first_day=0, entry=False):
    """Returns n patients as an analysis set: survival depends on arm, age and stage; days are tied. Half of those
    without the event have one that competes, for a study that asks for it."""
    random = np.random.default_rng(seed)
    arm, stage = random.integers(0, 2, n), random.integers(0, 3, n)
    age = np.round(random.uniform(40, 90, n))
    risk = 0.02 * (age - 60) - 0.5 * arm + 0.4 * stage
    enters = random.integers(0, 40, n) if entry else np.zeros(n, np.int64)
    days = enters + first_day + 1 + (random.exponential(200 * np.exp(-risk)) // 10 * 10).astype(np.int64)
    event = random.random(n) < 0.7
    return AnalysisSet(
        days=days.astype(np.int64),
        event=event,
        entry_days=enters.astype(np.int64) if entry else None,
        variables={"arm": arm.astype(float), "age": age, "stage": stage.astype(float)},
        cause=np.where(event, 1, 2 * random.integers(0, 2, n)),
    )


def choose(rows, which):
    """Returns the rows `which` (indices or a mask) of an analysis set."""
    entry = None if rows.entry_days is None else rows.entry_days[which]
    variables = {name: values[which] for name, values in rows.variables.items()}
    cause = None if rows.cause is None else rows.cause[which]
    return AnalysisSet(rows.days[which], rows.event[which], entry, variables, cause=cause)


def deal(rows, sites):
    """Returns the cohorts in which patient i is at the site named sites[i]."""
    return {name: Cohort(name, {"os": choose(rows, sites == name)}) for name in sorted(set(sites.tolist()))}


def in_turn(sites, n):
    """Returns the names of the sites of n patients who are dealt to them in turn."""
    return np.array(sites)[np.arange(n) % len(sites)]


def told(study, outcome):
    """Returns every number and word of the results by id, before they are rounded: equal texts, equal bits."""
    entries = results_of(study, outcome, sorted(study.sites)).entries
    return {entry.id: json.dumps({**entry_json(entry), "gate": ""}, allow_nan=False) for entry in entries}


def numbers_in(value):
    """Returns every number of a part of a document, in its order."""
    if isinstance(value, dict):
        return [x for one in value.values() for x in numbers_in(one)]
    if isinstance(value, list):
        return [x for one in value for x in numbers_in(one)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


@pytest.fixture(scope="session")
def patients():
    """The functions above, by name."""

    class Patients:
        variables = VARIABLES
        study = staticmethod(make_study)
        rows = staticmethod(make_rows)
        choose = staticmethod(choose)
        deal = staticmethod(deal)
        sites = staticmethod(in_turn)
        told = staticmethod(told)
        numbers = staticmethod(numbers_in)

    return Patients


class Printed:
    """The report of a run, and what is printed of it."""

    def __init__(self, results, labels=None):
        self.report = report_of(results, labels or Labels())
        self.printer = Printer(self.report.cells, results.study.time.unit, results.study.days_per_unit)

    def blocks(self, kind, type_):
        parts = [part for part in self.report.parts if part.kind == kind]
        return [block for part in parts for block in part.blocks if isinstance(block, type_)]

    def tables(self, kind):
        return [self.printer.table(table) for table in self.blocks(kind, Table)]

    def boxes(self, kind):
        return [self.printer.box(box) for box in self.blocks(kind, Box)]

    def plots(self):
        return [figure.plot(self.printer) for figure in self.blocks("km", Figure)]


@pytest.fixture(scope="session")
def printed():
    return Printed


@pytest.fixture
def pseudo_language(tmp_path):
    """Returns `xx`, a language in which every sentence of the catalogue is in Cyrillic letters."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    with spoken_here(folder) as name:
        yield name
