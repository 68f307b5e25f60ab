"""What is made in a party's folder is for its owner alone, whatever the umask and the folder, and whole or absent."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import riskset
from riskset.catalogue import say
from riskset.cli import main
from riskset.engine.client import CIPHERS, trust_only
from riskset.joining.invite import load_connection
from riskset.ledger.durable import DurableFile
from riskset.ledger.layout import FileLayout
from riskset.private_files import create_file, create_folder, make_folder, prepare_database, replace_file
from riskset.secure.keys import replace_private
from riskset_server.joining.certificates import make_authority

ROOT = Path(riskset.__file__).parents[2]
STUDY = ROOT / "tests" / "transcripts" / "coordinator" / "study.toml"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing on Windows")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder):
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in sorted(folder.rglob("*"))}


def are_private(folder):
    found = modes(folder)
    assert found
    for name, mode in found.items():
        assert mode == (0o700 if (folder / name).is_dir() else 0o600), (name, oct(mode))


class TestModes:
    def test_a_new_file_and_the_folders_above_it(self, tmp_path, umask):
        create_file(tmp_path / "a" / "b" / "c.json", b"1")
        replace_file(tmp_path / "a" / "d.json", b"1")
        replace_file(tmp_path / "a" / "d.json", b"2")
        make_folder(tmp_path / "e" / "f")
        are_private(tmp_path)

    def test_a_file_that_was_open_to_others_is_closed_when_it_is_replaced(self, tmp_path, umask):
        (tmp_path / "x").write_bytes(b"old")
        (tmp_path / "x").chmod(0o666)
        replace_private(tmp_path / "x", b"new")
        are_private(tmp_path)
        assert (tmp_path / "x").read_bytes() == b"new"

    def test_the_engine_s_database_and_what_sqlite_keeps_beside_it(self, tmp_path, umask):
        """As SQLAlchemy makes it, and as an earlier version left it."""
        path = tmp_path / "superlink.sqlite"
        path.write_bytes(b"")
        path.chmod(0o644)
        prepare_database(path)
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (x)")
        database.commit()
        assert set(modes(tmp_path)) == {"superlink.sqlite", "superlink.sqlite-wal", "superlink.sqlite-shm"}
        are_private(tmp_path)
        database.close()

    def test_what_sqlite_keeps_beside_an_open_database_stays_when_another_process_leaves_it(self, tmp_path):
        """The locks of this process on the file would end where it opened and closed the file itself."""
        path = tmp_path / "superlink.sqlite"
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE t (x)")
            prepare_database(path)
            other = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('SELECT * FROM t'); d.close()"
            subprocess.run([sys.executable, "-c", other, path], check=True)
            assert path.with_name("superlink.sqlite-wal").exists()

    def test_what_sqlite_removes_meanwhile_is_no_failure(self, tmp_path, monkeypatch):
        """Another process ends its transaction, and with it the journal, between two looks at it."""
        database, journal = tmp_path / "state.sqlite", tmp_path / "state.sqlite-journal"
        prepare_database(database)
        journal.write_bytes(b"")
        journal.chmod(0o644)
        looks_at = Path.stat

        def removed_after_a_look(path, **how):
            found = looks_at(path, **how)
            if path == journal:
                journal.unlink()
            return found

        monkeypatch.setattr(Path, "stat", removed_after_a_look)
        prepare_database(database)
        monkeypatch.undo()
        assert not journal.exists()

    def test_a_ledger(self, tmp_path, umask):
        layout = FileLayout(1, "CREATE TABLE IF NOT EXISTS t (x TEXT) STRICT")
        file = DurableFile(tmp_path / "deep" / "journal.sqlite", layout, say("cli.stopped"), say("cli.stopped"))
        file.write(("INSERT INTO t VALUES ('1')", ()))
        are_private(tmp_path)
        file.close()

    def test_the_coordinator_s_and_the_site_s_folder(self, tmp_path, umask, monkeypatch, capsys):
        """In folders that everybody may read, made by the commands themselves."""
        for name in ("home", "asan"):
            (tmp_path / name).mkdir()
            (tmp_path / name).chmod(0o755)
        home, site, invite = tmp_path / "home", tmp_path / "asan", tmp_path / "out" / "invite.json"
        assert main(["server", "init", str(home), "--host", "127.0.0.1"]) == 0
        assert main(["study", "invite", str(STUDY), "asan", "--server", str(home), "--out", str(invite)]) == 0
        assert main(["site", "join", str(invite), "--into", str(site), "--by-mail"]) == 0
        for folder in (home, site, tmp_path / "out"):
            are_private(folder)
        assert os.umask(umask) == umask  # main gives it back
        assert load_connection(site / "connection.json").site == "asan"


class TestWhole:
    def test_a_file_that_cannot_be_written_leaves_the_old_one(self, tmp_path, monkeypatch):
        replace_file(tmp_path / "roster.json", b"old")

        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            replace_file(tmp_path / "roster.json", b"new")
        assert modes(tmp_path).keys() == {"roster.json"}
        assert (tmp_path / "roster.json").read_bytes() == b"old"

    def test_nothing_of_a_party_is_written_otherwise(self):
        allowed = {"private_files.py", "recording.py"}
        for folder in ("shared/riskset", "site_client/riskset_site", "server/riskset_server"):
            for file in (ROOT / folder).rglob("*.py"):
                text = file.read_text(encoding="utf-8")
                found = re.findall(r"\.write_(?:text|bytes)\(|open\([^)\n]*[\"'][wax]b?[\"']|\.mkdir\(", text)
                assert not found or file.name in allowed, (file, found)


def test_every_suite_encrypts_and_authenticates_at_once():
    context = trust_only(make_authority("a study").certificate.decode())
    named = [cipher["name"] for cipher in context.get_ciphers()]
    assert named
    assert all("GCM" in name or "CHACHA20" in name for name in named)
    assert not any(cipher["protocol"] in ("TLSv1.0", "SSLv3") for cipher in context.get_ciphers())
    assert "CBC" not in CIPHERS


def test_a_folder_is_created_whole_or_not_at_all(tmp_path):
    create_folder(tmp_path / "whole", {"a.txt": b"a", "b/c.txt": b"c"})
    assert (tmp_path / "whole" / "b" / "c.txt").read_bytes() == b"c"
    assert set(modes(tmp_path).values()) == {0o600, 0o700}
    with pytest.raises(FileExistsError):
        create_folder(tmp_path / "half", {"a": b"a", "b/c": b"c", "./a": b"again"})
    with pytest.raises(OSError, match="whole"):
        create_folder(tmp_path / "whole", {"a.txt": b"other"})
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    assert (tmp_path / "whole" / "a.txt").read_bytes() == b"a"
