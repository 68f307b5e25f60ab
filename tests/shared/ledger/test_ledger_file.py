"""A ledger in its file: what it keeps, what it notices, and what it refuses to continue."""

import itertools
import os
import resource
import shutil
import sqlite3
import stat
from contextlib import closing, contextmanager

import pytest

from riskset.errors import DataError, ProtocolError, VerificationError
from riskset.ledger.checkpoint import open_checkpoint
from riskset.ledger.durable import AlreadyThere
from riskset.ledger.log_file import LedgerFile
from riskset.ledger.merkle import verify_inclusion
from riskset.ledger.trusted_log import read_log
from riskset.ledger.witness import Witness
from riskset.secure.keys import new_identity

ORIGIN = "riskset/site/asan"
KEY = new_identity()
TABLES = "CREATE TABLE IF NOT EXISTS outbox (round INTEGER PRIMARY KEY, reply BLOB NOT NULL) STRICT;"
CANARY = "31337.0625"


def open_log(path, key=KEY, origin=ORIGIN):
    return LedgerFile(path, key, origin, TABLES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "site" / "journal.sqlite"


@pytest.fixture
def log(path):
    with closing(open_log(path)) as log:
        for round_ in range(5):
            send(log, round_)
        yield log


def send(log, round_):
    reply = f"reply {round_}".encode()
    also = [("INSERT INTO outbox VALUES (?, ?)", (round_, reply))]
    return log.append("contributed", {"round": round_}, {"numbers": [CANARY]}, also)


def outbox(log):
    return log.read("SELECT round, reply FROM outbox ORDER BY round")


@contextmanager
def hands_in(path):
    """Somebody who can write the file, and has no key."""
    with closing(sqlite3.connect(path)) as database:
        yield database
        database.commit()


def refuses(path, words):
    with pytest.raises(VerificationError, match=words) as no:
        open_log(path)
    assert str(path) in str(no.value)
    assert "nothing is sent" in no.value.hint


class TestKeeps:
    def test_entries_in_order_with_what_goes_with_them(self, log):
        assert [entry.number for entry in log.entries()] == list(range(5))
        assert [entry.public for entry in log.entries("contributed")] == [{"round": n} for n in range(5)]
        assert outbox(log) == [(n, f"reply {n}".encode()) for n in range(5)]

    def test_all_of_it_when_opened_again(self, log, path):
        before = log.entries(), log.checkpoint()
        log.close()
        with closing(open_log(path)) as again:
            assert (again.entries(), again.checkpoint()) == before

    def test_a_new_log_is_signed_too(self, path):
        with closing(open_log(path)) as log:
            assert open_checkpoint(log.checkpoint(), ORIGIN, KEY.public_key()).size == 0
            assert log.entries() == ()

    def test_a_checkpoint_after_every_entry_and_proofs_between_them(self, log):
        witness = Witness(ORIGIN, KEY.public_key())
        for size in range(6, 9):
            send(log, size)
            proof = log.consistency(witness.checkpoint.size, size)
            witness = witness.advance(log.checkpoint(), proof)
        now = witness.checkpoint
        for entry in log.entries():
            verify_inclusion(entry.leaf, entry.number, now.size, log.inclusion(entry.number, now.size), now.root)

    def test_the_private_part_opens_for_its_own_party(self, log):
        assert log.opened(log.entries()[2]) == {"numbers": [CANARY]}
        assert log.opened(log.append("paused", {})) is None

    def test_the_private_part_is_nowhere_in_clear(self, log, path):
        assert CANARY not in log.export()
        assert all(CANARY.encode() not in file.read_bytes() for file in path.parent.iterdir())

    def test_what_is_sealed_opens_for_its_purpose_alone(self, log):
        sealed = log.seal(b"secret", "run 1")
        assert log.unseal(sealed, "run 1") == b"secret"
        assert log.seal(b"secret", "run 1") != sealed
        changed = bytes([sealed[0] ^ 1]) + sealed[1:]  # any other value may be the one that it has
        for wrong, purpose in ((sealed, "run 2"), (sealed[:-1], "run 1"), (b"", "run 1"), (changed, "run 1")):
            with pytest.raises(VerificationError, match="were changed, or sealed with a different key"):
                log.unseal(wrong, purpose)

    def test_only_its_owner_reads_the_file(self, log, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        log.close()
        path.chmod(0o644)
        open_log(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_export_is_what_an_auditor_verifies(self, log):
        trusted = read_log(log.export(), ORIGIN, KEY.public_key())
        assert trusted.entries == log.entries()
        assert trusted.signed == log.checkpoint()

    def test_what_cannot_be_an_entry_is_the_callers_mistake(self, log):
        for kind, public in (
            ("forgave", {}),
            ("paused", {"x": 1.5}),
            ("paused", {"x": None}),
            ("paused", {"x": 2**53}),
            ("paused", {1: "x"}),
            ("renewed", {}),
        ):
            with pytest.raises(ValueError, match=r"entry|renew"):
                log.append(kind, public)
        assert len(log.entries()) == 5


class TestTwoProcesses:
    def test_each_goes_on_from_what_the_other_wrote(self, log, path):
        with closing(open_log(path)) as other:
            for round_ in range(10, 20):
                send((log, other)[round_ % 2], round_)
            assert log.entries() == other.entries()
            assert log.checkpoint() == other.checkpoint()
            assert open_checkpoint(log.checkpoint(), ORIGIN, KEY.public_key()).size == 15
        open_log(path).close()

    def test_a_row_that_the_other_wrote_is_reported_and_nothing_changes(self, log, path):
        with closing(open_log(path)) as other:
            send(other, 7)
            before = log.export()
            with pytest.raises(AlreadyThere):
                send(log, 7)
            assert log.export() == before == other.export()
            assert send(log, 8).number == 6

    def test_two_begin_one_file(self, path):
        with closing(open_log(path)) as one, closing(open_log(path)) as two:
            one.append("paused", {})
            assert two.append("resumed", {}).number == 1


class TestTampering:
    """Every change that a hand without the key can make of a closed file."""

    def test_an_entry_changed(self, log, path):
        with hands_in(path) as file:
            file.execute("""UPDATE ledger_entry SET public = '{"round":9}' WHERE number = 2""")
        refuses(path, "at least one of the . entries was changed")

    def test_the_time_of_an_entry_changed(self, log, path):
        with hands_in(path) as file:
            file.execute("UPDATE ledger_entry SET at = '2020-01-01T00:00:00.000+00:00' WHERE number = 4")
        refuses(path, "at least one of the . entries was changed")

    def test_a_ciphertext_changed(self, log, path):
        with hands_in(path) as file:
            file.execute("UPDATE ledger_entry SET private = x'00' WHERE number = 0")
        refuses(path, "at least one of the . entries was changed")

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"round":1.5}', "[" * 5000])
    def test_an_entry_made_malformed(self, log, path, text):
        with hands_in(path) as file:
            file.execute("UPDATE ledger_entry SET public = ? WHERE number = 3", (text,))
        refuses(path, "entry 3 was changed")

    def test_the_last_entry_dropped(self, log, path):
        with hands_in(path) as file:
            file.execute("DELETE FROM ledger_entry WHERE number = 4")
        refuses(path, "entries are missing at the end: 5 were signed, 4 were found")

    def test_an_entry_in_the_middle_dropped(self, log, path):
        with hands_in(path) as file:
            file.execute("DELETE FROM ledger_entry WHERE number = 1")
        refuses(path, "entry 1 is missing or out of order")

    def test_an_entry_dropped_and_the_rest_renumbered(self, log, path):
        with hands_in(path) as file:
            file.execute("DELETE FROM ledger_entry WHERE number = 1")
            for number in (2, 3, 4):
                file.execute("UPDATE ledger_entry SET number = ? WHERE number = ?", (number - 1, number))
        refuses(path, "entries are missing")

    def test_two_entries_reordered(self, log, path):
        with hands_in(path) as file:
            for old, new in ((1, 99), (2, 1), (99, 2)):
                file.execute("UPDATE ledger_entry SET number = ? WHERE number = ?", (new, old))
        refuses(path, "at least one of the . entries was changed, replaced or moved")

    def test_an_entry_added(self, log, path):
        with hands_in(path) as file:
            file.execute("INSERT INTO ledger_entry SELECT 5, at, kind, public, private FROM ledger_entry LIMIT 1")
        refuses(path, "entries were added without a signature")

    def test_the_checkpoint_of_an_earlier_size(self, log, path):
        earlier = log.checkpoint()
        send(log, 5)
        with hands_in(path) as file:
            file.execute("UPDATE ledger_head SET checkpoint = ?", (earlier,))
        refuses(path, "entries were added")

    def test_the_checkpoint_lost(self, log, path):
        with hands_in(path) as file:
            file.execute("DELETE FROM ledger_head")
        refuses(path, "has lost its checkpoint")

    def test_the_checkpoint_changed(self, log, path):
        with hands_in(path) as file:
            file.execute("UPDATE ledger_head SET checkpoint = replace(checkpoint, char(10) || '5', char(10) || '4')")
            file.execute("DELETE FROM ledger_entry WHERE number = 4")
        refuses(path, "changed after riskset/site/asan signed it")

    def test_a_malformed_checkpoint(self, log, path):
        with hands_in(path) as file:
            file.execute("UPDATE ledger_head SET checkpoint = ''")
        refuses(path, "not a signed note: expected lines of text")

    def test_forked_entries_under_a_signed_checkpoint(self, log, path, tmp_path):
        """Entries of a copy that continued differently, under the checkpoint of this one."""
        log.close()
        shutil.copy(path, tmp_path / "copy.sqlite")
        with closing(open_log(path)) as one, closing(open_log(tmp_path / "copy.sqlite")) as two:
            send(one, 5)
            two.append("paused", {})
        with hands_in(path) as file:
            file.execute("ATTACH ? AS fork", (str(tmp_path / "copy.sqlite"),))
            file.execute("DELETE FROM ledger_entry")
            file.execute("INSERT INTO ledger_entry SELECT * FROM fork.ledger_entry")
        refuses(path, "at least one of the . entries was changed")

    def test_another_partys_ledger(self, log, path):
        with pytest.raises(VerificationError, match="not signed by the known key of riskset/site/kurume"):
            open_log(path, origin="riskset/site/kurume")
        with pytest.raises(VerificationError, match="not signed by the known key"):
            open_log(path, key=new_identity())


class TestUnderARunningProcess:
    def test_a_file_rolled_back_is_noticed_at_the_next_entry(self, log, path, tmp_path):
        backup = path.read_bytes()
        send(log, 5)
        self.put(path, backup)
        with pytest.raises(VerificationError, match=r"replaced by an older one.*it had 6 entries and now has 5"):
            send(log, 6)
        assert outbox(log)[-1][0] == 4

    def test_a_file_rolled_back_and_continued_differently(self, log, path):
        backup = path.read_bytes()
        send(log, 5)
        self.put(path, backup)
        with closing(open_log(path)) as other:
            other.append("paused", {})
            other.append("resumed", {})
        with pytest.raises(VerificationError, match=r"at least one of the . entries was changed"):
            log.entries()

    @staticmethod
    def put(path, content):
        """Writes a database's content in place, as a restored backup does."""
        with path.open("r+b") as file:
            file.write(content)
            file.truncate()


@contextmanager
def no_more_room(path):
    """No file of this process may grow over the size that the log has now; what is written beyond fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def until_it_fails(log, write):
    """Writes until there is no room; returns the error and the log as it was before that."""
    while True:
        before = log.export()
        try:
            write()
        except DataError as full:
            return full, before


class TestNoLedgerNoRelease:
    def test_a_full_disk_changes_nothing(self, log, path):
        rounds = itertools.count(5)
        with no_more_room(path):
            full, before = until_it_fails(log, lambda: send(log, next(rounds)))
        assert "nothing was sent" in full.hint
        assert log.export() == before
        assert len(outbox(log)) == len(log.entries())
        assert send(log, 999).number == len(log.entries()) - 1

    def test_a_disk_that_cannot_be_written_any_more(self, log, path):
        """SQLite refuses a database whose file was moved away under it, as it does one on a read-only disk."""
        path.rename(path.with_suffix(".moved"))
        with pytest.raises(DataError, match="readonly"):
            send(log, 5)
        path.with_suffix(".moved").rename(path)
        assert len(outbox(log)) == len(log.entries()) == 5
        assert send(log, 5).number == 5

    def test_another_process_that_does_not_let_go(self, log, path):
        log.read("PRAGMA busy_timeout = 100")  # milliseconds that SQLite waits
        with hands_in(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DataError, match="locked"):
                send(log, 5)
            other.rollback()
        assert send(log, 5).number == 5

    def test_a_statement_that_fails_takes_the_entry_with_it(self, log):
        before = log.export()
        with pytest.raises(DataError, match="no such table"):
            log.append("paused", {}, also=[("INSERT INTO nowhere VALUES (1)", ())])
        assert log.export() == before

    def test_a_folder_that_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(DataError, match="cannot be read or written"):
            open_log(tmp_path / "file" / "journal.sqlite")


class TestFormat:
    def test_a_file_that_kept_no_ledger(self, path):
        path.parent.mkdir()
        with hands_in(path) as file:
            file.execute("CREATE TABLE run (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT")
        with pytest.raises(DataError, match="by a version of riskset that kept no ledger") as old:
            open_log(path)
        assert "start unfinished runs again" in old.value.hint

    def test_a_file_of_a_newer_version(self, log, path):
        with hands_in(path) as file:
            file.execute("PRAGMA user_version = 5")
        with pytest.raises(DataError, match=f"{path} has layout 5; riskset .* knows layouts up to 4"):
            open_log(path)

    def test_a_file_that_is_not_a_database(self, path):
        path.parent.mkdir()
        path.write_text("this is not a database, and long enough to be seen as none")
        with pytest.raises(DataError, match="not a database"):
            open_log(path)


class TestNewKey:
    def test_what_was_written_before_opens_under_the_new_key(self, log, path):
        """Twice renewed: every former key's seals open, and only the last key signs."""
        sealed, second, third = log.seal(b"secret", "run 1"), new_identity(), new_identity()
        log.renew(second)
        send(log, 5)
        log.renew(third)
        send(log, 6)
        log.close()
        with closing(open_log(path, key=third)) as again:
            assert again.unseal(sealed, "run 1") == b"secret"
            assert [again.opened(entry) for entry in again.entries("contributed")] == [{"numbers": [CANARY]}] * 7
        for key in (KEY, second):
            with pytest.raises(VerificationError, match="not signed by the known key"):
                open_log(path, key=key)

    def test_a_process_that_knows_the_old_key_alone_stops(self, log, path):
        with closing(open_log(path)) as other:
            other.renew(new_identity())
        with pytest.raises(VerificationError, match="not signed by the known key"):
            send(log, 5)

    def test_the_old_key_holds_where_the_disk_is_full(self, log, path):
        with no_more_room(path):
            until_it_fails(log, lambda: log.renew(new_identity()))
        known = log.entries()
        assert log.append("paused", {}).number == len(known)

    def test_the_old_secret_is_nowhere_in_clear(self, log, path):
        secret = log._seals.secret
        log.renew(new_identity())
        assert secret.hex() not in log.export()
        assert all(secret not in file.read_bytes() for file in path.parent.iterdir())


def test_a_hot_rollback_file_heals(log, path, tmp_path):
    """The disk as a power cut leaves it in the middle of a transaction: half-written pages, and the way back."""
    before = log.export()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")  # pages are written before the end of the transaction
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE ledger_entry SET public = '{}', private = zeroblob(3000)")
        writer.execute("INSERT INTO outbox VALUES (9, zeroblob(50000))")
        for name in os.listdir(path.parent):
            shutil.copy(path.parent / name, tmp_path / name)
        writer.execute("ROLLBACK")
    assert (tmp_path / "journal.sqlite-journal").stat().st_size > 0
    assert (tmp_path / "journal.sqlite").read_bytes() != path.read_bytes()
    with closing(open_log(tmp_path / "journal.sqlite")) as healed:
        assert healed.export() == before
        assert send(healed, 5).number == 5


def test_a_lost_rollback_file_is_noticed(log, path, tmp_path):
    """The same without the way back: half of a transaction is not a ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE ledger_entry SET public = '{}', private = zeroblob(3000)")
        writer.execute("INSERT INTO outbox VALUES (9, zeroblob(50000))")
        shutil.copy(path, tmp_path / "journal.sqlite")
        writer.execute("ROLLBACK")
    with pytest.raises((VerificationError, DataError, ProtocolError)):
        open_log(tmp_path / "journal.sqlite")
