"""Killed at any moment and started again, a party goes on where its record stands and sends what it would have sent."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort
from riskset.errors import DataError, Refused
from riskset.protocol.site import Exchange, Site
from riskset.rehearsal import MemoryJournal, Rehearsal
from riskset_server.run_record import RunRecord
from riskset_site.identity import snapshot_of
from riskset_site.journal import JournalFile

SITES = ("asan", "kurume", "osaka")


@pytest.fixture
def rehearsal(patients):
    rows = patients.rows(seed=1, n=90)
    cohorts = patients.deal(rows, np.array(SITES)[np.arange(90) % 3])
    return Rehearsal(patients.study(SITES), cohorts)


@pytest.fixture
def answer(rehearsal):
    """Returns what an undisturbed run of the same parties sends, and how it ends."""
    outcome = replay(rehearsal).run()
    return [[message.raw for message in round_] for round_ in outcome.replies], outcome.results


def replay(rehearsal):
    """Returns a second rehearsal of the same parties and keys, from the beginning."""
    again = Rehearsal(rehearsal.study, rehearsal.cohorts)
    again.coordinator_key, again.keys, again.roster = rehearsal.coordinator_key, rehearsal.keys, rehearsal.roster
    for name in again.cohorts:
        again.start_site(name)
    again.start_coordinator()
    return again


def sent(outcome):
    return [[message.raw for message in round_] for round_ in outcome.replies]


def model_of(results):
    return results["cox/os/all/multivariable"]


class TestSite:
    def test_killed_after_every_round(self, rehearsal, answer):
        while not rehearsal.coordinator.is_finished:
            rehearsal.step()
            rehearsal.start_site("asan")
        outcome = rehearsal.coordinator.outcome()
        assert sent(outcome) == answer[0]
        assert model_of(outcome.results) == model_of(answer[1])

    def test_killed_between_keeping_an_answer_and_sending_it(self, rehearsal, answer):
        """Every answer is lost once on its way; the next process sends the same bytes and computes nothing."""
        while not rehearsal.coordinator.is_finished:
            lost = rehearsal.sites["asan"].answer(rehearsal.coordinator.request())
            rehearsal.start_site("asan")
            assert rehearsal.sites["asan"].answer(rehearsal.coordinator.request()) == lost
            rehearsal.step()
        assert sent(rehearsal.coordinator.outcome()) == answer[0]

    def test_killed_after_every_round_with_its_journal_in_a_file(self, rehearsal, answer, tmp_path):
        while not rehearsal.coordinator.is_finished:
            journal = rehearsal.journals["asan"] = JournalFile(tmp_path / "journal.sqlite")
            rehearsal.start_site("asan")
            rehearsal.step()
            journal.close()
        assert sent(rehearsal.coordinator.outcome()) == answer[0]

    def test_a_journal_holds_what_was_asked_and_sent(self, rehearsal, tmp_path):
        journal = rehearsal.journals["asan"] = JournalFile(tmp_path / "journal.sqlite")
        rehearsal.start_site("asan", "snapshot")
        asked = []
        while not rehearsal.coordinator.is_finished:
            asked.append(rehearsal.coordinator.request())
            rehearsal.step()
        kept = journal.exchanges(rehearsal.run_id)
        assert [exchange.request for exchange in kept] == asked
        assert [exchange.round for exchange in kept] == list(range(len(asked)))
        mine = [round_[0].raw for round_ in rehearsal.coordinator.outcome().replies]
        assert [exchange.reply for exchange in kept] == mine
        assert journal.snapshot(rehearsal.run_id) == "snapshot"
        assert journal.snapshot("another run") is None
        assert journal.exchanges("another run") == ()
        journal.close()

    def test_a_journal_that_was_tampered_with_ends_the_run_for_this_site(self, rehearsal):
        rehearsal.step()
        rehearsal.step()
        kept = rehearsal.journals["asan"].kept[rehearsal.run_id]
        kept[1] = replace(kept[1], request=kept[1].request[:-1] + bytes([kept[1].request[-1] ^ 1]))
        rehearsal.start_site("asan")
        with pytest.raises(Refused, match="asan was shown contributions that do not fit"):
            rehearsal.step()


class Full(MemoryJournal):
    """A journal on a disk that is full for a while."""

    is_full = False

    def record(self, run, exchange, snapshot):
        if self.is_full:
            raise DataError("the journal cannot be written")
        super().record(run, exchange, snapshot)


@pytest.mark.parametrize("rounds", [0, 1, 2, 4])
class TestNoJournalNoAnswer:
    def test_nothing_leaves_until_it_can_be_written_again(self, rehearsal, answer, rounds):
        journal = rehearsal.journals["asan"] = Full()
        rehearsal.start_site("asan")
        for _ in range(rounds):
            rehearsal.step()
        journal.is_full = True
        for _ in range(2):
            with pytest.raises(DataError, match="cannot be written"):
                rehearsal.sites["asan"].answer(rehearsal.coordinator.request())
        journal.is_full = False
        assert sent(rehearsal.run()) == answer[0]

    def test_a_file_that_another_process_has_locked(self, rehearsal, answer, rounds, tmp_path):
        journal = rehearsal.journals["asan"] = JournalFile(tmp_path / "journal.sqlite")
        journal._file._db.execute("PRAGMA busy_timeout = 1")
        rehearsal.start_site("asan")
        for _ in range(rounds):
            rehearsal.step()
        other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match="cannot be read or written"):
            rehearsal.sites["asan"].answer(rehearsal.coordinator.request())
        other.execute("ROLLBACK")
        other.close()
        assert sent(rehearsal.run()) == answer[0]
        journal.close()


def test_a_second_answer_for_a_round_is_not_kept(tmp_path):
    """Two processes on one journal: the file itself holds one answer a round."""
    journal = JournalFile(tmp_path / "journal.sqlite")
    journal.record("run", Exchange(0, b"asked", b"first"), "snapshot")
    with pytest.raises(DataError, match="journal"):
        journal.record("run", Exchange(0, b"asked", b"second"), "snapshot")
    journal.record("run", Exchange(1, b"asked", b"next"), "snapshot")
    assert [exchange.reply for exchange in journal.exchanges("run")] == [b"first", b"next"]
    journal.close()


def test_a_journal_where_no_file_can_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be read or written"):
        JournalFile(tmp_path / "file" / "journal.sqlite")
    (tmp_path / "journal.sqlite").write_text("this is not a database, and long enough to be seen as none")
    with pytest.raises(DataError, match="not a database"):
        JournalFile(tmp_path / "journal.sqlite")


class TestChangedData:
    """A site's data are frozen from its opening to the end of the run: one changed row between two rounds is a row."""

    @pytest.fixture
    def changed(self, rehearsal):
        rows = rehearsal.cohorts["asan"].analysis_sets["os"]
        days = rows.days.copy()
        days[0] += 1000
        return Cohort("asan", {"os": replace(rows, days=days)})

    def start(self, rehearsal, cohort):
        rehearsal.cohorts["asan"] = cohort
        rehearsal.start_site("asan", snapshot_of(cohort, rehearsal.keys["asan"]))

    @pytest.mark.parametrize("rounds", [1, 2, 4])
    def test_in_mid_run_it_is_refused_until_the_data_are_back(self, rehearsal, answer, changed, rounds):
        honest = rehearsal.cohorts["asan"]
        self.start(rehearsal, honest)
        for _ in range(rounds):
            rehearsal.step()
        self.start(rehearsal, changed)
        with pytest.raises(Refused, match="asan has other data now"):
            rehearsal.step()
        self.start(rehearsal, honest)
        assert sent(rehearsal.run()) == answer[0]

    def test_what_was_sent_is_still_sent_again(self, rehearsal, changed):
        self.start(rehearsal, rehearsal.cohorts["asan"])
        rehearsal.step()
        request = rehearsal.coordinator.request()
        first = rehearsal.sites["asan"].answer(request)
        self.start(rehearsal, changed)
        assert rehearsal.sites["asan"].answer(request) == first

    def test_a_new_run_takes_the_new_data(self, rehearsal, changed, answer):
        self.start(rehearsal, rehearsal.cohorts["asan"])
        rehearsal.step()
        self.start(rehearsal, changed)
        rehearsal.run_id = "another run"
        rehearsal.start_coordinator()
        assert model_of(rehearsal.run().results) != model_of(answer[1])


class TestSnapshot:
    """The hash that tells: of every value, under the site's own secret."""

    def change(self, cohort, **fields):
        return Cohort(cohort.site, {"os": replace(cohort.analysis_sets["os"], **fields)})

    def test_the_same_data_give_the_same_hash(self, rehearsal):
        cohort, key = rehearsal.cohorts["asan"], rehearsal.keys["asan"]
        assert snapshot_of(cohort, key) == snapshot_of(self.change(cohort), key)

    def test_any_changed_value_changes_it(self, rehearsal):
        cohort, key = rehearsal.cohorts["asan"], rehearsal.keys["asan"]
        rows = cohort.analysis_sets["os"]
        others = [
            self.change(cohort, days=np.append(rows.days[:-1], rows.days[-1] + 1)),
            self.change(cohort, event=np.append(rows.event[:-1], ~rows.event[-1])),
            self.change(cohort, entry_days=np.zeros(rows.n, np.int64)),
            *(
                self.change(cohort, variables=rows.variables | {name: rows.variables[name] + 1})
                for name in rows.variables
            ),
            Cohort("asan", dict(cohort.analysis_sets) | {"pfs": rows}),
        ]
        hashes = {snapshot_of(other, key) for other in [cohort, *others]}
        assert len(hashes) == 1 + len(others)

    def test_another_site_has_another_hash_of_the_same_rows(self, rehearsal):
        cohort = rehearsal.cohorts["asan"]
        assert snapshot_of(cohort, rehearsal.keys["asan"]) != snapshot_of(cohort, rehearsal.keys["osaka"])

    def test_it_never_leaves(self, rehearsal):
        snapshot = snapshot_of(rehearsal.cohorts["asan"], rehearsal.keys["asan"])
        rehearsal.start_site("asan", snapshot)
        outcome = rehearsal.run()
        assert not any(snapshot.encode() in message.raw for round_ in outcome.replies for message in round_)


class TestCoordinator:
    def test_killed_after_every_reply(self, rehearsal, answer):
        while not rehearsal.coordinator.is_finished:
            site = rehearsal.coordinator.waiting_for[0]
            rehearsal.coordinator.accept(rehearsal.sites[site].answer(rehearsal.coordinator.request()))
            rehearsal.start_coordinator()
        outcome = rehearsal.coordinator.outcome()
        assert sent(outcome) == answer[0]
        assert model_of(outcome.results) == model_of(answer[1])

    def test_killed_after_every_reply_with_its_record_in_a_file(self, rehearsal, answer, tmp_path):
        record = rehearsal.record = RunRecord(tmp_path / "runs.sqlite")
        rehearsal.run_id = record.begin("study", "roster")
        rehearsal.start_coordinator()
        while not rehearsal.coordinator.is_finished:
            site = rehearsal.coordinator.waiting_for[0]
            rehearsal.coordinator.accept(rehearsal.sites[site].answer(rehearsal.coordinator.request()))
            record.close()
            record = rehearsal.record = RunRecord(tmp_path / "runs.sqlite")
            assert record.unfinished("study", "roster") == rehearsal.run_id
            rehearsal.start_coordinator()
        assert model_of(rehearsal.coordinator.outcome().results) == model_of(answer[1])
        record.end(rehearsal.run_id)
        assert record.unfinished("study", "roster") is None
        record.close()

    def test_every_reply_kept_twice(self, rehearsal, answer):
        """Two coordinators at once on one record, each of which took in every reply."""
        rehearsal.run()
        kept = rehearsal.record.kept[rehearsal.run_id]
        rehearsal.record.kept[rehearsal.run_id] = [reply for reply in kept for _ in range(2)] + kept
        rehearsal.start_coordinator()
        assert model_of(rehearsal.coordinator.outcome().results) == model_of(answer[1])

    def test_killed_before_a_reply_was_kept(self, rehearsal, answer):
        """The reply is lost; the site is asked again and sends it from its journal."""
        while not rehearsal.coordinator.is_finished:
            lost = rehearsal.sites["asan"].answer(rehearsal.coordinator.request())
            rehearsal.start_coordinator()
            assert "asan" in rehearsal.coordinator.waiting_for
            rehearsal.step()
            assert lost in rehearsal.record.kept[rehearsal.run_id]
        assert sent(rehearsal.coordinator.outcome()) == answer[0]

    def test_all_killed_at_once_after_every_round(self, rehearsal, answer):
        while not rehearsal.coordinator.is_finished:
            rehearsal.step()
            for name in rehearsal.cohorts:
                rehearsal.start_site(name)
            rehearsal.start_coordinator()
        assert sent(rehearsal.coordinator.outcome()) == answer[0]

    def test_a_run_of_another_study_or_roster_is_not_gone_on_with(self, tmp_path):
        record = RunRecord(tmp_path / "runs.sqlite")
        run = record.begin("study", "roster")
        assert record.unfinished("study", "roster") == run
        assert record.unfinished("study 2", "roster") is None
        assert record.unfinished("study", "roster 2") is None
        record.close()

    def test_a_record_that_is_no_database(self, tmp_path):
        (tmp_path / "runs.sqlite").write_text("this is not a database, and long enough to be seen as none")
        with pytest.raises(DataError, match="not a database"):
            RunRecord(tmp_path / "runs.sqlite")


def test_a_site_computes_nothing_when_it_is_only_asked_again(rehearsal):
    """Restarted with rows that cannot be read, it still sends what it has sent."""
    rehearsal.step()
    request = rehearsal.coordinator.request()
    first = rehearsal.sites["asan"].answer(request)
    blind = Site(
        "asan",
        rehearsal.keys["asan"],
        rehearsal.study,
        rehearsal.roster,
        Cohort("asan", {}),
        "",
        rehearsal.journals["asan"],
    )
    assert blind.answer(request) == first
