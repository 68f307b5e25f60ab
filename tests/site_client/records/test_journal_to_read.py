"""A journal that can only be read is read; one that is damaged is called damaged."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from riskset.cli import main
from riskset_site.keys import SitePaths, make_keys

BOTH = ("--compared", "asan", "--compared", "osaka")
NOBODY = 65534


@contextmanager
def somebody_without_rights():
    """Root may write everywhere; the person who reads a folder in an archive may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def archive(member):
    """A copy of the hospital's folder in which nothing can be written."""
    member.approves(*BOTH)
    root = Path(tempfile.mkdtemp(prefix="archive"))
    copied = member.moved_to(root / "kurume")
    for path in (*copied.folder.rglob("*"), copied.folder, root):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield copied
    for path in (root, copied.folder, *copied.folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(root)


def test_review_and_ledger_read_a_folder_in_which_nothing_can_be_written(archive, member, capsys):
    before = {path: path.read_bytes() for path in archive.folder.rglob("*") if path.is_file()}
    for command in (["ledger"], ["review"], ["pause", "--by", "x", "--reason", "y"]):
        assert member.says(*command) == 0  # imports what the commands need, which root's installation hides from others
    capsys.readouterr()
    with somebody_without_rights():
        with pytest.raises(OSError, match="denied"):
            (archive.folder / "x").touch()
        assert archive.says("ledger") == 0
        assert archive.says("review") == 0
        assert archive.says("pause", "--by", "x", "--reason", "y") == 1
    out, err = capsys.readouterr()
    assert "approved   by M. Uchida" in out
    assert "Approval         approved by M. Uchida" in out
    assert "fix the folder's permissions" in err
    assert {path: path.read_bytes() for path in archive.folder.rglob("*") if path.is_file()} == before


def test_reading_does_not_hand_the_ledger_over_to_renewed_keys(member, capsys):
    member.approves(*BOTH)
    paths = SitePaths(member.folder)
    member.identity = make_keys(paths.next_keys)
    member.has_roster()
    before = paths.journal.read_bytes()
    assert member.says("ledger") == member.says("review") == 0
    assert paths.journal.read_bytes() == before
    assert member.approves(*BOTH) == 0
    assert member.says("ledger") == member.says("review") == 0
    assert "renewed" in capsys.readouterr().out


def written(at, data):
    def write(path):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data)

    return write


def changed(statement):
    def change(path):
        with sqlite3.connect(path) as file:
            file.execute(statement)
        file.close()

    return change


DAMAGES = {
    "its beginning overwritten": written(0, b"not a database, " * 8),
    "a page overwritten": written(4096, b"\xff" * 4096),
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 8 * 4),
    "a table gone": changed("DROP TABLE ledger_head"),
    "a text that is none": changed("UPDATE ledger_entry SET kind = CAST(x'ff' AS TEXT)"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_is_not_a_full_disk(member, capsys, damage):
    member.approves(*BOTH)
    path = SitePaths(member.folder).journal
    DAMAGES[damage](path)
    for command in (["ledger"], ["review"], ["serve"], ["pause", "--by", "x", "--reason", "y"]):
        capsys.readouterr()
        assert member.says(*command) == 1
        error = capsys.readouterr().err
        assert "keep this file as evidence" in error
        assert "restore the latest intact copy" in error
        assert "free disk space" not in error


def test_a_journal_that_another_program_holds_is_not_a_full_disk(member, capsys, monkeypatch):
    member.approves(*BOTH)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: connect(*given, **named | {"timeout": 0}))
    holder = connect(SitePaths(member.folder).journal, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert main(["site", "ledger", str(member.site_file)]) == 1
    assert "close what holds it open" in capsys.readouterr().err
    holder.close()
    assert member.says("ledger") == 0
