"""Every SQLite file says which layout it has; what another version wrote is opened only where that is safe."""

import secrets
import sqlite3
from contextlib import closing, suppress
from datetime import date
from types import SimpleNamespace

import pytest

from riskset import __version__
from riskset.errors import DataError
from riskset.joining.invite import Invite, write_invite
from riskset.ledger.durable import DurableFile
from riskset.ledger.layout import Layout
from riskset.secure.keys import new_identity, public_hex
from riskset_server.joining.book import JoiningBook
from riskset_server.joining.certificates import make_authority
from riskset_server.run.record import RunRecord
from riskset_site.records.journal import JournalFile

KEY = new_identity()
AUTHORITY = make_authority("made up").certificate.decode()
PATIENT = ("INSERT INTO visit VALUES (?)", (1,))


class Book(JoiningBook):
    def close(self):
        self.__exit__()


def invites(book):
    coordinator, token = public_hex(KEY), secrets.token_urlsafe(32)
    invite = Invite("trial", "0" * 64, "asan", "localhost:9443", AUTHORITY, coordinator, token, date(2099, 12, 31))
    book.add(invite, write_invite(invite, KEY))


KINDS = {
    "journal.sqlite": SimpleNamespace(
        opens=lambda path: JournalFile(path, KEY, "asan"),
        writes=lambda journal: journal.ledger.append("paused", {"by": "x"}),
        called="the ledger",
    ),
    "runs.sqlite": SimpleNamespace(
        opens=lambda path: RunRecord(path, KEY),
        writes=lambda record: record.begin("trial", "study", "roster", ["asan"]),
        called="the ledger",
    ),
    "joining.sqlite": SimpleNamespace(opens=Book, writes=invites, called="the list of invites"),
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
    assert number(file.path) == 1


def test_to_open_and_read_a_file_does_not_change_it(file):
    before = written(file)
    file.opens(file.path).close()
    assert file.path.read_bytes() == before


def test_a_file_of_a_newer_layout_is_refused_and_left_as_it_is(file):
    written(file)
    number(file.path, 2)
    before = file.path.read_bytes()
    with pytest.raises(DataError) as refused:
        file.opens(file.path)
    assert str(refused.value) == (
        f"{file.called} {file.path} has the layout 2; riskset {__version__} knows layouts up to 1"
    )
    assert refused.value.hint == "update riskset on this machine; the file was not changed"
    assert file.path.read_bytes() == before


def test_a_file_that_becomes_newer_under_this_process_is_not_written(file):
    written(file)
    with closing(file.opens(file.path)) as opened:
        number(file.path, 2)
        before = file.path.read_bytes()
        with pytest.raises(DataError, match="has the layout 2"):
            file.writes(opened)
        assert file.path.read_bytes() == before


def test_a_file_whose_making_was_cut_off_becomes_whole(file):
    """riskset 0.1.0 wrote the number first, and then table by table."""
    number(file.path, 1)
    written(file)
    assert number(file.path) == 1
    file.opens(file.path).close()


class TestWithoutANumber:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "joining.sqlite"
        with closing(Book(path)) as book:
            invites(book)
        number(path, 0)
        return path

    def test_it_is_numbered_with_what_is_written_first(self, path):
        before = path.read_bytes()
        with closing(Book(path)) as book:
            assert len(book.of_site("asan")) == 1
            assert path.read_bytes() == before
            invites(book)
            assert len(book.of_site("asan")) == 2
        assert number(path) == 1

    def test_a_write_that_fails_leaves_it_as_it_was(self, path):
        with closing(Book(path)) as book, suppress(DataError):
            book._file.write(("UPDATE invite SET ended = 'x'", ()), ("INSERT INTO nowhere VALUES (1)", ()))
        assert number(path) == 0
        with closing(Book(path)) as book:
            assert book.of_site("asan")[0].ended == ""

    @pytest.mark.parametrize("change", ["ALTER TABLE invite ADD COLUMN more TEXT", "CREATE TABLE more (id INTEGER)"])
    def test_one_with_other_tables_is_refused(self, path, change):
        with closing(sqlite3.connect(path)) as database:
            database.execute(change)
        before = path.read_bytes()
        with pytest.raises(DataError, match=r"has no layout that riskset \S+ knows") as refused:
            Book(path)
        assert "move the file away and keep it" in refused.value.hint
        assert path.read_bytes() == before


class TestAnOlderLayout:
    """There is none yet; a version with a second layout says itself how it takes over the first."""

    def layout(self, number):
        return Layout(number, "CREATE TABLE IF NOT EXISTS visit (day INTEGER NOT NULL) STRICT;")

    @pytest.mark.parametrize("old", [0, 1])
    def test_it_is_refused_also_where_the_tables_look_alike(self, tmp_path, old):
        path = tmp_path / "file.sqlite"
        with closing(DurableFile(path, self.layout(1), "the file", "")) as file:
            file.write(PATIENT)
        number(path, old)
        with pytest.raises(DataError, match=r"the file \S+ has (the layout 1|no layout)") as refused:
            DurableFile(path, self.layout(2), "the file", "")
        assert "use the version of riskset that wrote it" in refused.value.hint
        assert number(path) == old
