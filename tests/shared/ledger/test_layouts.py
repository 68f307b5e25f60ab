"""Every SQLite file states its layout; a file of a different version is opened only where that is safe."""

import secrets
import sqlite3
from contextlib import closing
from datetime import date
from types import SimpleNamespace

import pytest

from riskset import __version__
from riskset.errors import DataError
from riskset.joining.invite import Invite, write_invite
from riskset.ledger.durable import DurableFile
from riskset.ledger.layout import FileLayout
from riskset.secure.keys import new_identity, public_hex
from riskset_server.joining.certificates import make_authority
from riskset_server.joining.invites import InviteList
from riskset_server.run.record import RunRecord
from riskset_site.records.journal import JournalFile, open_ledger

KEY = new_identity()
AUTHORITY = make_authority("made up").certificate.decode()


class Book(InviteList):
    def close(self):
        self.__exit__()


def invites(book):
    coordinator, token = public_hex(KEY), secrets.token_urlsafe(32)
    invite = Invite("trial", "0" * 64, "asan", "localhost:9443", AUTHORITY, coordinator, token, date(2099, 12, 31))
    book.add(invite, write_invite(invite, KEY))


KINDS = {
    "journal.sqlite": SimpleNamespace(
        opens=lambda path: JournalFile(open_ledger(path, KEY, "asan")),
        writes=lambda journal: journal.ledger.append("paused", {"by": "x"}),
        called="the ledger",
        layout=4,
        earlier=1,
    ),
    "runs.sqlite": SimpleNamespace(
        opens=lambda path: RunRecord(path, KEY),
        writes=lambda record: record.begin("trial", "study", "roster", ["asan"]),
        called="the ledger",
        layout=4,
        earlier=1,
    ),
    "joining.sqlite": SimpleNamespace(opens=Book, writes=invites, called="the list of invites", layout=1, earlier=0),
}


@pytest.fixture(params=KINDS)
def file(request, tmp_path):
    return SimpleNamespace(path=tmp_path / request.param, **vars(KINDS[request.param]))


def number(path, new=None):
    """Returns the number of a file's layout, after setting it where a new one is given."""
    with closing(sqlite3.connect(path)) as database:
        if new is not None:
            database.execute(f"PRAGMA user_version = {new}")
        return database.execute("PRAGMA user_version").fetchone()[0]


def written(file):
    with closing(file.opens(file.path)) as opened:
        file.writes(opened)
    return file.path.read_bytes()


def test_a_new_file_has_its_number(file):
    written(file)
    assert number(file.path) == file.layout


def test_to_open_and_read_a_file_does_not_change_it(file):
    before = written(file)
    file.opens(file.path).close()
    assert file.path.read_bytes() == before


def test_a_file_of_a_newer_layout_is_refused_and_left_as_it_is(file):
    written(file)
    number(file.path, file.layout + 1)
    before = file.path.read_bytes()
    with pytest.raises(DataError) as refused:
        file.opens(file.path)
    assert str(refused.value) == (
        f"{file.called} {file.path} has layout {file.layout + 1}; "
        f"riskset {__version__} knows layouts up to {file.layout}"
    )
    assert refused.value.hint == "update riskset on this machine; the file was not changed"
    assert file.path.read_bytes() == before


def test_a_file_that_becomes_newer_under_this_process_is_not_written(file):
    written(file)
    with closing(file.opens(file.path)) as opened:
        number(file.path, file.layout + 1)
        before = file.path.read_bytes()
        with pytest.raises(DataError, match=f"has layout {file.layout + 1}"):
            file.writes(opened)
        assert file.path.read_bytes() == before


def test_a_file_whose_making_was_cut_off_becomes_whole(file):
    """riskset 0.1.0 wrote the number first, and then table by table."""
    number(file.path, file.earlier)
    written(file)
    assert number(file.path) == file.layout
    file.opens(file.path).close()


class TestAnEarlierLayoutWithTheSameTables:
    @pytest.fixture
    def old(self, file):
        written(file)
        number(file.path, file.earlier)
        return file

    def test_it_gets_its_number_with_what_is_written_first(self, old):
        before = old.path.read_bytes()
        with closing(old.opens(old.path)) as opened:
            assert old.path.read_bytes() == before
            old.writes(opened)
        assert number(old.path) == old.layout

    def test_a_write_that_fails_leaves_it_as_it_was(self, old):
        before = old.path.read_bytes()
        with closing(old.opens(old.path)) as opened:
            file = getattr(opened, "ledger", opened)._file
            with pytest.raises(DataError, match="no such table"):
                file.write(("CREATE TABLE half (id INTEGER)", ()), ("INSERT INTO nowhere VALUES (1)", ()))
        assert old.path.read_bytes() == before

    @pytest.mark.parametrize("change", ["ALTER TABLE {} ADD COLUMN more TEXT", "CREATE TABLE more (id INTEGER)"])
    def test_one_with_other_tables_is_refused(self, old, change):
        with closing(sqlite3.connect(old.path)) as database:
            database.execute(change.format("invite" if old.earlier == 0 else "ledger_entry"))
        before = old.path.read_bytes()
        which = "a layout without a number" if old.earlier == 0 else "layout 1"
        with pytest.raises(DataError, match=f"has {which}, which riskset .* cannot continue") as refused:
            old.opens(old.path)
        assert "move the file away and keep it" in refused.value.hint
        assert old.path.read_bytes() == before


@pytest.mark.parametrize("found", [0, 1])
def test_an_earlier_layout_that_means_something_else_is_refused(tmp_path, found):
    """Also where the tables are the same."""
    path, tables = tmp_path / "file.sqlite", "CREATE TABLE IF NOT EXISTS visit (day INTEGER NOT NULL) STRICT;"
    with closing(DurableFile(path, FileLayout(1, tables), "the file", "")) as file:
        file.write(("INSERT INTO visit VALUES (?)", (1,)))
    number(path, found)
    with pytest.raises(DataError, match=r"which riskset \S+ cannot continue") as refused:
        DurableFile(path, FileLayout(3, tables, (2,)), "the file", "")
    assert "use the version of riskset that wrote the file" in refused.value.hint
    assert number(path) == found
