"""Folders that earlier versions wrote, opened by this one. `recorded/README.md` describes them."""

import json
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from riskset import __version__
from riskset.audit.json_values import side_by_side
from riskset.cli import main
from riskset.errors import Refused
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening
from riskset.protocol.roster import load_roster
from riskset.protocol.site import Site
from riskset.rehearsal import EverySiteConsents
from riskset.results import entry_json, results_of
from riskset.results.document import rounded
from riskset.secure.envelope import verify
from riskset.study.load import load_study, study_hash
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.run.record import RunRecord
from riskset_site.records.journal import JournalFile, open_ledger
from riskset_site.study_folder import load_study_folder

RECORDED = Path(__file__).parents[1] / "recorded" / "0.1.0"
EXPECTED = json.loads((RECORDED / "expected.json").read_text(encoding="utf-8"))
RESULTS = json.loads((RECORDED / "results.json").read_text(encoding="utf-8"))
SITES = ("north", "south", "west")


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A copy of the folders, as they lay at the coordinator and at the sites."""
    monkeypatch.setenv("RISKSET_PASSPHRASE", "not a secret at all")
    folder = shutil.copytree(RECORDED, tmp_path / "recorded")
    for name in SITES:
        shutil.copy(folder / "study.toml", folder / "sites" / name)
    return folder


@pytest.fixture
def parties(recorded):
    with Parties(recorded) as parties:
        yield parties


class Parties(ExitStack):
    """The coordinator and the sites over their recorded folders, started by this version."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.study, self.roster = load_study(folder / "study.toml"), load_roster(folder / "sites/north/roster.json")
        self.home = CoordinatorFolder(folder / "coordinator")
        self.record = self.enter_context(closing(RunRecord(self.home.runs, self.home.identity)))

    @property
    def unfinished(self):
        return self.record.latest(study_hash(self.study), self.roster.sha256).id

    def coordinator(self, run):
        opening = Opening(self.record.participants(run), self.record.earlier_of(run))
        return Coordinator(self.home.identity, self.study, self.roster, run, opening, self.record)

    def site(self, name):
        files = load_study_folder(self.folder / "sites" / name / "site.toml")
        key = files.identity.signing
        journal = self.enter_context(closing(JournalFile(open_ledger(files.paths.journal, key, name))))
        consent = EverySiteConsents(name, tuple(other for other in SITES if other != name))  # approved again
        return Site(name, key, files.study, files.roster, files.holding, journal, consent)

    def results(self, coordinator):
        """Returns what was found, to the last bit."""
        entries = results_of(self.study, coordinator.outcome(), SITES).entries
        return json.loads(json.dumps([entry_json(entry) for entry in entries], allow_nan=False))


def of_0_1_0(found, expected):
    """Returns of a part of a document what has a key in `expected`: later versions may say more."""
    if isinstance(expected, dict):
        return {key: of_0_1_0(found[key], item) for key, item in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        return [of_0_1_0(*pair) for pair in zip(found, expected, strict=True)]
    return found


def far_apart(found, expected):
    """The places at which two documents differ, floats by more than a last bit that a sum hands on."""
    return [
        place
        for place, one, other in side_by_side(found, expected)
        if one != other and not (isinstance(one, float) and one == pytest.approx(other, rel=1e-9, abs=1e-9))
    ]


def layout(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


@pytest.mark.parametrize("name", SITES)
def test_a_sites_ledger_says_what_it_said(recorded, capsys, name):
    folder, expected = recorded / "sites" / name, EXPECTED["ledgers"][name]
    before = (folder / "journal.sqlite").read_bytes()
    held = ":".join(expected["checkpoint"].splitlines()[1:3])
    assert main(["site", "ledger", str(folder / "site.toml"), "--json", "--held", held]) == 0
    found = json.loads(capsys.readouterr().out)
    for name in ("site", "checkpoint", "entries", "studies", "replies"):
        assert found[name] == expected[name], name
    for ledger in (found, expected):  # the sentences may be better now
        ledger["said"] = [(one["number"], one["at"], one["kind"]) for one in ledger["said"]]
    assert found["said"] == expected["said"]
    assert found["approvals"].keys() == expected["approvals"].keys()
    assert (folder / "journal.sqlite").read_bytes() == before


def test_the_finished_run_has_the_results_that_0_1_0_wrote(parties):
    """To the 13 digits that results.json has since: the last bits of an exponential are the machine's own."""
    assert study_hash(parties.study) == EXPECTED["study_sha256"] == RESULTS["study"]["sha256"]
    coordinator = parties.coordinator(RESULTS["run"])
    assert coordinator.is_finished
    assert coordinator.outcome().rounds == RESULTS["rounds"]
    found = of_0_1_0(parties.results(coordinator), RESULTS["results"])
    assert rounded(found) == rounded(RESULTS["results"])


def test_its_report_is_written_again_with_the_files_that_0_1_0_did_not_keep(recorded, capsys):
    command = ["report", RESULTS["run"], "--server", str(recorded / "coordinator"), "--out", str(recorded / "out")]
    assert main(command) == 1
    assert (
        f"give both: riskset report {RESULTS['run']} --study study.toml --roster roster.json" in capsys.readouterr().err
    )
    files = ["--study", str(recorded / "study.toml"), "--roster", str(recorded / "sites/north/roster.json")]
    assert main([*command, *files]) == 0
    document = json.loads((recorded / "out" / RESULTS["run"] / "results.json").read_text(encoding="utf-8"))
    assert rounded(of_0_1_0(document["results"], RESULTS["results"])) == rounded(RESULTS["results"])


class TestTheRunThatWasStopped:
    """It was opened in protocol 1, in which nobody says with which methods it computes."""

    def test_the_coordinator_does_not_go_on_with_it(self, parties):
        coordinator = parties.coordinator(parties.unfinished)
        assert coordinator.waiting_for == ("north", "west")
        entries = parties.record.ledger.export()
        for asked in (coordinator.check_program, coordinator.request):
            with pytest.raises(Refused) as refused:
                asked()
        assert str(refused.value) == (
            f"the run {coordinator.run} was opened with a different program (protocol: 1, now 4)"
        )
        assert refused.value.hint == "begin a new run with: riskset run --new"
        assert parties.record.ledger.export() == entries

    def test_the_command_says_what_to_do(self, recorded, capsys):
        arguments = ["--server", str(recorded / "coordinator"), "--roster", str(recorded / "sites/north/roster.json")]
        assert main(["run", str(recorded / "study.toml"), *arguments, "--out", str(recorded / "out")]) == 3
        said = capsys.readouterr().err
        assert "was opened with a different program (protocol: 1, now 4)" in said
        assert "hint: begin a new run with: riskset run --new" in said

    def test_nor_does_a_site_when_a_coordinator_of_0_1_0_asks(self, parties):
        run = parties.unfinished
        coordinator, north = parties.coordinator(run), parties.site("north")
        request = parties.record.request(run, coordinator.round)
        with pytest.raises(Refused, match="north now has different versions than when the run was opened"):
            coordinator.accept(north.answer(request))
        assert len(north._journal.exchanges(run)) == coordinator.round  # what it has sent, it still repeats
        first = verify(north.answer(parties.record.request(run, 0)), parties.roster.sites)
        assert first.head.type == "opened"

    def test_an_approval_of_0_1_0_is_asked_for_again(self, recorded, capsys):
        """It names the approved version, which is not the installed one."""
        site_file = recorded / "sites/south/site.toml"
        assert main(["site", "review", str(site_file)]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert f"riskset 0.1.0 was approved; this is riskset {__version__}" in said

    def test_another_run_begins_and_has_the_results_of_the_first(self, parties):
        """Of the same patients. The last bit of a sum may differ: the first run was on another machine."""
        stopped = parties.unfinished
        run = parties.record.begin(parties.study.id, study_hash(parties.study), parties.roster.sha256, SITES)
        assert parties.record.earlier_of(run) == (RESULTS["run"], stopped)
        coordinator, sites = parties.coordinator(run), {name: parties.site(name) for name in SITES}
        while not coordinator.is_finished:
            for name in coordinator.waiting_for:
                coordinator.accept(sites[name].answer(coordinator.request()))
        found, before = parties.results(coordinator), parties.results(parties.coordinator(RESULTS["run"]))
        assert all(one.pop("excluded") is not None for one in found)
        assert all(one.pop("excluded") is None for one in before)  # 0.1.0 did not count them
        assert far_apart(found, before) == []
        assert layout(parties.home.runs) == layout(sites["north"]._journal.ledger.path) == 4


def test_the_list_of_invites_is_read_and_gets_its_number_when_it_is_written(parties):
    path = parties.home.joining
    before = path.read_bytes()
    with parties.home.desk() as desk:
        desk.check_roster(parties.roster)
    assert layout(path) == 0
    assert path.read_bytes() == before
    with parties.home.desk() as desk:
        desk.revoke("west")
    assert layout(path) == 1


def test_a_command_says_what_to_do_with_a_file_of_a_later_version(recorded, capsys):
    folder = recorded / "sites" / "south"
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database:
        database.execute("PRAGMA user_version = 5")
    assert main(["site", "ledger", str(folder / "site.toml")]) == 1
    said = capsys.readouterr().err
    assert f"error: the ledger {folder / 'journal.sqlite'} has layout 5;" in said
    assert "hint: update riskset on this machine" in said
