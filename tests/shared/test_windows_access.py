"""What a party makes on Windows is its user's alone. Tried here with programs that write down how they are called: on
Windows itself nothing of this was run."""

import os
import subprocess
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from riskset import private_files, windows_access
from riskset.cli import main
from riskset.errors import DataError
from riskset.ledger.durable import sqlite_uri
from riskset.private_files import (
    NotPrivateError,
    append_to_file,
    create_file,
    create_folder,
    make_folder,
    move_folder,
    prepare_database,
    replace_file,
    unprotected,
)
from riskset.secure.keys import new_identity, replace_private, write_private

SID = "S-1-5-21-1004336348-1177238915-682003330-512"
WHOAMI = f'"KURUME\\内田","{SID}"\r\n'


class Windows:
    """Programs of Windows that do nothing but write down how they are called."""

    def __init__(self):
        self.calls, self.fails, self.whoami = [], False, WHOAMI

    def run(self, command, **how):
        assert how["check"]
        program, *arguments = command
        self.calls.append((os.path.basename(program), *arguments))
        if "whoami" in program:
            return subprocess.CompletedProcess(command, 0, self.whoami.encode("cp932"))
        if self.fails:
            raise subprocess.CalledProcessError(5, command)
        return subprocess.CompletedProcess(command, 0, b"")

    @property
    def closed(self):
        """What was given to the user alone, with its rights."""
        return [(call[1], call[-1].removeprefix(f"*{SID}:")) for call in self.calls if "/grant:r" in call]


@pytest.fixture
def windows(monkeypatch):
    pretended = Windows()
    windows_access._own_sid.cache_clear()
    monkeypatch.setattr(windows_access, "is_needed", lambda: True)
    monkeypatch.setattr(windows_access.subprocess, "run", pretended.run)
    monkeypatch.setattr(private_files, "_OWN", set())
    monkeypatch.setattr(private_files.time, "sleep", lambda seconds: None)
    yield pretended
    windows_access._own_sid.cache_clear()


def test_elsewhere_nothing_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(windows_access, "is_needed", lambda: False)
    monkeypatch.setattr(windows_access.subprocess, "run", None)
    create_file(tmp_path / "new" / "a", b"1")
    assert unprotected(tmp_path) == ""


def test_a_file_is_given_to_its_user_by_number(windows, tmp_path):
    create_file(tmp_path / "a", b"1")
    assert windows.calls[-1] == ("icacls.exe", str(tmp_path / "a"), "/inheritance:r", "/grant:r", f"*{SID}:F")
    assert (tmp_path / "a").read_bytes() == b"1"


def test_the_programs_are_those_of_the_system(windows, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setenv("SYSTEMROOT", "C:\\Windows")
    monkeypatch.setattr(
        windows_access.subprocess, "run", lambda command, **how: seen.append(command[0]) or windows.run(command, **how)
    )
    create_file(tmp_path / "a", b"1")
    assert all(program.startswith("C:\\Windows") and "System32" in program for program in seen)


def test_what_is_in_a_folder_of_ours_inherits(windows, tmp_path):
    create_file(tmp_path / "keys" / "identity.pem", b"1")
    replace_file(tmp_path / "keys" / "2" / "node.pem", b"1")
    assert windows.closed == [(str(tmp_path / "keys"), "(OI)(CI)F")]


def test_in_a_folder_of_others_each_file_is_closed(windows, tmp_path):
    replace_file(tmp_path / "page.html", b"1")
    append_to_file(tmp_path / "serve.log", b"1")
    append_to_file(tmp_path / "serve.log", b"2")
    prepare_database(tmp_path / "journal.sqlite")
    names = [os.path.basename(path) for path, _ in windows.closed]
    assert names[0].startswith(".page.html.")  # it is moved with its rights
    assert names[1:] == ["serve.log", "journal.sqlite"]


def test_a_person_is_told_of_a_folder_that_was_there_before(windows, tmp_path):
    assert "icacls" in unprotected(tmp_path)
    assert str(tmp_path) in unprotected(tmp_path)
    make_folder(tmp_path / "own")
    assert unprotected(tmp_path / "own" / "deeper") == ""


def test_a_secret_is_not_written_where_it_cannot_be_closed(windows, tmp_path):
    windows.fails = True
    with pytest.raises(NotPrivateError):
        create_file(tmp_path / "secret", b"1", is_secret=True)
    with pytest.raises(DataError, match="other users of this machine could read it"):
        write_private(tmp_path / "identity.pem", b"1")
    with pytest.raises(DataError, match="other users"):
        replace_private(tmp_path / "server.json", b"1")
    assert list(tmp_path.iterdir()) == []
    create_file(tmp_path / "page.html", b"1")
    assert (tmp_path / "page.html").read_bytes() == b"1"


def test_without_the_users_number_nothing_counts_as_closed(windows, tmp_path):
    windows.whoami = "ERROR\r\n"
    with pytest.raises(NotPrivateError):
        create_file(tmp_path / "secret", b"1", is_secret=True)


def held(times):
    """A way to move files that another program prevents a few times."""
    left = [PermissionError(13, "held")] * times

    def move(source, target):
        if left:
            raise left.pop()
        os.rename(source, target)

    return move


def test_a_file_that_is_held_for_a_moment_is_moved_again(windows, tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    private_files.move(tmp_path / "a", tmp_path / "b", held(3))
    assert (tmp_path / "b").read_bytes() == b"1"
    with pytest.raises(PermissionError):
        private_files.move(tmp_path / "b", tmp_path / "c", held(99))


def test_a_page_that_is_open_in_another_program_is_told_by_its_name(windows, tmp_path, monkeypatch):
    def locked(source, target):
        raise PermissionError(13, "Access is denied", str(source), None, str(target))

    monkeypatch.setattr(os, "replace", locked)
    with pytest.raises(PermissionError) as error:
        replace_file(tmp_path / "explore.html", b"1")
    assert (error.value.filename, error.value.filename2) == (str(tmp_path / "explore.html"), None)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_replaced_as_elsewhere(windows, tmp_path):
    for name in ("new", "empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "a").write_bytes(b"1")
    create_folder(tmp_path / "empty", {"a": b"2"})
    assert (tmp_path / "empty" / "a").read_bytes() == b"2"
    with pytest.raises(OSError, match="full"):
        move_folder(tmp_path / "new", tmp_path / "full")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PureWindowsPath(r"C:\Users\内田\a b#1%.sqlite"), "file:///C:/Users/%E5%86%85%E7%94%B0/a%20b%231%25.sqlite"),
        (PureWindowsPath(r"\\server\share\a.sqlite"), "file:////server/share/a.sqlite"),
        (PurePosixPath("/home/a?b"), "file:///home/a%3Fb"),
    ],
)
def test_a_path_as_sqlite_reads_it(path, uri):
    assert sqlite_uri(path) == uri


def test_a_site_joins_with_keys_of_its_own(windows, tmp_path, capsys):
    """`riskset server init` and its keys, as an example of a command."""
    assert main(["server", "init", str(tmp_path / "home"), "--host", "127.0.0.1"]) == 0
    assert windows.closed[0] == (str(tmp_path / "home"), "(OI)(CI)F")
    assert "icacls" not in capsys.readouterr().err
    assert new_identity() is not None
