"""A site's journal in its file: what a run began with, what was asked and sent, and its ledger, all or nothing."""

import json
import math
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet
from riskset.disclosure.curves import Curve
from riskset.errors import DataError, ProtocolError, VerificationError
from riskset.ledger.checkpoint import Checkpoint, sign_checkpoint
from riskset.protocol.journal import (
    ALONE,
    Begun,
    Exchange,
    MarkedField,
    RowMarks,
    Sent,
    followed_in,
    has_told,
    tellers_in,
)
from riskset.protocol.kept import KeptOutcome
from riskset.secure.keys import new_identity
from riskset.stats.grid import Grid
from riskset_site.records import journal as journal_module
from riskset_site.records.journal import JournalFile, open_ledger, read_sent

KEY = new_identity()
ROWS = RowMarks("digest", {"patient": "mark"}, (MarkedField("value", '["Alter"]', "number"),))
KEYS = {"asan": "0a", "kurume": "0b", "osaka": "0c"}
BEGUN = Begun("lung", ("asan", "kurume", "osaka"), ROWS, b"\x07" * 32, "approval", keys=KEYS)
NUMBERS = Sent(
    (("cox/os/all", ("loglik", "score age"), (0.1, -5e-324)), ("cohorts", ("rows",), (31337.0625,))),
    ({"rule": "R1", "verdict": "pass", "margin": "0.5"},),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path):
    with closing(JournalFile(open_ledger(path, KEY, "asan"))) as journal:
        yield journal


def exchange(round_, word="reply"):
    return Exchange(round_, f"request {round_}".encode(), f"{word} {round_}".encode())


def seen(size, key=KEY):
    return sign_checkpoint(Checkpoint("riskset/coordinator", size, bytes(32)), key)


def head(type_, size=1):
    return {"type": type_, "study": "s", "roster": "r", "history": "h", "approval": "a", "coordinator": seen(size)}


def begin(journal, run="run 1", begun=BEGUN):
    journal.begin(run, begun, exchange(0), head("opened"))


def whole_run(journal, run="run 1"):
    begin(journal, run)
    journal.record(run, exchange(1), NUMBERS, head("contribution", 2))
    journal.record(run, exchange(2), NUMBERS, head("closed", 3))


@contextmanager
def hands_in(path):
    """Somebody who can write the file, and has no key."""
    with closing(sqlite3.connect(path)) as database:
        yield database
        database.commit()


class TestKeeps:
    def test_a_run_when_opened_again(self, journal, path):
        whole_run(journal)
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.begun("run 1") == BEGUN
            assert again.exchanges("run 1") == (exchange(0), exchange(1), exchange(2))
            assert again.begun("another") is None
            assert again.exchanges("another") == ()

    def test_curves_and_which_of_them_were_answered(self, journal, path):
        days, event, level = np.array([5, -1, 40]), np.array([True, False, True]), np.array([0, -1, 1])
        curve = Curve("km/os/all", Grid(7, 1820), days, event, level, np.array([0, 0, 3]))
        begin(journal, begun=replace(BEGUN, curves=(curve,)))
        assert journal.answered("run 1") == {}
        silent = Sent((*NUMBERS.numbers, ("km/os/all", (), ())), ())
        journal.record("run 1", exchange(1), silent, head("contribution", 2))
        begin(journal, "run 2")
        journal.record("run 2", exchange(1), Sent((("km/os/all", ("events",), (3.0,)),), ()), head("contribution", 3))
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            (kept,) = again.begun("run 1").curves
            assert (kept.to_json(), kept.day.dtype, kept.event.dtype) == (curve.to_json(), days.dtype, event.dtype)
            assert again.answered("run 1") == {"cox/os/all": 2, "cohorts": 1}
            assert again.answered("run 2") == {"km/os/all": 1}
            assert again.begun("run 2").curves == ()

    def test_outcomes_and_which_of_them_were_told(self, journal, path):
        days, event = np.array([5, 40, 9]), np.array([True, False, True])
        rows = AnalysisSet(days, event, np.array([0, 0, 3]), {}, np.array([2, 0, 1]), cause=np.array([1, 0, 2]))
        begin(journal, begun=replace(BEGUN, outcomes=(KeptOutcome("os", False, rows),)))
        assert followed_in(journal.sent_in("run 1")) == {}
        journal.record("run 1", exchange(1), replace(NUMBERS, followed={"os": 84}), head("contribution", 2))
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            ((name, is_of_level, kept),) = again.begun("run 1").outcomes
            arrays = [(of.days, of.event, of.entry_days, of.patient, of.cause) for of in (kept, rows)]
            assert (name, is_of_level, kept.variables, kept.event.dtype) == ("os", False, {}, event.dtype)
            assert [[list(array) for array in of] for of in arrays] == [[list(array) for array in arrays[1]]] * 2
            assert followed_in(again.sent_in("run 1")) == {"os": 84}

    def test_who_told_its_own_estimates(self, journal, path):
        begin(journal)
        own = Sent(((ALONE, ("patients (sites)",), (43.0,)),), ())
        journal.record("run 1", exchange(1), own, head("contribution", 2))
        journal.record("run 1", exchange(2), replace(NUMBERS, heard=("kurume", "osaka")), head("closed", 3))
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert tellers_in(again.sent_in("run 1"), "asan") == {"asan", "kurume", "osaka"}
            assert has_told(again.sent_besides("run 2"))
            assert not has_told(again.sent_besides("run 1"))

    def test_the_sets_of_a_run_and_which_of_them_were_told(self, journal, path):
        begin(journal, begun=replace(BEGUN, sets=("os", "pfs")))
        assert journal.told("run 1") == frozenset()
        journal.record("run 1", exchange(1), NUMBERS, head("contribution", 2))
        journal.record("run 1", exchange(2), replace(NUMBERS, told=("os",)), head("contribution", 3))
        begin(journal, "run 2")
        journal.record("run 2", exchange(1), replace(NUMBERS, told=("pfs",)), head("contribution", 4))
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert (again.begun("run 1").sets, again.told("run 1")) == (("os", "pfs"), {"os"})

    def test_an_entry_for_every_exchange(self, journal):
        whole_run(journal)
        entries = journal.ledger.entries()
        assert [entry.kind for entry in entries] == ["opened", "contributed", "closed"]
        assert [entry.public["round"] for entry in entries] == [0, 1, 2]
        assert {entry.public["run"] for entry in entries} == {"run 1"}

    def test_the_numbers_to_the_bit_for_the_site_alone(self, journal):
        begin(journal)
        nans = replace(NUMBERS, numbers=(*NUMBERS.numbers, ("x", ("y",), (math.inf,))))
        journal.record("run 1", exchange(1), nans, head("contribution"))
        [contributed] = journal.ledger.entries("contributed")
        assert read_sent(journal.ledger, contributed) == nans
        [opened] = journal.ledger.entries("opened")
        assert read_sent(journal.ledger, opened) is None

    def test_the_last_checkpoint_of_the_coordinator_that_was_cosigned(self, journal, path):
        assert journal.seen() == ""
        whole_run(journal)
        assert journal.seen() == seen(3)
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.seen() == seen(3)

    def test_a_new_coordinators_log_is_remembered_though_it_is_shorter(self, journal, path):
        whole_run(journal)
        begin(journal, "run 2")
        theirs = seen(1, new_identity())
        journal.record("run 2", exchange(1), NUMBERS, head("contribution", 1) | {"coordinator": theirs})
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.seen() == theirs

    def test_of_alternating_runs_the_longest_log_is_remembered(self, journal, path):
        whole_run(journal)
        assert journal.seen() == seen(3)
        begin(journal, "run 2")
        journal.record("run 2", exchange(1), NUMBERS, head("contribution", 1))
        assert journal.seen() == seen(3)
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.seen() == seen(3)

    def test_its_own_log_is_proven_from_wherever_it_may_have_been_shown(self, journal):
        """Not from between numbers of a run, nor from between refusals, of which there can be many."""
        whole_run(journal)
        for kind in ("approved", "refused", "refused", "paused"):
            journal.ledger.append(kind, {"site": "asan"})
        kinds = [entry.kind for entry in journal.ledger.entries()]
        assert kinds == ["opened", "contributed", "closed", "approved", "refused", "refused", "paused"]
        log = journal.log()
        assert (log.size, [*log.proofs]) == (7, [3, 4, 6])

    def test_nothing_secret_in_clear(self, journal, path):
        whole_run(journal)
        file = path.read_bytes()
        assert b"request 1" in file  # what was asked and sent is no secret
        for secret in (BEGUN.secret, BEGUN.secret.hex().encode(), b"patient", b"digest", b"31337.0625"):
            assert secret not in file
            assert secret not in journal.ledger.export().encode()

    def test_a_run_that_a_later_version_began_is_not_read(self, journal, path, monkeypatch):
        monkeypatch.setattr(journal_module, "_BEGUN", 3)
        begin(journal)
        journal.close()
        monkeypatch.undo()
        newer = pytest.raises(DataError, match="began with layout 3; this version of riskset knows layouts up to 2")
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again, newer:
            again.begun("run 1")

    def test_what_a_run_of_0_1_0_began_with(self):
        """It knew participants and fields by names."""
        written = json.loads(journal_module._packed(BEGUN))
        del written["keys"], written["layout"], written["sets"]
        read = journal_module._unpacked(json.dumps(written | {"fields": ["os days"]}).encode())
        assert (read.keys, read.sets, read.rows.fields) == ({}, (), (MarkedField("named", "os days"),))


class TestContributed:
    def test_a_run_counts_from_its_first_contribution_finished_or_not(self, journal):
        begin(journal, "opened only")
        whole_run(journal, "finished")
        begin(journal, "begun")
        journal.record("begun", exchange(1), NUMBERS, head("contribution"))
        assert list(journal.contributed()) == ["finished", "begun"]
        assert journal.contributed()["begun"] == BEGUN

    def test_in_the_order_in_which_they_began(self, journal, path):
        for run in ("z", "a", "m"):
            begin(journal, run)
        for run in ("m", "a", "z"):
            journal.record(run, exchange(1), NUMBERS, head("contribution"))
        journal.close()
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert list(again.contributed()) == ["z", "a", "m"]


class TestOnceOnly:
    def test_no_second_reply_for_a_round(self, journal):
        whole_run(journal)
        before = journal.ledger.export()
        with pytest.raises(ProtocolError, match="round 1 of run run 1 has already been answered"):
            journal.record("run 1", exchange(1, "another reply"), NUMBERS, head("contribution"))
        assert journal.exchanges("run 1")[1] == exchange(1)
        assert journal.ledger.export() == before

    def test_not_by_a_second_process_either(self, journal, path):
        begin(journal)
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as other:
            other.record("run 1", exchange(1), NUMBERS, head("contribution"))
            with pytest.raises(ProtocolError, match="has already been answered"):
                journal.record("run 1", exchange(1, "another reply"), NUMBERS, head("contribution"))
            assert journal.exchanges("run 1") == other.exchanges("run 1") == (exchange(0), exchange(1))

    def test_a_run_begins_once_with_one_secret(self, journal):
        begin(journal)
        with pytest.raises(ProtocolError, match="already been answered"):
            begin(journal, begun=replace(BEGUN, secret=b"\x08" * 32))
        assert journal.begun("run 1") == BEGUN

    def test_a_run_that_was_never_begun(self, journal):
        with pytest.raises(ProtocolError, match="never begun"):
            journal.record("run 1", exchange(1), NUMBERS, head("contribution"))
        assert journal.ledger.entries() == ()


class TestAllOrNothing:
    def test_a_file_that_cannot_be_written_keeps_neither_entry_nor_reply(self, journal, path):
        begin(journal)
        path.rename(path.with_suffix(".moved"))
        with pytest.raises(DataError, match="readonly") as no:
            journal.record("run 1", exchange(1), NUMBERS, head("contribution"))
        assert "nothing was sent" in no.value.hint
        path.with_suffix(".moved").rename(path)
        assert journal.exchanges("run 1") == (exchange(0),)
        assert len(journal.ledger.entries()) == 1
        journal.record("run 1", exchange(1), NUMBERS, head("contribution"))
        assert journal.contributed() == {"run 1": BEGUN}

    def test_a_command_beside_the_running_site_writes_into_the_same_ledger(self, journal, path):
        begin(journal)
        with closing(open_ledger(path, KEY, "asan")) as command:
            command.append("paused", {"by": "Kim"})
        journal.record("run 1", exchange(1), NUMBERS, head("contribution"))
        assert [entry.kind for entry in journal.ledger.entries()] == ["opened", "paused", "contributed"]


class TestTampering:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ("UPDATE exchange SET reply = zeroblob(9) WHERE round = 1", "round 1 of run run 1"),
            ("UPDATE exchange SET request = zeroblob(9) WHERE round = 2", "round 2 of run run 1"),
            ("DELETE FROM exchange WHERE round = 2", "round 2 of run run 1"),
            ("INSERT INTO exchange VALUES ('run 1', 3, zeroblob(1), zeroblob(1))", "round 3 of run run 1"),
            ("UPDATE exchange SET run = 'other'", "round 0 of run other"),
            ("DELETE FROM run", "the list of runs"),
            ("INSERT INTO run VALUES ('other', zeroblob(50))", "the list of runs"),
        ],
    )
    def test_requests_and_replies_are_checked_against_the_ledger(self, journal, path, change, words):
        whole_run(journal)
        journal.close()
        with hands_in(path) as file:
            file.execute(change)
        with pytest.raises(VerificationError, match=f"does not match its ledger: {words}"):
            JournalFile(open_ledger(path, KEY, "asan"))

    def test_a_reply_rolled_back_with_its_entry(self, journal, path):
        """The last exchange and its entry taken out together, so that the round might be answered again."""
        whole_run(journal)
        journal.close()
        with hands_in(path) as file:
            file.execute("DELETE FROM exchange WHERE round = 2")
            file.execute("DELETE FROM ledger_entry WHERE number = 2")
        with pytest.raises(VerificationError, match="entries are missing at the end"):
            JournalFile(open_ledger(path, KEY, "asan"))

    @pytest.mark.parametrize("change", ["begun = zeroblob(60)", "begun = (SELECT begun FROM run WHERE id = 'run 2')"])
    def test_what_a_run_began_with_cannot_be_exchanged(self, journal, path, change):
        begin(journal)
        begin(journal, "run 2")
        journal.close()
        with hands_in(path) as file:
            file.execute(f"UPDATE run SET {change} WHERE id = 'run 1'")
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.begun("run 2") == BEGUN
            with pytest.raises(VerificationError, match="were changed, or sealed with a different key"):
                again.begun("run 1")

    def test_another_sites_journal(self, journal, path):
        for key, site in ((KEY, "kurume"), (new_identity(), "asan")):
            with pytest.raises(VerificationError, match="not signed by the known key"):
                JournalFile(open_ledger(path, key, site))


def test_a_journal_of_the_version_before(path):
    with hands_in(path) as file:
        file.execute("CREATE TABLE run (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT")
    with pytest.raises(DataError, match="kept no ledger; this version cannot continue it") as old:
        JournalFile(open_ledger(path, KEY, "asan"))
    assert "move the file away" in old.value.hint


class TestWhatIsFrozen:
    def test_is_what_was_kept_first_also_after_a_restart(self, journal, path):
        begin(journal)
        assert journal.freeze("run 1", "data/history/match", lambda: b"first") == b"first"
        assert journal.freeze("run 1", "data/history/match", lambda: b"second") == b"first"
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.freeze("run 1", "data/history/match", lambda: b"third") == b"first"

    def test_is_kept_by_run_and_key(self, journal):
        assert journal.freeze("run 1", "data/one", lambda: b"1") == b"1"
        assert journal.freeze("run 1", "data/two", lambda: b"2") == b"2"
        assert journal.freeze("run 2", "data/one", lambda: b"3") == b"3"

    def test_what_later_runs_need_is_kept_by_run_and_population_also_after_a_restart(self, journal, path):
        begin(journal)
        journal.freeze("run 1", "data/history/match", lambda: b"members")
        for content in (b"first", b"second"):
            journal.keep_population("run 1", "match", lambda content=content: content)
        journal.keep_population("run 1", "iptw", lambda: b"weights 31337")
        journal.keep_population("run 2", "match", lambda: b"of another run")
        assert journal.populations("run 1") == (b"first", b"weights 31337")
        with closing(JournalFile(open_ledger(path, KEY, "asan"))) as again:
            assert again.populations("run 1") == (b"first", b"weights 31337")
            assert again.populations("run 3") == ()
        assert b"weights 31337".hex().encode() not in path.read_bytes()

    def test_is_sealed(self, journal, path):
        journal.freeze("run 1", "data/history/match", lambda: b"patients 31337")
        kept = path.read_bytes()
        assert b"patients" not in kept  # five digits stand in a key by chance
        assert b"patients".hex().encode() not in kept
