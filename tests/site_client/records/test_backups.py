"""A copy of a site's folder that is put back: the latest goes on where it was, an older one answers nothing."""

import shutil
from contextlib import closing

import pytest
from tests.site_client.records.conftest import BOTH

from riskset.analyses.cohort import Cohort
from riskset.errors import Refused
from riskset.passphrase import PASSPHRASE_VARIABLE
from riskset.protocol import site as site_module
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.messages import REFUSED, read_refusal
from riskset.protocol.opening import Opening
from riskset.protocol.remembered import Holding
from riskset.protocol.site import Site
from riskset.protocol.witnessing import read_cosigned
from riskset.rehearsal import EverySiteConsents, MemoryJournal
from riskset.results import results_json, results_of
from riskset.secure.envelope import claimed_head, seal, unframe
from riskset_server.run.record import RunRecord
from riskset_site.consent.approvals import Approvals, LedgerConsent
from riskset_site.keys import SitePaths, lock_keys
from riskset_site.records.journal import JournalFile, own_ledger
from riskset_site.study_folder import load_study_folder

WORDS = "correct horse battery"


class Study:
    """Kurume in its folder, the coordinator with its record in a file, and two others in memory with the same rows."""

    def __init__(self, member, root):
        self.member, self.folder, self.root = member, member.folder, root
        files = load_study_folder(member.site_file)
        self.files = files
        self.record = RunRecord(root / "runs.sqlite", member.coordinator)
        self.others, self.site = {}, None
        for name, key in member.others.items():
            holding = Holding(Cohort(name, files.cohort.analysis_sets), files.holding.rows)
            consent = EverySiteConsents(name, tuple(other for other in member.sites if other != name))
            self.others[name] = Site(name, key, files.study, files.roster, holding, MemoryJournal(), consent)

    def begins(self):
        sites = tuple(sorted(self.member.sites))
        run = self.record.begin(self.files.study.id, self.files.study_hash, self.files.roster.sha256, sites)
        opening = Opening(sites, self.record.earlier_of(run))
        key, study, roster = self.member.coordinator, self.files.study, self.files.roster
        return Coordinator(key, study, roster, run, opening, self.record)

    def answer(self, request):
        """The reply of kurume, started from its folder where it was copied or put back meanwhile."""
        if self.site is None:
            files = load_study_folder(self.folder / "site.toml")
            self.journal = JournalFile(own_ledger(SitePaths(self.folder), files.identity, "kurume"))
            consent = LedgerConsent(Approvals(self.journal.ledger, files.identity), [].append)
            held = files.study, files.roster, files.holding, self.journal, consent
            self.site = Site("kurume", files.identity.signing, *held)
        return self.site.answer(request)

    def answered(self, run):
        """What kurume has answered in a run."""
        with closing(JournalFile(own_ledger(SitePaths(self.folder), self.files.identity, "kurume"))) as journal:
            return journal.exchanges(run)

    def stops(self):
        if self.site is not None:
            self.journal.close()
            self.site = None

    def goes(self, coordinator, until=None):
        """Rounds up to `until`, or all; returns the last request."""
        request = b""
        while not coordinator.is_finished and coordinator.round != until:
            request = coordinator.request()
            for name in coordinator.waiting_for:
                coordinator.accept(self.others[name].answer(request) if name in self.others else self.answer(request))
        return request

    def found(self, coordinator):
        sites = sorted(self.member.sites)
        return results_json(results_of(self.files.study, coordinator.outcome(), sites))["results"]

    def copies(self, name):
        self.stops()
        shutil.copytree(self.folder, self.root / name)

    def restores(self, name):
        self.stops()
        shutil.rmtree(self.folder)
        shutil.copytree(self.root / name, self.folder)


@pytest.fixture
def study(member, tmp_path):
    member.has_study(covariates='"arm"')  # fewer rounds
    member.approves(*BOTH)
    made = Study(member, tmp_path)
    yield made
    made.stops()
    made.record.close()


def code_of(reply):
    assert claimed_head(reply).type == REFUSED
    return read_refusal("kurume", unframe(reply)[1]).code


def vector_of(reply):
    return read_cosigned(unframe(reply)[1]).vector


def test_a_restored_folder_goes_on_with_locked_keys_and_in_another_place(study, monkeypatch, capsys):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    lock_keys(SitePaths(study.folder))
    coordinator = study.begins()
    study.goes(coordinator, until=3)
    study.copies("backup")
    shutil.rmtree(study.folder)
    study.folder = study.root / "a new disk"
    shutil.copytree(study.root / "backup", study.folder)
    study.goes(coordinator)
    undisturbed = study.begins()  # it takes part in the next run, too
    study.goes(undisturbed)
    assert study.found(coordinator) == study.found(undisturbed)
    assert {result["status"] for result in study.found(coordinator)} == {"ok"}
    study.member.folder = study.folder
    assert study.member.says("ledger") == 0
    assert " finished " in capsys.readouterr().out


def test_an_older_folder_answers_nothing_more_in_the_run_and_says_what_to_do(study, monkeypatch):
    coordinator = study.begins()
    study.goes(coordinator, until=3)
    study.copies("older")
    study.goes(coordinator, until=5)
    study.copies("latest")
    study.restores("older")
    request = coordinator.request()

    with monkeypatch.context() as off:
        off.setattr(site_module, "has_forgotten", lambda *_: False)
        assert code_of(study.answer(request)) == "order"  # nothing says that the journal is old
    assert code_of(study.answer(request)) == "journal"
    with pytest.raises(Refused, match="older than what it has sent in this run") as refused:
        coordinator.accept(study.answer(request))
    assert "Backups" in str(refused.value)

    study.restores("latest")
    study.goes(coordinator)
    assert coordinator.is_finished


def test_once_it_knows_an_older_folder_does_not_answer_an_earlier_round_either(study):
    coordinator = study.begins()
    study.goes(coordinator, until=3)
    study.copies("older")
    asked = {round_: study.goes(coordinator, until=round_ + 1) for round_ in (3, 4)}
    sent = study.answer(asked[3])
    study.restores("older")

    again = study.answer(asked[3])  # a coordinator that asks round 3 again, before any later one
    assert vector_of(again) == vector_of(sent)  # the masks follow from the history: no second vector for one round

    study.restores("older")
    assert code_of(study.answer(asked[4])) == "journal"
    assert code_of(study.answer(asked[3])) == "journal"


@pytest.mark.parametrize("older", ["before the run", pytest.param("in mid-run", marks=pytest.mark.exhaustive)])
def test_an_older_folder_does_not_open_another_run(study, monkeypatch, older):
    """It would have forgotten a run by which rules R13 and R14 judge this one."""
    study.copies("before the run")
    coordinator = study.begins()
    study.goes(coordinator, until=3)
    study.copies("in mid-run")
    study.goes(coordinator)
    study.copies("latest")
    study.restores(older)
    second = study.begins()
    opened = study.answer(second.request())
    with monkeypatch.context() as off:
        off.setattr(Coordinator, "_check_its_journal", lambda *_: None)
        off.setattr(Coordinator, "_check_its_log", lambda *_: None)
        off.setattr(study.record, "record", lambda *_: None)  # else it would have two logs of the site
        third = study.begins()
        assert third.accept(study.answer(third.request())) == "kurume"
    with pytest.raises(Refused, match="kurume has a journal that is older than what it has sent") as refused:
        second.accept(opened)
    assert (refused.value.code, refused.value.exit_code) == ("journal", 3)
    assert "riskset study revoke kurume" in refused.value.hint

    study.restores("latest")
    study.goes(second)
    assert second.is_finished


def test_a_reply_of_somebody_else_does_not_make_a_site_believe_that_it_has_forgotten(study):
    coordinator = study.begins()
    request = study.goes(coordinator, until=3)
    others = [raw for raw in study.record.replies(coordinator.run) if claimed_head(raw).sender != "kurume"]
    head = claimed_head(others[-1])
    said = {"study": head.study, "roster": head.roster, "run": head.run, "round": head.round, "history": head.history}
    forged = [seal(study.member.others["asan"], b"", type=head.type, sender="kurume", **said)]
    key = study.files.identity.signing.public_key()
    assert not site_module.has_forgotten([*others, *forged], (), coordinator.run, "kurume", key)
    own = [raw for raw in study.record.replies(coordinator.run) if claimed_head(raw).sender == "kurume"]
    assert site_module.has_forgotten(own, own[:-1], coordinator.run, "kurume", key)
    assert not site_module.has_forgotten(own, own[:-1], "another run", "kurume", key)
    refusal = study.answer(request + b"x")
    assert not site_module.has_forgotten([refusal], (), claimed_head(refusal).run, "kurume", key)
