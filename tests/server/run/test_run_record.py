"""The coordinator's record of runs: what it keeps, what counts as an earlier run, and what its ledger notices."""

import sqlite3
from contextlib import closing, contextmanager

import pytest

from riskset.errors import DataError, VerificationError
from riskset.ledger.trusted_log import read_log
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import seal
from riskset.secure.keys import new_identity
from riskset_server.run.record import RunRecord

KEY = new_identity()
STUDY = ("lung", "study hash", "roster hash", ["asan", "kurume", "osaka"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def record(path):
    with closing(RunRecord(path, KEY)) as record:
        yield record


def message(run, round_, sender="asan", content=b"content"):
    fields = {"type": "round", "study": "s", "roster": "r", "run": run, "round": round_, "sender": sender}
    return seal(KEY, content, **fields, history="")


@contextmanager
def hands_in(path):
    """Somebody who can write the file, and has no key."""
    with closing(sqlite3.connect(path)) as database:
        yield database
        database.commit()


def test_a_run_is_gone_on_with_until_it_ends(record):
    run = record.begin(*STUDY)
    assert record.latest("study hash", "roster hash").id == run
    assert record.latest("another study", "roster hash") is None
    assert record.latest("study hash", "another roster") is None
    newer = record.begin(*STUDY)
    assert record.latest("study hash", "roster hash").id == newer
    record.cancel(newer)
    assert record.latest("study hash", "roster hash") is None, "nor with one that another had replaced"
    last = record.begin(*STUDY)
    record.end(last, {})
    for roster in ("roster hash", "another roster"):
        assert (record.latest("study hash", roster).id, record.latest("study hash", roster).state) == (last, "finished")
    assert [one.state for one in record.runs()] == ["unfinished", "cancelled", "finished"]


def test_the_files_of_a_run_are_kept_for_its_report_and_for_nobody_else(record):
    run, other = record.begin(*STUDY, {"study": "a study", "roster": "a roster"}), record.begin(*STUDY)
    assert record.files(run) == {"study": "a study", "roster": "a roster"}
    assert record.files(other) == {}
    assert "a roster" not in record.ledger.export()


def test_a_refusal_is_noted_once_a_round(record):
    run = record.begin(*STUDY)
    for round_, code in ((0, "approval"), (0, "approval"), (0, "withdrawn"), (1, "approval")):
        record.refused(run, "asan", round_, code)
    declined = [(entry.public["round"], entry.public["code"]) for entry in record.ledger.entries("declined")]
    assert declined == [(0, "approval"), (0, "withdrawn"), (1, "approval")]


def test_with_whom_a_run_began_is_kept(record):
    run = record.begin(*STUDY)
    assert record.participants(run) == ("asan", "kurume", "osaka")
    with pytest.raises(ValueError, match="there is no run"):
        record.participants("another")


def test_replies_come_back_in_their_order_and_once(record):
    run, other = record.begin(*STUDY), record.begin(*STUDY)
    sent = [message(run, round_, sender) for round_ in range(3) for sender in ("osaka", "asan")]
    for reply in sent:
        record.record(run, reply)
        record.record(run, reply)
    record.record(other, message(other, 0))
    assert record.replies(run) == tuple(sent)
    assert len(record.ledger.entries("received")) == 7


def test_of_two_replies_to_one_message_the_first_is_that_of_the_run(record):
    """A site that signs two, to two commands at once: the run goes on with the first."""
    run = record.begin(*STUDY, {"study": "a study", "roster": "a roster"})
    record.asked(run, 0, message(run, 0, "coordinator"))
    first, second = (message(run, 0, content=content) for content in (b"one", b"two"))
    record.record(run, first)
    record.record(run, second)
    record.end(run, {})
    assert record.records(run, {}).replies[0] == {"asan": first}


def test_a_rounds_message_is_the_one_first_asked(record):
    run = record.begin(*STUDY)
    assert record.request(run, 1) is None
    first = message(run, 1, "coordinator", b"one")
    record.asked(run, 1, first)
    record.asked(run, 1, message(run, 1, "coordinator", b"two"))
    assert record.request(run, 1) == first
    assert [entry.public["round"] for entry in record.ledger.entries("asked")] == [1]


class TestEarlierRuns:
    def test_a_run_that_was_only_opened_is_none(self, record):
        run = record.begin(*STUDY)
        record.asked(run, 0, message(run, 0, "coordinator"))
        record.record(run, message(run, 0))
        assert record.earlier("lung") == ()

    def test_one_contribution_makes_a_run_an_earlier_one_finished_or_not(self, record):
        runs = [record.begin(*STUDY) for _ in range(3)]
        for run in (runs[2], runs[0]):
            record.record(run, message(run, 1))
        record.end(runs[0], {})
        assert record.earlier("lung") == (runs[0], runs[2])
        assert record.earlier("another study") == ()

    def test_a_contribution_that_was_asked_for_counts_though_none_came(self, record):
        """The reply may have been lost after its site sent it, and the site remembers."""
        run = record.begin(*STUDY)
        record.asked(run, 1, message(run, 1, "coordinator"))
        assert record.earlier("lung") == (run,)

    def test_another_version_of_the_study_is_the_same_study(self, record):
        run = record.begin(*STUDY)
        record.record(run, message(run, 1))
        later = record.begin("lung", "another study hash", "roster hash", ["asan", "kurume"])
        assert record.earlier_of(later) == (run,)

    def test_what_a_run_was_told_of_does_not_change_later(self, record):
        """Its opening is sent again after a crash, and must be the same bytes."""
        first, second = record.begin(*STUDY), record.begin(*STUDY)
        record.record(first, message(first, 1))
        assert record.earlier("lung") == (first,)
        assert record.earlier_of(second) == ()


class TestTampering:
    @pytest.fixture
    def used(self, record, path):
        run = record.begin(*STUDY)
        for round_ in (0, 1):
            record.asked(run, round_, message(run, round_, "coordinator"))
            record.record(run, message(run, round_))
        record.close()
        RunRecord(path, KEY).close()
        return run

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ("UPDATE reply SET reply = zeroblob(9) WHERE round = 1", "the replies in"),
            ("UPDATE reply SET run = 'another'", "the replies in"),
            ("DELETE FROM reply WHERE round = 1", "the replies in"),
            ("INSERT INTO reply SELECT 9, run, round, 'x', reply FROM reply WHERE round = 1", "the replies in"),
            ("UPDATE asked SET request = x'00' WHERE round = 0", "the requests in"),
            ("DELETE FROM asked", "the requests in"),
            ("UPDATE run SET participants = '[]'", "the runs in"),
            ("UPDATE run SET study = 'another'", "the runs in"),
            ("DELETE FROM run", "the runs in"),
            ("DELETE FROM ledger_entry WHERE kind = 'received'", "missing or out of order"),
        ],
    )
    def test_a_message_changed_dropped_or_added(self, used, path, change, words):
        with hands_in(path) as file:
            file.execute(change)
        with pytest.raises(VerificationError, match=words):
            RunRecord(path, KEY)

    def test_another_coordinators_record(self, used, path):
        with pytest.raises(VerificationError, match="not signed by the known key"):
            RunRecord(path, new_identity())


def test_a_record_without_a_ledger_is_not_gone_on_from(path):
    with hands_in(path) as file:
        file.execute("CREATE TABLE run (id TEXT PRIMARY KEY)")
    with pytest.raises(DataError, match="kept no ledger"):
        RunRecord(path, KEY)


def test_an_auditor_reads_who_was_asked_and_who_answered(record):
    run = record.begin(*STUDY)
    record.asked(run, 0, message(run, 0, "coordinator"))
    record.record(run, message(run, 0, "kurume"))
    record.end(run, {})
    entries = read_log(record.ledger.export(), LOG, KEY.public_key()).entries
    assert [entry.kind for entry in entries] == ["began", "asked", "received", "ended"]
    assert {entry.public["run"] for entry in entries} == {run}
    assert entries[2].public["sender"] == "kurume"
