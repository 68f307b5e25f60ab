"""A method of another package, registered by an entry point: installed, broken, or of a kind that is there already.

Each in a process of its own, since registries are read once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ASKED = """
from typing import Literal
from riskset.study.entry import EndpointEntry

class ENTRY(EndpointEntry):
    kind: Literal["deaths"]

    def complaints(self, draft, path):
        yield from draft.known_endpoints(path, self.endpoints)

    def sentences(self, study):
        yield "How many patients had the event."
"""
ANALYSIS = """
from dataclasses import dataclass
from typing import ClassVar
from riskset.analyses.analysis import Result
from riskset.analyses.cohort import set_of
from riskset.analyses.counts_in_time import CountedInTime, counts_of

@dataclass(frozen=True)
class Deaths(Result):
    n: int

@dataclass(frozen=True, kw_only=True)
class CountDeaths(CountedInTime):
    kind: ClassVar[str] = "deaths"

    def from_counts(self, counts, rest):
        return Deaths(round(float(counts[:, 0].sum())))

    def result_json(self, result):
        return {"events": result.n}

def planned(study, name, entry):
    for endpoint in entry.endpoints:
        counts = counts_of(study, endpoint)
        set_id = set_of(entry, endpoint, "all", counts.variables)
        yield CountDeaths(id=f"deaths/{endpoint}", name=name, set_id=set_id, counts=counts)
"""
STUDY = """
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
days = { type = "number", range = [0, 1000], step = 1 }
dead = { type = "boolean" }
[time]
grid = { width_days = 7, max_days = 1000 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
asked = { kind = "KIND", endpoints = ["os"] }
"""


@pytest.fixture
def desk(tmp_path, desk_at):
    """Returns a study of three sites that asks for a kind, with 40 patients each, half of whom died."""

    def desk(kind):
        made = desk_at(tmp_path / kind)
        made.writes_study(STUDY.replace("KIND", kind))
        for site in ("asan", "kurume", "osaka"):
            made.adds_site(site, [{"days": str(10 + i), "dead": str(i % 2)} for i in range(40)])
        return made

    return desk


@pytest.fixture
def installs(tmp_path):
    """Writes a package with these modules and its registration, and returns a way to run riskset beside it."""

    def installs(kind="deaths", **modules):
        home = tmp_path / "site-packages"
        info = home / "riskset_deaths-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: riskset-deaths\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[riskset.methods]\n{kind} = riskset_deaths\n")
        package = home / "riskset_deaths"
        package.mkdir()
        for name, text in {"__init__": "", **modules}.items():
            (package / f"{name}.py").write_text(text, encoding="utf-8")
        path = os.pathsep.join([str(home), *(str(ROOT / top) for top in ("shared", "server", "site_client"))])

        def riskset(*arguments):
            command = [sys.executable, "-m", "riskset.cli", *map(str, arguments)]
            return subprocess.run(
                command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
            )

        return riskset

    return installs


def test_its_method_is_asked_computed_and_reported(installs, desk):
    riskset, made = installs(asked=ASKED, analysis=ANALYSIS), desk("deaths")
    checked = riskset("study", "check", made.study)
    assert checked.returncode == 0, checked.stderr
    assert "asked: deaths of os (method of riskset-deaths 1.2)" in checked.stdout
    assert riskset(*made.command).returncode == 0
    (result,) = json.loads((made.root / "out" / "results.json").read_text(encoding="utf-8"))["results"]
    assert (result["id"], result["status"], result["gate"], result["events"]) == ("deaths/os", "ok", "passed", 60)
    assert "deaths/os" in (made.root / "out" / "index.html").read_text(encoding="utf-8")


class TestABrokenPackage:
    def test_is_named_where_a_study_asks_for_it(self, installs, desk):
        riskset = installs(asked="raise ImportError('no such library')")
        checked = riskset("study", "check", desk("deaths").study)
        assert checked.returncode == 3
        assert "riskset-deaths 1.2 cannot be imported from its module 'asked'" in checked.stderr
        assert "no such library" in checked.stderr

    def test_stops_no_study_that_does_not_ask_for_it(self, installs, desk):
        riskset = installs(asked="raise SystemError('broken')")
        assert riskset("study", "check", desk("km").study).returncode == 0
        assert riskset("site", "pause", "--help").returncode == 0

    def test_without_a_planner_is_named_when_it_is_asked(self, installs, desk):
        riskset, made = installs(asked=ASKED, analysis="nothing = 0"), desk("deaths")
        checked = riskset("study", "check", made.study)
        assert checked.returncode == 1
        assert "riskset-deaths 1.2 cannot be imported from its module 'analysis'" in checked.stderr


def test_an_entry_of_another_kind_is_refused(installs, desk):
    riskset = installs(kind="events", asked=ASKED, analysis=ANALYSIS)
    checked = riskset("study", "check", desk("events").study)
    assert checked.returncode == 3
    assert "ENTRY in its module 'asked' must be an AnalysisEntry of this kind" in checked.stderr


def test_a_kind_of_riskset_itself_is_not_replaced(installs, desk):
    riskset = installs(kind="km", asked=ASKED, analysis=ANALYSIS)
    checked = riskset("study", "check", desk("km").study)
    assert (checked.returncode, "riskset-deaths" in checked.stdout) == (0, False)
